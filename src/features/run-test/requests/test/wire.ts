/** `Test`: the tests of services are asked, and nothing follows from it. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';
import {type Answer, VERDICTS} from '../../core/answer.ts';

/** What a test has said: `Row,web,no,exit 1,the disk is not mounted,0.012`. */
export interface TestRow {
	readonly name: string;
	readonly answer: Answer['verdict'];
	readonly why: string;
	readonly detail: string;
	readonly seconds: number;
}

export const TEST_ROW: Rows<TestRow> = {
	encode: ({name, answer, why, detail, seconds}) => [name, answer, why, detail, seconds.toFixed(3)],
	decode: ([name = '', answer = '', why = '', detail = '', seconds = '']) =>
		({name, answer: VERDICTS.find(known => known === answer) ?? 'error', why, detail, seconds: Number(seconds)}),
};

export const TEST = wire('test', {names: many('name', PATTERN, 0)}, {verb: 'Test', role: 'operate', isScoped: true, isRepeatable: true});

export type TestRequest = RequestOf<typeof TEST>;

const FORM: RowForm<TestRow> = {
	means: 'what the test of a service has said',
	columns: {
		name: 'the service',
		answer: '`yes`, `no`; `timeout` or `error`: there is no answer',
		why: '`exit 1`, or why there is no answer',
		detail: 'the last line that it printed; may be empty',
		seconds: 'how long it took',
	},
};

export const pages: Pages = {
	Test: {
		help: 'run the tests of services, all without a name, and only tell what they say',
		rows: [FORM],
		reply: '`Ok` when all of them have ended; `Error` for a service without a test',
		examples: [['Test', 'Ok']],
	},
};
