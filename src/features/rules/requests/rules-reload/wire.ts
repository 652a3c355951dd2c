/** `RulesReload`: read the files of rules in Lua again. */
import {type Pages, type RequestOf, wire} from '../../../../control/wire.ts';
import {RULE_FORM} from '../rules/wire.ts';

export const RULES_RELOAD = wire('rules-reload', {}, {verb: 'RulesReload', role: 'operate', isRepeatable: false});

export type RulesReloadRequest = RequestOf<typeof RULES_RELOAD>;

export const pages: Pages = {
	RulesReload: {
		help: 'read the files of rules in Lua again; those that were disabled are enabled, and counts begin at 0',
		rows: [RULE_FORM],
		reply: '`Ok`, also where a file is not in force, as its row says; `Error` where the config has no `rules`',
		examples: [['RulesReload', 'Row,,/etc/archon/rules/web.lua,,,broken,0,0,0,web.lua:3: unexpected symbol near \'=\'', 'Ok']],
	},
};
