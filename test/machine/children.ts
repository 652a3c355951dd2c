/**
 * Whose children are whose: in a test both Node and archon's reaper wait for children of one process. Node's own are
 * left to Node, and the reaper looks for the end of all others now and then, for SIGCHLD is Node's as well.
 */
import {subscribe} from 'node:diagnostics_channel';
import type {ChildProcess} from 'node:child_process';
import {processTree, statOf} from '../../src/os/reap/procfs.ts';
import {ERRNO, sys} from '../../src/os/sys.ts';

const nodes = new Set<ChildProcess>();
subscribe('child_process', message => {
	const {process: child} = message as {process: ChildProcess};
	nodes.add(child);
	child.once('exit', () => nodes.delete(child));
	child.once('error', () => nodes.delete(child));
});

sys.waitAny = (report, peek) => {
	const theirs = new Set([...nodes].map(({pid}) => pid));
	const ours = processTree()(process.pid).filter(pid => !theirs.has(pid));
	const ended = ours.find(pid => statOf(pid)?.isZombie);
	report[0] = ended ?? 0;
	if (ended === undefined) return ours.length > 0 ? 0 : -ERRNO.ECHILD;
	return peek ? 0 : sys.waitPid(ended, report);
};

sys.becomeSubreaper();

/** For as long as the process lives, and keeps it from ending no longer. */
export const collectAtTimes = (collect: () => void): void => void setInterval(collect, 2).unref();
