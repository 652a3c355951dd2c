/**
 * Lines from log files, the current one and rotated ones; archon itself does not read them. The last lines are found from the
 * end backwards, so that old ones cost nothing unless they are asked for.
 */
import type {Line as Shown} from '../../../control/json.ts';
import type {FileRow} from '../requests/logs/rows.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {LOG_STREAMS, type LogStream} from '../core.ts';
import {type Bytes, concat, newBytes, textOf} from '../../../os/bytes.ts';
import {errnoText} from '../../../os/errno.ts';
import {type FilePlace, findPlace, openIn} from '../../../os/places.ts';
import {STAT} from '../../../os/layouts.ts';
import {ERRNO, newStat, O, sys} from '../../../os/sys.ts';

export interface Wanted {
	/** Infinity: all. */
	readonly lines: number;
	readonly stream: LogStream | null;
	readonly since: number | null;
}

export interface Past {
	/** Each oldest first, to be gone through once. */
	readonly runs: readonly Iterable<Shown>[];
	/** A file that is open is not gone when it is removed. */
	close(): void;
}

/**
 * The lines of a source in the files that archon named, and those among `kept`, which archon has in memory,
 * that are in none of them. The error is why a file is of no use: then there is only `kept`.
 */
export function readLogFiles(files: readonly FileRow[], kept: readonly Shown[], wanted: Wanted): Result<Past, string> {
	const opened: Segment[] = [];
	const close = (): void => opened.forEach(segment => segment.close());
	const runs = runsOf(files, kept, wanted, opened);
	if (!runs.ok) close();
	return runs.ok ? ok({runs: runs.value, close}) : runs;
}

function runsOf(
	files: readonly FileRow[], kept: readonly Shown[], wanted: Wanted, opened: Segment[],
): Result<readonly Iterable<Shown>[], string> {
	const streams = wanted.stream === null ? LOG_STREAMS : [wanted.stream];
	const runs: Iterable<Shown>[] = [];
	let rest = kept;
	for (const file of pick(files, streams)) {
		const [first = 'stdout'] = file.streams;
		const own = file.streams.length === 1 ? first : null;
		if (file.format === 'raw' && wanted.since !== null) return err(`the lines in ${file.path} have no times`);
		if (file.format !== 'json' && own === null && wanted.stream !== null) return err(`${file.path} does not tell stdout from stderr`);
		const segments = open(file);
		if (!segments.ok) return err(`cannot read ${file.path}: ${segments.error}`);
		opened.push(...segments.value);
		const read: Read = line => READERS[file.format](line, file.name, own);
		const isWanted = (line: Shown): boolean => line.name === file.name
			&& (wanted.stream === null || line.stream === wanted.stream) && (wanted.since === null || line.at >= wanted.since);
		const inFile = rest.filter(({stream}) => stream !== null && file.streams.includes(stream));
		if (file.format === 'raw') {
			const end = endBefore(segments.value, inFile, read);
			runs.push(linesOf(segments.value, end, wanted.lines, read, isWanted, null));
			if (end !== WHOLE) continue;
		} else {
			runs.push(linesOf(segments.value, WHOLE, wanted.lines, read, isWanted, wanted.since));
		}
		rest = rest.filter(({stream}) => stream === null || !file.streams.includes(stream));
	}
	return ok([...runs, rest]);
}

// ── Which files ──────────────────────────────────────────────────────────────────────────────────

/** What says more about each line comes first. */
const PREFERENCE: Readonly<Record<FileRow['format'], number>> = {json: 0, timestamps: 1, raw: 2};

/** Files that together have as many of the streams as can be had, and no line twice. */
function pick(files: readonly FileRow[], streams: readonly LogStream[]): readonly FileRow[] {
	const worth = ({streams: theirs}: FileRow): number => theirs.filter(stream => streams.includes(stream)).length;
	const picked: FileRow[] = [];
	for (const file of files.toSorted((a, b) => worth(b) - worth(a) || PREFERENCE[a.format] - PREFERENCE[b.format])) {
		if (worth(file) > 0 && !picked.some(other => file.streams.some(stream => other.streams.includes(stream)))) picked.push(file);
	}
	return picked;
}

