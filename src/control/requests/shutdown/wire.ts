/** `Shutdown`: the end of all services, and of archon. */
import {type RequestOf, wire} from '../../wire.ts';

export const SHUTDOWN = wire('shutdown', {}, {
	verb: 'Shutdown',
	help: 'stop all services in order, and end; a second one skips the order, a third one kills',
	role: 'admin',
	isRepeatable: false,
	rows: [],
	reply: '`Ok` at once, before anything is stopped',
	examples: [['Shutdown', 'Ok']],
});

export type ShutdownRequest = RequestOf<typeof SHUTDOWN>;
