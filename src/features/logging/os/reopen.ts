/** The pipes of services that an archon which has ended has made. */
import {close} from '../../../os/descriptors.ts';
import {STAT} from '../../../os/layouts.ts';
import {newStat, O, sys} from '../../../os/sys.ts';
import {type Ends, LASTING_MODE, target} from './pipes.ts';

const stat = newStat();

/** The pipes that an archon before this one has made for a process's stdout and stderr, opened again; none where it does not have both. */
export function reopenPipes(pid: number): readonly Ends[] {
	const found = [1, 2].flatMap(fd => {
		const path = `/proc/${pid}/fd/${fd}`;
		if (!target(pid, fd).startsWith('pipe:')) return [];
		const reader = sys.open(path, O.RDONLY | O.NONBLOCK, 0);
		const writer = sys.open(path, O.RDWR | O.NONBLOCK, 0);
		const isOurs = reader >= 0 && writer >= 0 && sys.fstat(reader, stat) === 0 && ((stat[STAT.mode] ?? 0) & 0o7777) === LASTING_MODE;
		if (isOurs) {
			sys.setBlocking(writer, true);
			return [[reader, writer] as const];
		}
		for (const each of [reader, writer]) if (each >= 0) close(each);
		return [];
	});
	if (found.length === 2) return found;
	for (const each of found.flat()) close(each);
	return [];
}
