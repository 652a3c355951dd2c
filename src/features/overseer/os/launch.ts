/** Starts overseer's daemon in a session of its own, and waits until it can be asked. Only for a program of one thread. */
import type {Instant, Millis} from '../../../core/time.ts';
import {after, now} from '../../../os/clock.ts';
import {close} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import {CHILD_REPORT} from '../../../os/layouts.ts';
import {O, sys} from '../../../os/sys.ts';
import type {Homes} from '../core/homes.ts';
import {callDaemon} from './caller.ts';
import {takeLock} from './doors.ts';

/** How long the daemon may take until it accepts, and the pause between two looks (ms). */
const [PATIENCE, PAUSE]: readonly [Millis, Millis] = [5000, 20];
/** Of what it says before it has a log, in bytes. */
const SAID_MAX = 4096;
/** As a shell tells of a command that cannot be executed. */
const NOT_EXECUTED = 126;

/** Why it does not accept; null: it does. */
export async function launchDaemon(homes: Homes): Promise<string | null> {
	if (sys.readText('/proc/1/comm', 20) === 'archon\n') return UNDER_ARCHON;
	const nothing = sys.open('/dev/null', O.RDWR, 0);
	const said = sys.open(homes.said, O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY, 0o600);
	if (said < 0) return `${homes.said}: ${errnoText(-said)}`;
	const pid = sys.fork();
	if (pid === 0) {
		sys.setsid();
		sys.restoreSignals();
		[nothing, nothing, said].forEach((fd, number) => sys.duplicate(fd, number));
		sys.chdir('/');
		sys.execute('/proc/self/exe', 'overseerd\0--log-files\0');
		sys.exit(NOT_EXECUTED);
	}
	close(nothing);
	close(said);
	return pid < 0 ? errnoText(-pid) : reach(homes, pid, now() + PATIENCE);
}

const UNDER_ARCHON = 'PID 1 is archon here, which does what it would: archonctl trigger';

async function reach(homes: Homes, pid: number, until: Instant): Promise<string | null> {
	for (;;) {
		// Before the call: what has ended by then can have left nothing that comes later.
		const isOver = hasEnded(pid) && !isLocked(homes);
		const called = callDaemon(homes);
		if (called.ok) {
			close(called.value);
			return null;
		}
		if (isOver) return saidIn(homes);
		if (now() > until) return `overseerd does not accept at ${homes.socket} within ${PATIENCE / 1000} s: ${called.error.why}`;
		await new Promise<void>(resolve => void after(PAUSE, resolve));
	}
}

const report = new Int32Array(Object.keys(CHILD_REPORT).length);

/** Waited for or not: once it has ended there is no such child any more. */
const hasEnded = (pid: number): boolean => sys.waitPid(pid, report) < 0 || report[CHILD_REPORT.pid] === pid;

/** Whether another daemon is there, or on its way: this one has said that it is already running. */
function isLocked(homes: Homes): boolean {
	const lock = takeLock(homes, 0);
	if (lock.ok) close(lock.value);
	return !lock.ok;
}

/** What the daemon has said, in one line. */
function saidIn({said}: Homes): string {
	const text = sys.readText(said, SAID_MAX);
	const words = typeof text === 'string' ? text.trim().replaceAll(/\s*\n\s*/g, '; ').replace(/^overseerd: /, '') : '';
	return words || `overseerd has ended and has said nothing, see ${said}`;
}
