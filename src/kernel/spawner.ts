/** From a service to a process: the request for the native library, and its answer as news. */
import {isatty} from 'node:tty';
import {type Exec, type News, type Refusal, type Run, type Service} from '../core/model.ts';
import {diagnose, ENOENT, errnoText} from './diagnose.ts';
import {spawn, STAGES} from './native.ts';
import {findUser, type Identity} from './users.ts';

/** The child's descriptors 0, 1 and 2, as archon's own. */
export type Streams = readonly [stdin: number, stdout: number, stderr: number];

const SESSION = 1;
const FOREGROUND = 2;
const EXECUTING: (typeof STAGES)[number] = 'executing';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What may pass by itself: EINTR, EIO, EAGAIN, ENOMEM, EBUSY, ENFILE, EMFILE, ETXTBSY. */
const TEMPORARY: readonly number[] = [4, 5, 11, 12, 16, 23, 24, 26];

/** Makes the process. Every run carries its service and number, by which its descendants are known. */
export function spawnRun(service: Service, run: Run, streams: Streams): Extract<News, {kind: 'spawned' | 'refused'}> {
	const {exec, name} = service;
	const user = exec.user ? findUser(exec.user) : null;
	if (user && !user.ok) return refused('finding the user', ENOENT, user.error);
	const environment: NodeJS.ProcessEnv = {
		...process.env, ...user?.value.environment, ...exec.environment, ARCHON_SERVICE: name, ARCHON_RUN: String(run),
	};
	const paths = candidates(exec.argv[0], environment['PATH'] ?? DEFAULT_PATH);
	const request = encode(exec, user?.value ?? null, environment, paths, streams);
	if (!request) return refused(`executing ${exec.argv[0]}`, 22, 'an argument or variable holds a NUL character');
	const report = new Int32Array(2);
	const pid = spawn(request, report);
	if (pid > 0) return {kind: 'spawned', pid};
	const [stage = 0, errno = 0] = report;
	return refused(describe(STAGES[stage], exec), errno, reasonOf(stage, errno, exec, paths));
}

const refused = (stage: string, errno: number, reason: string): {kind: 'refused'; refusal: Refusal} =>
	({kind: 'refused', refusal: {stage, errno, reason, temporary: TEMPORARY.includes(errno)}});

function describe(stage: (typeof STAGES)[number] = STAGES[0], {argv, cwd}: Exec): string {
	if (stage === EXECUTING) return `executing ${argv[0]}`;
	return stage === 'changing directory' ? `changing directory to ${cwd}` : stage;
}

/** A path that starts in the service's own directory cannot be looked at from archon's. */
function reasonOf(stage: number, errno: number, {cwd}: Exec, paths: readonly string[]): string {
	if (STAGES[stage] !== EXECUTING) return errnoText(errno);
	return diagnose(errno, paths.map(path => (path.startsWith('/') ? path : `${cwd ?? '.'}/${path}`)));
}

/** The files to try, as execvp(3) would: a name with a slash is a path, an empty element of PATH is the directory. */
function candidates(program: string, path: string): string[] {
	if (program.includes('/')) return [program];
	return path.split(':').map(directory => (directory === '' ? program : `${directory.replace(/\/$/, '')}/${program}`));
}

/** The layout of `struct head` in archon.c; null if a string cannot be one in C. */
function encode(
	exec: Exec, user: Identity | null, environment: NodeJS.ProcessEnv, paths: readonly string[], streams: Streams,
): Uint8Array | null {
	const {argv, cwd, umask, interactive} = exec;
	const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
	const strings = [...(cwd === null ? [] : [cwd]), ...paths, ...argv, ...variables];
	if (strings.some(string => string.includes('\0'))) return null;
	const become = user && !isSelf(user) ? user : null;
	const groups = become?.groups ?? [];
	const numbers = Int32Array.of(
		interactive && isatty(streams[0]) ? FOREGROUND : SESSION, umask ?? -1, become?.uid ?? -1, become?.gid ?? -1,
		become ? groups.length : -1, streams.length, cwd === null ? 0 : 1, paths.length, argv.length, variables.length,
		...groups, ...streams,
	);
	return Buffer.concat([new Uint8Array(numbers.buffer), Buffer.from(`${strings.join('\0')}\0`)]);
}

/** Nothing to change, and no privilege needed for it. */
const isSelf = ({uid, gid}: Identity): boolean =>
	uid !== 0 && uid === process.getuid?.() && gid === process.getgid?.();
