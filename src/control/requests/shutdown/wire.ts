/** `Shutdown`: the end of all services, and of archon. */
import {type Pages, type RequestOf, wire} from '../../wire.ts';

export const SHUTDOWN = wire('shutdown', {}, {verb: 'Shutdown', role: 'admin', isRepeatable: false});

export type ShutdownRequest = RequestOf<typeof SHUTDOWN>;

export const pages: Pages = {
	Shutdown: {
		help: 'stop all services in order, and end; a second one skips the order, a third one kills',
		rows: [],
		reply: '`Ok` at once, before anything is stopped',
		examples: [['Shutdown', 'Ok']],
	},
};
