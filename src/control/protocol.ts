/**
 * What is said over the control socket: requests and their checks, replies, and the rows that carry
 * data. Pure; how records look as bytes is in `records.ts`.
 *
 * | request | answer |
 * |---|---|
 * | `Run,<args>[,<env>…]`, `RunV,<argc>,<arg>…[,<env>…]` | `ExitStatus` when the command has ended |
 * | `StartDaemon,<args>[,<env>…]`, `StartDaemonV,<argc>,<arg>…[,<env>…]` | `Ok` when it was executed |
 * | `StopDaemon,<name or pid>[,<signal>][,<seconds>]` | `Ok` when it is gone |
 * | `Status[,<name>…]` | a row for each service, `Ok` |
 * | `History,<name>…` | a row for each of their last ends, `Ok` |
 * | `Tree` | a row for each process, `Ok` |
 * | `Start,<name>…`, `Stop,<name>…`, `Restart,<name>…` | `Ok` when all have come to what was asked |
 * | `Signal,<name or pid>…,<signal>` | `Ok` |
 * | `Reload` | archon's own config is read anew: a row that says what has become of it, `Ok` |
 * | `Reload,<name>…` | `Ok` when they have been told to read their configs anew |
 * | `Logs[,<name>…][,<option>…]` | rows of lines, see `log-rows.ts`; `Ok`, or with `archon.follow=yes` ever more rows |
 * | `Reopen` | `Ok` when every log file was opened anew |
 * | `Shutdown` | `Ok`, at once |
 * | `Version` | a row of `VersionRow`, `Ok` |
 * | `Upgrade[,<path>]` | the connection ends, for archon is re-executed; or `Error`, and nothing has changed |
 * | `Attach,<name>` | `ExitStatus` of a `Run` whose connection ended because archon was re-executed |
 *
 * A `Run` that brings its own streams and cannot be executed gets `Row,refused,<why>` before its status. An `Attach`
 * of what archon never began gets `Row,unheard` before its error; ten seconds after archon was re-executed, what
 * nobody has asked for is ended as if its client had left.
 * Instead of any of these: `Error,<reason>`. `<args>` is one field of POSIX words. `<env>` is
 * `NAME=value`, or an option: see `OPTIONS`, and `LOG_OPTIONS` for `Logs`. A name may be `all` or hold `*` and `?`.
 */
import {err, ok, type Result} from '../core/result.ts';
import {RESTARTS, type UserSpec} from '../core/service.ts';
import {type SignalNumber, signalNumber} from '../core/signal-numbers.ts';
import type {Millis} from '../core/time.ts';
import {LOG_STREAMS, type LogStream} from '../features/logging/core.ts';
import {nearest} from '../core/nearest.ts';
import {splitWords} from '../core/words.ts';
import {clip, type Fields, writePlainRecord, writeRow} from './records.ts';

// ── Requests ─────────────────────────────────────────────────────────────────────────────────────

export type Request =
	| {readonly kind: 'run' | 'start-daemon'; readonly launch: Launch}
	| {
		readonly kind: 'stop-daemon';
		readonly target: string;
		/** Instead of its own stop signal and grace period; null: its own. */
		readonly signal: SignalNumber | null;
		readonly grace: Millis | null;
	}
	| {readonly kind: 'status' | 'history'; readonly names: readonly string[]}
	| {readonly kind: 'tree' | 'shutdown' | 'reopen' | 'version'}
	| {readonly kind: 'attach'; readonly name: string}
	/** null: the file that archon was executed from, as it is now. */
	| {readonly kind: 'upgrade'; readonly path: string | null}
	| {readonly kind: 'start' | 'stop' | 'restart'; readonly names: readonly string[]}
	| {readonly kind: 'reload'; readonly names: readonly string[]}
	| LogsRequest
	| {readonly kind: 'signal'; readonly targets: readonly string[]; readonly signal: SignalNumber};

/** Without names: all services, and archon's own events. */
export interface LogsRequest extends LogChoices {
	readonly kind: 'logs';
	readonly names: readonly string[];
}

/** What a request may choose about lines by options. */
export interface LogChoices {
	/** The last so many of each service that are kept; Infinity: all of them. */
	readonly lines: number;
	/** Whether lines that come from now on are told as well. */
	readonly follow: boolean;
	/** null: both. */
	readonly stream: LogStream | null;
	/** In milliseconds since 1970; null: however old. */
	readonly since: number | null;
}

