/** `Stop`: stop services. */
import {many, type Pages, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const STOP = wire('stop', {names: many('name', PATTERN, 1)}, {verb: 'Stop', role: 'operate', isScoped: true, isRepeatable: true});

export type StopRequest = RequestOf<typeof STOP>;

export const pages: Pages = {
	Stop: {
		help: 'stop services; they stay stopped until they are started again',
		rows: [],
		reply: '`Ok` when none of them has a process any more',
		examples: [['Stop,web', 'Ok']],
	},
};
