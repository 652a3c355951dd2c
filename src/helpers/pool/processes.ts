/** The processes of a pool: the root is made, each is watched by a pidfd, and whatever comes to the pool as an orphan is reaped. */
import {exec as execOf} from '../../core/defaults.ts';
import type {Outcome as End} from '../../core/outcome.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {SIG} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import {after, soon} from '../../os/clock.ts';
import {type Environment, heritable} from '../../os/environment.ts';
import {errnoText} from '../../os/errno.ts';
import {SPAWN_REPORT} from '../../os/layouts.ts';
import type {Poller} from '../../os/poller.ts';
import {newReport, outcomeOf, outcomeOfStatus, pidOf} from '../../os/reap/outcome.ts';
import {candidates, DEFAULT_PATH} from '../../os/spawn/lookup.ts';
import {blockOf, encode} from '../../os/spawn/request.ts';
import {EPOLLIN, ERRNO, sys} from '../../os/sys.ts';

/** The root's end of the socket at which processes say that they are nodes. */
export const MASTER_FD = 3;

export interface Processes {
	/** Makes the root; its pid, or why it could not be made. `master` is its descriptor MASTER_FD. */
	spawn(argv: readonly string[], master: number, variables: Environment): Result<number, string>;
	/** Its end will be told, whose child ever it is; at once where it has ended by now. `socket`: one that it made. */
	track(pid: number, socket?: number): void;
	/** To a process that is tracked, and to no other that has its number by now; `group`: to all of its process group. */
	signal(pid: number, signal: number, group: boolean): void;
	isTracked(pid: number): boolean;
	/** Reaps what has ended (SIGCHLD). */
	reap(): void;
	/** Ends all that is left below this process, in the order TERM, a second, KILL; then calls back. */
	sweep(done: () => void): void;
}

/** From TERM to KILL, from one look to the next, and how often it is looked after KILL at most. */
const [GRACE, PAUSE, LOOKS_MAX]: readonly [Millis, Millis, number] = [1000, 20, 500];
/** When a process is to be watched for which there was no descriptor. */
const AGAIN: Millis = 50;

/** `ended`: how a process that is tracked has ended; null: that is not known. */
export function createProcesses(poller: Poller, ended: (pid: number, end: End | null) => void): Processes {
	const fds = new Map<number, number>();
	/** What is to be tracked once a descriptor is free, and how it is to be signalled then. */
	const waiting = new Map<number, (() => void)[]>();

	function over(pid: number, end: End | null): void {
		const fd = fds.get(pid);
		if (fd === undefined && !waiting.delete(pid)) return;
		fds.delete(pid);
		if (fd !== undefined) {
			poller.forget(fd);
			sys.close(fd);
		}
		ended(pid, end);
	}

	function track(pid: number, socket?: number): void {
		if (fds.has(pid)) return;
		const fd = pid > 1 ? sys.pidfdOpen(pid) : -ERRNO.ESRCH;
		if (fd < 0 && fd !== -ERRNO.ESRCH && fd !== -ERRNO.EINVAL) return wait(pid);
		const wanted = waiting.get(pid) ?? [];
		waiting.delete(pid);
		// Else another process may have its number by now.
		if (fd < 0 || (socket !== undefined && sys.peerLives(socket) === 0)) {
			if (fd >= 0) sys.close(fd);
			return soon(() => ended(pid, null));
		}
		fds.set(pid, fd);
		poller.watch(fd, EPOLLIN, () => over(pid, endOf(pid, fd)));
		wanted.forEach(signal => signal());
	}

	/** No descriptor is left, which says nothing of the process. */
	function wait(pid: number): void {
		if (!waiting.has(pid)) waiting.set(pid, []);
		after(AGAIN, () => {
			if (waiting.has(pid)) track(pid);
		});
	}

	function signal(pid: number, number: number, group: boolean): void {
		const fd = fds.get(pid);
		if (fd === undefined) waiting.get(pid)?.push(() => signal(pid, number, group));
		else if (sys.pidfdSignal(fd, group ? 0 : number) >= 0 && group) sys.kill(-pid, number);
	}

	/** Of one that has ended. It may be another's child, which then waits for it, and of which only the latest kernels tell how it ended. */
	function endOf(pid: number, fd: number): End | null {
		const report = newReport();
		if (sys.waitPid(pid, report) >= 0 && pidOf(report) === pid) return outcomeOf(report);
		const status = sys.pidfdStatus(fd);
		return status >= 0 ? outcomeOfStatus(status) : null;
	}

	function reap(): void {
		const report = newReport();
		while (sys.waitAny(report, false) >= 0 && pidOf(report) > 0) over(pidOf(report), outcomeOf(report));
	}

	const children = (): readonly number[] => {
		const found = sys.childrenBesides([]);
		return typeof found === 'number' ? [] : found;
	};

	return {
		spawn(argv, master, variables) {
			const [program = ''] = argv;
			const environment = {...heritable(), ...variables};
			const bytes = encode({
				exec: execOf(argv as [string, ...string[]]), paths: candidates(program, environment['PATH'] ?? DEFAULT_PATH),
				environment: [blockOf(environment)], uid: null, gid: null, groups: null, fds: [0, 1, 2, master], cgroup: null, isListening: false,
				tag: 0, oom: null, seat: 'session',
			});
			if (!bytes) return err('an argument or variable holds a NUL character');
			const report = new Int32Array(SPAWN_REPORT.size / 4);
			const number = sys.beginSpawn(bytes);
			const pid = number < 0 ? number : sys.endSpawn(number, report);
			return pid > 0 ? ok(pid) : err(`executing ${program}: ${errnoText(number < 0 ? -number : report[1] ?? 0)}`);
		},
		track,
		signal,
		isTracked: pid => fds.has(pid) || waiting.has(pid),
		reap,
		sweep(done) {
			let looks = 0;
			const told = new Set<number>();
			const look = (): void => {
				reap();
				const left = children();
				if (left.length === 0 || looks > LOOKS_MAX + GRACE / PAUSE) return done();
				const isLate = ++looks > GRACE / PAUSE;
				for (const pid of left) {
					if (!isLate && told.has(pid)) continue;
					told.add(pid);
					sys.kill(pid, isLate ? SIG.KILL : SIG.TERM);
					// What is stopped hears of it once it goes on.
					if (!isLate) sys.kill(pid, SIG.CONT);
				}
				after(PAUSE, look);
			};
			look();
		},
	};
}
