/** Handles `Shutdown`. */
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {ShutdownRequest} from './wire.ts';

export const shutdown: Make<ShutdownRequest> = ({daemon}) => (_, call) => {
	// First the reply: archon may be gone when the event was dispatched.
	call.reply(OK);
	const {uid, pid} = call.peer;
	// A client outside of archon's PID namespace has no pid in it.
	daemon.dispatch({kind: 'shutdown', why: `asked for by uid ${uid}${pid > 0 ? `, pid ${pid}` : ''}`});
};