/** A command to be made a service, and how. */
export interface Launch extends Choices {
	readonly argv: readonly [string, ...string[]];
	readonly environment: Readonly<Record<string, string>>;
}

/** What a request may choose about its command by options. */
export interface Choices {
	readonly name: string | null;
	readonly cwd: string | null;
	readonly user: UserSpec | null;
	readonly umask: number | null;
	readonly restart: RestartChoice;
	/** `passed`: the three standard streams came with the request as descriptors. */
	readonly stdio: 'log' | 'passed';
}

export interface RestartChoice {
	readonly policy: (typeof RESTARTS)[number];
	/** `on-failure:N`; null: as many as the ordinary policy allows. */
	readonly attempts: number | null;
}

/** More names than any person means; fewer than would keep PID 1 from its work. */
const MAX_NAMES = 1000;

/** The request that a record makes, or what is wrong with it. */
export function decodeRequest([verb, ...fields]: Fields): Result<Request, string> {
	const decode = DECODERS.get(verb);
	if (!decode) return err(`unknown request: ${clip(verb, 64)}`);
	const request = decode(fields);
	return request.ok ? request : err(`${verb}: ${request.error}`);
}

type Decoder = (fields: readonly string[]) => Result<Request, string>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
	['Run', fields => decodeLaunch('run', splitArgs(fields))],
	['RunV', fields => decodeLaunch('run', countArgs(fields))],
	['StartDaemon', fields => decodeLaunch('start-daemon', splitArgs(fields))],
	['StartDaemonV', fields => decodeLaunch('start-daemon', countArgs(fields))],
	['StopDaemon', decodeStopDaemon],
	['Status', fields => withNames(fields, 0, names => ({kind: 'status', names}))],
	['History', fields => withNames(fields, 1, names => ({kind: 'history', names}))],
	['Tree', fields => alone(fields, {kind: 'tree'})],
	['Start', fields => withNames(fields, 1, names => ({kind: 'start', names}))],
	['Stop', fields => withNames(fields, 1, names => ({kind: 'stop', names}))],
	['Restart', fields => withNames(fields, 1, names => ({kind: 'restart', names}))],
	['Reload', fields => withNames(fields, 0, names => ({kind: 'reload', names}))],
	['Logs', decodeLogs],
	['Reopen', fields => alone(fields, {kind: 'reopen'})],
	['Signal', decodeSignal],
	['Shutdown', fields => alone(fields, {kind: 'shutdown'})],
	['Version', fields => alone(fields, {kind: 'version'})],
	['Upgrade', decodeUpgrade],
	['Attach', ([name, ...rest]) => (name && rest.length === 0 ? ok({kind: 'attach', name}) : err('takes one name'))],
]);

/** Requests that may be carried out twice: whoever does not know whether one was heard can send it again. */
const REPEATABLE: ReadonlySet<string> = new Set([
	'Status', 'History', 'Tree', 'Logs', 'Start', 'Stop', 'Reload', 'Reopen', 'Version', 'Attach',
]);

export const isRepeatable = ([verb]: Fields): boolean => REPEATABLE.has(verb);

const alone = (fields: readonly string[], request: Request): Result<Request, string> =>
	fields.length === 0 ? ok(request) : err('takes no fields');

function withNames(
	names: readonly string[], least: 0 | 1, make: (names: readonly string[]) => Request,
): Result<Request, string> {
	if (names.length < least) return err('name missing');
	if (names.includes('')) return err(`name ${names.indexOf('') + 1} is empty`);
	return names.length > MAX_NAMES ? err(`more than ${MAX_NAMES} names`) : ok(make(names));
}

function decodeSignal(fields: readonly string[]): Result<Request, string> {
	if (fields.length < 2) return err('needs a name and a signal');
	const signal = decodeSignalName(fields.at(-1) ?? '');
	if (!signal.ok) return signal;
	return withNames(fields.slice(0, -1), 1, targets => ({kind: 'signal', targets, signal: signal.value}));
}