// ── Rotated files ────────────────────────────────────────────────────────────────────────────────

/** A file, or what is in a compressed one, up to its length. */
interface Segment {
	readonly length: number;
	/** What is between the two, or less at the end. */
	read(from: number, to: number): Bytes;
	/** What was unpacked for reading is kept no longer. */
	forget(): void;
	close(): void;
}

/** For a file that is missed while others are being renamed. */
const TRIES = 20;
/** For bytes that are on their way to a file, and for a moment in which nothing is renamed, in milliseconds. */
const PATIENCE = 1000;
const PAUSE = 5;

/** The file up to the mark, and behind it what came before, each older than the one before it. */
function open(mark: FileRow): Result<readonly Segment[], string> {
	const deadline = sys.now() + PATIENCE;
	let reason = GONE;
	for (let tries = 0; tries < TRIES && sys.now() < deadline;) {
		const place = findPlace(mark.path);
		if (typeof place === 'string') return err(place);
		const before = numbered(place);
		const segments = openAll(mark, place, before);
		const isSettled = segments.ok && same(before, numbered(place));
		sys.close(place.folder.fd);
		// What was moved meanwhile may have been met twice, or not at all.
		if (isSettled) return segments;
		if (segments.ok) for (const segment of segments.value) segment.close();
		reason = segments.ok ? GONE : segments.error;
		if (!segments.ok && reason !== LATE) tries++;
		sys.sleep(PAUSE);
	}
	return err(reason);
}

const LATE = 'what archon has written last is not there';
const GONE = 'it was rotated away meanwhile';

interface Named {
	readonly name: string;
	readonly number: number;
	readonly packing: string;
	/** Of the current file: a rotation may leave all names as they were. */
	readonly inode: number;
}

/** The file as number 0, then `name.1`, `name.2.gz` and so on; of the same number the one that is not packed. */
function numbered(place: FilePlace): readonly Named[] {
	const base = place.name;
	const found = new Map<number, Named>([[0, {name: base, number: 0, packing: '', inode: inodeOf(place)}]]);
	for (const name of list(place.folder.fd)) {
		if (!name.startsWith(`${base}.`)) continue;
		const [, digits, packing = ''] = /^([1-9]\d{0,8})(\.gz|\.zst)?$/.exec(name.slice(base.length + 1)) ?? [];
		const number = Number(digits);
		if (!digits || found.get(number)?.packing === '') continue;
		found.set(number, {name, number, packing, inode: 0});
	}
	return [...found.values()].sort((a, b) => a.number - b.number);
}

/** None for a folder that may be entered but not read: the current file may be enough. */
function list(folder: number): readonly string[] {
	const names = sys.readFolderAt(folder, NAMES_MAX);
	return typeof names === 'number' ? [] : names;
}

const NAMES_MAX = 1_000_000;

function inodeOf({folder, name}: FilePlace): number {
	const stat = newStat();
	return sys.lstatAt(folder.fd, name, stat) < 0 ? 0 : stat[STAT.inode] ?? 0;
}

const same = (one: readonly Named[], other: readonly Named[]): boolean => one.length === other.length
	&& one.every(({name, inode}, index) => name === other[index]?.name && inode === other[index].inode);

