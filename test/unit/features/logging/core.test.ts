/** Blanks in the paths and tags of logging. */
import {expect, test} from 'vitest';
import {LOGGING} from '../../../../src/core/defaults.ts';
import {forService} from '../../../../src/features/logging/core.ts';
import {LOG_STREAMS, type LogDriver, type LogFile, type Syslog} from '../../../../src/features/logging/core.ts';

const FILE: LogFile = {kind: 'file', path: '/x', format: 'raw', maxSize: 1000, maxFile: 2, maxAge: Infinity, compress: 'none', mode: null, user: null, group: null};
const SYSLOG: Syslog = {kind: 'syslog', address: {kind: 'unix', path: '/dev/log'}, facility: 3, tag: '{name}', format: 'rfc3164'};

const tailored = (driver: LogDriver, name: string): readonly LogDriver[] => forService({...LOGGING, drivers: [driver]}, name).drivers;

test.each([
	['/l/{name}.log', 'web', '/l/web.log'],
	['/l/{name}.log', 'web:12', '/l/web-12.log'],
	['/l/{service}/{instance}', 'web:12', '/l/web/12'],
	['/l/{service}/{instance}', 'web', '/l/web/0'],
	['/l/{name}/{name}{other}', 'a.b_c', '/l/a.b_c/a.b_c{other}'],
])('%s is for %s %s', (path, name, expected) => {
	expect(tailored({...FILE, path, streams: LOG_STREAMS}, name)).toEqual([{...FILE, path: expected, streams: LOG_STREAMS}]);
});

test('a stream in the path makes a file for each stream that is to be had', () => {
	const path = '/l/{name}.{stream}';
	expect(tailored({...FILE, path, streams: LOG_STREAMS}, 'web')).toEqual([
		{...FILE, path: '/l/web.stdout', streams: ['stdout']}, {...FILE, path: '/l/web.stderr', streams: ['stderr']},
	]);
	expect(tailored({...FILE, path, streams: ['stderr']}, 'web')).toEqual([{...FILE, path: '/l/web.stderr', streams: ['stderr']}]);
});

test('a tag has blanks too, and no more than 48 characters', () => {
	expect(tailored({...SYSLOG, tag: 'shop.{name}', streams: LOG_STREAMS}, 'web:1')).toEqual([{...SYSLOG, tag: 'shop.web-1', streams: LOG_STREAMS}]);
	expect(tailored({...SYSLOG, streams: LOG_STREAMS}, 'x'.repeat(60))).toEqual([{...SYSLOG, tag: 'x'.repeat(48), streams: LOG_STREAMS}]);
});

test('what has no blanks stays as it is', () => {
	expect(forService(LOGGING, 'web')).toEqual(LOGGING);
});
