/** A command in archon's own place: with its environment, its directory and its descriptors, as execvp(3) would execute it. */
import {exec} from '../core/defaults.ts';
import {type Command, err, ok, type Result} from '../core/model.ts';
import {env} from './environment.ts';
import {candidates} from './lookup.ts';
import {blockOf, encode, type Request} from './request.ts';
import {ERRNO, isFile, newStat, sys} from './sys.ts';

/** What execvp(3) of glibc searches where there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';
const SHELL = '/bin/sh';
const X_OK = 1;

/** Its pid, or the errno; `passed` are further descriptors, which keep their numbers. */
export function startCommand(argv: Command, seat: Request['seat'], passed: readonly number[]): Result<number, number> {
	const [program, ...args] = argv;
	if (program === '') return err(ERRNO.ENOENT);
	const paths = candidates(program, env()['PATH'] ?? DEFAULT_PATH);
	const started = start(argv, paths, seat, passed);
	if (started.ok || started.error !== ERRNO.ENOEXEC) return started;
	// A script that names no interpreter is the shell's.
	const script = paths.find(isExecutable) ?? program;
	return start([SHELL, script, ...args], [SHELL], seat, passed);
}

function start(argv: Command, paths: readonly string[], seat: Request['seat'], passed: readonly number[]): Result<number, number> {
	const fds = [0, 1, 2];
	for (const fd of passed) {
		while (fds.length < fd) fds.push(-1);
		fds[fd] = fd;
	}
	const report = new Int32Array(3);
	const bytes = encode({
		exec: exec(argv), paths, environment: [blockOf(env())], uid: null, gid: null, groups: null, fds, cgroup: null, mark: 0,
		oom: null, seat,
	});
	if (!bytes) return err(ERRNO.EINVAL);
	const pid = sys.spawn(bytes, report);
	return pid > 0 ? ok(pid) : err(report[1] ?? ERRNO.EINVAL);
}

function isExecutable(path: string): boolean {
	const about = newStat();
	return sys.access(path, X_OK) === 0 && sys.stat(path, about) === 0 && isFile(about);
}
