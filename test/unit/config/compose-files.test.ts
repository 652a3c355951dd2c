/** What docker compose accepts, archon accepts as well, with compose's meaning. */
import {expect, test} from 'vitest';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import type {Service} from '../../../src/core/service.ts';
import {AROUND, around} from './around.ts';

interface Told {
	readonly services: readonly Service[];
	readonly notes: readonly string[];
	readonly problems: readonly string[];
}

function read(text: string, around = AROUND): Told {
	const result = plan([{file: 'f', text}], null, around);
	return result.ok ? {services: result.value.services, notes: result.value.notes.map(formatProblem), problems: []}
		: {services: [], notes: [], problems: result.error.map(formatProblem)};
}

test('who is waited for to complete is a oneshot, and that is noted', () => {
	const waiting = 'web: {command: web, depends_on: {migrate: {condition: service_completed_successfully}}}';
	const {services, notes} = read(`services:\n  migrate: {command: m, restart: "no"}\n  ${waiting}\n`);
	expect(services.map(({name, type}) => [name, type])).toEqual([['migrate', 'oneshot'], ['web', 'daemon']]);
	expect(notes).toEqual(['f:2:3: treated as "type: oneshot", as others wait for it to complete: migrate']);
	for (const said of ['type: daemon', 'restart: always', 'restart: unless-stopped']) {
		expect(read(`services:\n  migrate: {command: m, ${said}}\n  ${waiting}\n`).problems).toEqual([
			'f:3:36: services.web waits for migrate to complete, which a daemon never does; give migrate "type: oneshot"',
		]);
	}
});

test('links are an order', () => {
	const {services} = read('services:\n  web: {command: x, links: ["db:database", cache]}\n  db: {command: x}\n  cache: {command: x}\n');
	expect(services.map(({name}) => name)).toEqual(['db', 'cache', 'web']);
	expect(services[2]?.needs.map(({name, strength, condition}) => [name, strength, condition])).toEqual([
		['db', 'order', 'service_started'], ['cache', 'order', 'service_started'],
	]);
});

test('a key without a value is as if it was not there', () => {
	const plain = read('services:\n  a: {command: sleep 1}\n');
	const keys = ['environment', 'depends_on', 'healthcheck', 'ulimits', 'security_opt', 'restart', 'ready', 'user', 'logging', 'reload',
		'env_file', 'labels', 'stop_signal', 'entrypoint', 'cap_add', 'pid_file', 'links'];
	const empty = read(`services:\n  a:\n    command: sleep 1\n${keys.map(key => `    ${key}:\n`).join('')}\nshutdown:\narchon:\n`);
	expect(empty).toEqual(plain);
	expect(read('services:\n  a: {command: x, healthcheck: {test: y, tcp: , interval: }}').problems).toEqual([]);
	expect(read('services:\n  a: {command: }').problems).toEqual(['f:2:16: services.a has an empty command; write what it runs']);
	expect(read('services:\n').problems).toEqual(['f:1:10: services is empty; write at least one service']);
});

test('a second document may be empty', () => {
	expect(read('services:\n  a: {command: x}\n---\n').problems).toEqual([]);
	expect(read('---\nservices:\n  a: {command: x}\n---\n# no more\n...\n').problems).toEqual([]);
});

test('CMD-SHELL may have arguments, as docker passes them on', () => {
	const [service] = read('services:\n  a: {command: x, healthcheck: {test: [CMD-SHELL, \'ls "$$0"\', /tmp]}}').services;
	expect(service?.health?.probe).toEqual({kind: 'exec', command: ['/bin/sh', '-c', 'ls "$0"', '/tmp']});
});

test.each(['{}', '{interval: 5s, retries: 2}', '{test: , interval: 5s}'])('a healthcheck %s looks at nothing, which is noted', text => {
	const {services, notes} = read(`services:\n  a: {command: x, healthcheck: ${text}}`);
	expect(services[0]?.health).toBeNull();
	expect(notes).toEqual(['f:2:32: without test, tcp or http, so that no checks are made: services.a.healthcheck']);
});

test('0 is the usual interval, timeout and number of retries', () => {
	const [usual] = read('services:\n  a: {command: x, healthcheck: {test: y}}').services;
	const [zero] = read('services:\n  a: {command: x, healthcheck: {test: y, interval: 0s, timeout: 0s, retries: 0, start_interval: 0}}').services;
	expect(zero).toEqual(usual);
});

test('a grace period may be unlimited', () => {
	const {services, notes} = read('services:\n  a: {command: x, stop_grace_period: unlimited}');
	expect(services[0]?.stop.grace).toBe(Infinity);
	expect(notes).toEqual(['f:2:38: stop_grace_period is longer than shutdown.grace_period, and a shutdown cuts it: a']);
	expect(read('services:\n  a: {command: x, stop_grace_period: none}').problems).toEqual([
		'f:2:38: services.a.stop_grace_period: "none" is not a duration; write 10s, 1m30s, 500ms or unlimited',
	]);
});

test('a file of images gets one answer', () => {
	const {problems} = read('services:\n  web: {image: nginx, ports: ["80:80"]}\n  db: {image: postgres}\n  app: {build: ., depends_on: [db]}\n  ok: {image: x, command: y}\n');
	expect(problems).toEqual([
		'f:2:3: archon starts programs, not images: web, db, app have no command; '
		+ 'write what each image would run, and remove what runs in containers of its own (docker inspect IMAGE shows Entrypoint and Cmd)',
	]);
	const many = Array.from({length: 30}, (_, index) => `  s${index}: {image: x}\n`).join('');
	expect(read(`services:\n${many}`).problems).toEqual([expect.stringContaining('s18, s19 and 10 more have no command')]);
});

test('env_file in docker\'s own format has quotes and $ in its values', () => {
	const text = 'services: {a: {command: x, env_file: [{path: v.env, format: raw}, {path: v.env}]}}';
	const {services} = read(text, around({}, {'v.env': 'A="$B"'}));
	expect(services[0]?.exec.sources).toEqual([
		{kind: 'file', path: 'v.env', required: true, isRaw: true}, {kind: 'file', path: 'v.env', required: true},
	]);
	expect(services[0]?.exec.sourced.variables).toEqual({A: ''});
	expect(read(text.replace(', {path: v.env}', ''), around({}, {'v.env': 'A="$B"'})).services[0]?.exec.sourced.variables).toEqual({A: '"$B"'});
});
