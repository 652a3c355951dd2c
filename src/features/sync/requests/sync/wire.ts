/** `Sync`: look at the master now, or go back to the release before. */
import {one, type Pages, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../../../control/wire.ts';

/** What came of it, in words: `Row,release 7 is in force`. */
export interface SyncedRow {
	readonly text: string;
}

export const SYNCED_ROW: Rows<SyncedRow> = {
	encode: ({text}) => [text],
	decode: ([text = '']) => ({text}),
};

const WHAT: Type<'now' | 'rollback'> = {takes: 'now or rollback', read: text => (text === 'now' || text === 'rollback' ? text : null)};

export const SYNC = wire('sync', {what: one('what', WHAT)}, {verb: 'Sync', role: 'operate', isRepeatable: false});

export type SyncRequest = RequestOf<typeof SYNC>;

const FORM: RowForm<SyncedRow> = {means: 'what came of it', columns: {text: 'one sentence'}};

export const pages: Pages = {
	Sync: {
		help: 'pull what the master has now, also a release that was held back; or go back to the release before',
		rows: [FORM],
		reply: '`Ok` when the release is in force and its services are ready; `Error` with what has come instead',
		examples: [
			['Sync,now', 'Row,release 7 is in force (2 of 14 files fetched)', 'Ok'],
			['Sync,rollback', 'Error,there is no release before 7 to go back to'],
		],
	},
};
