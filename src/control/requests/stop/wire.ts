/** `Stop`: stop services. */
import {many, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const STOP = wire('stop', {names: many('name', PATTERN, 1)}, {
	verb: 'Stop',
	help: 'stop services; they stay stopped until they are started again',
	role: 'operate',
	isRepeatable: true,
	rows: [],
	reply: '`Ok` when none of them has a process any more',
	examples: [['Stop,web', 'Ok']],
});

export type StopRequest = RequestOf<typeof STOP>;
