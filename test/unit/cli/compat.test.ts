/** supervisord's statuses, and the lines of supervisorctl. */
import {describe, expect, it} from 'vitest';
import {renderSupervisor, supervisorState} from '../../../src/cli/compat.ts';
import type {StatusRow} from '../../../src/control/requests/status/wire.ts';
import {STATUSES} from '../../../src/core/statuses.ts';

const NOW = new Date(2026, 10, 21, 14, 5).getTime();

const ASKED = {wanted: true, by: 'config', ruled: null, next: null};

const row = (name: string, more: Partial<StatusRow> = {}): StatusRow =>
	({name, status: 'running', pid: 1234, since: NOW - 192_000, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], ...ASKED, ...more});

describe('a state', () => {
	it.each([
		['stopped', 'STOPPED'], ['waiting', 'STARTING'], ['starting', 'STARTING'], ['running', 'RUNNING'], ['unhealthy', 'RUNNING'],
		['backoff', 'BACKOFF'], ['stopping', 'STOPPING'], ['exited', 'EXITED'], ['failed', 'FATAL'], ['dreaming', 'UNKNOWN'],
	])('%s is %s', (status, state) => {
		expect(supervisorState({status, note: ''})).toBe(state);
	});

	it.each([
		['exit status 3', 'EXITED'], ['SIGSEGV (core dumped)', 'EXITED'], ['SIGKILL (out of memory)', 'EXITED'],
		['exit status 1 after 3 restarts', 'FATAL'], ['exited before it was ready (exit status 1)', 'FATAL'], ['executing x: exit status 1', 'FATAL'],
	])('of what has failed with %s is %s, for supervisord tells a bad end from a bad start', (note, state) => {
		expect(supervisorState({status: 'failed', note})).toBe(state);
	});

	it('is there for every status', () => {
		expect(STATUSES.filter(status => supervisorState({status, note: ''}) === 'UNKNOWN')).toEqual([]);
	});
});

describe('the lines', () => {
	it('are supervisorctl\'s', () => {
		const lines = renderSupervisor([
			row('web:0'),
			row('web:1', {status: 'starting'}),
			row('off', {status: 'stopped', pid: null}),
			row('was', {status: 'stopped', pid: null, exit: 0}),
			row('job', {status: 'failed', pid: null, exit: 2, note: 'exit status 2', since: new Date(2026, 0, 2, 0, 7).getTime()}),
			row('again', {status: 'backoff', pid: null, note: 'exit status 3; restart 2 of 3 is next'}),
			row('cron', {status: 'failed', pid: null, note: 'executing /usr/sbin/cron: no such file or directory'}),
		], NOW);
		expect(`\n${lines}`).toMatchInlineSnapshot(`
			"
			web:0                            RUNNING   pid 1234, uptime 0:03:12
			web:1                            STARTING
			off                              STOPPED   Not started
			was                              STOPPED   Nov 21 02:01 PM
			job                              EXITED    Jan 02 12:07 AM
			again                            BACKOFF   exit status 3; restart 2 of 3 is next
			cron                             FATAL     executing /usr/sbin/cron: no such file or directory
			"
		`);
	});

	it('have the group of a program before its name', () => {
		const rows = [row('api', {groups: ['backend', 'app']}), row('worker:0', {groups: ['backend']})];
		expect(renderSupervisor(rows, NOW).match(/^\S+/gm)).toEqual(['backend:api', 'worker:0']);
	});

	it('make room for long names', () => {
		const name = 'a-name-that-has-a-few-more-letters-than-thirty';
		expect(renderSupervisor([row(name)], NOW)).toBe(`${name}   RUNNING   pid 1234, uptime 0:03:12\n`);
	});

	it.each([
		[-5, '0:00:00'], [12_345, '0:00:12'], [7_500_000, '2:05:00'], [86_400_000, '1 day, 0:00:00'], [1_000_000_000, '11 days, 13:46:40'],
	])('tell of %i ms as %s', (millis, text) => {
		expect(renderSupervisor([row('web', {since: NOW - millis})], NOW)).toContain(`uptime ${text}\n`);
	});
});
