/**
 * The standard streams of services: where they lead, and what comes out of those that archon reads. A
 * service's pipes stay open over its restarts, and who holds a pipe has no say in whether the service has ended.
 */
import {LOGGING} from '../../../core/defaults.ts';
import type {Id} from '../../../core/ids.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Output as Target, Service} from '../../../core/service.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import type {Logging, Logs, LogStream} from '../core.ts';
import {compilePattern, type Pattern} from '../../../core/pattern/pattern.ts';
import {bytesOf, bytesOfLatin1, concat, latin1Of, newBytes, textOf} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {close, openTerminal, pipe, read} from '../../../os/descriptors.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {type Done, wait} from '../../../os/jobs.ts';
import {OPEN} from '../../../os/layouts.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {type Channel, createChannel} from './channel.ts';
import {createDrivers} from './drivers.ts';
import {cutLines} from './lines.ts';
import {refusalOf} from '../../../os/places.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Streams} from '../../../os/spawn/spawner.ts';
import {EPOLLIN, ERRNO, O, type Outcome, PIPE_MODE, sys} from '../../../os/sys.ts';

export interface Output {
	/** Where the standard streams of a service's next run lead. */
	wire(id: Id, service: Service): Result<Wiring, Unwired>;
	/** The same for a command that is run on the service's behalf, which has nothing to read. */
	wireHelper(id: Id, service: Service): Result<Wiring, Unwired>;
	/** An open /dev/null, or where there is none a pipe that nobody writes to; -1 if neither can be had. */
	nothing(): number;
	/** Calls back at the next line of the service that matches, once, if that comes before its run is over. */
	awaitLine(id: Id, pattern: string, found: () => void): void;
	/** A run of the service ended: what it said last is passed on, its last line as well if it is not whole. */
	drain(id: Id): void;
	/** The service's lines go elsewhere from now on. */
	relog(id: Id, service: Service): void;
	/** The service is forgotten, and its pipes with it. */
	forget(id: Id): void;
	/** A line of archon's own. */
	say(level: string, text: string): void;
	/** archon's own lines go elsewhere from now on. */
	resay(events: Logging): void;
	/** Calls back when everything that was said is written, or cannot be. */
	finish(callback: () => void): void;
	readonly logs: Logs;
	/** The pipes that the last life had for the service go on; called once for each service, before anything else. */
	restore(id: Id, service: Service): void;
	/** The same where nothing was written down, from the process that has the other ends. */
	salvage(id: Id, service: Service, pid: number): void;
}

export interface OutputParts {
	readonly poller: Poller;
	readonly handoff: Handoff;
	readonly kept: KeptFds;
	/** Lines go on as they are, to archon's own streams, whatever else was asked for. */
	readonly isDegraded?: boolean;
}

export interface Wiring {
	readonly streams: Streams;
	/** The process has been made, or could not be: what was opened for it alone is closed. */
	release(): void;
}

/** Why there are no streams: `making pipes`, and the errno. */
export interface Unwired {
	readonly stage: string;
	readonly errno: number;
	/** Where the errno alone does not say it. */
	readonly reason?: string;
}

interface Stream {
	readonly reader: number;
	readonly writer: number;
	readonly name: LogStream;
	readonly isTerminal: boolean;
	/** The beginning of a line whose end has not come yet. */
	rest: Uint8Array;
	isBig: boolean;
	/** When it was last read, and how often in a row there was little so soon. */
	at: Instant;
	streak: number;
	/** It is read now and then instead of whenever there is something. */
	isPaced: boolean;
}

/** What archon reads of a service. */
interface Source {
	readonly name: string;
	/** In force once there is a channel. */
	logging: Logging;
	/** Made when there is something to say: most services say little, and many nothing. */
	channel: Channel | null;
	streams: readonly Stream[];
}

interface Awaited {
	readonly pattern: Pattern;
	readonly found: () => void;
}

/** How long the last words may take to be written when archon ends, in milliseconds. */
const LAST_WORDS = 1000;
/** A disk that hangs keeps PID 1 from its work no longer than so, in milliseconds. */
const PATIENCE = 2000;
/** So many bytes of a line are looked at where one is waited for. */
const LOOKED_AT = 4096;
/** What one read may bring; and what a pipe holds whose writer fills it. */
const READ = 256 * 1024;
const PIPE = 64 * 1024;
/** What a pipe is made to hold whose writer is fast. */
const BIG_PIPE = 1 << 20;
/** Reads that empty the biggest pipe. */
const FULL = 4;

