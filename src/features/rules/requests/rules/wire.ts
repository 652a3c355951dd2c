/** `Rules`: the rules in Lua, and what has come of them. */
import type {RuleReport} from '../../../../core/lua-rules.ts';
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

export const RULE_ROW: Rows<RuleReport> = {
	encode: ({name, file, event, match, state, done, failed, row, error}) =>
		[name, file, event, match, state, String(done), String(failed), String(row), error],
	decode: ([name = '', file = '', event = '', match = '', state = '', done = '', failed = '', row = '', error = '']) => ({
		name, file, event, match, state: state === 'disabled' || state === 'broken' ? state : 'enabled',
		done: Number(done), failed: Number(failed), row: Number(row), error,
	}),
};

export const RULES = wire('rules', {}, {verb: 'Rules', role: 'observe', isRepeatable: true});

export type RulesRequest = RequestOf<typeof RULES>;

export const RULE_FORM: RowForm<RuleReport> = {
	means: 'a rule; or a file that is not in force',
	columns: {
		name: 'of the rule; empty: it is a file that is not in force',
		file: 'its path',
		event: 'patterns of Lua for the events that it is told of, with spaces between',
		match: 'patterns for names of services; empty: of all, and of archon as a whole',
		state: '`enabled`, `disabled` (it has failed five times in a row), or `broken`: the file was not loaded',
		done: 'how often its action was done',
		failed: 'how often it has failed',
		row: 'how often in a row, up to now',
		error: 'the last error; may be empty',
	},
};

export const pages: Pages = {
	Rules: {
		help: 'show the rules in Lua (`rules`) and what has come of them',
		rows: [RULE_FORM],
		reply: '`Ok`; `Error` where the config has no `rules`',
		examples: [['Rules', 'Row,restart-on-oom,/etc/archon/rules/web.lua,exited,web.*,enabled,3,0,0,', 'Ok']],
	},
};
