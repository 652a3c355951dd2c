/** What a run is given so that it can say that it serves, or lives: a descriptor, a socket, an eye on its words. */
import {byNeed} from '../../../core/by-need.ts';
import type {Id, Run} from '../../../core/ids.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {newBytes} from '../../../os/bytes.ts';
import {close, pipe, read} from '../../../os/descriptors.ts';
import type {Notify, NotifyParts} from './notify.ts';
import type {Output} from '../../logging/os/output.ts';
import type {Given} from '../../../os/spawn/spawner.ts';
import {EPOLLIN} from '../../../os/sys.ts';

const notifying = byNeed(() => import('./notify.ts'));

export interface Readiness {
	/** Before the process is made: what it is given. An errno where that cannot be made. */
	prepare(id: Id, run: Run, service: Service): Result<Given, number>;
	/** The process has been made, or could not be: archon's copies of what it was given are closed. */
	spawned(run: Run): void;
	/** What the previous instance heard of the run by is heard again; `isAwaited`: it has not said yet that it serves. */
	restore(id: Id, run: Run, service: Service, isAwaited: boolean): void;
	/** The same for a process of an archon that has ended. */
	salvage(id: Id, run: Run, service: Service, pid: number): void;
	/** The run is over. */
	close(run: Run): void;
}

export interface ReadinessParts extends NotifyParts {
	readonly output: Output;
}

/** A pipe whose writing end is the run's. */
interface Pipe {
	readonly reader: number;
	writer: number;
}

const NEWLINE = 10;
const bytes = newBytes(4096);

export function createReadiness(parts: ReadinessParts): Readiness {
	const {poller, output, kept, tell} = parts;
	let made: Notify | null = null;
	const notify = (): Notify => made ??= notifying().createNotify(parts);
	const pipes = new Map<Run, Pipe>();

	function closePipe(run: Run): void {
		const ends = pipes.get(run);
		if (!ends) return;
		pipes.delete(run);
		poller.forget(ends.reader);
		kept.release(keyOf(run));
		close(ends.reader);
		if (ends.writer >= 0) close(ends.writer);
	}

	/** The first newline says it (s6-notifyoncheck's protocol, and dinit's); what comes after it says nothing. */
	function listen(id: Id, run: Run, reader: number, writer: number): void {
		pipes.set(run, {reader, writer});
		let isReady = false;
		poller.watch(reader, EPOLLIN, () => {
			const count = read(reader, bytes);
			if (count === 0) return closePipe(run);
			if (count < 0 || isReady || !bytes.subarray(0, count).includes(NEWLINE)) return;
			isReady = true;
			tell(id, run, {kind: 'ready'});
		});
	}

	function openPipe(id: Id, run: Run): number {
		const ends = pipe();
		if (typeof ends === 'number') return ends;
		kept.keep(keyOf(run), [ends[0]]);
		listen(id, run, ...ends);
		return ends[1];
	}

	const awaitLine = (id: Id, run: Run, {ready}: Service): void => {
		if (ready?.kind === 'log') output.awaitLine(id, ready.pattern, () => tell(id, run, {kind: 'ready'}));
	};

	return {
		prepare(id, run, service) {
			const {ready, watchdog, fdStoreMax} = service;
			const environment: Record<string, string> = {};
			const fds: {readonly target: number; readonly fd: number}[] = [];
			awaitLine(id, run, service);
			if (ready?.kind === 'fd') {
				const writer = openPipe(id, run);
				if (writer < 0) return err(-writer);
				fds.push({target: ready.fd, fd: writer});
			}
			if (ready?.kind === 'notify' || watchdog !== null || fdStoreMax > 0) {
				const address = notify().open(id, run, service);
				if (typeof address === 'number') return err(address);
				environment['NOTIFY_SOCKET'] = address;
			}
			// Without WATCHDOG_PID, which is not known yet, it is for any process of the run that reads it (sd_watchdog_enabled(3)).
			if (watchdog !== null) environment['WATCHDOG_USEC'] = String(Math.round(watchdog * 1000));
			return ok({environment, fds});
		},
		spawned(run) {
			const ends = pipes.get(run);
			if (!ends || ends.writer < 0) return;
			close(ends.writer);
			ends.writer = -1;
		},
		restore(id, run, service, isAwaited) {
			const [reader] = kept.inherited(keyOf(run));
			if (reader !== undefined) listen(id, run, reader, -1);
			if (isAwaited) awaitLine(id, run, service);
			notify().restore(id, run, service);
		},
		salvage(id, run, service, pid) {
			const {ready, watchdog, fdStoreMax} = service;
			if (ready?.kind === 'notify' || watchdog !== null || fdStoreMax > 0) notify().salvage(id, run, service, pid);
		},
		close(run) {
			closePipe(run);
			made?.close(run);
		},
	};
}

const keyOf = (run: Run): string => `ready ${run}`;
