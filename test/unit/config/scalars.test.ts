/** What texts mean, and how those that mean nothing are refused. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import * as scalars from '../../../src/config/scalars.ts';
import type {Parse} from '../../../src/config/scalars.ts';

const told = (parse: Parse<unknown>, text: string): string => {
	const result = parse(text);
	if (result.ok) return `read as ${JSON.stringify(result.value)}`;
	return [result.error.why, ...result.error.hint === null ? [] : [result.error.hint]].join('; ');
};

describe('duration', () => {
	test.each([
		['0', 0], ['5', 5000], ['1.5', 1500], ['10s', 10_000], ['1m30s', 90_000], ['500ms', 500], ['1.5s', 1500], ['2h', 7_200_000],
		['1h5m30s20ms', 3_930_020], ['1500us', 2], ['1500µs', 2], ['0.4ms', 0], ['168h', 604_800_000],
	])('%s is %i ms', (text, millis) => {
		expect(scalars.duration(text)).toEqual({ok: true, value: millis});
	});

	test.each(['', 's', '5 s', '-5s', '5x', '1s1m', '1s1s', '.5s', '5.', '1..2', '1e3', '5S', '1d', 'infinity', 'ten'])('not %j', text => {
		expect(told(scalars.duration, text)).toBe('is not a duration; write 10s, 1m30s or 500ms; a bare number is seconds');
	});

	test.each(['169h', '1000000', '604800.001'])('%s is too long', text => {
		expect(told(scalars.duration, text)).toBe('is too long; a duration is at most 168h');
	});
});

describe('umask', () => {
	test.each([
		['022', 18], ['22', 18], ['0022', 18], ['0o22', 18], ['0o022', 18], ['0', 0], ['000', 0], ['777', 511], ['0777', 511],
	])('%s is %i', (text, value) => {
		expect(scalars.umask(text)).toEqual({ok: true, value});
	});

	test.each(['', '8', '1000', '0x12', '00022', '-22', 'u=rwx', '0o', '022 '])('not %j', text => {
		expect(told(scalars.umask, text)).toBe('is not an octal mode from 0 to 777; write it as 022');
	});
});

describe('signal', () => {
	test.each([
		['TERM', 15], ['SIGTERM', 15], ['sigquit', 3], ['9', 9], ['RTMIN+3', 37], ['SIGRTMIN+3', 37], ['RTMAX', 64], ['64', 64],
	])('%s is %i', (text, value) => {
		expect(scalars.signal(text)).toEqual({ok: true, value});
	});

	test.each(['', '0', '32', '65', 'FOO', 'RTMIN+31', '-9'])('not %j', text => {
		expect(told(scalars.signal, text))
			.toBe('is not a signal; write a name such as TERM, SIGINT or RTMIN+3, or a number');
	});
});

describe('user', () => {
	test.each([
		['www-data', 'www-data', null], ['1000', '1000', null], ['app:staff', 'app', 'staff'], ['1000:0', '1000', '0'], ['0:app', '0', 'app'],
		['_apt', '_apt', null], ['svc$', 'svc$', null], ['4294967294', '4294967294', null],
	])('%s', (text, name, group) => {
		expect(scalars.user(text)).toEqual({ok: true, value: {user: name, group}});
	});

	test.each(['', ':', 'a:', ':a', 'a:b:c', 'a b', '-1', '-a', '4294967295', '/root', 'a:9999999999'])('not %j', text => {
		expect(told(scalars.user, text)).toBe('is not a user; write name, uid, name:group or uid:gid');
	});
});

describe('restart', () => {
	test.each([
		['no', 'no', null], ['No', 'no', null], ['false', 'no', null], ['off', 'no', null], ['always', 'always', null],
		['on-failure', 'on-failure', null], ['unless-stopped', 'unless-stopped', null], ['on-failure:5', 'on-failure', 5],
		['on-failure:1000', 'on-failure', 1000],
	])('%s', (text, policy, attempts) => {
		expect(scalars.restart(text)).toEqual({ok: true, value: {policy, attempts}});
	});

	test.each([
		['allways', 'is not one of no, always, on-failure, unless-stopped; did you mean "always"?'],
		['true', 'is not one of no, always, on-failure, unless-stopped'],
		['on-failure:', 'needs a whole number from 1 to 1000 behind the colon'],
		['on-failure:0', 'needs a whole number from 1 to 1000 behind the colon'],
		['on-failure:1001', 'needs a whole number from 1 to 1000 behind the colon'],
		['on-failure:x', 'needs a whole number from 1 to 1000 behind the colon'],
		['always:3', 'is not one of no, always, on-failure, unless-stopped; did you mean "always"?'],
	])('not %s', (text, message) => {
		expect(told(scalars.restart, text)).toBe(message);
	});
});

test.each<[string, Parse<unknown>, string, string]>([
	['truth', scalars.truth, 'true', 'read as true'],
	['truth', scalars.truth, 'Yes', 'read as true'],
	['truth', scalars.truth, 'ON', 'read as true'],
	['truth', scalars.truth, 'no', 'read as false'],
	['truth', scalars.truth, '1', 'is neither true nor false'],
	['oneOf', scalars.oneOf(['daemon', 'oneshot']), 'oneshot', 'read as "oneshot"'],
	['oneOf', scalars.oneOf(['daemon', 'oneshot']), 'demon', 'is not one of daemon, oneshot; did you mean "daemon"?'],
	['oneOf', scalars.oneOf(['daemon', 'oneshot']), 'toString', 'is not one of daemon, oneshot'],
	['whole', scalars.whole(1, 10), '10', 'read as 10'],
	['whole', scalars.whole(1, 10), '11', 'is not a whole number from 1 to 10'],
	['whole', scalars.whole(1, 10), '1.5', 'is not a whole number from 1 to 10'],
	['decimal', scalars.decimal(0, 1), '0.25', 'read as 0.25'],
	['decimal', scalars.decimal(0, 1), '1.01', 'is not a number from 0 to 1'],
	['decimal', scalars.decimal(0, 1), 'NaN', 'is not a number from 0 to 1'],
	['attempts', scalars.attempts, '8', 'read as 8'],
	['attempts', scalars.attempts, '0', 'is not a whole number from 1 to 1000; or write unlimited'],
	['condition', scalars.condition, 'service_started', 'read as "service_started"'],
	['condition', scalars.condition, 'service_healthy', 'is not supported; archon knows service_started and service_completed_successfully'],
	['condition', scalars.condition, 'service_start', 'is not one of service_started, service_completed_successfully; did you mean "service_started"?'],
	['only', scalars.only(true), 'true', 'read as true'],
	['only', scalars.only(true), 'false', 'is not supported'],
	['only', scalars.only(true), 'x', 'is neither true nor false'],
	['absolutePath', scalars.absolutePath, '/srv', 'read as "/srv"'],
	['absolutePath', scalars.absolutePath, 'srv', 'is not an absolute path; begin it with /'],
])('%s: %#: %s', (_name, parse, text, expected) => {
	expect(told(parse, text)).toBe(expected);
});

test('attempts may be unlimited', () => {
	expect(scalars.attempts('unlimited')).toEqual({ok: true, value: Infinity});
});

test('a duration is what its parts add up to', () => {
	const part = fc.nat(59);
	fc.assert(fc.property(part, part, part, (hours, minutes, seconds) => {
		expect(scalars.duration(`${hours}h${minutes}m${seconds}s`))
			.toEqual({ok: true, value: ((hours * 60 + minutes) * 60 + seconds) * 1000});
	}));
});
