/** Connections of `archonctl` to an archon elsewhere: by TCP with a token, or through the user's own ssh or docker. They wait. */
import type {Host, Through} from '../../core/host.ts';
import {err, ok, type Result} from '../../core/result.ts';
import type {Command} from '../../core/service.ts';
import {SIG} from '../../core/signal-numbers.ts';
import type {Instant, Millis} from '../../core/time.ts';
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

/** How another program is gone through. */
export interface Way {
	/** What is executed in the place of ssh, in words: `$ARCHON_RSH`; none: ssh. */
	readonly shell: readonly string[];
	/** How long it may take until archon has answered there; Infinity where the user may have to type a password. */
	readonly patience: Millis;
	/** There is no person whom it could ask. */
	readonly isUnattended: boolean;
}

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
export const dialHost = (host: Exclude<Host, {kind: 'unix'}>, token: string, way: Way): DialRemote =>
	() => (host.kind === 'tcp' ? dialTcp(host, token) : dialThrough(host, way));

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
	const line = readLine(fd, sys.now() + ANSWER);
	if (line.ok && line.value === 'Ok') return ok(fd);
	close(fd);
	if (!line.ok && line.error !== 'long') return err('it closed the connection before it answered');
	return err((line.ok && reasonIn(line.value)) || 'what listens there is no archon');
}

function dialThrough(host: Through, way: Way): Result<number, string> {
	const ends = streamPair();
	if (typeof ends === 'number') return err(errnoText(-ends));
	const [own, theirs] = ends;
	for (const fd of ends) sys.setBlocking(fd, true);
	const pid = sys.fork();
	if (pid === 0) becomeProgram(host, way, theirs);
	close(theirs);
	if (pid > 0) sys.send(own, bytesOf('Version\n'), [], 0);
	const name = programOf(host, way);
	const until = sys.now() + way.patience;
	for (;;) {
		const line = readLine(own, until);
		if (line.ok && line.value === 'Ok') return ok(own);
		if (line.ok && line.value.startsWith('Row,')) continue;
		close(own);
		if (line.ok) return err(`${name}: ${reasonIn(line.value) ?? `${NO_ARCHON}: ${line.value.slice(0, 80)}`}`);
		switch (line.error) {
			case 'late': return err(`${name}: no answer within ${Math.round(way.patience / 1000)} s`);
			case 'long': return err(`${name}: ${NO_ARCHON}`);
			case 'ended': return err(`${name} ${endOf(pid)}`);
		}
	}
}

const NO_ARCHON = 'what answers there is no archon';

/** In the child: never returns. */
function becomeProgram(host: Through, way: Way, fd: number): never {
	// ^C is for the command under way, and the shell's connections outlive that.
	// ssh does not notice by itself that no one reads what it brings, until it brings something.
	sys.setParentDeathSignal(SIG.TERM);
	sys.duplicate(fd, 0);
	sys.duplicate(fd, 1);
	sys.write(1, bytesOf(`Error,${executeThere(host, ['stdio'], way, [SIG.INT])}\n`));
	sys.exit(127);
}

/** Becomes what executes `archonctl` with these words there; returns only with why that cannot be. `ignored`: signals. */
export function executeThere(host: Through, words: readonly string[], way: Way, ignored: readonly number[] = []): string {
	const socket = host.path === null ? [] : ['--socket', host.path];
	const command = commandFor(host, ['archonctl', ...socket, ...words], way);
	sys.restoreSignals();
	for (const signal of ignored) sys.ignoreSignal(signal);
	const errno = execute(command);
	return `cannot execute ${command[0]}: ${errnoText(errno)}`;
}

const programOf = (host: Through, {shell: [shell = 'ssh']}: Way): string => (host.kind === 'docker' ? 'docker' : shell);

function commandFor(host: Through, words: readonly string[], {shell: [shell, ...options], isUnattended}: Way): Command {
	const isTerminal = sys.isTerminal(0);
	if (host.kind === 'docker') return ['docker', 'exec', isTerminal ? '-it' : '-i', host.name, ...words];
	const port = host.port === null ? [] : ['-p', String(host.port)];
	const place = host.user === null ? host.host : `${host.user}@${host.host}`;
	// The shell there puts it together again.
	const line = words.map(quote).join(' ');
	if (shell !== undefined) return [shell, ...options, ...port, place, line];
	return ['ssh', isTerminal ? '-t' : '-T', ...isUnattended ? ['-o', 'BatchMode=yes'] : [], ...port, '--', place, line];
}

const quote = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`);

/** How the program has ended, in words. */
function endOf(pid: number): string {
	const report = newReport();
	const ended = sys.pidfdOpen(pid);
	const hasEnded = ended < 0 || awaitEvent(ended, EPOLLIN, END);
	if (ended >= 0) close(ended);
	if (!hasEnded) return 'closed the connection before archon had answered';
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

/** Why there is no line: nothing more comes, nothing came in time, or it has no end. */
type NoLine = 'ended' | 'late' | 'long';

/** Byte by byte, so that nothing behind it is taken. */
function readLine(fd: number, until: Instant): Result<string, NoLine> {
	const bytes = newBytes(LINE_MAX);
	for (let length = 0; length < LINE_MAX; length++) {
		for (;;) {
			if (until !== Infinity && !awaitEvent(fd, EPOLLIN, until - sys.now())) return err('late');
			const count = sys.read(fd, bytes.subarray(length, length + 1));
			if (count === 1) break;
			if (count !== -ERRNO.EINTR) return err('ended');
		}
		if (bytes[length] === LF) return ok(textOf(bytes, 0, length));
	}
	return err('long');
}

/** The reason of an `Error`; null: the line is another one. */
const reasonIn = (line: string): string | null => /^Error,"?(.*?)"?\r?$/.exec(line)?.[1]?.replaceAll('""', '"') ?? null;
