/** `AlertsTest`: a message for trial. */
import {NAME, optional, type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

/** What came of it for a receiver; empty: it was delivered. */
export interface TriedRow {
	readonly name: string;
	readonly why: string;
}

export const TRIED_ROW: Rows<TriedRow> = {
	encode: ({name, why}) => [name, why],
	decode: ([name = '', why = '']) => ({name, why}),
};

export const ALERTS_TEST = wire('alerts-test', {name: optional('name', NAME)}, {verb: 'AlertsTest', role: 'operate', isRepeatable: false});

export type AlertsTestRequest = RequestOf<typeof ALERTS_TEST>;

const FORM: RowForm<TriedRow> = {means: 'a receiver', columns: {name: 'its name', why: 'why it was not told; empty: it was'}};

export const pages: Pages = {
	AlertsTest: {
		help: 'send a message for trial to a receiver of `alerts`, or to all of them, at once',
		rows: [FORM],
		reply: '`Ok` when each was told, or could not be; `Error` where the config has no such receiver',
		examples: [['AlertsTest,ops', 'Row,ops,', 'Ok'], ['AlertsTest,dev', 'Error,alerts has no receiver dev: there is ops']],
	},
};