function decodeUpgrade([path, ...rest]: readonly string[]): Result<Request, string> {
	const isPath = path === undefined || path.startsWith('/');
	return isPath && rest.length === 0 ? ok({kind: 'upgrade', path: path ?? null}) : err('takes an absolute path');
}

function decodeStopDaemon(fields: readonly string[]): Result<Request, string> {
	const [target, signal = '', seconds = '', ...rest] = fields;
	if (!target) return err('name or pid missing');
	if (rest.length > 0) return err('takes a name or pid, a signal and seconds');
	const number = signal === '' ? ok(null) : decodeSignalName(signal);
	if (!number.ok) return number;
	const isDuration = /^\d{1,7}(\.\d{1,3})?$/.test(seconds);
	if (seconds !== '' && !isDuration) return err(`${clip(seconds, 64)} is not a number of seconds`);
	const grace = seconds === '' ? null : Math.round(Number(seconds) * 1000);
	return ok({kind: 'stop-daemon', target, signal: number.value, grace});
}

function decodeSignalName(text: string): Result<SignalNumber, string> {
	const signal = signalNumber(text);
	return signal === null ? err(`${clip(text, 64)} is not a signal`) : ok(signal);
}

// ── Commands, their environment and options ──────────────────────────────────────────────────────

/** A command's words and the fields that follow them. */
interface Args {
	readonly argv: readonly [string, ...string[]];
	readonly env: readonly string[];
}

function splitArgs([args, ...env]: readonly string[]): Result<Args, string> {
	if (args === undefined) return err('args missing');
	const words = splitWords(args);
	if (!words.ok) return words;
	const [program, ...rest] = words.value;
	return program === undefined ? err('args are empty') : ok({argv: [program, ...rest], env});
}

function countArgs([count, ...fields]: readonly string[]): Result<Args, string> {
	if (count === undefined) return err('argc missing');
	if (!/^[1-9]\d{0,5}$/.test(count)) return err(`argc is not a number from 1: ${clip(count, 64)}`);
	const argc = Number(count);
	const [program, ...rest] = fields.slice(0, argc);
	if (program === undefined || rest.length < argc - 1) {
		const follow = fields.length === 1 ? 'field follows' : 'fields follow';
		return err(`argc is ${argc}, but ${fields.length} ${follow}`);
	}
	return ok({argv: [program, ...rest], env: fields.slice(argc)});
}

const DEFAULTS: Choices = {
	name: null, cwd: null, user: null, umask: null, restart: {policy: 'no', attempts: null}, stdio: 'log',
};

function decodeLaunch(kind: 'run' | 'start-daemon', args: Result<Args, string>): Result<Request, string> {
	if (!args.ok) return args;
	const {argv, env} = args.value;
	const environment: Record<string, string> = Object.create(null);
	let choices = DEFAULTS;
	for (const [index, field] of env.entries()) {
		const split = field.indexOf('=');
		if (split < 0) return err(`env field ${index + 1} is not key=value`);
		const [key, value] = [field.slice(0, split), field.slice(split + 1)];
		if (key.includes('.')) {
			const choice = decodeOption(kind, key, value);
			if (!choice.ok) return choice;
			choices = {...choices, ...choice.value};
		} else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
			environment[key] = value;
		} else {
			return err(`env field ${index + 1} has no valid name: letters, digits and _, no digit first`);
		}
	}
	return ok({kind, launch: {argv, environment, ...choices}});
}

/** An option: what it takes, and what it chooses; null if the value is none of its. */
interface Option<Chosen> {
	readonly takes: string;
	readonly read: (value: string) => Partial<Chosen> | null;
}

interface LaunchOption extends Option<Choices> {
	/** Where it is allowed. */
	readonly for: readonly ('run' | 'start-daemon')[];
}

