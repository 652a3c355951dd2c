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
		['on-failure:', 'needs a whole number from 1 to 1000 after the colon'],
		['on-failure:0', 'needs a whole number from 1 to 1000 after the colon'],
		['on-failure:1001', 'needs a whole number from 1 to 1000 after the colon'],
		['on-failure:x', 'needs a whole number from 1 to 1000 after the colon'],
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
	['attempts', scalars.attempts, '-1', 'is not a whole number from 0 to 1000; or write unlimited'],
	['lapse', scalars.lapse, '10ms', 'read as 10'],
	['lapse', scalars.lapse, '0', 'is too short; write at least 10ms'],
	['lapse', scalars.lapse, 'x', 'is not a duration; write 10s, 1m30s or 500ms; a bare number is seconds'],
	['patience', scalars.patience, '1s', 'read as 1000'],
	['variableName', scalars.variableName, 'A_1', 'read as "A_1"'],
	['variableName', scalars.variableName, '1A', 'cannot be a variable\'s name'],
	['text', scalars.text, ' ', 'read as " "'],
	['text', scalars.text, '', 'is empty'],
	['cgroupPath', scalars.cgroupPath, 'a/b.slice', 'read as "a/b.slice"'],
	['cgroupPath', scalars.cgroupPath, '/a', 'is not a relative path without . and ..; write it as workers or workers/web'],
	['cgroupPath', scalars.cgroupPath, 'a/../b', 'is not a relative path without . and ..; write it as workers or workers/web'],
	['cgroupPath', scalars.cgroupPath, 'a//b', 'is not a relative path without . and ..; write it as workers or workers/web'],
	['cgroupPath', scalars.cgroupPath, '..a', 'read as "..a"'],
	['pattern', scalars.pattern, '^ready( to go)?$', 'read as "^ready( to go)?$"'],
	['pattern', scalars.pattern, 'a(', 'is not a pattern: the group is not closed, at character 2'],
	['address', scalars.address, '80', 'read as {"host":"127.0.0.1","port":80}'],
	['address', scalars.address, 'db:5432', 'read as {"host":"db","port":5432}'],
	['address', scalars.address, '[::1]:5432', 'read as {"host":"::1","port":5432}'],
	['address', scalars.address, '0', 'is not a port; write 5432, db:5432 or [::1]:5432'],
	['address', scalars.address, '::1:80', 'is not a port; write 5432, db:5432 or [::1]:5432'],
	['address', scalars.address, 'db', 'is not a port; write 5432, db:5432 or [::1]:5432'],
	['httpUrl', scalars.httpUrl, 'http://[::1]:80/x?y', 'read as "http://[::1]:80/x?y"'],
	['httpUrl', scalars.httpUrl, 'https://localhost', 'read as "https://localhost"'],
	['httpUrl', scalars.httpUrl, 'ftp://x', 'is not a URL; write it as http://localhost:8080/health'],
	['httpUrl', scalars.httpUrl, 'http://', 'is not a URL; write it as http://localhost:8080/health'],
	['ending', scalars.ending, '0', 'read as {"code":0}'],
	['ending', scalars.ending, '9', 'read as {"code":9}'],
	['ending', scalars.ending, 'SIGTERM', 'read as {"signal":15}'],
	['ending', scalars.ending, '256', 'is not a whole number from 0 to 255'],
	['ending', scalars.ending, 'FOO', 'is neither an exit status nor a signal; write a number from 0 to 255, or a name such as TERM'],
	['group', scalars.group, 'staff', 'read as "staff"'],
	['group', scalars.group, 'a b', 'is not a group; write its name or number'],
	['limit', scalars.limit, '1024', 'read as 1024'],
	['limit', scalars.limit, '-2', 'is not a limit; write a number or unlimited'],
	['capability', scalars.capability, 'CHOWN', 'read as 0'],
	['capability', scalars.capability, 'cap_net_bind_service', 'read as 10'],
	['capability', scalars.capability, 'CHECKPOINT_RESTORE', 'read as 40'],
	['capability', scalars.capability, 'all', 'read as "all"'],
	['capability', scalars.capability, 'CAP_KILLL', 'is not a capability; did you mean "KILL"?'],
	['ioPriority', scalars.ioPriority, 'best-effort', 'read as {"class":2,"level":4}'],
	['ioPriority', scalars.ioPriority, 'realtime:0', 'read as {"class":1,"level":0}'],
	['ioPriority', scalars.ioPriority, 'idle', 'read as {"class":3,"level":0}'],
	['integer', scalars.integer(-20, 19), '-20', 'read as -20'],
	['integer', scalars.integer(-20, 19), '+5', 'read as 5'],
	['integer', scalars.integer(-20, 19), '20', 'is not a whole number from -20 to 19'],
	['absolutePath', scalars.absolutePath, '/srv', 'read as "/srv"'],
	['absolutePath', scalars.absolutePath, 'srv', 'is not an absolute path; begin it with /'],
])('%s: %#: %s', (_name, parse, text, expected) => {
	expect(told(parse, text)).toBe(expected);
});

test.each(['idle:3', 'best-effort:8', 'fast', ''])('%j is no I/O priority', text => {
	expect(told(scalars.ioPriority, text))
		.toBe('is not an I/O priority; write realtime, best-effort or idle, and a level from 0 to 7 as in best-effort:4');
});

test.each([
	[scalars.attempts, 'unlimited'], [scalars.patience, 'unlimited'], [scalars.limit, 'unlimited'], [scalars.limit, '-1'],
])('what has no limit: %#', (parse, text) => {
	expect(parse(text)).toEqual({ok: true, value: Infinity});
});

test('a duration is what its parts add up to', () => {
	const part = fc.nat(59);
	fc.assert(fc.property(part, part, part, (hours, minutes, seconds) => {
		expect(scalars.duration(`${hours}h${minutes}m${seconds}s`))
			.toEqual({ok: true, value: ((hours * 60 + minutes) * 60 + seconds) * 1000});
	}));
});
