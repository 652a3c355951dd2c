/** `Reopen`: log files that something else has moved are opened again. */
import {type Pages, type RequestOf, wire} from '../../../../control/wire.ts';

export const REOPEN = wire('reopen', {}, {verb: 'Reopen', role: 'operate', isRepeatable: true});

export type ReopenRequest = RequestOf<typeof REOPEN>;

export const pages: Pages = {
	Reopen: {
		help: 'reopen every log file, after something else has moved them',
		rows: [],
		reply: '`Ok` when lines go to the new files',
		examples: [['Reopen', 'Ok']],
	},
};