/** A service's name made at run time. A number would be taken for a pid, and `all` for all. */
const NAME = /^(?!\d+$|all$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Keys with a dot are options and never environment. */
const OPTIONS: ReadonlyMap<string, LaunchOption> = new Map<string, LaunchOption>([
	['archon.name', {
		for: ['run', 'start-daemon'],
		takes: 'up to 64 letters, digits, _, - and ., not a number and not all',
		read: name => NAME.test(name) ? {name} : null,
	}],
	['archon.cwd', {
		for: ['run', 'start-daemon'],
		takes: 'an absolute path',
		read: cwd => cwd.startsWith('/') ? {cwd} : null,
	}],
	['archon.user', {
		for: ['run', 'start-daemon'],
		takes: 'a user, or user:group',
		read: readUser,
	}],
	['archon.umask', {
		for: ['run', 'start-daemon'],
		takes: 'an octal number up to 0777',
		read: umask => /^0*[0-7]{1,3}$/.test(umask) ? {umask: Number.parseInt(umask, 8)} : null,
	}],
	['archon.restart', {
		for: ['start-daemon'],
		takes: 'no, always, on-failure, on-failure:N or unless-stopped',
		read: readRestart,
	}],
	['archon.stdio', {
		for: ['run'],
		takes: 'passed: three descriptors come with the request',
		read: stdio => stdio === 'passed' ? {stdio} : null,
	}],
]);

function decodeOption(
	kind: 'run' | 'start-daemon', key: string, value: string,
): Result<Partial<Choices>, string> {
	const option = OPTIONS.get(key);
	return option && !option.for.includes(kind) ? err(`${key} is not for this request`) : readOption(OPTIONS, key, value);
}

function readOption<Chosen>(
	options: ReadonlyMap<string, Option<Chosen>>, key: string, value: string,
): Result<Partial<Chosen>, string> {
	const option = options.get(key);
	if (!option) {
		const meant = nearest(key, options.keys()) ?? [...options.keys()].join(' or ');
		return err(`unknown option ${clip(key, 64)}; did you mean ${meant}?`);
	}
	const choice = option.read(value);
	return choice ? ok(choice) : err(`${key} takes ${option.takes}`);
}

function readUser(value: string): Partial<Choices> | null {
	const match = /^([^:]+)(?::([^:]+))?$/.exec(value);
	return match?.[1] === undefined ? null : {user: {user: match[1], group: match[2] ?? null}};
}

function readRestart(value: string): Partial<Choices> | null {
	const counted = /^on-failure:([1-9]\d{0,5})$/.exec(value);
	if (counted) return {restart: {policy: 'on-failure', attempts: Number(counted[1])}};
	const policy = RESTARTS.find(name => name === value);
	return policy ? {restart: {policy, attempts: null}} : null;
}

// ── Which lines ──────────────────────────────────────────────────────────────────────────────────

const LOG_OPTIONS: ReadonlyMap<string, Option<LogChoices>> = new Map<string, Option<LogChoices>>([
	['archon.lines', {
		takes: 'a number, or all',
		read: lines => lines === 'all' ? {lines: Infinity} : /^\d{1,9}$/.test(lines) ? {lines: Number(lines)} : null,
	}],
	['archon.follow', {
		takes: 'yes or no',
		read: follow => follow === 'yes' || follow === 'no' ? {follow: follow === 'yes'} : null,
	}],
	['archon.stream', {
		takes: 'stdout or stderr',
		read(name) {
			const stream = LOG_STREAMS.find(stream => stream === name);
			return stream ? {stream} : null;
		},
	}],
	['archon.since', {
		takes: 'milliseconds since 1970',
		read: since => /^\d{1,15}$/.test(since) ? {since: Number(since)} : null,
	}],
]);

/** No name has a `=`, and every option has. */
function decodeLogs(fields: readonly string[]): Result<Request, string> {
	let choices: LogChoices = {lines: Infinity, follow: false, stream: null, since: null};
	const names: string[] = [];
	for (const field of fields) {
		const split = field.indexOf('=');
		if (split < 0) {
			names.push(field);
			continue;
		}
		const choice = readOption(LOG_OPTIONS, field.slice(0, split), field.slice(split + 1));
		if (!choice.ok) return choice;
		choices = {...choices, ...choice.value};
	}
	return withNames(names, 0, names => ({kind: 'logs', names, ...choices}));
}

// ── Replies ──────────────────────────────────────────────────────────────────────────────────────

export type Reply =
	| {readonly kind: 'Ok'}
	| {readonly kind: 'Error'; readonly reason: string}
	| {readonly kind: 'ExitStatus'; readonly code: number};

/** One line of printable ASCII, whatever the reason says. */
export function encodeReply(reply: Reply, tag: string | null): string {
	switch (reply.kind) {
		case 'Ok': return writePlainRecord(['Ok'], tag);
		case 'Error': return writePlainRecord(['Error', reply.reason], tag);
		case 'ExitStatus': return writePlainRecord(['ExitStatus', String(reply.code)], tag);
	}
}

export const encodeRow = writeRow;

/** The reply that a record is; null for a row or anything else. */
export function decodeReply([verb, value]: Fields): Reply | null {
	if (verb === 'Ok') return {kind: 'Ok'};
	if (verb === 'Error') return {kind: 'Error', reason: value ?? ''};
	return verb === 'ExitStatus' && value !== undefined && /^\d{1,3}$/.test(value)
		? {kind: 'ExitStatus', code: Number(value)}
		: null;
}

// ── Rows ─────────────────────────────────────────────────────────────────────────────────────────

/** A service in the answer to `Status`: `Row,web,running,1234,1700000000000,2,,daemon,`. */
export interface StatusRow {
	readonly name: string;
	readonly status: string;
	/** The living main process. An empty field stands for null, here and below. */
	readonly pid: number | null;
	/** When it came to its status, in milliseconds since 1970. */
	readonly since: number;
	/** Starts after the first. */
	readonly restarts: number;
	/** How its last process ended, as a shell would say: the code, or 128 and the signal. */
	readonly exit: number | null;
	readonly type: string;
	/** What it waits for, or how it ended, in words. */
	readonly note: string;
}

export function encodeStatusRow(row: StatusRow): readonly string[] {
	const {name, status, pid, since, restarts, exit, type, note} = row;
	return [name, status, orEmpty(pid), String(since), String(restarts), orEmpty(exit), type, note];
}

export function decodeStatusRow(row: readonly string[]): StatusRow {
	const [name = '', status = '', pid = '', since = '', restarts = '', exit = '', type = '', note = ''] = row;
	return {
		name, status, pid: orNull(pid), since: Number(since), restarts: Number(restarts), exit: orNull(exit),
		type, note,
	};
}

/** The end of a run in the answer to `History`: `Row,web,1700000000000,137,unhealthy: no answer (SIGKILL)`. */
export interface EndRow {
	readonly name: string;
	/** In milliseconds since 1970. */
	readonly at: number;
	/** As a shell would say it: the code, or 128 and the signal. */
	readonly exit: number;
	/** The same in words, and what it is blamed for. */
	readonly how: string;
}

export const encodeEndRow = ({name, at, exit, how}: EndRow): readonly string[] => [name, String(at), String(exit), how];

export function decodeEndRow(row: readonly string[]): EndRow {
	const [name = '', at = '', exit = '', how = ''] = row;
	return {name, at: Number(at), exit: Number(exit), how};
}

/** archon in the answer to `Version`: `Row,0.1.0,2,fault`. */
export interface VersionRow {
	readonly version: string;
	/** How often it was re-executed. */
	readonly lives: number;
	/** Why, the last time: `fault`, `sent`, `bug` or `upgrade`; empty in its first life. */
	readonly cause: string;
}

export const encodeVersionRow = ({version, lives, cause}: VersionRow): readonly string[] => [version, String(lives), cause];

export function decodeVersionRow(row: readonly string[]): VersionRow {
	const [version = '', lives = '', cause = ''] = row;
	return {version, lives: Number(lives), cause};
}

/** A process in the answer to `Tree`: `Row,web,1234,1,,nginx: master process`. Never archon itself. */
export interface TreeRow {
	/** The service it belongs to; null for one that belongs to none. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	/** Ended, and not yet waited for by its parent. */
	readonly zombie: boolean;
	readonly command: string;
}

export const encodeTreeRow = ({service, pid, parent, zombie, command}: TreeRow): readonly string[] =>
	[service ?? '', String(pid), String(parent), zombie ? 'zombie' : '', command];

export function decodeTreeRow(row: readonly string[]): TreeRow {
	const [service = '', pid = '', parent = '', zombie = '', command = ''] = row;
	return {
		service: service === '' ? null : service, pid: Number(pid), parent: Number(parent), zombie: zombie !== '',
		command,
	};
}

const orEmpty = (number: number | null): string => number === null ? '' : String(number);
const orNull = (field: string): number | null => field === '' ? null : Number(field);
