/** `RulesTest`: what rules in Lua would do at an event. */
import type {Tried} from '../../../../core/lua-rules.ts';
import {many, NAME, one, type Pages, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../../../control/wire.ts';

export const TRIED_ROW: Rows<Tried> = {
	encode: ({name, outcome, asks}) => [name, outcome, ...asks],
	decode: ([name = '', outcome = '', ...asks]) => ({name, outcome, asks}),
};

/** A field of an event: `code=1`. */
const FIELD: Type<readonly [name: string, value: string]> = {
	takes: 'a field and its value, as event=exited',
	read(text) {
		const at = text.indexOf('=');
		return at > 0 && /^[a-z]+$/.test(text.slice(0, at)) ? [text.slice(0, at), text.slice(at + 1)] : null;
	},
};

export const RULES_TEST = wire(
	'rules-test', {rule: one('rule', NAME), fields: many('field', FIELD, 1)}, {verb: 'RulesTest', role: 'operate', isRepeatable: false},
);

export type RulesTestRequest = RequestOf<typeof RULES_TEST>;

const FORM: RowForm<Tried> = {
	means: 'what came of a rule',
	columns: {
		name: 'of the rule',
		outcome: '`done`, `not meant`, `not meant, says when`, or `failed: ` and why',
		asks: 'what it would have asked for, each in a column of its own',
	},
};

export const pages: Pages = {
	RulesTest: {
		help: 'try a rule in Lua, or `all`, with an event that is made up: what it asks for is told and not done',
		rows: [FORM],
		reply: '`Ok`; `Error` where there is no such rule',
		examples: [['RulesTest,all,event=exited,service=web,code=3', 'Row,restart-on-oom,done,restart web', 'Ok']],
	},
};
