/**
 * What one piece of config text means: durations, signals, users, modes, numbers. Each function takes the
 * text as it was written and gives the value, or what is wrong with the text.
 */
import {CONDITIONS, err, ok, RESTARTS, signalNumber} from '../core/model.ts';
import type {Condition, Millis, RestartPolicy, Result, SignalNumber, UserSpec} from '../core/model.ts';
import {didYouMean} from './problems.ts';

export type Parse<T> = (text: string) => Result<T, Fault>;

/** What is wrong with a text: `why` continues the sentence that the text begins. */
export interface Fault {
	readonly why: string;
	readonly hint: string | null;
}

/** compose-spec: `1h5m30s20ms`, a part with a fraction if need be. A bare number is seconds. Whole ms. */
export const duration: Parse<Millis> = text => {
	const parts = DURATION.exec(/^[\d.]+$/.test(text) ? `${text}s` : text);
	if (!parts || text === '') {
		return fault('is not a duration', 'write 10s, 1m30s or 500ms; a bare number is seconds');
	}
	const amounts = parts.slice(1).map((part, unit) => Number(part ?? 0) * UNITS[unit]!.length);
	const total = amounts.reduce((sum, amount) => sum + amount, 0);
	return total <= DURATION_MAX ? ok(Math.round(total)) : fault('is too long', 'a duration is at most 168h');
};

const UNITS: readonly {readonly unit: string; readonly length: Millis}[] = [
	{unit: 'h', length: 3_600_000}, {unit: 'm', length: 60_000}, {unit: 's', length: 1000},
	{unit: 'ms', length: 1}, {unit: '[uµ]s', length: 0.001},
];
const DURATION = new RegExp(`^${UNITS.map(({unit}) => `(?:(\\d+(?:\\.\\d+)?)${unit})?`).join('')}$`);

/** A week. Beyond it a duration is a slip of the pen, and Node's timers end at 24 days. */
const DURATION_MAX: Millis = 168 * 3_600_000;

/** Octal, as chmod and the shell's umask have it, whatever YAML takes `022` for. */
export const umask: Parse<number> = text =>
	/^(0o)?[0-7]{1,4}$/.test(text) && Number.parseInt(text.replace('0o', ''), 8) <= 0o777
		? ok(Number.parseInt(text.replace('0o', ''), 8))
		: fault('is not an octal mode from 0 to 777', 'write it as 022');

/** Any of the kernel's signals, by name or number. */
export const signal: Parse<SignalNumber> = text => {
	const number = signalNumber(text);
	return number === null
		? fault('is not a signal', 'write a name such as TERM, SIGINT or RTMIN+3, or a number')
		: ok(number);
};

/** compose-spec `user`: a name or number, and a group's name or number behind a colon. */
export const user: Parse<UserSpec> = text => {
	const [name = '', group = null, ...rest] = text.split(':');
	return rest.length === 0 && isAccount(name) && (group === null || isAccount(group))
		? ok({user: name, group})
		: fault('is not a user', 'write name, uid, name:group or uid:gid');
};

/** Numbers up to 2^32-2: the last one means "unchanged" to the kernel (setuid(2)). */
const isAccount = (text: string): boolean =>
	/^\d+$/.test(text) ? Number(text) <= 4_294_967_294 : /^[^\s/-][^\s/]*$/.test(text);

export const absolutePath: Parse<string> = text =>
	text.startsWith('/') ? ok(text) : fault('is not an absolute path', 'begin it with /');

/** YAML 1.1's words too, since half the world writes them. */
export const truth: Parse<boolean> = text => {
	const word = text.toLowerCase();
	if (['true', 'yes', 'on'].includes(word)) return ok(true);
	if (['false', 'no', 'off'].includes(word)) return ok(false);
	return fault('is neither true nor false');
};

export const oneOf = <T extends string>(words: readonly T[]): Parse<T> => text => {
	const word = words.find(each => each === text);
	return word === undefined
		? fault(`is not one of ${words.join(', ')}`, didYouMean(text, words))
		: ok(word);
};

export const whole = (least: number, most: number): Parse<number> => text =>
	/^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
		? ok(Number(text))
		: fault(`is not a whole number from ${least} to ${most}`);

export const decimal = (least: number, most: number): Parse<number> => text =>
	/^\d{1,15}(\.\d{1,15})?$/.test(text) && Number(text) >= least && Number(text) <= most
		? ok(Number(text))
		: fault(`is not a number from ${least} to ${most}`);

/** How often a service may be started again within its window. */
export const attempts: Parse<number> = text => {
	if (text === 'unlimited') return ok(Infinity);
	const count = whole(1, ATTEMPTS_MAX)(text);
	return count.ok ? count : fault(count.error.why, 'or write unlimited');
};

const ATTEMPTS_MAX = 1000;

/** compose-spec `restart`, where YAML's `no` is the word and not a boolean. */
export const policy: Parse<RestartPolicy['policy']> = text =>
	['no', 'false', 'off'].includes(text.toLowerCase()) ? ok('no') : oneOf(RESTARTS)(text);

/** A policy in one word, or `on-failure:N` with the number of attempts; else they are null. */
export const restart: Parse<{
	readonly policy: RestartPolicy['policy'];
	readonly attempts: number | null;
}> = text => {
	const count = /^on-failure:(.*)$/s.exec(text)?.[1];
	if (count === undefined) {
		const word = policy(text);
		return word.ok ? ok({policy: word.value, attempts: null}) : word;
	}
	const number = whole(1, ATTEMPTS_MAX)(count);
	return number.ok
		? ok({policy: 'on-failure', attempts: number.value})
		: fault(`needs a whole number from 1 to ${ATTEMPTS_MAX} behind the colon`);
};

/** compose-spec `depends_on`, as far as archon can tell that it holds. */
export const condition: Parse<Condition> = text =>
	text === 'service_healthy'
		? fault('is not supported', `archon knows ${CONDITIONS.join(' and ')}`)
		: oneOf(CONDITIONS)(text);

/** A switch that compose has and archon can only leave as it is. */
export const only = (fixed: boolean): Parse<boolean> => text => {
	const value = truth(text);
	return value.ok && value.value !== fixed ? fault('is not supported') : value;
};

function fault(why: string, hint: string | null = null): Result<never, Fault> {
	return err({why, hint});
}
