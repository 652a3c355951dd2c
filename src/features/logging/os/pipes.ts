/** The pipes and terminals by which archon reads what services say. */
import {err, ok, type Result} from '../../../core/result.ts';
import {close, openTerminal, pipe} from '../../../os/descriptors.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {O, PIPE_MODE, sys} from '../../../os/sys.ts';
import type {Unwired} from './wiring.ts';

/** archon's descriptors of a stream. Two streams are two pipes, and a single one is a terminal. */
export type Ends = readonly [reader: number, writer: number];

export const pairsOf = (fds: readonly number[]): readonly Ends[] =>
	fds.flatMap((fd, i) => (i % 2 === 0 ? [[fd, fds[i + 1] ?? -1] as const] : []));

/** A pipe for stdout and one for stderr. `isLasting`: who writes to one when archon has ended is kept waiting, and not ended. */
export function openPipes(isLasting: boolean): Result<readonly Ends[], Unwired> {
	const [first, second] = [pipe(), pipe()];
	if (typeof first !== 'number' && typeof second !== 'number') {
		// A daemon that gives up root by itself opens /dev/stdout again, which it may only if the pipe's mode lets it (proc(5)).
		for (const [, writer] of [first, second]) sys.fchmod(writer, isLasting ? LASTING_MODE : PIPE_MODE);
		return ok(isLasting ? [lasting(first), lasting(second)] : [first, second]);
	}
	for (const ends of [first, second]) if (typeof ends !== 'number') ends.forEach(close);
	return err({stage: 'making pipes', errno: typeof first === 'number' ? -first : -Number(second)});
}

/** By it the next archon knows the pipes that this one has made. */
export const LASTING_MODE = PIPE_MODE | 0o1000;

/** A service can read from its end too, and so there is always one who could (pipe(7)). */
function lasting([reader, writer]: Ends): Ends {
	const both = sys.open(`/proc/self/fd/${writer}`, O.RDWR, 0);
	if (both < 0) return [reader, writer];
	close(writer);
	return [reader, both];
}

export function openTty(): Result<readonly Ends[], Unwired> {
	const ends = openTerminal();
	return typeof ends === 'number' ? err({stage: 'opening a terminal', errno: -ends}) : ok([ends]);
}

/** Descriptors of archon's that are looked at. */
const FDS_MAX = 1 << 16;

/** archon's ends of the pipes that are a process's stdout and stderr; none where it does not have all of them. */
export function findPipes(pid: number): readonly Ends[] {
	const own = Map.groupBy(descriptors(), fd => target(ownPid, fd));
	const found = [1, 2].flatMap(fd => {
		const name = target(pid, fd);
		const ends = name.startsWith('pipe:') ? own.get(name) ?? [] : [];
		const reader = ends.find(sys.isReader);
		const writer = ends.find(end => !sys.isReader(end));
		return reader === undefined || writer === undefined ? [] : [[reader, writer] as const];
	});
	return found.length === 2 ? found : [];
}

function descriptors(): readonly number[] {
	const names = sys.readFolder('/proc/self/fd', FDS_MAX);
	return typeof names === 'number' ? [] : names.map(Number);
}

export function target(pid: number, fd: number): string {
	const path = sys.readLink(`/proc/${pid}/fd/${fd}`);
	return typeof path === 'number' ? '' : path;
}
