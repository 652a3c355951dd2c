/** `Trigger`: archon reads its config again, asks all tests, and lets what differs start and stop. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

/** What a trigger has come to: how many services there are of each kind, and the same in one line. */
export interface TriggerRow {
	readonly tests: number;
	readonly yes: number;
	readonly no: number;
	/** Tests without an answer. */
	readonly open: number;
	readonly started: number;
	readonly stopped: number;
	readonly restarted: number;
	readonly failed: number;
	/** Neither up nor at rest when it was waited for long enough. */
	readonly late: number;
	readonly unchanged: number;
	/** `3 tests: 2 yes, 1 no; started web; stopped job; 5 unchanged`. */
	readonly line: string;
}

const COUNTS = ['tests', 'yes', 'no', 'open', 'started', 'stopped', 'restarted', 'failed', 'late', 'unchanged'] as const;

export const TRIGGER_ROW: Rows<TriggerRow> = {
	encode: row => [...COUNTS.map(name => String(row[name])), row.line],
	decode(fields) {
		const counts = Object.fromEntries(COUNTS.map((name, index) => [name, Number(fields[index] ?? 0)]));
		return {...counts as Record<(typeof COUNTS)[number], number>, line: fields[COUNTS.length] ?? ''};
	},
};

export const TRIGGER = wire('trigger', {}, {verb: 'Trigger', role: 'operate', isRepeatable: true});

export type TriggerRequest = RequestOf<typeof TRIGGER>;

const FORM: RowForm<TriggerRow> = {
	means: 'what it has come to, by numbers of services',
	columns: {
		tests: 'have a test', yes: 'are to run, by their test', no: 'are not', open: 'have a test without an answer, and stay as they are',
		started: 'have been started', stopped: 'have stopped', restarted: 'have been started again',
		failed: 'could not be started, or ended', late: 'are still on their way after 300 seconds', unchanged: 'all others',
		line: 'the same in one line, with names',
	},
};

export const pages: Pages = {
	Trigger: {
		help: 'read the config again, run every test, start and stop what differs, try again what has failed, and write the state',
		rows: [FORM],
		reply: '`Ok` when all of that is done, also where a service has failed, and in bounded time: what was not waited for is in the '
			+ 'line; `Error` with every problem of the config, and then nothing was done',
		examples: [['Trigger', 'Row,0,0,0,0,1,0,0,0,0,1,no tests; started job; 1 unchanged', 'Ok']],
	},
};
