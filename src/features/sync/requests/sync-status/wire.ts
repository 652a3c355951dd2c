/** `SyncStatus`: what is pulled from a master, and how that goes. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

/** `Row,version,7`; null: there is no such thing, or it is not known yet. */
export interface SyncRow {
	readonly fact: string;
	readonly value: string | null;
}

export const SYNC_ROW: Rows<SyncRow> = {
	encode: ({fact, value}) => [fact, value ?? ''],
	decode: ([fact = '', value = '']) => ({fact, value: value === '' ? null : value}),
};

export const SYNC_STATUS = wire('sync-status', {}, {verb: 'SyncStatus', role: 'observe', isRepeatable: true});

export type SyncStatusRequest = RequestOf<typeof SYNC_STATUS>;

const FORM: RowForm<SyncRow> = {
	means: 'something about what is pulled from a master',
	columns: {
		fact: '`source`, `dest`, `form` (`signed`, `quesofiesta`), `version` in force, `others` that are there (with spaces between, the newest '
			+ 'first), `held`, `doing`, `looked`, `outcome`, `failed` (`yes`, `no`), `next`, `expires`; others may come',
		value: 'its value; instants are in ms since 1970; empty: there is no such thing, or it is not known yet',
	},
};

export const pages: Pages = {
	SyncStatus: {
		help: 'show what is pulled from a master (`sync`)',
		rows: [FORM],
		reply: '`Ok`; `Error` where the config has no `sync`',
		examples: [['SyncStatus', 'Row,source,https://master/app', 'Row,dest,/opt/app', 'Row,version,7', '…', 'Ok']],
	},
};
