/**
 * What services say: their pipes on one side, archon's own stdout and stderr on the other, and each
 * line with its service's name in between. A service's pipes stay open over its restarts, and who holds
 * a pipe has no say in whether the service has ended.
 */
import {constants, fstatSync, openSync} from 'node:fs';
import {isatty} from 'node:tty';
import {err, type Id, ok, type Output as Target, type Result, type Service} from '../core/model.ts';
import {errnoOf} from './diagnose.ts';
import {close, EPOLLIN, openTerminal, pipe, read, setBlocking} from './native.ts';
import type {Poller} from './poller.ts';
import {createSink, type Sink} from './sink.ts';
import type {Streams} from './spawner.ts';

export interface Output {
	/** Where the standard streams of a service's next run lead. */
	wire(id: Id, service: Service): Result<Wiring, Unwired>;
	/** The same for a command that is run on the service's behalf, which has nothing to read. */
	wireHelper(id: Id, service: Service): Result<Wiring, Unwired>;
	/** An open /dev/null; -1 where there is none. */
	nothing(): number;
	/** Calls back at the next line of the service that matches, once, if that comes before its run is over. */
	awaitLine(id: Id, pattern: string, found: () => void): void;
	/** A run of the service ended: what it said last is passed on, its last line as well if it is not whole. */
	drain(id: Id): void;
	/** The service is forgotten, and its pipes with it. */
	forget(id: Id): void;
	/** A line of archon's own, on stderr. */
	say(line: string): void;
	/** Calls back when everything that was said is written, or cannot be. */
	finish(callback: () => void): void;
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
}

interface Stream {
	readonly reader: number;
	readonly writer: number;
	readonly sink: Sink;
	readonly prefix: string;
	readonly isTerminal: boolean;
	/** The beginning of a line whose end has not come yet. */
	rest: string;
}

interface Awaited {
	readonly pattern: RegExp;
	readonly found: () => void;
}

/** A longer line is passed on in pieces. */
const LINE_MAX = 16 * 1024;
/** How long the last words may take to be written when archon ends, in milliseconds. */
const LAST_WORDS = 1000;
const NAME_MAX = 24;
/** For an error without a number, which the kernel does not give. */
const EIO = 5;

const bytes = Buffer.alloc(64 * 1024);