/** So many small reads, each so soon after the last, and a stream is heard but once in a while. */
const [STREAK, SMALL] = [16, 16 * 1024];
const SOON: Millis = 1;
const NULL = '/dev/null';
const NOTHING = newBytes(0);
const NEWLINE = 10;
/** Descriptors of archon's that are looked at. */
const FDS_MAX = 1 << 16;
/** Who has archon's own streams to itself loses them where a line is waited for, but gains no prefix. */
const UNTOUCHED: Logging['drivers'] = [{kind: 'inherit', streams: ['stdout', 'stderr']}];

/** What leads to streams that archon has anyhow. */
const SHARED: ReadonlySet<string> = new Set(['inherit', 'prefix', 'json']);

/** Read into by all, after the rest of the last line. */
let bytes = newBytes(0);

function bufferFor(rest: number): Uint8Array {
	if (bytes.length < rest + READ) bytes = newBytes(rest + READ);
	return bytes;
}

export function createOutput(
	{poller, handoff, kept, isDegraded = false}: OutputParts, names: readonly string[], events: Logging,
): Output {
	const sources = new Map<Id, Source>();
	const awaited = new Map<Id, Awaited>();
	/** Services whose streams were handed over to the last life, and were closed with it. */
	const lost = new WeakSet<Service>();
	const warn = (text: string): void => say('warn', text);
	const drivers = createDrivers(poller, handoff, names, warn);
	const plainly = (logging: Logging): Logging => (isDegraded ? {...logging, drivers: UNTOUCHED, rateLimit: null} : logging);
	const loggingOf = (output: Target): Logging =>
		plainly(output.kind === 'lines' ? output.logging : {...events, drivers: UNTOUCHED, rateLimit: null});
	const ownWays = (logging: Logging): Logging => (isDegraded ? LOGGING : logging);
	const own = createChannel(ownWays(events), drivers.of('archon', ownWays(events)), {shut() {}, open() {}}, () => {});
	let nothing = -1;

	/** A name that is no text is made one. */
	const say = (level: string, text: string): void =>
		own.take(bytesOf(`${level === 'info' || isJson(own.logging()) ? '' : `${level}: `}${text.toWellFormed()}\n`), 'stderr', false, level);

	/** They live on with archon, whatever becomes of this instance. */
	function openNew(id: Id, service: Service, logging: Logging, ends: readonly Ends[]): Source {
		kept.keep(keyOf(id), ends.flat());
		return open(id, service, logging, ends);
	}

	function open(id: Id, {name}: Service, logging: Logging, ends: readonly Ends[]): Source {
		const isTerminal = ends.length === 1;
		const streams = ends.map(([reader, writer], i): Stream =>
			({reader, writer, name: i === 0 ? 'stdout' : 'stderr', isTerminal, rest: NOTHING, isBig: false, at: 0, streak: 0, isPaced: false}));
		const source = sources.get(id) ?? {name, logging, channel: null, streams};
		source.streams = streams;
		// What leads to places of its own is opened before there is a line to be lost.
		if (!logging.drivers.every(({kind}) => SHARED.has(kind))) channelFor(id, source);
		sources.set(id, source);
		watch(id, source);
		return source;
	}

	function channelFor(id: Id, source: Source): Channel {
		const {name, logging} = source;
		return source.channel ??= createChannel(logging, drivers.of(name, logging), {
			shut: () => source.streams.forEach(({reader}) => poller.forget(reader)),
			open: () => watch(id, source),
		}, count => warn(`${count} ${count === 1 ? 'line' : 'lines'} of ${name} over its rate_limit were left out`));
	}

	function watch(id: Id, source: Source): void {
		for (const stream of source.streams) watchOne(id, source, stream);
	}

	function watchOne(id: Id, source: Source, stream: Stream): void {
		stream.isPaced = false;
		poller.watch(stream.reader, EPOLLIN, () => {
			if (channelFor(id, source).holdsBack(stream.name)) return;
			const count = pump(id, source, stream);
			if (!isBabbling(stream, count)) return;
			poller.forget(stream.reader);
			pace(id, source, stream);
		});
	}

	/** Who writes line by line as fast as it can would be read line by line as well. */
	function isBabbling(stream: Stream, count: number): boolean {
		const at = now();
		stream.streak = count < SMALL && at - stream.at < SOON ? stream.streak + 1 : 0;
		stream.at = at;
		if (stream.streak < STREAK) return false;
		// Or else it would have to wait meanwhile.
		return (stream.isBig ||= sys.growPipe(stream.reader, BIG_PIPE));
	}

	/** For as long as it goes on; both sides have fewer turns for the same lines. */
	function pace(id: Id, source: Source, stream: Stream): void {
		stream.isPaced = true;
		after(SOON, () => poller.whole(() => {
			if (!stream.isPaced || channelFor(id, source).holdsBack(stream.name)) return;
			let count = pump(id, source, stream);
			for (let i = 1; i < FULL && count >= READ; i++) count = pump(id, source, stream);
			if (count > 0) pace(id, source, stream);
			else watchOne(id, source, stream);
		}));
	}

	function openPipes(id: Id, service: Service, logging: Logging): Result<Source, Unwired> {
		const [first, second] = [pipe(), pipe()];
		if (typeof first !== 'number' && typeof second !== 'number') {
			// A daemon that gives up root by itself opens /dev/stdout anew; only who is given a pipe finds the way to it (proc(5)).
			for (const [, writer] of [first, second]) sys.fchmod(writer, PIPE_MODE);
			return ok(openNew(id, service, logging, [first, second]));
		}
		for (const ends of [first, second]) if (typeof ends !== 'number') ends.forEach(close);
		return err({stage: 'making pipes', errno: typeof first === 'number' ? -first : -Number(second)});
	}

	/** A new one for each run: what the last one did to its terminal is nobody's business any more. */
	function openTty(id: Id, service: Service, logging: Logging): Result<Source, Unwired> {
		const kept = sources.get(id);
		if (kept) shut(id, kept);
		const ends = openTerminal();
		return typeof ends === 'number' ? err({stage: 'opening a terminal', errno: -ends}) : ok(openNew(id, service, logging, [ends]));
	}

	/** One read from a pipe: how many bytes; none, where there is nothing now or for ever. */
	function pump(id: Id, source: Source, stream: Stream): number {
		const {rest} = stream;
		const bytes = bufferFor(rest.length);
		bytes.set(rest);
		const count = read(stream.reader, bytes.subarray(rest.length));
		if (count <= 0) return 0;
		if (count >= PIPE && !stream.isBig) {
			// Who fills its pipe gets a bigger one: fewer turns for both.
			stream.isBig = true;
			sys.growPipe(stream.reader, BIG_PIPE);
		}
		const channel = channelFor(id, source);
		const length = stream.isTerminal ? sys.dropReturns(bytes, rest.length + count) : rest.length + count;
		const end = cutLines(bytes, length, channel.logging().maxLine, (from, to, isPiece) =>
			pass(id, channel, bytes.subarray(from, to), stream.name, isPiece));
		remember(stream, end < length ? bytes.slice(end, length) : NOTHING);
		return count;
	}

	/** The beginning of a line outlives this life of archon as well. */
	function remember(stream: Stream, rest: Uint8Array): void {
		if (rest.length > 0) handoff.put(restKeyOf(stream.reader), latin1Of(rest));
		else if (stream.rest.length > 0) handoff.delete(restKeyOf(stream.reader));
		stream.rest = rest;
	}

	function pass(id: Id, channel: Channel, lines: Uint8Array, stream: LogStream, isPiece: boolean): void {
		channel.take(lines, stream, isPiece);
		const waiting = awaited.get(id);
		if (!waiting || !hasMatch(lines, waiting.pattern)) return;
		awaited.delete(id);
		waiting.found();
	}

	function drain(id: Id): void {
		const source = sources.get(id);
		for (const stream of source?.streams ?? []) {
			if (!source) continue;
			// Bounded: others that still write could go on for ever.
			for (let i = 0; i < 64 && pump(id, source, stream) > 0; i++);
			if (stream.rest.length > 0) pass(id, channelFor(id, source), concat([stream.rest, bytesOf('\n')]), stream.name, false);
			remember(stream, NOTHING);
		}
		awaited.delete(id);
	}

	function shut(id: Id, {streams}: Source): void {
		for (const stream of streams) {
			const {reader, writer} = stream;
			remember(stream, NOTHING);
			poller.forget(reader);
			stream.isPaced = false;
			close(reader);
			close(writer);
		}
		kept.release(keyOf(id));
	}

	const openNothing = (): number => {
		if (nothing < 0) nothing = sys.open(NULL, O.RDWR | O.NOCTTY, 0);
		if (nothing < 0) nothing = openEmpty();
		return nothing < 0 ? -1 : nothing;
	};

	const channelOf = (id: Id | null): Channel | undefined => {
		const source = id === null ? undefined : sources.get(id);
		return id === null ? own : source && channelFor(id, source);
	};

	return {
		wire(id, service) {
			const {ready, exec: {output, interactive, tty}} = service;
			if (output.kind === 'passed' && lost.has(service)) return err({stage: 'taking over the streams of its client', errno: ERRNO.EBADF});
			if (output.kind === 'passed') return ok({streams: output.fds, release: () => output.fds.forEach(close)});
			const stdin = interactive ? 0 : openNothing();
			if (!tty && output.kind === 'files') return openFiles(stdin, output);
			if (!tty && output.kind === 'inherit' && ready?.kind !== 'log') return ok(wiringOf(stdin, 1, 2));
			const logging = loggingOf(output);
			const kept = sources.get(id);
			const source = tty ? openTty(id, service, logging) : kept ? ok(kept) : openPipes(id, service, logging);
			if (!source.ok) return source;
			const {streams} = source.value;
			return ok(wiringTo(streams, tty ? streams[0]?.writer : stdin));
		},
		wireHelper(id, service) {
			const {output, tty} = service.exec;
			const kept = sources.get(id);
			// It may come before the first process of its service.
			const source = !kept && output.kind === 'lines' && !tty ? openPipes(id, service, loggingOf(output)) : null;
			if (source && !source.ok) return source;
			const streams = source?.value.streams ?? kept?.streams;
			if (streams) return ok(wiringTo(streams, openNothing()));
			return output.kind === 'files' ? openFiles(openNothing(), output) : ok(wiringOf(openNothing(), 1, 2));
		},
		nothing: openNothing,
		awaitLine(id, source, found) {
			const pattern = compilePattern(source);
			if (pattern.ok) awaited.set(id, {pattern: pattern.value, found});
		},
		drain,
		relog(id, {name, exec: {output}}) {
			const source = sources.get(id);
			if (!source) return;
			source.logging = loggingOf(output);
			if (source.channel) source.channel.drive(source.logging, drivers.of(name, source.logging));
			else if (!source.logging.drivers.every(({kind}) => SHARED.has(kind))) channelFor(id, source);
		},
		forget(id) {
			const source = sources.get(id);
			if (!source) return;
			shut(id, source);
			source.channel?.close();
			sources.delete(id);
		},
		say,
		restore(id, service) {
			if (service.exec.output.kind === 'passed') lost.add(service);
			const ends = pairsOf(kept.inherited(keyOf(id)));
			if (ends.length === 0) return;
			const {streams} = open(id, service, loggingOf(service.exec.output), ends);
			for (const stream of streams) remember(stream, bytesOfLatin1(handoff.past.get(restKeyOf(stream.reader)) ?? ''));
		},
		salvage(id, service, pid) {
			const ends = findPipes(pid);
			if (ends.length > 0) openNew(id, service, loggingOf(service.exec.output), ends);
		},
		resay: logging => own.drive(ownWays(logging), drivers.of('archon', ownWays(logging))),
		finish(callback) {
			for (const id of sources.keys()) drain(id);
			const cancel = after(LAST_WORDS, callback);
			drivers.whenIdle(() => {
				cancel();
				callback();
			});
		},
		logs: {
			tail: (id, count) => (id === null ? own : sources.get(id)?.channel)?.tail(count) ?? [],
			follow: (id, listener) => channelOf(id)?.follow(listener) ?? (() => {}),
			files: id => {
				const logging = id === null ? own.logging() : sources.get(id)?.logging;
				return logging ? drivers.files(logging) : [];
			},
			reopen: drivers.reopen,
		},
	};
}

