/** `State`: what is kept for the archon after this one. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

export type StateRow =
	/** The file; `written`: when it was written last, in ms since 1970, null: not yet; `trouble`: why it cannot be written, or empty. */
	| {readonly kind: 'file'; readonly path: string; readonly written: number | null; readonly trouble: string}
	/** A service; `asked`: `start`, `stop` or `auto`; `run` and `pid` are those of its main process. */
	| {
		readonly kind: 'service'; readonly name: string; readonly asked: string; readonly wanted: boolean; readonly by: string;
		readonly starts: number; readonly run: number | null; readonly pid: number | null;
	};

const textOf = (number: number | null): string => (number === null ? '' : String(number));
const numberOf = (text: string): number | null => (text === '' ? null : Number(text));

export const STATE_ROW: Rows<StateRow> = {
	encode(row) {
		if (row.kind === 'file') return [row.kind, row.path, textOf(row.written), row.trouble];
		const {kind, name, asked, wanted, by, starts, run, pid} = row;
		return [kind, name, asked, wanted ? 'yes' : 'no', by, String(starts), textOf(run), textOf(pid)];
	},
	decode([kind = '', one = '', two = '', three = '', by = '', starts = '', run = '', pid = '']) {
		if (kind === 'file') return {kind, path: one, written: numberOf(two), trouble: three};
		return {
			kind: 'service', name: one, asked: two, wanted: three === 'yes', by, starts: Number(starts), run: numberOf(run), pid: numberOf(pid),
		};
	},
};

export const STATE = wire('state', {}, {verb: 'State', role: 'observe', isRepeatable: true});

export type StateRequest = RequestOf<typeof STATE>;

const rows: readonly RowForm[] = [
	{
		kind: 'file', means: 'where it is kept',
		columns: {
			path: 'the file', written: 'when it was written last, in ms since 1970; empty: not yet',
			trouble: 'why it cannot be written; empty: it can',
		},
	},
	{
		kind: 'service', means: 'a service',
		columns: {
			name: 'its name', asked: 'what an operator has asked last: `start`, `stop`, or `auto` for nothing',
			wanted: '`yes` if it is to run, else `no`', by: 'the rule that says so, as `Why` has it', starts: 'how often it was started',
			run: 'the number of its run; empty: it has no process', pid: 'its main process; empty: none',
		},
	},
];

export const pages: Pages = {
	State: {
		help: 'show what is kept for the archon after this one',
		rows,
		reply: '`Ok`, or `Error` where nothing is kept',
		examples: [[
			'State', 'Row,file,/var/lib/archon/state.json,1735689600000,', 'Row,service,web,stop,no,operator,3,,',
			'Row,service,db,auto,yes,config,1,2,31', 'Ok',
		]],
	},
};
