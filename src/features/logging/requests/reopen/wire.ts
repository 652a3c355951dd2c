/** `Reopen`: log files that something else has moved are opened again. */
import {type RequestOf, wire} from '../../../../control/wire.ts';

export const REOPEN = wire('reopen', {}, {
	verb: 'Reopen',
	help: 'reopen every log file, after something else has moved them',
	role: 'operate',
	isRepeatable: true,
	rows: [],
	reply: '`Ok` when lines go to the new files',
	examples: [['Reopen', 'Ok']],
});

export type ReopenRequest = RequestOf<typeof REOPEN>;