export function createOutput(poller: Poller, names: readonly string[]): Output {
	const width = Math.min(NAME_MAX, Math.max(...names.map(name => name.length), 'archon'.length));
	const pipes = new Map<Id, readonly Stream[]>();
	const awaited = new Map<Id, Awaited>();
	const label = (name: string, fd: number): string => paint(name, `${name.padEnd(width)} | `, fd);
	const sink = (fd: number): Sink => createSink(fd, count =>
		`${label('archon', fd)}${count} lines were dropped: nobody reads ${fd === 1 ? 'stdout' : 'stderr'} fast enough\n`);
	const out = sink(1);
	const error = isSameFile(1, 2) ? out : sink(2);
	let nothing = -1;

	/** Who alone has archon's own streams loses them for the sake of a line that is waited for, but gains no prefix. */
	function keep(id: Id, {name, exec}: Service, ends: readonly (readonly [number, number])[]): readonly Stream[] {
		const streams = ends.map(([reader, writer], i): Stream => {
			const prefix = exec.output.kind === 'inherit' ? '' : label(name, i + 1);
			return {reader, writer, sink: i === 0 ? out : error, prefix, isTerminal: exec.tty, rest: ''};
		});
		for (const stream of streams) poller.watch(stream.reader, EPOLLIN, () => void pump(id, stream));
		pipes.set(id, streams);
		return streams;
	}

	function openPipes(id: Id, service: Service): Result<readonly Stream[], Unwired> {
		const [first, second] = [pipe(), pipe()];
		if (typeof first !== 'number' && typeof second !== 'number') return ok(keep(id, service, [first, second]));
		for (const ends of [first, second]) if (typeof ends !== 'number') ends.forEach(close);
		return err({stage: 'making pipes', errno: typeof first === 'number' ? -first : -Number(second)});
	}

	/** A new one for each run: what the last one did to its terminal is nobody's business any more. */
	function openTty(id: Id, service: Service): Result<readonly Stream[], Unwired> {
		forget(id);
		const ends = openTerminal();
		return typeof ends === 'number' ? err({stage: 'opening a terminal', errno: -ends}) : ok(keep(id, service, [ends]));
	}

	/** One read from a pipe; whether there was something to read. */
	function pump(id: Id, stream: Stream): boolean {
		const count = read(stream.reader, bytes);
		if (count <= 0) return false;
		const said = stream.rest + bytes.toString('latin1', 0, count);
		const text = stream.isTerminal ? said.replaceAll('\r\n', '\n') : said;
		const end = text.lastIndexOf('\n');
		stream.rest = end < 0 ? text : text.slice(end + 1);
		if (end >= 0) pass(id, stream, text.slice(0, end));
		while (stream.rest.length > LINE_MAX) {
			pass(id, stream, stream.rest.slice(0, LINE_MAX));
			stream.rest = stream.rest.slice(LINE_MAX);
		}
		return true;
	}

	/** Lines, but for the end of the last. */
	function pass(id: Id, {sink, prefix}: Stream, lines: string): void {
		sink.put(`${prefix}${prefix === '' ? lines : lines.replaceAll('\n', `\n${prefix}`)}\n`);
		const waiting = awaited.get(id);
		if (!waiting || !Buffer.from(lines, 'latin1').toString().split('\n').some(line => waiting.pattern.test(line))) return;
		awaited.delete(id);
		waiting.found();
	}

	function drain(id: Id): void {
		for (const stream of pipes.get(id) ?? []) {
			// Bounded: others that still write could go on for ever.
			for (let i = 0; i < 64 && pump(id, stream); i++);
			if (stream.rest !== '') pass(id, stream, stream.rest);
			stream.rest = '';
		}
		awaited.delete(id);
	}

	function forget(id: Id): void {
		for (const {reader, writer} of pipes.get(id) ?? []) {
			poller.forget(reader);
			close(reader);
			close(writer);
		}
		pipes.delete(id);
	}

	const openNothing = (): number => {
		if (nothing < 0) nothing = open('/dev/null', constants.O_RDWR);
		return nothing < 0 ? -1 : nothing;
	};

	return {
		wire(id, service) {
			const {ready, exec: {output, interactive, tty}} = service;
			if (output.kind === 'passed') return ok({streams: output.fds, release: () => output.fds.forEach(close)});
			const stdin = interactive ? 0 : openNothing();
			if (!tty && output.kind === 'files') return openFiles(stdin, output);
			if (!tty && output.kind === 'inherit' && ready?.kind !== 'log') return ok(wiringOf(stdin, 1, 2));
			const kept = pipes.get(id);
			const streams = tty ? openTty(id, service) : kept ? ok(kept) : openPipes(id, service);
			return streams.ok ? ok(wiringTo(streams.value, tty ? streams.value[0]?.writer : stdin)) : streams;
		},
		wireHelper(id, {exec: {output}}) {
			const kept = pipes.get(id);
			if (kept) return ok(wiringTo(kept, openNothing()));
			return output.kind === 'files' ? openFiles(openNothing(), output) : ok(wiringOf(openNothing(), 1, 2));
		},
		nothing: openNothing,
		awaitLine: (id, pattern, found) => void awaited.set(id, {pattern: new RegExp(pattern), found}),
		drain, forget,
		say: line => error.put(`${label('archon', 2)}${Buffer.from(line).toString('latin1')}\n`),
		finish(callback) {
			for (const id of pipes.keys()) drain(id);
			const timer = setTimeout(callback, LAST_WORDS);
			out.whenIdle(() => error.whenIdle(() => {
				clearTimeout(timer);
				callback();
			}));
		},
	};
}

const wiringOf = (...streams: Streams): Wiring => ({streams, release: () => {}});

const wiringTo = (streams: readonly Stream[], stdin = -1): Wiring =>
	wiringOf(stdin, streams[0]?.writer ?? -1, streams.at(-1)?.writer ?? -1);

/** Both files, to be added to. What a name of archon's own streams leads to stays open. */
function openFiles(stdin: number, {stdout, stderr}: Extract<Target, {kind: 'files'}>): Result<Wiring, Unwired> {
	const opened: number[] = [];
	const release = (): void => opened.splice(0).forEach(close);
	const streams = [stdin];
	for (const path of [stdout ?? '/dev/null', stderr ?? '/dev/null']) {
		const own = path === '/dev/stdout' ? 1 : path === '/dev/stderr' ? 2 : -1;
		// To open a pipe that nobody reads must not keep archon waiting.
		const fd = own > 0 ? own : open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK);
		if (fd < 0) {
			release();
			return err({stage: `opening ${path}`, errno: -fd});
		}
		if (own < 0) {
			opened.push(fd);
			setBlocking(fd, true);
		}
		streams.push(fd);
	}
	const [, first = -1, second = -1] = streams;
	return ok({streams: [stdin, first, second], release});
}

/** The descriptor, or -errno. */
function open(path: string, flags: number): number {
	try {
		return openSync(path, flags | constants.O_NOCTTY, 0o666);
	} catch (error) {
		return -(errnoOf(error) || EIO);
	}
}

/** One writer for both, or a long write to one could be cut in two by a line on the other. */
function isSameFile(one: number, other: number): boolean {
	try {
		const [a, b] = [fstatSync(one), fstatSync(other)];
		return a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
	} catch {
		return false;
	}
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** On a terminal each name has its colour, always the same. */
function paint(name: string, text: string, fd: number): string {
	if (!isatty(fd) || process.env['NO_COLOR']) return text;
	let hash = 0;
	for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
	return `\x1b[${name === 'archon' ? 90 : COLOURS[hash % COLOURS.length]}m${text}\x1b[0m`;
}
