/** `Start`: start services and what they need. */
import {many, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const START = wire('start', {names: many('name', PATTERN, 1)}, {
	verb: 'Start',
	help: 'start services and what they need',
	role: 'operate',
	isRepeatable: true,
	rows: [],
	reply: '`Ok` when all of them are up or have completed; `Error` when one cannot be',
	examples: [['Start,web', 'Ok']],
});

export type StartRequest = RequestOf<typeof START>;
