/** The process of the command that a client runs: it is sent signals, and its end is noticed. */
import {STAT} from '../../os/layouts.ts';
import {forget, watch} from '../../os/reactor.ts';
import {EPOLLIN, newStat, sys} from '../../os/sys.ts';

export interface CommandProcess {
	/** To its process group, where it leads one, as a terminal does it; else to it alone. */
	signal(signal: number): void;
}

/**
 * `master`: the user of the pool. A pool of another user can have signals sent to its own user's processes only, whichever pid it
 * tells: else it could have root end any process. `ended` may be called before the exit status is known.
 */
export function followCommand(pid: number, master: number, ended: () => void): CommandProcess {
	const fd = sys.pidfdOpen(pid);
	const isOwn = master === sys.getuid();
	// By now the descriptor holds the process that is looked at.
	if (fd < 0 || pid <= 1 || !(isOwn || ownerOf(pid) === master)) return {signal() {}};
	watch(fd, EPOLLIN, () => {
		forget(fd);
		ended();
	});
	return {
		signal(signal) {
			if (sys.pidfdSignal(fd, 0) < 0) return;
			if (!isOwn || sys.kill(-pid, signal) < 0) sys.pidfdSignal(fd, signal);
		},
	};
}

function ownerOf(pid: number): number {
	const stat = newStat();
	return sys.lstat(`/proc/${pid}`, stat) < 0 ? -1 : stat[STAT.uid] ?? -1;
}
