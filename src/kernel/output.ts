/**
 * What services say: their pipes on one side, archon's own stdout and stderr on the other, and each
 * line with its service's name in between. A service's pipes stay open over its restarts, and who holds
 * a pipe has no say in whether the service has ended.
 */
import {fstatSync, openSync} from 'node:fs';
import {isatty} from 'node:tty';
import type {Id, Service} from '../core/model.ts';
import {close, EPOLLIN, pipe, read} from './native.ts';
import type {Poller} from './poller.ts';
import {createSink, type Sink} from './sink.ts';
import type {Streams} from './spawner.ts';

export interface Output {
	/** Where a service's standard streams lead; an errno where no pipe could be made. */
	streams(id: Id, service: Service): Streams | number;
	/** A run of the service ended: what it said last is passed on, its last line as well if it is not whole. */
	drain(id: Id): void;
	/** The service is forgotten, and its pipes with it. */
	forget(id: Id): void;
	/** A line of archon's own, on stderr. */
	say(line: string): void;
	/** Calls back when everything that was said is written, or cannot be. */
	finish(callback: () => void): void;
}

interface Stream {
	readonly reader: number;
	readonly writer: number;
	readonly sink: Sink;
	readonly prefix: string;
	/** The beginning of a line whose end has not come yet. */
	rest: string;
}

/** A longer line is passed on in pieces. */
const LINE_MAX = 16 * 1024;
/** How long the last words may take to be written when archon ends, in milliseconds. */
const LAST_WORDS = 1000;
const NAME_MAX = 24;

const bytes = Buffer.alloc(64 * 1024);

export function createOutput(poller: Poller, names: readonly string[]): Output {
	const width = Math.min(NAME_MAX, Math.max(...names.map(name => name.length), 'archon'.length));
	const pipes = new Map<Id, readonly [Stream, Stream]>();
	const label = (name: string, fd: number): string => paint(name, `${name.padEnd(width)} | `, fd);
	const sink = (fd: number): Sink => createSink(fd, count =>
		`${label('archon', fd)}${count} lines were dropped: nobody reads ${fd === 1 ? 'stdout' : 'stderr'} fast enough\n`);
	const out = sink(1);
	const error = isSameFile(1, 2) ? out : sink(2);
	let nothing = -1;

	function open(name: string): readonly [Stream, Stream] | number {
		const [first, second] = [pipe(), pipe()];
		if (typeof first === 'number' || typeof second === 'number') {
			for (const ends of [first, second]) if (typeof ends !== 'number') ends.forEach(close);
			return typeof first === 'number' ? -first : -Number(second);
		}
		const streams = [
			{reader: first[0], writer: first[1], sink: out, prefix: label(name, 1), rest: ''},
			{reader: second[0], writer: second[1], sink: error, prefix: label(name, 2), rest: ''},
		] as const;
		for (const stream of streams) poller.watch(stream.reader, EPOLLIN, () => void pump(stream));
		return streams;
	}

	return {
		streams(id, {name, exec: {output, interactive}}) {
			if (output.kind === 'passed') return output.fds;
			if (nothing < 0) nothing = openSync('/dev/null', 'r');
			const stdin = interactive ? 0 : nothing;
			if (output.kind === 'inherit') return [stdin, 1, 2];
			const streams = pipes.get(id) ?? open(name);
			if (typeof streams === 'number') return streams;
			pipes.set(id, streams);
			return [stdin, streams[0].writer, streams[1].writer];
		},
		drain(id) {
			for (const stream of pipes.get(id) ?? []) {
				// Bounded: others that still write could go on for ever.
				for (let i = 0; i < 64 && pump(stream); i++);
				if (stream.rest !== '') stream.sink.put(`${stream.prefix}${stream.rest}\n`);
				stream.rest = '';
			}
		},
		forget(id) {
			for (const {reader, writer} of pipes.get(id) ?? []) {
				poller.forget(reader);
				close(reader);
				close(writer);
			}
			pipes.delete(id);
		},
		say: line => error.put(`${label('archon', 2)}${Buffer.from(line).toString('latin1')}\n`),
		finish(callback) {
			for (const id of pipes.keys()) this.drain(id);
			const timer = setTimeout(callback, LAST_WORDS);
			out.whenIdle(() => error.whenIdle(() => {
				clearTimeout(timer);
				callback();
			}));
		},
	};
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

/** One read from a pipe; whether there was something to read. */
function pump(stream: Stream): boolean {
	const count = read(stream.reader, bytes);
	if (count <= 0) return false;
	const text = stream.rest + bytes.toString('latin1', 0, count);
	const end = text.lastIndexOf('\n');
	stream.rest = end < 0 ? text : text.slice(end + 1);
	if (end >= 0) stream.sink.put(`${stream.prefix}${text.slice(0, end).replaceAll('\n', `\n${stream.prefix}`)}\n`);
	while (stream.rest.length > LINE_MAX) {
		stream.sink.put(`${stream.prefix}${stream.rest.slice(0, LINE_MAX)}\n`);
		stream.rest = stream.rest.slice(LINE_MAX);
	}
	return true;
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** On a terminal each name has its colour, always the same. */
function paint(name: string, text: string, fd: number): string {
	if (!isatty(fd) || process.env['NO_COLOR']) return text;
	let hash = 0;
	for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
	return `\x1b[${name === 'archon' ? 90 : COLOURS[hash % COLOURS.length]}m${text}\x1b[0m`;
}