/** Whether any of the lines matches, as far as it is looked at. */
function hasMatch(lines: Uint8Array, pattern: Pattern): boolean {
	for (let from = 0; from < lines.length;) {
		const newline = lines.indexOf(NEWLINE, from);
		const to = newline < 0 ? lines.length : newline;
		if (pattern.test(textOf(lines, from, Math.min(to, from + LOOKED_AT)))) return true;
		from = to + 1;
	}
	return false;
}

/** archon's descriptors of a stream. Two streams are two pipes, and a single one is a terminal. */
type Ends = readonly [reader: number, writer: number];

const pairsOf = (fds: readonly number[]): readonly Ends[] =>
	fds.flatMap((fd, i) => (i % 2 === 0 ? [[fd, fds[i + 1] ?? -1] as const] : []));

const keyOf = (id: Id): string => `pipes ${id}`;
const restKeyOf = (reader: number): string => `rest ${reader}`;

/** Then the level is a member of its own, and no word before the line. */
const isJson = ({drivers}: Logging): boolean =>
	drivers.some(driver => driver.kind === 'json' || (driver.kind === 'file' && driver.format === 'json'));

/** archon's ends of the pipes that are a process's stdout and stderr; none where it has not all of them. */
function findPipes(pid: number): readonly (readonly [number, number])[] {
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

function target(pid: number, fd: number): string {
	const path = sys.readLink(`/proc/${pid}/fd/${fd}`);
	return typeof path === 'number' ? '' : path;
}

const wiringOf = (...streams: Streams): Wiring => ({streams, release: () => {}});

const wiringTo = (streams: readonly Stream[], stdin = -1): Wiring =>
	wiringOf(stdin, streams[0]?.writer ?? -1, streams.at(-1)?.writer ?? -1);

/** Both files, to be added to. What a name of archon's own streams leads to stays open. */
function openFiles(stdin: number, {stdout, stderr}: Extract<Target, {kind: 'files'}>): Result<Wiring, Unwired> {
	const opened: number[] = [];
	const release = (): void => opened.splice(0).forEach(close);
	const streams = [stdin];
	for (const path of [stdout ?? NULL, stderr ?? NULL]) {
		const file = openFile(path);
		if (file.result < 0) {
			release();
			return err({stage: `opening ${path}`, errno: -file.result, reason: refusalOf(file, path)});
		}
		const isOwn = file.stream >= 0;
		if (!isOwn) {
			opened.push(file.result);
			sys.setBlocking(file.result, true);
		}
		streams.push(isOwn ? file.stream : file.result);
	}
	const [, first = -1, second = -1] = streams;
	return ok({streams: [stdin, first, second], release});
}

/** A service with a closed stdin would have the first file that it opens in its place. The descriptor, or -errno. */
function openEmpty(): Outcome {
	const ends = pipe();
	if (typeof ends === 'number') return ends;
	close(ends[1]);
	return ends[0];
}

const OPENED: Done = {result: 0, inode: 0, size: 0, time: 0, stream: -1, bytes: NOTHING};

/**
 * To open a pipe that nobody reads, or a file on a disk that hangs, must not keep archon waiting. Its result is the
 * descriptor, unless the path leads to one of archon's own streams.
 */
function openFile(path: string): Done {
	// These are what they are called, also where /dev is another's, as in a user namespace, or there is no /proc.
	const stream = ['/dev/stdout', '/dev/stderr'].indexOf(path) + 1;
	if (stream > 0) return {...OPENED, stream};
	if (path === NULL) return {...OPENED, result: sys.open(NULL, O.WRONLY | O.NOCTTY, 0)};
	const late = ({result, stream}: Done): unknown => result >= 0 && stream < 0 && close(result);
	return wait('open', {text: path, numbers: [O.WRONLY | O.CREAT | O.APPEND, 0o666, -1, -1, -1, OPEN.any]}, PATIENCE, late);
}
