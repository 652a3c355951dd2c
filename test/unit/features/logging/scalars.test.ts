/** What one piece of text means in logging. */
import {describe, expect, test} from 'vitest';
import {
	compression, facility, logPath, logTag, maxAge, maxSize, rate, size, syslogAddress,
} from '../../../../src/features/logging/keys/scalars.ts';
import type {Parse} from '../../../../src/config/scalars.ts';

/** The value, or what is said of the text. */
function read<T>(parse: Parse<T>, text: string): T | string {
	const result = parse(text);
	if (result.ok) return result.value;
	return [result.error.why, result.error.hint].filter(part => part !== null).join('; ');
}

const DAY = 86_400_000;

describe('sizes', () => {
	test.each<[string, number | string]>([
		['256', 256], ['1k', 1024], ['16K', 16_384], ['64kb', 65_536], ['1m', 1_048_576], ['1MB', 1_048_576], ['300b', 300],
		['255', 'is too small; write at least 256'], ['2m', 'is too large; write at most 1m'], ['1g', 'is too large; write at most 1m'],
		...['', 'k', '1.5k', '-1', '1 k', '1t', '1kib', '0x10'].map((text): [string, string] => [text, 'is not a size; write bytes, or 64k, 10m or 1g']),
	])('%s', (text, expected) => {
		expect(read(size('256', '1m'), text)).toBe(expected);
	});

	test.each<[string, number | string]>([
		['10m', 10_485_760], ['1k', 1024], ['2g', 2_147_483_648], ['-1', Infinity], ['unlimited', Infinity],
		['0', 'is too small; write at least 1k'], ['1025g', 'is too large; write at most 1024g'],
		['-2', 'is not a size; write bytes, or 64k, 10m or 1g'],
	])('of files: %s', (text, expected) => {
		expect(read(maxSize, text)).toBe(expected);
	});
});

test.each<[string, number | string]>([
	['7d', 7 * DAY], ['1d12h', 1.5 * DAY], ['12h', DAY / 2], ['90', 90_000], ['400d', 400 * DAY], ['unlimited', Infinity], ['-1', Infinity],
	['0', 'is too short; write at least 1s'], ['0d', 'is too short; write at least 1s'], ['500ms', 'is too short; write at least 1s'],
	['d', 'is not a duration; write 12h, 7d or 1d12h'], ['1w', 'is not a duration; write 12h, 7d or 1d12h'], ['', 'is not a duration; write 12h, 7d or 1d12h'],
	['1dx', 'is not a duration; write 12h, 7d or 1d12h'], ['1.5d', 'is not a duration; write 12h, 7d or 1d12h'],
])('an age: %s', (text, expected) => {
	expect(read(maxAge, text)).toBe(expected);
});

test.each([
	['none', 'none'], ['gzip', 'gzip'], ['zstd', 'zstd'], ['true', 'gzip'], ['false', 'none'], ['TRUE', 'gzip'],
	['gzp', 'is not one of none, gzip, zstd; did you mean "gzip"?'], ['lz4', 'is not one of none, gzip, zstd'],
])('compression: %s', (text, expected) => {
	expect(read(compression, text)).toBe(expected);
});

test.each([
	['100/s', {lines: 100, interval: 1000}], ['5000/1m', {lines: 5000, interval: 60_000}], ['1/500ms', {lines: 1, interval: 500}],
	['10/m', {lines: 10, interval: 60_000}], ['7/2', {lines: 7, interval: 2000}], ['unlimited', null],
	...['', '100', '100/', '/s', '0/s', '100/x', '-5/s', '1/0s', '100/s/s'].map((text): [string, string] =>
		[text, 'is not a rate; write 1000/s, 5000/1m or unlimited']),
])('a rate: %s', (text, expected) => {
	expect(read(rate, text)).toEqual(expected);
});

test.each([
	['/var/log/x.log', '/var/log/x.log'], ['/var//log/../{service}/{instance}-{name}.{stream}', '/var/{service}/{instance}-{name}.{stream}'],
	['/dev/shm/x.log', '/dev/shm/x.log'],
	['x.log', 'is not an absolute path; begin it with /'],
	['/var/log/', 'names a directory; write /var/log/{name}.log'],
	['/dev/stdout', 'is not a file that can be rotated; use inherit for archon\'s own streams'],
	['/var/../proc/self/fd/1', 'is not a file that can be rotated; use inherit for archon\'s own streams'],
	['/l/{nam}', 'holds "{nam}", which has no meaning; did you mean "name"?'],
	['/l/{}', 'holds "{}", which has no meaning; write {name}, {service}, {instance}, {index}, {stream}'],
	['/l/{hostname}', 'holds "{hostname}", which has no meaning; write {name}, {service}, {instance}, {index}, {stream}'],
])('a path: %s', (text, expected) => {
	expect(read(logPath, text)).toBe(expected);
});

test.each([
	['web', 'web'], ['{service}.{instance}', '{service}.{instance}'], ['docker/{{.Name}}', 'docker/{name}'],
	['{{.Name}}/{{.ID}}', 'holds "{{.ID}}", which only docker knows; write {name}, {service}, {instance}, {index}, {stream}'],
	['a b', 'holds characters that a syslog tag cannot have; write letters, digits and signs without spaces'],
	['é', 'holds characters that a syslog tag cannot have; write letters, digits and signs without spaces'],
	['', 'is empty'],
	['{servce}', 'holds "{servce}", which has no meaning; did you mean "service"?'],
])('a tag: %s', (text, expected) => {
	expect(read(logTag, text)).toBe(expected);
});

const NO_ADDRESS = 'is not an address; write unix:///dev/log, udp://host:514 or tcp://host:601';
test.each([
	['unix:///dev/log', {kind: 'unix', path: '/dev/log'}], ['unixgram:///run/l', {kind: 'unix', path: '/run/l'}],
	['udp://logs:1514', {kind: 'udp', host: 'logs', port: 1514}], ['udp://logs', {kind: 'udp', host: 'logs', port: 514}],
	['tcp://10.0.0.1:601', {kind: 'tcp', host: '10.0.0.1', port: 601}], ['tcp://[::1]:601', {kind: 'tcp', host: '::1', port: 601}],
	['udp://[::1]', {kind: 'udp', host: '::1', port: 514}],
	['tcp+tls://logs:6514', 'needs TLS, which archon does not speak; send to a relay by tcp:// or unix://'],
	['unix://dev/log', 'has no absolute path; write unix:///dev/log'],
	...['', 'logs:514', 'udp://', 'udp://:514', 'udp://logs:0', 'tcp://logs:99999', 'http://logs', 'udp://a b', '/dev/log'].map((text): [string, string] =>
		[text, NO_ADDRESS]),
])('an address: %s', (text, expected) => {
	expect(read(syslogAddress, text)).toEqual(expected);
});

test.each<[string, number | string]>([
	['kern', 0], ['daemon', 3], ['ftp', 11], ['local0', 16], ['LOCAL7', 23], ['23', 23], ['0', 0],
	['deamon', 'is not a facility; did you mean "daemon"?'],
	['24', 'is not a facility; write daemon, user, local0 to local7, or a number from 0 to 23'],
])('a facility: %s', (text, expected) => {
	expect(read(facility, text)).toBe(expected);
});
