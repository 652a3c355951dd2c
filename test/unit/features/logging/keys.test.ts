/** What is written of logging, what comes of it for each service, and what is told of it. */
import {describe, expect, test} from 'vitest';
import {plan, type Plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {LOGGING} from '../../../../src/core/defaults.ts';
import type {Output} from '../../../../src/core/service.ts';
import {LOG_STREAMS, type LogDriver, type LogFile, type Logging} from '../../../../src/features/logging/core.ts';
import {around} from '../../config/around.ts';

const AROUND = around({ROOM: '2m'});
const planOf = (text: string, command: readonly string[] | null = null) => plan([{file: 'a.yaml', text}], command, AROUND);

function planned(text: string, command: readonly string[] | null = null): Plan {
	const result = planOf(text, command);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

const told = (text: string): readonly string[] => {
	const result = planOf(text);
	return result.ok ? [] : result.error.map(formatProblem);
};

/** The service `a` with this logging is alone, unless there are others. */
const config = (logging: string, archon = '', others = ''): string =>
	`${archon === '' ? '' : `archon: ${archon}\n`}services:\n  a:\n    command: x\n    logging: ${logging}\n${others}`;
const output = (text: string, name = 'a'): Output =>
	planned(text).services.find(service => service.name === name)?.exec.output ?? expect.fail('no such service');

const both = {streams: LOG_STREAMS} as const;
const INHERIT: LogDriver = {kind: 'inherit', ...both};
const PREFIX: LogDriver = {kind: 'prefix', timestamps: false, ...both};
const JSON_LINES: LogDriver = {kind: 'json', ...both};
const FILE: LogFile & LogDriver = {
	kind: 'file', path: '/var/log/archon/a.log', format: 'raw', maxSize: 10_485_760, maxFile: 5, maxAge: Infinity, compress: 'none', mode: null, user: null, group: null,
	...both,
};
const SYSLOG: LogDriver = {kind: 'syslog', address: {kind: 'unix', path: '/dev/log'}, facility: 3, tag: 'a', format: 'rfc3164', ...both};
const lines = (drivers: readonly LogDriver[], settings: Partial<Logging> = {}): Output =>
	({kind: 'lines', logging: {...LOGGING, drivers, ...settings}});

describe('drivers', () => {
	test.each<[string, readonly LogDriver[]]>([
		['prefix', [PREFIX]],
		['json', [JSON_LINES]],
		['file', [FILE]],
		['syslog', [SYSLOG]],
		['none', []],
		['[prefix]', [PREFIX]],
		['[none]', []],
		['[prefix, json, file]', [PREFIX, JSON_LINES, FILE]],
		['[inherit, file]', [INHERIT, FILE]],
		['{driver: json}', [JSON_LINES]],
		['{driver: json, options: }', [JSON_LINES]],
		['{driver: json, options: {}, x-note: a}', [JSON_LINES]],
		['{drivers: json}', [JSON_LINES]],
		['{drivers: [prefix, {driver: json}]}', [PREFIX, JSON_LINES]],
		['[{driver: prefix, options: {timestamps: "true"}}]', [{...PREFIX, timestamps: true}]],
		['{driver: prefix, options: {timestamps: yes, streams: stderr}}', [{kind: 'prefix', timestamps: true, streams: ['stderr']}]],
		['{driver: json, options: {streams: [stderr, stdout]}}', [JSON_LINES]],
		['{driver: inherit, options: {streams: stdout}}', [{kind: 'inherit', streams: ['stdout']}]],
		['{driver: file, options: {path: /l/x.log, format: timestamps, max-size: "5k", max-file: "3", max-age: 7d, compress: zstd}}', [
			{...FILE, path: '/l/x.log', format: 'timestamps', maxSize: 5120, maxFile: 3, maxAge: 604_800_000, compress: 'zstd'},
		]],
		['{driver: file, options: {max-size: -1, compress: "true", max-age: unlimited}}', [{...FILE, maxSize: Infinity, compress: 'gzip'}]],
		['{driver: file, options: {mode: 0604, user: www-data, group: "4"}}', [{...FILE, mode: 0o604, user: 'www-data', group: '4'}]],
		['{driver: syslog, options: {syslog-format: rfc5424micro}}', [{...SYSLOG, format: 'rfc5424micro'} as LogDriver]],
		['{driver: file, options: {max-size: $ROOM}}', [{...FILE, maxSize: 2_097_152}]],
		['{driver: file, options: {path: "/l/{service}.{stream}"}}', [
			{...FILE, path: '/l/a.stdout', streams: ['stdout']}, {...FILE, path: '/l/a.stderr', streams: ['stderr']},
		]],
		['[{driver: file, options: {streams: stdout}}, {driver: file, options: {streams: stderr}}]', [
			{...FILE, streams: ['stdout']}, {...FILE, streams: ['stderr']},
		]],
		['{driver: syslog, options: {syslog-address: "udp://logs:1514", syslog-facility: local3, tag: "shop/{{.Name}}"}}', [
			{kind: 'syslog', address: {kind: 'udp', host: 'logs', port: 1514}, facility: 19, tag: 'shop/a', format: 'rfc5424', ...both},
		]],
		['{driver: syslog, options: {syslog-address: "tcp://[::1]:601", syslog-facility: 5}}', [
			{kind: 'syslog', address: {kind: 'tcp', host: '::1', port: 601}, facility: 5, tag: 'a', format: 'rfc5424', ...both},
		]],
	])('%s', (text, drivers) => {
		expect(output(config(text))).toEqual(lines(drivers));
	});

	test('inherit alone leaves the streams as they are', () => {
		const second = '  b: {command: y}\n';
		for (const text of ['inherit', '[inherit]', '{driver: inherit}', '{drivers: [inherit]}']) {
			expect(output(config(text))).toEqual({kind: 'inherit'});
			expect(output(config(text, '', second))).toEqual({kind: 'inherit'});
			expect(output(config(text, '{logging: {driver: file, buffer: 1m}}', second))).toEqual({kind: 'inherit'});
		}
	});

	test('inherit goes through archon where there is more to be done, or a terminal', () => {
		expect(output(config('{driver: inherit, buffer: 1m}'))).toEqual(lines([INHERIT], {buffer: 1_048_576}));
		expect(output(config('inherit\n    tty: true'))).toEqual(lines([INHERIT]));
		expect(output('services: {a: {command: x, tty: true}}')).toEqual({...lines([INHERIT]), canWait: true});
	});
});

describe('settings', () => {
	test.each<[string, Partial<Logging>]>([
		['on_full: block', {onFull: 'block'}],
		['on_full: drop', {}],
		['max_line: 256', {maxLine: 256}],
		['max_line: 1m', {maxLine: 1_048_576}],
		['buffer: 0', {buffer: 0}],
		['buffer: "1m"', {buffer: 1_048_576}],
		['rate_limit: 1000/s', {rateLimit: {lines: 1000, interval: 1000}}],
		['rate_limit: 5000/1m', {rateLimit: {lines: 5000, interval: 60_000}}],
		['rate_limit: {lines: 10}', {rateLimit: {lines: 10, interval: 1000}}],
		['rate_limit: {lines: 10, interval: 5s}', {rateLimit: {lines: 10, interval: 5000}}],
		['rate_limit: unlimited', {}],
	])('%s', (text, settings) => {
		expect(output(config(`{driver: json, ${text}}`))).toEqual(lines([JSON_LINES], settings));
		// Without a driver, the drivers are those that a single service has.
		expect(output(config(`{${text}}`))).toEqual(lines([INHERIT], settings));
		expect(output(config(`{${text}}`, '', '  b: {command: y}\n'))).toEqual(lines([PREFIX], settings));
	});

	test('over those of all services, one by one', () => {
		const archon = '{logging: {driver: json, buffer: 1m, rate_limit: 10/s, on_full: block}}';
		expect(output(config('{rate_limit: unlimited}', archon))).toEqual(lines([JSON_LINES], {buffer: 1_048_576, onFull: 'block'}));
		expect(output(config('prefix', archon))).toEqual(lines([PREFIX], {
			buffer: 1_048_576, onFull: 'block', rateLimit: {lines: 10, interval: 1000},
		}));
	});
});

describe('what holds where a service says nothing', () => {
	const two = 'services: {a: {command: x}, b: {command: y}}';

	test('is a prefix for several, and archon\'s own streams for one alone', () => {
		expect(output(two)).toEqual({...lines([PREFIX]), canWait: true});
		expect(output('services: {a: {command: x}}')).toEqual({kind: 'inherit', canWait: true});
		expect(planned('services: {a: {command: x}}', ['sh']).services.map(({exec}) => exec.output))
			.toEqual([{...lines([PREFIX]), canWait: true}, {kind: 'inherit'}]);
	});

	test.each<[string, Output]>([
		['json', lines([JSON_LINES])], ['none', lines([])], ['inherit', {kind: 'inherit'}], ['{buffer: 1k}', lines([PREFIX], {buffer: 1024})],
		['{driver: inherit, buffer: 1k}', lines([INHERIT], {buffer: 1024})], ['file', lines([FILE])],
	])('is what archon.logging says: %s', (text, expected) => {
		expect(output(`archon: {logging: ${text}}\n${two}`)).toEqual(expected);
	});

	test('makes a file for each instance', () => {
		const {services} = planned('archon: {logging: file}\nservices: {a: {command: x, scale: 2}, b: {command: y}}');
		expect(services.map(({exec}) => exec.output)).toEqual(['a-0', 'a-1', 'b'].map(name => lines([{...FILE, path: `/var/log/archon/${name}.log`}])));
	});

	test('is what clients\' services have, with blanks for their names', () => {
		expect(planned(two).logging).toEqual(LOGGING);
		expect(planned(`archon: {logging: {driver: file, max_line: 1k}}\n${two}`).logging)
			.toEqual({...LOGGING, maxLine: 1024, drivers: [{...FILE, path: '/var/log/archon/{name}.log'}]});
	});

	test('holds in the other dialect as well', () => {
		const {services, events, level} = planned('archon: {logging: json, log_level: warn}\nprograms: {a: {cmd: x}, b: {cmd: y, stdout: /l/b}}');
		expect(services.map(({exec}) => exec.output)).toEqual([lines([JSON_LINES]), {kind: 'files', stdout: '/l/b', stderr: '/dev/stderr'}]);
		expect([events.drivers, level]).toEqual([[JSON_LINES], 'warn']);
	});
});

describe('archon\'s own events', () => {
	const own = {...FILE, path: '/var/log/archon/archon.log'};
	test.each<[string, Logging]>([
		['{}', LOGGING],
		['{logging: json}', {...LOGGING, drivers: [JSON_LINES]}],
		['{logging: {drivers: [inherit, file], on_full: block, buffer: 0, rate_limit: 1/s}}', {...LOGGING, drivers: [own]}],
		['{logging: inherit}', LOGGING],
		['{logging: none}', LOGGING],
		['{logging: {driver: json, options: {streams: stdout}}}', LOGGING],
		['{logging: {driver: file, options: {path: "/l/{name}.{stream}"}}}', {...LOGGING, drivers: [{...FILE, path: '/l/archon.stderr', streams: ['stderr']}]}],
		['{events: inherit}', {...LOGGING, drivers: [INHERIT]}],
		['{events: none}', {...LOGGING, drivers: []}],
		['{logging: json, events: {driver: prefix, options: {timestamps: true}, buffer: 1m}}', {
			...LOGGING, drivers: [{kind: 'prefix', timestamps: true, ...both}], buffer: 1_048_576,
		}],
		['{logging: json, events: {buffer: 0}}', {...LOGGING, drivers: [JSON_LINES], buffer: 0}],
	])('%s', (archon, events) => {
		expect(planned(`archon: ${archon}\nservices: {a: {command: x}}`).events).toEqual(events);
	});

	test.each(['info', 'warn', 'error'])('are told from %s on', level => {
		expect(planned(`archon: {log_level: ${level}}\nservices: {a: {command: x}}`).level).toBe(level);
	});
});

const PASSED_OVER = 'ignored, as json-file and local are drivers of docker itself; archon\'s default is used';

describe('a compose file', () => {
	test.each(['json-file', '{driver: json-file}', '{driver: local, options: {max-size: 10m, what-ever: 1}}', '{options: {max-size: "10m", max-file: "3"}}'])(
		'may say %s, which is docker\'s own matter', text => {
			const {services, notes} = planned(config(text));
			expect(services[0]?.exec.output).toEqual({kind: 'inherit', canWait: true});
			expect(notes.map(({message}) => message)).toEqual([`${PASSED_OVER}: services.a.logging`]);
		},
	);

	test('is told of that once for all services', () => {
		const {notes} = planned('services:\n  a: {command: x, logging: {driver: json-file}}\n  b: {command: x, logging: {driver: local}}');
		expect(notes.map(formatProblem)).toEqual([`a.yaml:2:37: ${PASSED_OVER}: services.a.logging, services.b.logging`]);
	});

	test('may have such a driver beside others, and keep settings with it', () => {
		expect(output(config('[json-file, file]', '', '  b: {command: y}\n'))).toEqual(lines([PREFIX, FILE]));
		expect(output(config('{driver: json-file, buffer: 0}'))).toEqual(lines([INHERIT], {buffer: 0}));
		expect(output(config('[json-file, prefix]', '', '  b: {command: y}\n'))).toEqual(lines([PREFIX]));
		expect(output(config('[json-file, local]'))).toEqual({kind: 'inherit', canWait: true});
		expect(output(config('json-file', '{logging: json}'))).toEqual(lines([JSON_LINES]));
	});
});

const ALL = 'inherit, prefix, json, file, syslog, none';

describe('what is told', () => {
	test.each<[string, readonly string[]]>([
		['[]', ['4:14: services.a.logging is empty; write none to send lines nowhere']],
		['prefx', [`4:14: services.a.logging: "prefx" is not one of ${ALL}; did you mean "prefix"?`]],
		['stdout', [`4:14: services.a.logging: "stdout" is not one of ${ALL}`]],
		['[json, syslogg]', [`4:21: services.a.logging[1]: "syslogg" is not one of ${ALL}; did you mean "syslog"?`]],
		['{driver: fluentd}', [`4:23: services.a.logging.driver: "fluentd" is a driver of docker, which archon does not have; write one of ${ALL}`]],
		['journald', [`4:14: services.a.logging: "journald" is a driver of docker, which archon does not have; write one of ${ALL}`]],
		['{driver: [json, file]}', ['4:23: services.a.logging.driver must be a single value, not a list']],
		['{driver: }', ['4:23: services.a.logging.driver needs a value']],
		['[[json]]', ['4:15: services.a.logging[0] must be a driver or a map, not a list']],
		['[json, json]', ['4:21: services.a.logging names json twice']],
		['[none, json]', ['4:15: services.a.logging has none among other drivers; keep the one or the others']],
		['{driver: json, drivers: [file]}', ['4:29: services.a.logging has both driver and drivers; keep one']],
		['{drivers: [file], options: {max-file: 2}}', ['4:32: services.a.logging.options are for one driver; write drivers: [{driver: NAME, options: …}, …]']],
		['{drivers: {driver: jsn}}', [`4:33: services.a.logging.drivers.driver: "jsn" is not one of ${ALL}; did you mean "json"?`]],
		['{options: {path: /x}}', [
			'4:15: services.a.logging.options belong to a driver, which is missing; write driver: inherit | prefix | json | file | syslog | none',
		]],
		['{drver: json}', ['4:15: unknown key "drver" in services.a.logging; did you mean "driver"?']],
		['[{options: {}}]', [`4:15: services.a.logging[0] has no driver; write one of ${ALL}`]],
		['[{driver: json, opts: {}}]', ['4:30: unknown key "opts" in services.a.logging[0]; a driver has driver and options']],
		['[{driver: json, on_full: block}]', ['4:30: services.a.logging[0].on_full is for all drivers together; write {drivers: […], on_full: …}']],
		['{driver: none, options: {streams: stdout}}', ['4:38: services.a.logging.options belong to a driver, and none has no options']],
		['{driver: json, options: [a]}', ['4:38: services.a.logging.options must be a map, not a list']],
		['{driver: json, options: {streams: stdin}}', ['4:48: services.a.logging.options.streams: "stdin" is not one of stdout, stderr']],
		['{driver: json, options: {streams: []}}', ['4:48: services.a.logging.options.streams is empty; write stdout, stderr or both']],
		['{driver: json, options: {timestamps: true}}', ['4:39: services.a.logging.options.timestamps is not an option of json; it goes with prefix']],
		['{driver: prefix, options: {max-size: 1m}}', ['4:41: services.a.logging.options.max-size is not an option of prefix; it goes with file']],
		['{driver: prefix, options: {timestamps: maybe}}', ['4:53: services.a.logging.options.timestamps: "maybe" is neither true nor false']],
		['{driver: file, options: {max_size: 1m}}', ['4:39: unknown key "max_size" in services.a.logging.options; did you mean "max-size"?']],
		['{driver: file, options: {mode: non-blocking}}', ['4:45: services.a.logging.options.mode: "non-blocking" is not a mode; write 0640; on_full says whether a service waits']],
		['{driver: file, options: {mode: 0888}}', ['4:45: services.a.logging.options.mode: "0888" is not an octal mode from 0 to 777; write it as 0640']],
		['{driver: file, options: {user: "a b"}}', ['4:45: services.a.logging.options.user: "a b" is not a name or a number']],
		['{driver: syslog, options: {syslog-format: rfc3146}}', [
			'4:56: services.a.logging.options.syslog-format: "rfc3146" is not one of rfc3164, rfc5424, rfc5424micro; did you mean "rfc3164"?',
		]],
		['{driver: file, options: {path: x.log}}', ['4:45: services.a.logging.options.path: "x.log" is not an absolute path; begin it with /']],
		['{driver: file, options: {path: "/l/{nme}"}}', [
			'4:45: services.a.logging.options.path: "/l/{nme}" holds "{nme}", which has no meaning; did you mean "name"?',
		]],
		['{driver: file, options: {format: jsn}}', ['4:47: services.a.logging.options.format: "jsn" is not one of raw, timestamps, json; did you mean "json"?']],
		['{driver: file, options: {max-size: 10x}}', ['4:49: services.a.logging.options.max-size: "10x" is not a size; write bytes, or 64k, 10m or 1g']],
		['{driver: file, options: {max-file: 0}}', ['4:49: services.a.logging.options.max-file: "0" is not a whole number from 1 to 1000']],
		['{driver: file, options: {max-age: 1y}}', ['4:48: services.a.logging.options.max-age: "1y" is not a duration; write 12h, 7d or 1d12h']],
		['{driver: file, options: {compress: gz}}', ['4:49: services.a.logging.options.compress: "gz" is not one of none, gzip, zstd']],
		['{driver: syslog, options: {syslog-adress: "udp://x"}}', ['4:41: unknown key "syslog-adress" in services.a.logging.options; did you mean "syslog-address"?']],
		['{driver: syslog, options: {syslog-address: "x:514"}}', [
			'4:57: services.a.logging.options.syslog-address: "x:514" is not an address; write unix:///dev/log, udp://host:514 or tcp://host:601',
		]],
		['{driver: syslog, options: {syslog-facility: locl0}}', [
			'4:58: services.a.logging.options.syslog-facility: "locl0" is not a facility; did you mean "local0"?',
		]],
		['{driver: syslog, options: {tag: a b}}', [
			'4:46: services.a.logging.options.tag: "a b" holds characters that a syslog tag cannot have; write letters, digits and signs without spaces',
		]],
		['{on_full: wait}', ['4:24: services.a.logging.on_full: "wait" is not one of drop, block']],
		['{max_line: 100}', ['4:25: services.a.logging.max_line: "100" is too small; write at least 256']],
		['{max_line: 2m}', ['4:25: services.a.logging.max_line: "2m" is too large; write at most 1m']],
		['{buffer: 1g}', ['4:23: services.a.logging.buffer: "1g" is too large; write at most 16m']],
		['{rate_limit: 1000}', ['4:27: services.a.logging.rate_limit: "1000" is not a rate; write 1000/s, 5000/1m or unlimited']],
		['{rate_limit: {interval: 1s}}', ['4:27: services.a.logging.rate_limit has no lines; write {lines: N, interval: 1s}, or 1000/s']],
		['{rate_limit: {lines: 0}}', ['4:35: services.a.logging.rate_limit.lines: "0" is not a whole number from 1 to 1000000000']],
		['{rate_limit: [1/s]}', ['4:27: services.a.logging.rate_limit must be a single value, not a list']],
	])('of logging: %s', (text, problems) => {
		expect(told(config(text))).toEqual(problems.map(problem => `a.yaml:${problem}`));
	});

	test.each<[string, readonly string[]]>([
		['json', ['1:9: archon must be a map, not text']],
		['{loging: json}', ['1:10: unknown key "loging" in archon; did you mean "logging"?']],
		['{logging: jsn}', [`1:19: archon.logging: "jsn" is not one of ${ALL}; did you mean "json"?`]],
		['{log_level: debug}', ['1:21: archon.log_level: "debug" is not one of info, warn, error']],
		['{log_level: wran}', ['1:21: archon.log_level: "wran" is not one of info, warn, error; did you mean "warn"?']],
		['{events: {on_full: block}}', ['1:28: archon.events.on_full must be drop, for archon itself never waits']],
		['{events: {driver: json, options: {streams: stdout}}}', ['1:18: archon.events has a driver for stdout only, and archon itself writes to stderr']],
	])('of archon: %s', (text, problems) => {
		expect(told(`archon: ${text}\nservices: {a: {command: x}}`)).toEqual(problems.map(problem => `a.yaml:${problem}`));
	});
});

describe('one file for several', () => {
	const file = (options: string): string => `{driver: file, options: {path: /l/all.log, ${options}}}`;
	const two = (a: string, b: string, archon = '{}'): string =>
		`archon: ${archon}\nservices:\n  a: {command: x, logging: ${a}}\n  b: {command: y, scale: 2, logging: ${b}}`;
	const HINT = 'give it one max-size, max-file, max-age, compress, mode, user and group, or each a path of its own';

	test.each([
		[file('format: json'), file('format: raw')],
		[file('max-size: 1m'), file('max-size: 1024k, streams: stderr')],
		[file('compress: true'), file('compress: gzip')],
	])('is had by %s and %s', (a, b) => {
		expect(told(two(a, b))).toEqual([]);
	});

	test.each(['max-size: 1m', 'max-file: 2', 'max-age: 1d', 'mode: 0600', 'user: nobody', 'compress: zstd'])('is rotated in one way, and not also with %s', options => {
		expect(told(two(file(''), file(options)))).toEqual([`a.yaml:4:38: services.b and services.a write to /l/all.log with different settings; ${HINT}`]);
	});

	test('is rotated in one way, archon\'s own lines among them', () => {
		expect(told(two(file(''), 'none', `{events: ${file('max-file: 1')}}`)))
			.toEqual([`a.yaml:1:18: archon.events and services.a write to /l/all.log with different settings; ${HINT}`]);
		expect(told(`archon: {logging: [${file('streams: stdout')}, ${file('max-size: 1m, streams: stderr')}]}\nprograms: {p: {cmd: x}}`))
			.toContain(`a.yaml:1:19: services.p writes to /l/all.log twice with different settings; ${HINT}`);
	});

	test('has no line twice', () => {
		expect(told(two(`[${file('format: raw')}, ${file('format: json, streams: stdout')}]`, 'none')))
			.toEqual(['a.yaml:3:28: services.a has its lines written to /l/all.log twice; give each driver streams or a path of its own']);
	});
});

test('a config in blocks is read with the same result', () => {
	const text = `
archon:
  logging:
    drivers:
    - prefix
    - driver: file
      options:
        path: /var/log/archon/{name}.{stream}.log
        max-size: 1m
    on_full: block
services:
  a:
    command: x
    logging:
      driver: syslog
      options:
        syslog-address: udp://logs:514
  b:
    command: y
`;
	const file = (stream: 'stdout' | 'stderr'): LogDriver => ({...FILE, path: `/var/log/archon/b.${stream}.log`, maxSize: 1_048_576, streams: [stream]});
	expect(output(text)).toEqual(lines([{...SYSLOG, format: 'rfc5424', address: {kind: 'udp', host: 'logs', port: 514}} as LogDriver], {onFull: 'block'}));
	expect(output(text, 'b')).toEqual(lines([PREFIX, file('stdout'), file('stderr')], {onFull: 'block'}));
});
