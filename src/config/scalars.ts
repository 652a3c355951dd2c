/**
 * What one piece of config text means: durations, signals, users, modes, numbers. Each function takes the
 * text as it was written and gives the value, or what is wrong with the text.
 */
import {CAPABILITIES} from '../core/linux.ts';
import {err, ok} from '../core/result.ts';
import {RESTARTS} from '../core/service.ts';
import {signalNumber} from '../core/signal-numbers.ts';
import type {Result} from '../core/result.ts';
import type {RestartPolicy, UserSpec} from '../core/service.ts';
import type {SignalNumber} from '../core/signal-numbers.ts';
import type {Millis} from '../core/time.ts';
import {compilePattern} from '../core/pattern/pattern.ts';
import {parseUrl} from '../core/url.ts';
import type {Fault} from '../core/variables.ts';
import * as accepts from './accepts.ts';
import {didYouMean} from './problems.ts';
import {carrying, type Schema} from './shape.ts';

export interface Parse<T> {
	(text: string): Result<T, Fault>;
	/** Which texts it takes. Made when it is asked for, which at a start is never. */
	readonly accepts: () => Schema;
}

/** A parser: `parse`, which is a function of its own, and which texts it takes. */
export const parser = <T>(accepts: () => Schema, parse: (text: string) => Result<T, Fault>): Parse<T> => carrying(parse, accepts);

/** compose-spec: `1h5m30s20ms`, a part with a fraction if need be. A bare number is seconds. Whole ms. */
export const duration: Parse<Millis> = parser(() => ({name: 'duration', ...accepts.duration(0)}), text => {
	const parts = DURATION.exec(/^[\d.]+$/.test(text) ? `${text}s` : text);
	if (!parts || text === '') {
		return fault('is not a duration', 'write 10s, 1m30s or 500ms; a bare number is seconds');
	}
	const amounts = parts.slice(1).map((part, unit) => Number(part ?? 0) * UNITS[unit]!.length);
	const total = amounts.reduce((sum, amount) => sum + amount, 0);
	return total <= DURATION_MAX ? ok(Math.round(total)) : fault('is too long', 'a duration is at most 168h');
});

const UNITS: readonly {readonly unit: string; readonly length: Millis}[] = [
	{unit: 'h', length: 3_600_000}, {unit: 'm', length: 60_000}, {unit: 's', length: 1000},
	{unit: 'ms', length: 1}, {unit: '[uµ]s', length: 0.001},
];
const DURATION = new RegExp(`^${UNITS.map(({unit}) => `(?:(\\d+(?:\\.\\d+)?)${unit})?`).join('')}$`);

/** A week. A longer duration is most likely a mistake. */
const DURATION_MAX: Millis = 168 * 3_600_000;

/** A duration for checks, waits and watchdogs, none of which may come in an endless loop. */
export const lapse: Parse<Millis> = parser(() => ({name: 'lapse', ...accepts.duration(LAPSE_MIN)}), text => {
	const length = duration(text);
	return length.ok && length.value < LAPSE_MIN ? fault('is too short', `write at least ${LAPSE_MIN}ms`) : length;
});

const LAPSE_MIN: Millis = 10;

/** A duration, or none that ends. */
export const patience: Parse<Millis> = parser(
	() => accepts.orUnlimited(lapse.accepts()),
	text => (text === 'unlimited' ? ok(Infinity) : orUnlimited(lapse(text), text)),
);

/** The same, where none at all is as good. */
export const grace: Parse<Millis> = parser(
	() => accepts.orUnlimited(duration.accepts()),
	text => (text === 'unlimited' ? ok(Infinity) : orUnlimited(duration(text), text)),
);

/** A text without a number may have been meant as `unlimited`. */
const orUnlimited = (length: Result<Millis, Fault>, text: string): Result<Millis, Fault> =>
	(length.ok || /\d/.test(text) ? length : fault(length.error.why, 'write 10s, 1m30s, 500ms or unlimited'));

export const variableName: Parse<string> = parser(() => accepts.textLike('^[A-Za-z_]\\w*$', 'PORT'), text =>
	/^[A-Za-z_]\w*$/.test(text) ? ok(text) : fault('cannot be a variable\'s name'));

