/** One text over another, by compose's rules; what they come to with compose itself: test/machine/compose.test.ts. */
import {describe, expect, test} from 'vitest';
import {overlay, withoutResets} from '../../../src/config/merge.ts';
import {SERVICE_GROUPS} from '../../../src/config/schema/service.ts';
import {MERGE_RULES} from '../../../src/config/schema/top.ts';
import type {Value} from '../../../src/config/values.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {parse} from '../../../src/config/yaml/parse.ts';
import {bare} from './bare.ts';

const value = (text: string): Value => {
	const parsed = parse({file: 'x', text}, readYaml, (_place, message) => expect.fail(message));
	return parsed ?? expect.fail('not YAML');
};

const merged = (...texts: readonly string[]): unknown =>
	bare(withoutResets(texts.map(value).reduce((lower, upper) => overlay(lower, upper, MERGE_RULES))));
const ofService = (lower: string, upper: string): unknown =>
	(merged(`services: {a: ${lower}}`, `services: {a: ${upper}}`) as {readonly services: {readonly a: unknown}}).services.a;

describe('whole texts', () => {
	test.each([
		['{a: 1, b: 2}', '{b: 3, c: 4}', {a: '1', b: '3', c: '4'}],
		['{a: {b: {c: 1, d: 2}}}', '{a: {b: {d: 3}}}', {a: {b: {c: '1', d: '3'}}}],
		['{a: [1, 2]}', '{a: [3]}', {a: ['3']}],
		['{a: 1}', '{a: {b: 2}}', {a: {b: '2'}}],
		['{a: {b: 2}}', '{a: 1}', {a: '1'}],
		['{a: {b: 2}}', 'a:', {a: {b: '2'}}],
		['{a: {b: 2}}', '{a: {b: null}}', {a: {b: '2'}}],
		['{a: 1}', '', {a: '1'}],
		['', '{a: 1}', {a: '1'}],
		['{environment: [A=1, B]}', '{environment: {B: 2, A: }}', {environment: {A: '', B: '2'}}],
		['{services: {command: {user: a}, environment: {user: b}}}', '{services: {command: {umask: 1}}}', {services: {command: {user: 'a', umask: '1'}, environment: {user: 'b'}}}],
		['{services: {a: {user: x}, b: {user: y}}}', '{services: {a: !reset null}}', {services: {b: {user: 'y'}}}],
		['{services: {a: {user: x}, b: {user: y}}}', '{services: !override {c: {user: z}}}', {services: {c: {user: 'z'}}}],
	])('%s under %s', (lower, upper, expected) => {
		expect(merged(lower, upper)).toEqual(expected);
	});

	test('what it is made of stays as it was', () => {
		const lower = value('{a: {b: 1}}');
		overlay(lower, value('{a: {c: 2}}'), MERGE_RULES);
		expect(bare(lower)).toEqual({a: {b: '1'}});
	});

	test('!reset in a text alone takes the key away, and one below another text is as if it was not there', () => {
		expect(merged('{a: !reset 1, b: [1, !reset 2, {c: !reset {}}]}')).toEqual({b: ['1', {}]});
		expect(merged('services: {a: {user: !reset x}}', 'services: {a: {user: y}}')).toEqual({services: {a: {user: 'y'}}});
	});
});

