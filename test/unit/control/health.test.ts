/** `Health`: what probes from outside are told. */
import {expect, test} from 'vitest';
import type {Service} from '../../../src/core/service.ts';
import {Bench, need, service, Visitor} from './bench.ts';

const ALWAYS = {...service('x').restart, policy: 'always', growth: 'constant', delay: 500, attempts: 1} as const;
const CHECK = {
	probe: {kind: 'tcp', host: '127.0.0.1', port: 1}, interval: 1000, timeout: 500, startPeriod: 0, startInterval: 1000, retries: 1, successes: 1, onUnhealthy: 'none',
} satisfies Service['health'];

const ready = (bench: Bench, ...names: readonly string[]): string | undefined => new Visitor(bench).say(`${['Health', 'ready', ...names].join()}\n`)[0];
const live = (bench: Bench, ...names: readonly string[]): string | undefined => new Visitor(bench).say(`${['Health', 'live', ...names].join()}\n`)[0];

function probed(bench: Bench, name: string, passed: boolean): void {
	const {id, run} = bench.process(name);
	bench.dispatch({kind: 'news', id, run, news: {kind: 'probe', purpose: 'health', passed, detail: passed ? '' : 'connection refused'}});
}

test('what runs or has completed is ready and live; what is not to run does not count', () => {
	const bench = new Bench([service('web'), service('job', {type: 'oneshot', run: '/bin/true'}), service('spare', {autostart: false})]);
	expect([ready(bench), live(bench)]).toEqual(['Ok', 'Ok']);
	expect(ready(bench, 'web', 'job')).toBe('Ok');
	expect(ready(bench, 'spare')).toBe('Error,spare is stopped: not started');
	expect(live(bench, 'spare')).toBe('Error,spare is stopped: not started');
	expect(ready(bench, 'nginx')).toBe('Error,no service matches nginx');
});

test('what starts, waits or is restarted is not ready, and live', () => {
	const bench = new Bench([service('db', {restart: ALWAYS, ready: {kind: 'fd', fd: 3, variable: null}}), service('web', {needs: [need('db', 'service_healthy')]})]);
	expect(ready(bench)).toBe('Error,db is starting: not ready yet; and 1 more');
	expect(ready(bench, 'web')).toBe('Error,web is waiting: waiting for db (starting)');
	expect(live(bench)).toBe('Ok');
	bench.exit('db');
	expect(ready(bench)).toMatch(/^Error,db is backoff: exited before it was ready \(exit status 0\); restart 1 of 1 is next; and 1 more$/);
	expect(live(bench)).toBe('Ok');
});

test('what has failed for good, and what waits for it, is neither', () => {
	const bench = new Bench([service('db', {run: 'exit 3', type: 'oneshot'}), service('web', {needs: [need('db', 'service_completed_successfully')]})]);
	for (const told of [ready(bench), live(bench)]) expect(told).toBe('Error,db is failed: exit status 3; and 1 more');
	expect(live(bench, 'web')).toBe('Error,web is waiting: waiting for db (failed)');
});

test('a healthcheck decides', () => {
	const bench = new Bench([service('web', {health: CHECK})]);
	expect([ready(bench), live(bench)]).toEqual(['Error,web is running: health not known yet', 'Ok']);
	probed(bench, 'web', true);
	expect([ready(bench), live(bench)]).toEqual(['Ok', 'Ok']);
	bench.tick();
	probed(bench, 'web', false);
	for (const told of [ready(bench), live(bench)]) expect(told).toBe('Error,web is unhealthy: connection refused');
});

test('a service that stops is not ready; in a shutdown nothing is, and all is live', () => {
	const bench = new Bench([service('web', {run: 'deaf'}), service('db')]);
	bench.dispatch({kind: 'stop', ids: [bench.process('web').id]});
	expect([ready(bench), ready(bench, 'web')]).toEqual(['Ok', 'Error,web is stopping: sent SIGTERM']);
	bench.dispatch({kind: 'shutdown', why: 'received SIGTERM'});
	expect([ready(bench), live(bench)]).toEqual(['Error,archon is shutting down', 'Ok']);
});
