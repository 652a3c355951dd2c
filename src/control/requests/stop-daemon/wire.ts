/** `StopDaemon`: the end of one service, in a way of its own. */
import {one, orEmpty, type Pages, type RequestOf, wire} from '../../wire.ts';
import {SECONDS, SIGNAL, TARGET} from '../values.ts';

export const STOP_DAEMON = wire('stop-daemon', {
	target: one('name or pid', TARGET),
	/** Instead of its own stop signal and grace period; null: its own. */
	signal: orEmpty('signal', SIGNAL),
	grace: orEmpty('seconds', SECONDS),
}, {verb: 'StopDaemon', role: 'operate', isScoped: true, isRepeatable: false});

export type StopDaemonRequest = RequestOf<typeof STOP_DAEMON>;

export const pages: Pages = {
	StopDaemon: {
		help: 'stop one service, with another signal or grace period than its own',
		rows: [],
		reply: '`Ok` when it has no process any more',
		examples: [['StopDaemon,tunnel,INT,0.5', 'Ok']],
	},
};