/** The file of the mark's inode and those of higher numbers; and of lower ones what was on its way when it was rotated. */
function openAll(mark: FileRow, {folder}: FilePlace, files: readonly Named[]): Result<readonly Segment[], string> {
	const opened: Segment[] = [];
	const seen = new Set<number>();
	let [first, reason] = [-1, GONE];
	const fail = (reason: string): Result<never, string> => {
		for (const segment of opened) segment.close();
		return err(reason);
	};
	for (const {name, packing} of files) {
		const fd = openIn(folder, name, O.RDONLY);
		if (typeof fd === 'string') {
			if (packing !== '') continue;
			if (first >= 0) return fail(fd);
			if (reason === GONE) reason = fd;
			continue;
		}
		const stat = newStat();
		sys.fstat(fd, stat);
		const [inode = 0, size = 0] = [stat[STAT.inode], stat[STAT.size]];
		if (packing !== '') {
			opened.push(unpacked(plain(fd, Math.min(size, UNPACKED_MAX)), packing));
			continue;
		}
		if (seen.has(inode)) {
			sys.close(fd);
			continue;
		}
		seen.add(inode);
		if (inode === mark.inode) first = opened.length;
		opened.push(plain(fd, size));
	}
	if (first < 0) return fail(reason);
	let left = mark.size;
	const newest: Segment[] = [];
	for (const segment of opened.slice(0, first + 1).reverse()) {
		newest.unshift(upTo(segment, left));
		left -= Math.min(left, segment.length);
	}
	return left > 0 ? fail(LATE) : ok([...newest, ...opened.slice(first + 1)]);
}

const upTo = (segment: Segment, most: number): Segment => segment.length <= most ? segment : {
	...segment, length: most, read: (from, to) => segment.read(from, Math.min(to, most)),
};

function plain(fd: number, length: number): Segment {
	return {
		length,
		read(from, to) {
			const bytes = newBytes(Math.min(to, length) - from);
			let done = 0;
			while (done < bytes.length) {
				const count = sys.readAt(fd, bytes.subarray(done), from + done);
				if (count === -ERRNO.EINTR) continue;
				if (count < 0) throw new Error(errnoText(-count));
				if (count === 0) break;
				done += count;
			}
			return bytes.subarray(0, done);
		},
		forget() {},
		close: () => void sys.close(fd),
	};
}

/** The most memory for a file that is unpacked, in bytes. */
const UNPACKED_MAX = 2 ** 30;

/** Unpacked as a whole when it is read; one that is broken, or larger than that, is empty. */
function unpacked(file: Segment, packing: string): Segment {
	let content: Bytes | null = null;
	const unpack = (): Bytes => {
		const bytes = sys.decompress(file.read(0, file.length), packing === '.gz' ? 1 : 2, UNPACKED_MAX);
		return typeof bytes === 'number' ? newBytes(0) : bytes;
	};
	return {
		get length() {
			return (content ??= unpack()).length;
		},
		read: (from, to) => (content ??= unpack()).subarray(from, to),
		forget: () => void (content = null),
		close: file.close,
	};
}

// ── Lines ────────────────────────────────────────────────────────────────────────────────────────

type Read = (line: string) => Shown;

/** Behind this place in that segment, or before it. */
interface Place {
	readonly segment: number;
	readonly at: number;
}

/** As an end: nothing is left out. */
const WHOLE: Place = {segment: 0, at: Infinity};

const BLOCK = 64 * 1024;
const NEWLINE = 10;

/** Each line before `end` and where it begins, from the last to the first. */
function* backwards(segments: readonly Segment[], end: Place): Generator<readonly [line: string, from: Place]> {
	for (let segment = end.segment; segment < segments.length; segment++) {
		const file = segments[segment];
		if (!file) return;
		let rest = newBytes(0);
		let to = segment === end.segment ? Math.min(end.at, file.length) : file.length;
		let isLast = true;
		while (to > 0) {
			const from = Math.max(0, to - BLOCK);
			const bytes = concat([file.read(from, to), rest]);
			let stop = bytes.length;
			if (isLast && bytes[stop - 1] === NEWLINE) stop--;
			isLast = false;
			for (let at = bytes.lastIndexOf(NEWLINE, stop - 1); stop > 0 && at >= 0; at = stop > 0 ? bytes.lastIndexOf(NEWLINE, stop - 1) : -1) {
				yield [textOf(bytes, at + 1, stop), {segment, at: from + at + 1}];
				stop = at;
			}
			rest = bytes.subarray(0, stop);
			to = from;
			if (from === 0) yield [textOf(rest), {segment, at: 0}];
		}
		file.forget();
	}
}

