/** `History`: how the last runs of services ended. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** The end of a run: `Row,web,1700000000000,137,unhealthy: no answer (SIGKILL)`. */
export interface EndRow {
	readonly name: string;
	/** In milliseconds since 1970. */
	readonly at: number;
	readonly exit: number;
	readonly how: string;
}

export const END_ROW: Rows<EndRow> = {
	encode: ({name, at, exit, how}) => [name, String(at), String(exit), how],
	decode: ([name = '', at = '', exit = '', how = '']) => ({name, at: Number(at), exit: Number(exit), how}),
};

export const HISTORY = wire('history', {names: many('name', PATTERN, 1)}, {
	verb: 'History', role: 'observe', isScoped: true, isRepeatable: true,
});

export type HistoryRequest = RequestOf<typeof HISTORY>;

const FORM: RowForm<EndRow> = {
	means: 'the end of a run, oldest first; the last ten of each service are kept',
	columns: {
		name: 'the service',
		at: 'when the run ended, in ms since 1970',
		exit: 'the exit code, or 128 and the signal',
		how: 'the same in words, and what it is blamed for',
	},
};

export const pages: Pages = {
	History: {
		help: 'show how the last runs of services ended',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['History,job', 'Row,job,1700000000000,3,exit status 3', 'Ok']],
	},
};