/** Octal, as chmod and the shell's umask have it, whatever YAML takes `022` for. */
const octal = (example: string): Parse<number> => parser(() => accepts.octal(example), text =>
	/^(0o)?[0-7]{1,4}$/.test(text) && Number.parseInt(text.replace('0o', ''), 8) <= 0o777
		? ok(Number.parseInt(text.replace('0o', ''), 8))
		: fault('is not an octal mode from 0 to 777', `write it as ${example}`));
export const umask = octal('022');
export const fileMode = octal('0640');

/** Any of the kernel's signals, by name or number. */
export const signal: Parse<SignalNumber> = parser(accepts.signal, text => {
	const number = signalNumber(text);
	return number === null
		? fault('is not a signal', 'write a name such as TERM, SIGINT or RTMIN+3, or a number')
		: ok(number);
});

/** compose-spec `user`: a name or number, and a group's name or number after a colon. */
export const user: Parse<UserSpec> = parser(() => accepts.account('app', 'app:staff', '1000:1000'), text => {
	const [name = '', group = null, ...rest] = text.split(':');
	return rest.length === 0 && isAccount(name) && (group === null || isAccount(group))
		? ok({user: name, group})
		: fault('is not a user', 'write name, uid, name:group or uid:gid');
});

/** Numbers up to 2^32-2: the last one means "unchanged" to the kernel (setuid(2)). */
const isAccount = (text: string): boolean =>
	/^\d+$/.test(text) ? Number(text) <= 4_294_967_294 : /^[^\s/-][^\s/]*$/.test(text);

/** Anything but nothing. */
export const text: Parse<string> = parser(accepts.someText, written => (written === '' ? fault('is empty') : ok(written)));

export const absolutePath: Parse<string> = parser(() => accepts.textLike('^/', '/srv/app'), text =>
	text.startsWith('/') ? ok(text) : fault('is not an absolute path', 'begin it with /'));

/** A path of cgroupfs below archon's own cgroup. */
export const cgroupPath: Parse<string> = parser(() => accepts.textLike(CGROUP_PATH.source, 'workers/web'), text =>
	CGROUP_PATH.test(text) ? ok(text) : fault('is not a relative path without . and ..', 'write it as workers or workers/web'));

const CGROUP_PATH = /^(?!\.{1,2}(\/|$))[^\s/]+(\/(?!\.{1,2}(\/|$))[^\s/]+)*$/;

/** A regular expression, as far as it can be matched in linear time. */
export const pattern: Parse<string> = parser(() => ({...accepts.anyText(), format: 'regex', examples: ['^listening on']}), text => {
	const compiled = compilePattern(text);
	if (compiled.ok) return ok(text);
	const {message, at} = compiled.error;
	return fault(`is not a pattern: ${message}, at character ${at + 1}`);
});

/** A port here, or host:port; a host of colons in brackets (RFC 3986, 3.2.2). */
export const address: Parse<{readonly host: string; readonly port: number}> = parser(() => accepts.port(ADDRESS.source), text => {
	const [, bracketed, plain = '127.0.0.1', digits = ''] = ADDRESS.exec(text) ?? [];
	const port = whole(1, 65_535)(digits);
	return port.ok ? ok({host: bracketed ?? plain, port: port.value}) : fault('is not a port', 'write 5432, db:5432 or [::1]:5432');
});

const ADDRESS = /^(?:(?:\[([^\]\s]+)\]|([^\s:[\]]+)):)?(\d+)$/;

export const httpUrl: Parse<string> = parser(() => accepts.textLike('^[Hh][Tt][Tt][Pp][Ss]?://', 'http://localhost:8080/health'), text =>
	parseUrl(text) !== null ? ok(text) : fault('is not a URL', 'write it as http://localhost:8080/health'));

/** An exit status as a number, or the signal that killed as a name. */
export const ending = parser<{readonly code: number} | {readonly signal: SignalNumber}>(accepts.ending, text => {
	if (/^\d+$/.test(text)) {
		const code = whole(0, 255)(text);
		return code.ok ? ok({code: code.value}) : code;
	}
	const number = signalNumber(text);
	return number === null
		? fault('is neither an exit status nor a signal', 'write a number from 0 to 255, or a name such as TERM')
		: ok({signal: number});
});

/** A group by name or number. */
export const group: Parse<string> = parser(accepts.group, text =>
	isAccount(text) ? ok(text) : fault('is not a group', 'write its name or number'));

/** setrlimit(2): a number, or no limit. compose and ulimit(1) write that as -1 and unlimited. */
export const limit: Parse<number> = parser(accepts.limit, text => {
	if (text === '-1' || text === 'unlimited') return ok(Infinity);
	const amount = whole(0, Number.MAX_SAFE_INTEGER)(text);
	return amount.ok ? amount : fault('is not a limit', 'write a number or unlimited');
});