/** Each line between the two places, from the first to the last. */
function* forwards(segments: readonly Segment[], start: Place, end: Place): Generator<string> {
	for (let segment = start.segment; segment >= end.segment; segment--) {
		const file = segments[segment];
		if (!file) return;
		const stop = segment === end.segment ? Math.min(end.at, file.length) : file.length;
		let rest = newBytes(0);
		for (let from = segment === start.segment ? start.at : 0; from < stop;) {
			const block = file.read(from, Math.min(stop, from + BLOCK));
			if (block.length === 0) break;
			from += block.length;
			const bytes = concat([rest, block]);
			let begin = 0;
			for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, begin)) {
				yield textOf(bytes, begin, at);
				begin = at + 1;
			}
			rest = bytes.subarray(begin);
		}
		if (rest.length > 0) yield textOf(rest);
		file.forget();
	}
}

/** Where the lines begin that archon has in memory, with their times; the whole if the file does not end with them. */
function endBefore(segments: readonly Segment[], kept: readonly Shown[], read: Read): Place {
	let left = kept.length;
	if (left === 0) return WHOLE;
	for (const [line, from] of backwards(segments, WHOLE)) {
		if (read(line).text !== kept[--left]?.text) return WHOLE;
		if (left === 0) return from;
	}
	return WHOLE;
}

function* linesOf(
	segments: readonly Segment[], end: Place, count: number, read: Read, isWanted: (line: Shown) => boolean, since: number | null,
): Generator<Shown> {
	let start: Place = {segment: segments.length - 1, at: 0};
	if (count !== Infinity || since !== null) {
		let left = count;
		if (left === 0) return;
		start = end;
		for (const [line, from] of backwards(segments, end)) {
			const shown = read(line);
			if (since !== null && shown.at < since && shown.at !== -Infinity) break;
			start = from;
			if (isWanted(shown) && --left === 0) break;
		}
	}
	let at = -Infinity;
	for (const line of forwards(segments, start, end)) {
		const shown = read(line);
		// What another program wrote into the file belongs to the line before it.
		at = shown.at === -Infinity ? at : shown.at;
		if (isWanted(shown)) yield {...shown, at};
	}
}

// ── Formats ──────────────────────────────────────────────────────────────────────────────────────

const READERS: Readonly<Record<FileRow['format'], (line: string, name: string, stream: LogStream | null) => Shown>> = {
	raw: (text, name, stream) => ({name, at: -Infinity, stream, text}),
	timestamps(line, name, stream) {
		const [, time = '', text = line] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s.exec(line) ?? [];
		return {name, at: timeOf(time), stream, text};
	},
	json(line, name, stream) {
		const [head, time = '', service = '', instance, from] = JSON_HEAD.exec(line) ?? [];
		if (head === undefined || !line.endsWith('}')) return {name, at: -Infinity, stream, text: line};
		const isPart = line.endsWith(',"partial":true}');
		const message = line.slice(head.length, isPart ? -',"partial":true}'.length : -1);
		return {
			name: instance === undefined ? service : `${service}:${instance}`, at: timeOf(time),
			stream: from === 'stderr' ? 'stderr' : 'stdout', text: `${messageOf(message)}${isPart ? '…' : ''}`,
		};
	},
};

const JSON_HEAD = /^\{"time":"([^"]*)","service":"([^"]*)"(?:,"instance":(\d+))?,"stream":"(\w+)",(?:"level":"\w+",)?"message":/;

/** A message that was an object already is shown as it was. */
function messageOf(message: string): string {
	if (!message.startsWith('"')) return message;
	try {
		return String(JSON.parse(message));
	} catch {
		return message;
	}
}

function timeOf(text: string): number {
	const at = Date.parse(text);
	return Number.isNaN(at) ? -Infinity : at;
}
