/** Connections of `archonctl` to an archon elsewhere: by TCP with a token, or through the ssh that the user has. They wait. */
import type {Host} from '../../core/host.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {SIG} from '../../core/signal-numbers.ts';
import {tokensIn, TOKEN_FILE_MAX} from '../../core/token.ts';
import {bytesOf, newBytes, textOf} from '../bytes.ts';
import {close, streamPair} from '../descriptors.ts';
import {errnoText, resolverText} from '../errno.ts';
import {textsOf, wait} from '../jobs.ts';
import {CHILD_REPORT} from '../layouts.ts';
import {newReport} from '../reap/outcome.ts';
import {execute} from '../spawn/execute.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, SOCK_STREAM, sys} from '../sys.ts';
import type {DialRemote} from './client.ts';

type Ssh = Extract<Host, {kind: 'ssh'}>;

/** How long a name server, a connection and an answer may take, in milliseconds; an answer to a token may be held back. */
const [NAME, CONNECTION, ANSWER] = [10_000, 5000, 30_000];
/** How long ssh may take to end once its connection has. */
const END = 2000;
/** Of a line before the protocol begins. */
const LINE_MAX = 8192;
const LF = 10;

/** The token in a file of the user's: its first line. */
export function readToken(path: string): Result<string, string> {
	const text = sys.readText(path, TOKEN_FILE_MAX);
	if (typeof text === 'number') return err(`cannot read the token file ${path}: ${errnoText(-text)}`);
	const tokens = tokensIn(text);
	if (typeof tokens === 'string') return err(`the token file ${path} ${tokens}`);
	return ok(tokens[0] ?? '');
}

/** `token`: for TCP. */
export const dialHost = (host: Exclude<Host, {kind: 'unix'}>, token: string): DialRemote =>
	() => (host.kind === 'tcp' ? dialTcp(host, token) : dialSsh(host));

function dialTcp({host, port}: Extract<Host, {kind: 'tcp'}>, token: string): Result<number, string> {
	const addresses = lookUp(host);
	if (typeof addresses === 'string') return err(addresses);
	let first = 0;
	for (const address of addresses) {
		const fd = sys.connectInet(address, port, SOCK_STREAM);
		const errno = fd < 0 ? -fd : awaitEvent(fd, EPOLLOUT, CONNECTION) ? sys.socketError(fd) : ERRNO.ETIMEDOUT;
		if (errno === 0) return greet(fd, token);
		if (fd >= 0) close(fd);
		first ||= errno;
	}
	return err(errnoText(first));
}

function lookUp(host: string): readonly string[] | string {
	if (host === 'localhost') return ['127.0.0.1', '::1'];
	if (sys.isAddress(host)) return [host];
	const done = wait('resolve', {text: host, numbers: [SOCK_STREAM]}, NAME);
	const addresses = textsOf(done);
	return addresses.length > 0 ? addresses : resolverText(done.result);
}

function greet(fd: number, token: string): Result<number, string> {
	sys.setBlocking(fd, true);
	sys.tuneTcp(fd);
	sys.send(fd, bytesOf(`Token,${token}\n`), [], 0);
	const line = readLine(fd, ANSWER);
	if (line === 'Ok') return ok(fd);
	close(fd);
	return err(line === null ? 'it closed the connection before it answered' : reasonIn(line) ?? 'what listens there is no archon');
}

function dialSsh(host: Ssh): Result<number, string> {
	const ends = streamPair();
	if (typeof ends === 'number') return err(errnoText(-ends));
	const [own, theirs] = ends;
	for (const fd of ends) sys.setBlocking(fd, true);
	const pid = sys.fork();
	if (pid === 0) becomeSsh(host, theirs);
	close(theirs);
	if (pid > 0) sys.send(own, bytesOf('Version\n'), [], 0);
	// ssh may ask the user for a password, and takes as long as that.
	for (let line = readLine(own, Infinity); line !== null; line = readLine(own, Infinity)) {
		if (line === 'Ok') return ok(own);
		if (line.startsWith('Row,')) continue;
		close(own);
		return err(`ssh: ${reasonIn(line) ?? `what answers there is no archon: ${line.slice(0, 80)}`}`);
	}
	close(own);
	return err(`ssh ${endOf(pid)}`);
}

/** In the child: never returns. */
function becomeSsh(host: Ssh, fd: number): never {
	// ^C is for the command under way, and the shell's connections outlive that.
	// ssh does not notice by itself that no one reads what it brings, until it brings something.
	sys.setParentDeathSignal(SIG.TERM);
	sys.duplicate(fd, 0);
	sys.duplicate(fd, 1);
	sys.write(1, bytesOf(`Error,${executeThere(host, ['stdio'], [SIG.INT])}\n`));
	sys.exit(127);
}

/** Becomes ssh, which executes `archonctl` with these words there; returns only with why that cannot be. `ignored`: signals. */
export function executeThere({user, host, port, path}: Ssh, words: readonly string[], ignored: readonly number[] = []): string {
	const socket = path === null ? [] : ['--socket', path];
	sys.restoreSignals();
	for (const signal of ignored) sys.ignoreSignal(signal);
	const errno = execute([
		'ssh', sys.isTerminal(0) ? '-t' : '-T', ...port === null ? [] : ['-p', String(port)], '--', user === null ? host : `${user}@${host}`,
		// The shell there puts it together again.
		['archonctl', ...socket, ...words].map(quote).join(' '),
	]);
	return `cannot execute ssh: ${errnoText(errno)}`;
}

const quote = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`);

/** How ssh has ended, in words. */
function endOf(pid: number): string {
	const report = newReport();
	const ended = sys.pidfdOpen(pid);
	if (ended >= 0) {
		awaitEvent(ended, EPOLLIN, END);
		close(ended);
	}
	sys.waitPid(pid, report);
	const status = report[CHILD_REPORT.status] ?? 0;
	if (status === 127) return 'found no archonctl there';
	return `ended with status ${status}${status === 255 ? ': it could not connect' : ''}`;
}

/** Whether something comes of a descriptor within so long. */
function awaitEvent(fd: number, events: number, millis: number): boolean {
	const epoll = sys.epollCreate();
	sys.epollControl(epoll, 1, fd, events);
	const until = sys.now() + millis;
	let count = 0;
	do count = sys.epollWait(epoll, Math.max(0, Math.ceil(Math.min(until - sys.now(), 1 << 30))), new Int32Array(2));
	while (count <= 0 && sys.now() < until);
	close(epoll);
	return count > 0;
}

/** Byte by byte, so that nothing behind it is taken; null at the end, or where none comes. */
function readLine(fd: number, millis: number): string | null {
	const bytes = newBytes(LINE_MAX);
	const until = sys.now() + millis;
	for (let length = 0; length < LINE_MAX; length++) {
		for (;;) {
			if (millis !== Infinity && !awaitEvent(fd, EPOLLIN, until - sys.now())) return null;
			const count = sys.read(fd, bytes.subarray(length, length + 1));
			if (count === 1) break;
			if (count !== -ERRNO.EINTR) return null;
		}
		if (bytes[length] === LF) return textOf(bytes, 0, length);
	}
	return null;
}

/** The reason of an `Error`; null: the line is another one. */
const reasonIn = (line: string): string | null => /^Error,"?(.*?)"?\r?$/.exec(line)?.[1]?.replaceAll('""', '"') ?? null;
