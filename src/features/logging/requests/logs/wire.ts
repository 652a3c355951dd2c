/** `Logs`: lines of services and of archon itself, those that are kept and those that come. */
import {
	many, decodeChoices, type Decoded, type Options, type Pages, PATTERN, type RowForm, type Wire,
} from '../../../../control/wire.ts';
import {ok, type Result} from '../../../../core/result.ts';
import {LOG_STREAMS, type LogStream} from '../../core.ts';

/** Without names: all services, and archon's own events. */
export interface LogsRequest extends Decoded, LogChoices {
	readonly kind: 'logs';
	readonly names: readonly string[];
}

/** What a request may choose about lines by options. */
export interface LogChoices {
	/** At most this many of the last lines of each service; Infinity: all that are kept. */
	readonly lines: number;
	/** Whether lines that come from now on are told as well. */
	readonly follow: boolean;
	/** null: both. */
	readonly stream: LogStream | null;
	/** In milliseconds since 1970; null: however old. */
	readonly since: number | null;
}

const DEFAULTS: LogChoices = {lines: Infinity, follow: false, stream: null, since: null};

const args = {names: many('name', {...PATTERN, bounds: 'at most 16 patterns; archon: its own events'}, 0)};

const options: Options<LogChoices> = {
	'archon.lines': {
		takes: 'a number, or all',
		help: 'at most the last N lines of each; else all that are kept',
		read: lines => lines === 'all' ? {lines: Infinity} : /^\d{1,9}$/.test(lines) ? {lines: Number(lines)} : null,
	},
	'archon.follow': {
		takes: 'yes or no',
		help: 'whether lines are told as they come, until the services are gone; else no',
		read: follow => follow === 'yes' || follow === 'no' ? {follow: follow === 'yes'} : null,
	},
	'archon.stream': {
		takes: 'stdout or stderr',
		help: 'only lines from there; else from both',
		read(name) {
			const stream = LOG_STREAMS.find(stream => stream === name);
			return stream ? {stream} : null;
		},
	},
	'archon.since': {
		takes: 'milliseconds since 1970',
		help: 'no older lines',
		read: since => /^\d{1,15}$/.test(since) ? {since: Number(since)} : null,
	},
};

function decode(fields: readonly string[]): Result<LogsRequest, string> {
	const values = decodeChoices(args, options, DEFAULTS, fields);
	return values.ok ? ok({kind: 'logs', ...values.value}) : values;
}

export const LOGS: Wire<LogsRequest> = {verb: 'Logs', role: 'observe', isScoped: true, isRepeatable: true, args, options, decode};

const LINE = {
	name: 'the service, or `archon`',
	stream: '`stdout` or `stderr`',
	at: 'when it came, in ms since 1970',
	text: 'the line, escaped',
};

/** See `rows.ts` for both directions. In a path and a text a backslash is `\\`, and a control character `\xHH`. */
const rows: readonly RowForm[] = [
	{
		kind: 'source',
		columns: {name: 'the service; `archon` is archon itself, unless a service has this name'},
		means: 'whose lines are told, before any of them',
	},
	{
		kind: 'unseen',
		columns: {name: 'the service', why: 'the reason, in words, escaped'},
		means: 'archon does not read the output of this service',
	},
	{
		kind: 'file',
		columns: {
			name: 'the service', path: 'of the file, escaped', inode: 'its inode', size: 'how many bytes of it are older than the lines told',
			format: '`raw`, `timestamps` or `json`', streams: '`stdout`, `stderr` or `stdout+stderr`',
		},
		means: 'a log file has more lines of it, and older ones',
	},
	{kind: 'line', columns: LINE, means: 'a line'},
	{kind: 'part', columns: LINE, means: 'the beginning of a long line, which the next row continues'},
	{kind: 'live', columns: {}, means: 'all that is kept has been told; only with `archon.follow=yes`'},
	{kind: 'dropped', columns: {count: 'how many'}, means: 'lines are missing here, for the client reads too slowly'},
];

export const pages: Pages = {
	Logs: {
		help: 'show the output of services and the events of archon, and follow them',
		rows,
		reply: '`Ok` when all was told; with `archon.follow=yes` when the services are gone',
		examples: [['Logs,web,archon.lines=1', 'Row,source,web', 'Row,line,web,stdout,1700000000000,hello', 'Ok']],
	},
};
