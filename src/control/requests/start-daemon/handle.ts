/** Handles `StartDaemon`. */
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {add, admit, freeName, transient} from '../../launching.ts';
import type {Verdict} from '../../reaching.ts';
import type {StartDaemonRequest} from './wire.ts';

/** The service goes on without its client. */
export const startDaemon: Make<StartDaemonRequest> = ({daemon, waiters, transients}) => ({launch}, call) => {
	const name = launch.name ?? freeName(daemon.state(), numbered(baseName(launch.argv[0])));
	if (!admit(daemon, name, call)) return;
	const entry = add(daemon, transient(daemon, launch, name, 'daemon', null), call);
	if (!entry) return;
	const resolve = (verdict: Verdict): void => {
		if (verdict.kind === 'reached') return call.reply(OK);
		transients.forget(entry);
		refuse(call, verdict.reason);
	};
	waiters.add([{aim: 'spawn', id: entry.id, name, starts: 0, resolve}]);
};

/** The program's name without its path, as far as it makes a name. */
function baseName(program: string): string {
	const name = program.slice(program.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_.-]/g, '').slice(0, 40);
	return /^[A-Za-z_]/.test(name) && name !== 'all' ? name : 'daemon';
}

/** `sleep`, `sleep-2`, `sleep-3`, … */
function numbered(base: string): () => string {
	let count = 0;
	return () => ++count === 1 ? base : `${base}-${count}`;
}