/** The order of rows is that of compose-spec's "Merge"; then come archon's own keys. */
describe('of a service', () => {
	test.each([
		['mappings key by key', '{healthcheck: {interval: 5s, retries: 2}}', '{healthcheck: {retries: 3}}', {healthcheck: {interval: '5s', retries: '3'}}],
		['sequences appended, each once', '{cap_add: [A]}', '{cap_add: [A, B]}', {cap_add: ['A', 'B']}],
		['the same', '{group_add: [a], profiles: [p]}', '{group_add: [b], profiles: [p, q]}', {group_add: ['a', 'b'], profiles: ['p', 'q']}],
		['a single value is a list of it', '{env_file: a.env}', '{env_file: [b.env]}', {env_file: ['a.env', 'b.env']}],
		['one path is there once', '{env_file: [a, b]}', '{env_file: {path: a, required: false}}', {env_file: [{path: 'a', required: 'false'}, 'b']}],
		['commands replaced', '{command: [a, b], entrypoint: [e]}', '{command: [c]}', {command: ['c'], entrypoint: ['e']}],
		['a test replaced', '{healthcheck: {test: [CMD, a], interval: 5s}}', '{healthcheck: {test: x}}', {healthcheck: {interval: '5s', test: 'x'}}],
		['variables by name', '{environment: {A: 1, B: 2}}', '{environment: [B=3, C, A]}', {environment: {A: '', B: '3', C: ''}}],
		['variables that are expanded are not known by name', '{environment: [A=1]}', '{environment: ["$B"]}', {environment: ['$B']}],
		['services that it depends on, by name', '{depends_on: [b]}', '{depends_on: {c: {condition: service_healthy}}}', {
			depends_on: {b: {condition: 'service_started', required: 'true'}, c: {condition: 'service_healthy'}},
		}],
		['a name alone has its usual terms', '{depends_on: {b: {condition: service_healthy, restart: true}}}', '{depends_on: [b]}', {
			depends_on: {b: {condition: 'service_started', restart: 'true', required: 'true'}},
		}],
		['lists of them are united', '{depends_on: [b]}', '{depends_on: [b, c]}', {depends_on: ['b', 'c']}],
		['a limit by name', '{ulimits: {nofile: 10, nproc: {soft: 1, hard: 2}}}', '{ulimits: {nofile: {soft: 1, hard: 5}, nproc: 7}}', {
			ulimits: {nofile: {soft: '1', hard: '5'}, nproc: '7'},
		}],
		['options of the same log driver', '{logging: {driver: file, options: {a: b}}}', '{logging: {driver: file, options: {c: d}}}', {
			logging: {driver: 'file', options: {a: 'b', c: 'd'}},
		}],
		['another log driver', '{logging: {driver: file, options: {a: b}}}', '{logging: {driver: json, options: {c: d}}}', {
			logging: {driver: 'json', options: {c: 'd'}},
		}],
		['no driver said', '{logging: {driver: file, options: {a: b}}}', '{logging: {options: {c: d}}}', {
			logging: {driver: 'file', options: {a: 'b', c: 'd'}},
		}],
		['hooks appended, also the same again', '{post_start: [{command: a}]}', '{post_start: [{command: a}, b]}', {
			post_start: [{command: 'a'}, {command: 'a'}, 'b'],
		}],
		['deploy', '{deploy: {replicas: 2, restart_policy: {condition: none}}}', '{deploy: {restart_policy: {delay: 5s}}}', {
			deploy: {replicas: '2', restart_policy: {condition: 'none', delay: '5s'}},
		}],
		['empty values leave what is there, but for a command', '{command: [a], user: app, labels: {a: b}, group_add: [a]}', '{command: , user: , labels: , group_add: }', {
			command: '', user: 'app', labels: {a: 'b'}, group_add: ['a'],
		}],
		['!reset', '{command: [a], ulimits: {nofile: 1, nproc: 2}}', '{command: !reset null, ulimits: {nofile: !reset 0}}', {ulimits: {nproc: '2'}}],
		['!override', '{environment: {A: 1}, cap_add: [A]}', '{environment: !override {B: 2}, cap_add: !override [C]}', {environment: {B: '2'}, cap_add: ['C']}],
		['another kind of value', '{cap_add: [A], healthcheck: {test: x}}', '{cap_add: B, healthcheck: [x]}', {cap_add: ['A', 'B'], healthcheck: ['x']}],
		['one way of ready by another', '{ready: {tcp: 1, interval: 2}}', '{ready: {exec: x}}', {ready: {interval: '2', exec: 'x'}}],
		['the same way of ready', '{ready: {tcp: 1, interval: 2}}', '{ready: {interval: 3}}', {ready: {tcp: '1', interval: '3'}}],
		['reload', '{reload: {signal: HUP}}', '{reload: {command: x}}', {reload: {command: 'x'}}],
		['files and folders of variables', '{env_dir: a, env_from: {command: a}}', '{env_dir: [b], env_from: [{command: a}]}', {
			env_dir: ['a', 'b'], env_from: [{command: 'a'}, {command: 'a'}],
		}],
		['names', '{wants: [a], after: [a], before: [a], links: ["a:b"]}', '{wants: [b], after: [a], before: [c], links: [d]}', {
			wants: ['a', 'b'], after: ['a'], before: ['a', 'c'], links: ['a:b', 'd'],
		}],
		['sockets, by name or address', '{sockets: [8080, {name: b, listen: 1}]}', '{sockets: [{name: b, listen: 2}, 8080, 9090]}', {
			sockets: ['8080', {name: 'b', listen: '2'}, '9090'],
		}],
		['ports, by name', '{ports: [{name: a, port: 1}, "80:80"]}', '{ports: [{name: a, port: auto}]}', {ports: [{name: 'a', port: 'auto'}, '80:80']}],
		['ends', '{success_codes: [0], restart_on: [1], fatal_codes: [2]}', '{success_codes: [0, 143], restart_on: TERM, fatal_codes: [3]}', {
			success_codes: ['0', '143'], restart_on: ['1', 'TERM'], fatal_codes: ['2', '3'],
		}],
	])('%s: %s under %s', (_, lower, upper, expected) => {
		expect(ofService(lower, upper)).toEqual(expected);
	});

	test('each key with a list says how it is merged, or is replaced as a whole', () => {
		const lists = SERVICE_GROUPS.flatMap(({keys}) => Object.entries(keys).flatMap(([name, {form}]) => (/\blist/.test(form) ? [name] : [])));
		const isReplaced = ['environment_base'];
		expect(lists.filter(name => !MERGE_RULES.ofService(name))).toEqual(isReplaced);
	});
});