/** A capability's number, by its name with or without CAP_; or all of them. */
export const capability = parser<number | 'all'>(accepts.capability, text => {
	const name = text.toUpperCase().replace(/^CAP_/, '');
	if (name === 'ALL') return ok('all');
	const number = CAPABILITIES.indexOf(name);
	return number < 0 ? fault('is not a capability', didYouMean(name, CAPABILITIES)) : ok(number);
});

/** ionice(1): a class by name, and after a colon a level from 0, the highest, to 7. */
export const ioPriority: Parse<{readonly class: number; readonly level: number}> = parser(() => accepts.ioPriority(IO_CLASSES), text => {
	const [, name = '', digits = '4'] = /^([a-z-]+)(?::([0-7]))?$/.exec(text) ?? [];
	const number = IO_CLASSES.indexOf(name) + 1;
	const isLeveled = name !== 'idle' || !text.includes(':');
	return number > 0 && isLeveled
		? ok({class: number, level: name === 'idle' ? 0 : Number(digits)})
		: fault('is not an I/O priority', 'write realtime, best-effort or idle, and a level from 0 to 7 as in best-effort:4');
});

/** In the order of their numbers, from 1 (ioprio_set(2)). */
export const IO_CLASSES: readonly string[] = ['realtime', 'best-effort', 'idle'];

/** YAML 1.1's words too, since half the world writes them. */
export const truth: Parse<boolean> = parser(accepts.truth, text => {
	const word = text.toLowerCase();
	if (['true', 'yes', 'on'].includes(word)) return ok(true);
	if (['false', 'no', 'off'].includes(word)) return ok(false);
	return fault('is neither true nor false');
});

export const oneOf = <T extends string>(words: readonly T[]): Parse<T> => parser(() => accepts.words(...words), text => {
	const word = words.find(each => each === text);
	return word === undefined
		? fault(`is not one of ${words.join(', ')}`, didYouMean(text, words))
		: ok(word);
});

export const whole = (least: number, most: number): Parse<number> => parser(() => accepts.number('integer', least, most), text =>
	/^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
		? ok(Number(text))
		: fault(`is not a whole number from ${least} to ${most}`));

/** A whole number that may be below zero. */
export const integer = (least: number, most: number): Parse<number> => parser(() => accepts.number('integer', least, most), text =>
	/^[+-]?\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
		? ok(Number(text))
		: fault(`is not a whole number from ${least} to ${most}`));

export const decimal = (least: number, most: number): Parse<number> => parser(() => accepts.number('number', least, most), text =>
	/^\d{1,15}(\.\d{1,15})?$/.test(text) && Number(text) >= least && Number(text) <= most
		? ok(Number(text))
		: fault(`is not a number from ${least} to ${most}`));

/** How often a service may be started again within its window. */
export const attempts: Parse<number> = parser(() => accepts.attempts(ATTEMPTS_MAX), text => {
	if (text === 'unlimited') return ok(Infinity);
	const count = whole(0, ATTEMPTS_MAX)(text);
	return count.ok ? count : fault(count.error.why, 'or write unlimited');
});

const ATTEMPTS_MAX = 1000;

/** compose-spec `restart`, where YAML's `no` is the word and not a boolean. */
export const policy: Parse<RestartPolicy['policy']> = parser(accepts.policy, text =>
	['no', 'false', 'off'].includes(text.toLowerCase()) ? ok('no') : restartWord(text));

const restartWord = oneOf(RESTARTS);

/** A policy in one word, or `on-failure:N` with the number of attempts; else they are null. */
export const restart = parser<{readonly policy: RestartPolicy['policy']; readonly attempts: number | null}>(accepts.restart, text => {
	const count = /^on-failure:(.*)$/s.exec(text)?.[1];
	if (count === undefined) {
		const word = policy(text);
		return word.ok ? ok({policy: word.value, attempts: null}) : word;
	}
	const number = whole(1, ATTEMPTS_MAX)(count);
	return number.ok
		? ok({policy: 'on-failure', attempts: number.value})
		: fault(`needs a whole number from 1 to ${ATTEMPTS_MAX} after the colon`);
});

export function fault(why: string, hint: string | null = null): Result<never, Fault> {
	return err({why, hint});
}
