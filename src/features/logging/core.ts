/** The settings of logging: for many services, with placeholders for their names, or for one of them. */
import type {Id} from '../../core/ids.ts';
import type {Millis} from '../../core/time.ts';

/** Where the lines that archon reads go. */
export interface Logging {
	/** Every driver gets every line of its streams; without drivers lines are only kept for `archonctl logs`. */
	readonly drivers: readonly LogDriver[];
	/** When a reader is too slow: lines are dropped and counted, or the service is blocked. */
	readonly onFull: 'drop' | 'block';
	/** In bytes; a longer line is split, and all pieces but the last are marked. */
	readonly maxLine: number;
	/** How many bytes of the last lines are kept in memory for `archonctl logs`. */
	readonly buffer: number;
	/** How many lines pass in each interval; further ones are dropped and counted. Null: no limit. */
	readonly rateLimit: {readonly lines: number; readonly interval: Millis} | null;
}

export type LogDriver = LogFormat & {
	/** The streams whose lines the driver gets. */
	readonly streams: readonly LogStream[];
};

export const LOG_STREAMS = ['stdout', 'stderr'] as const;

export type LogStream = (typeof LOG_STREAMS)[number];

/** The format and the destination of lines. */
export type LogFormat =
	/** On archon's own streams, unchanged. */
	| {readonly kind: 'inherit'}
	/** On archon's own streams, after the service's name and, if wanted, the time. */
	| {readonly kind: 'prefix'; readonly timestamps: boolean}
	/** On archon's own streams, as one JSON object for each line. */
	| {readonly kind: 'json'}
	| LogFile
	| Syslog;

/** A file that is rotated: `path`, and before it `path.1`, `path.2`, … */
export interface LogFile {
	readonly kind: 'file';
	readonly path: string;
	readonly format: 'raw' | 'timestamps' | 'json';
	/** The size in bytes at which the file is rotated; Infinity: never. */
	readonly maxSize: number;
	/** How many files there are at most, including the current one. */
	readonly maxFile: number;
	/** The age at which the file is rotated, and at which rotated files are removed; Infinity: never. */
	readonly maxAge: Millis;
	/** How rotated files are compressed. */
	readonly compress: 'none' | 'gzip' | 'zstd';
	/** The permissions, whatever the umask; null: those of any new file. */
	readonly mode: number | null;
	/** The owner, by name or number; null: archon's own user. */
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
	/** `rfc5424micro`: with microseconds in the timestamp. */
	readonly format: 'rfc3164' | 'rfc5424' | 'rfc5424micro';
}

/** Whether its messages go over a network, and so through the helper `archon.syslog`. */
export const isRemote = (driver: LogFormat): boolean => driver.kind === 'syslog' && driver.address.kind !== 'unix';

/** The lines of services and of archon itself (the id null). */
export interface Logs {
	/** The last lines in memory, oldest first. */
	tail(id: Id | null, count: number): readonly LogLine[];
	/** The files with older lines, each once. */
	files(id: Id | null): readonly LogPosition[];
	/** Calls `listener` with each batch of new lines, in order, until the returned function is called. */
	follow(id: Id | null, listener: (lines: readonly LogLine[]) => void): () => void;
	/** Reopens every log file after it was moved (logrotate's postrotate). */
	reopen(): void;
}

export interface LogLine {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly stream: LogStream;
	/** Without its newline; bytes that are not UTF-8 are U+FFFD. */
	readonly text: string;
}

/** A position in a log file: the lines before it are older than now, and some of them may not be written yet. */
export interface LogPosition {
	readonly path: string;
	/** The inode of the file, which identifies it after it was rotated to `path.1`. */
	readonly inode: number;
	readonly size: number;
	/** The format of its lines, and the streams that they are from. */
	readonly format: LogFile['format'];
	readonly streams: readonly LogStream[];
}

/** The placeholders in the path of a log file and in a syslog tag: `{name}`. */
export const PLACEHOLDERS = ['name', 'service', 'instance', 'index', 'stream'] as const;

/** The longest APP-NAME of RFC 5424. */
const TAG_MAX = 48;

/**
 * The settings for one service, or for an instance such as `web:1`: `{name}` is web-1 (colons are awkward in paths),
 * `{service}` is web, `{instance}` and `{index}` are 1, or 0 for a service with one instance. With `{stream}` a driver
 * becomes one for each stream.
 */
export function forService(logging: Logging, name: string): Logging {
	return {...logging, drivers: logging.drivers.flatMap(driver => driverFor(driver, name))};
}

function driverFor(driver: LogDriver, name: string): readonly LogDriver[] {
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
	return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}

/** The values of the placeholders for a service, or for an instance such as `web:1`. */
export function placeholderValues(name: string): Readonly<Record<string, string>> {
	const [service = name, instance = '0'] = name.split(':');
	return {name: name.replaceAll(':', '-'), service, instance, index: instance};
}
