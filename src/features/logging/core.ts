/** Logging that is meant for many services, with blanks where names go, made that of one. */
import type {Id} from '../../core/ids.ts';
import type {Millis} from '../../core/time.ts';

/** What becomes of lines that archon reads. */
export interface Logging {
	/** Each gets every line; none of them: they are only kept for `archonctl logs`. */
	readonly drivers: readonly LogDriver[];
	/** Where a reader is too slow for long: its lines are dropped and counted, or the service waits. */
	readonly onFull: 'drop' | 'block';
	/** Bytes; a longer line is passed on in pieces, each but the last with a mark. */
	readonly maxLine: number;
	/** Bytes of the last lines that are kept in memory for `archonctl logs`. */
	readonly buffer: number;
	/** So many lines in each interval, the others are left out and counted; null: as many as come. */
	readonly rateLimit: {readonly lines: number; readonly interval: Millis} | null;
}

export type LogDriver = LogFormat & {
	/** The streams whose lines it gets. */
	readonly streams: readonly LogStream[];
};

export const LOG_STREAMS = ['stdout', 'stderr'] as const;

export type LogStream = (typeof LOG_STREAMS)[number];

/** How lines are passed on, and where to. */
export type LogFormat =
	/** On archon's own streams, as they are. */
	| {readonly kind: 'inherit'}
	/** On archon's own streams, after the service's name and, if it is asked for, the time. */
	| {readonly kind: 'prefix'; readonly timestamps: boolean}
	/** On archon's own streams, one JSON object a line. */
	| {readonly kind: 'json'}
	| LogFile
	| Syslog;

/** A file that is rotated: `path`, and before it `path.1`, `path.2`, … */
export interface LogFile {
	readonly kind: 'file';
	readonly path: string;
	readonly format: 'raw' | 'timestamps' | 'json';
	/** Bytes after which the file is rotated; Infinity: never. */
	readonly maxSize: number;
	/** How many files there are at most, the current one among them. */
	readonly maxFile: number;
	/** A file so old is rotated at its next line, and one that was rotated so long ago removed at the next rotation. Infinity: never. */
	readonly maxAge: Millis;
	/** What becomes of files that were rotated. */
	readonly compress: 'none' | 'gzip' | 'zstd';
	/** Permissions, whatever the umask; null: those of a new file. */
	readonly mode: number | null;
	/** Whose file it is, by name or number; null: archon's. */
	readonly user: string | null;
	readonly group: string | null;
}

/** Messages to a syslog server. */
export interface Syslog {
	readonly kind: 'syslog';
	readonly address:
		| {readonly kind: 'unix'; readonly path: string}
		| {readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number};
	/** 0 to 23, RFC 5424 table 1. */
	readonly facility: number;
	/** APP-NAME of RFC 5424, TAG of RFC 3164. */
	readonly tag: string;
	/** `rfc5424micro`: with six digits behind the second. */
	readonly format: 'rfc3164' | 'rfc5424' | 'rfc5424micro';
}

/** Whether its messages go through a network, and so by way of the helper `archon.syslog`. */
export const isRemote = (driver: LogFormat): boolean => driver.kind === 'syslog' && driver.address.kind !== 'unix';

/** What services say and have said, as far as archon knows; the id null stands for archon itself. */
export interface Logs {
	/** The last lines that are kept in memory, oldest first. */
	tail(id: Id | null, count: number): readonly LogLine[];
	/** Where older lines are, if anywhere: the files that lines go to, each once. */
	files(id: Id | null): readonly LogPosition[];
	/** Calls back with each batch of whole lines that come from now on, in order, until the result is called. */
	follow(id: Id | null, listener: (lines: readonly LogLine[]) => void): () => void;
	/** Opens every log file anew, for somebody has moved it (logrotate's postrotate). */
	reopen(): void;
}

export interface LogLine {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly stream: LogStream;
	/** Without its newline. What is not UTF-8 is U+FFFD. */
	readonly text: string;
}

/** A place in a log file, with all lines before it that came before now: some may still be on their way there. */
export interface LogPosition {
	readonly path: string;
	/** Of the file that `path` names now; by it the file is known after it was rotated to `path.1`. */
	readonly inode: number;
	readonly size: number;
	/** What its lines look like, and of which streams they are. */
	readonly format: LogFile['format'];
	readonly streams: readonly LogStream[];
}

/** What may stand in braces in the path of a log file and in a syslog tag. */
export const PLACEHOLDERS = ['name', 'service', 'instance', 'index', 'stream'] as const;

/** RFC 5424, APP-NAME. */
const TAG_MAX = 48;

/**
 * The blanks filled in for a service, or an instance as `web:1`: `{name}` is web-1, for colons are trouble in paths,
 * `{service}` is web and `{instance}`, or `{index}`, 1, or 0 for one that is alone. With `{stream}` a driver becomes one for each stream.
 */
export function forService(logging: Logging, name: string): Logging {
	return {...logging, drivers: logging.drivers.flatMap(driver => tailorDriver(driver, name))};
}

function tailorDriver(driver: LogDriver, name: string): readonly LogDriver[] {
	if (driver.kind !== 'file' && driver.kind !== 'syslog') return [driver];
	const text = driver.kind === 'file' ? driver.path : driver.tag;
	const groups = text.includes('{stream}') ? driver.streams.map(stream => [stream]) : [driver.streams];
	return groups.map((streams): LogDriver => {
		const filled = fill(text, name, streams[0] ?? 'stdout');
		return driver.kind === 'file' ? {...driver, streams, path: filled} : {...driver, streams, tag: filled.slice(0, TAG_MAX)};
	});
}

function fill(text: string, name: string, stream: LogStream): string {
	const values: Readonly<Record<string, string>> = {...placeholderValues(name), stream};
	return text.replaceAll(/\{(\w+)\}/g, (blank, word: string) => values[word] ?? blank);
}

/** What blanks stand for in texts of a service, or of an instance as `web:1`. */
export function placeholderValues(name: string): Readonly<Record<string, string>> {
	const [service = name, instance = '0'] = name.split(':');
	return {name: name.replaceAll(':', '-'), service, instance, index: instance};
}
