/** What people see: the table and the tree. */
import {describe, expect, it} from 'vitest';
import {age, size, span} from '../../../src/cli/figures.ts';
import {renderTable} from '../../../src/cli/render.ts';
import {renderTree} from '../../../src/cli/render-tree.ts';
import {shown} from '../../../src/control/json.ts';
import type {StatusRow} from '../../../src/control/requests/status/wire.ts';
import type {TreeRow} from '../../../src/control/requests/tree/wire.ts';

const NOW = 1_700_000_000_000;
const plain = {isColoured: false, now: NOW};

const ASKED = {wanted: true, by: 'config', ruled: null, next: null};

const row = (name: string, more: Partial<StatusRow> = {}): StatusRow =>
	({name, status: 'running', pid: 1234, since: NOW - 192_000, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], ...ASKED, ...more});

describe('a table', () => {
	it('has groups where they are asked for', () => {
		const table = renderTable([row('api', {groups: ['backend', 'app']}), row('web', {note: 'well'})], plain, true);
		expect(`\n${table}`).toMatchInlineSnapshot(`
			"
			NAME  STATUS    PID  UPTIME  RESTARTS  GROUPS       NOTE
			api   running  1234   3m12s         0  backend app
			web   running  1234   3m12s         0  -            well
			"
		`);
	});

	it('has its columns in line, and says of what has ended when it did', () => {
		const table = renderTable([
			row('redis', {pid: 17}),
			row('migrate', {status: 'exited', pid: null, exit: 0, note: 'exit status 0', since: NOW - 7_300_000}),
			row('app', {restarts: 12, note: 'last run: SIGKILL', exit: 137}),
			row('nginx', {status: 'waiting', pid: null, note: 'waits for app (backoff)'}),
			row('cron', {status: 'failed', pid: null, note: 'executing /usr/sbin/cron: no such file or directory', since: NOW - 1000}),
			row('debug', {status: 'stopped', pid: null, note: 'not started'}),
		], plain);
		expect(`\n${table}`).toMatchInlineSnapshot(`
			"
			NAME     STATUS    PID  UPTIME  RESTARTS  NOTE
			redis    running    17   3m12s         0
			migrate  exited      -       -         0  exit status 0, 2h01m ago
			app      running  1234   3m12s        12  last run: SIGKILL
			nginx    waiting     -       -         0  waits for app (backoff)
			cron     failed      -       -         0  executing /usr/sbin/cron: no such file or directory, 1s ago
			debug    stopped     -       -         0  not started
			"
		`);
	});

	it('of nothing says so', () => {
		expect(renderTable([], plain)).toBe('no services\n');
	});

	it.each<[Partial<StatusRow>, string]>([
		[{}, '\x1b[32mrunning\x1b[0m'],
		[{status: 'failed'}, '\x1b[31mfailed\x1b[0m'],
		[{status: 'waiting'}, '\x1b[33mwaiting\x1b[0m'],
		[{status: 'exited', exit: 0}, '\x1b[2mexited\x1b[0m'],
	])('may be coloured: %j', (more, text) => {
		expect(renderTable([row('web', more)], {...plain, isColoured: true})).toContain(text);
	});
});

describe('a duration', () => {
	it.each([
		[-5, '0s'], [0, '0s'], [12_345, '12s'], [60_000, '1m00s'], [192_000, '3m12s'], [3_600_000, '1h00m'], [7_500_000, '2h05m'],
		[86_400_000, '1d0h'], [1_000_000_000, '11d13h'],
	])('of %i ms is %s', (millis, text) => {
		expect(age(millis)).toBe(text);
	});
});

describe('a tree', () => {
	const process = (service: string | null, pid: number, parent: number, command: string, zombie = false, kind = 'child'): TreeRow =>
		({service, pid, parent, command, zombie, kind, started: NOW - 12_000, cpu: 40, memory: 9 << 20});

	it('shows services over their processes, those that left their parents, and those of no service', () => {
		const tree = renderTree([row('web'), row('migrate', {status: 'exited', exit: 0}), row('app')], [
			process('web', 20, 1, 'nginx: master process'), process('web', 21, 20, 'nginx: worker process'),
			process('web', 22, 20, 'nginx: worker process'), process('web', 23, 22, '[sh]', true), process('web', 30, 1, 'left-behind'),
			process('app', 40, 1, 'node server.js'), process(null, 50, 1, 'sleep 1000'), process('run-1', 60, 1, 'top'),
		], plain);
		expect(`\n${tree}`).toMatchInlineSnapshot(`
			"
			AGE    CPU  MEMORY
			                    archon
			     200ms   45.0M  ├─ web  running
			12s   40ms    9.0M  │  ├─ 20 nginx: master process
			12s   40ms    9.0M  │  │  ├─ 21 nginx: worker process
			12s   40ms    9.0M  │  │  └─ 22 nginx: worker process
			12s   40ms    9.0M  │  │     └─ 23 zombie [sh]
			12s   40ms    9.0M  │  └─ 30 left-behind
			                    ├─ migrate  exited
			                    ├─ app  running
			12s   40ms    9.0M  │  └─ 40 node server.js
			                    ├─ run-1
			12s   40ms    9.0M  │  └─ 60 top
			                    └─ no service
			12s   40ms    9.0M     └─ 50 sleep 1000
			"
		`);
	});

	it('names the master of a pool without the plan that it was started with', () => {
		const tree = renderTree([row('app')], [
			process('app', 20, 1, 'archon.pool {"dir":"/app"}'), process('app', 21, 20, 'python3 archon_worker.py'),
		], plain, new Map([[21, 'boot ready']]));
		expect(tree.match(/\d+ [ap]\S+.*$/gm)).toEqual(['20 archon.pool', '21 python3 archon_worker.py · boot ready']);
	});

	it('has archon, its commands and helpers, and what is not below it where all are asked for', () => {
		const all: readonly TreeRow[] = [
			process('web', 20, 1, 'sh -c curl', false, 'command'), process('web', 21, 20, 'curl\x1b[2J'), process('web', 22, 1, 'nginx'),
			process('archon.syslog', 30, 1, 'archon.syslog'), process(null, 1, 0, 'archon', false, 'archon'),
			process(null, 90, 0, 'sh', false, 'foreign'), process(null, 91, 90, 'archonctl tree', false, 'foreign'),
		];
		expect(`\n${renderTree([row('web'), row('archon.syslog')], all, plain)}`).toMatchInlineSnapshot(`
			"
			AGE    CPU  MEMORY
			12s   40ms    9.0M  archon  1 archon
			     120ms   27.0M  ├─ web  running
			12s   40ms    9.0M  │  ├─ 20 sh -c curl
			12s   40ms    9.0M  │  │  └─ 21 curl\\x1b[2J
			12s   40ms    9.0M  │  └─ 22 nginx
			                    └─ archon.syslog  running
			12s   40ms    9.0M     └─ 30 archon.syslog
			      80ms   18.0M  not below archon
			12s   40ms    9.0M  └─ 90 sh
			12s   40ms    9.0M     └─ 91 archonctl tree
			"
		`);
		expect(shown(all.filter(({kind}) => kind !== 'archon' && kind !== 'foreign')).map(({pid}) => pid)).toEqual([22]);
	});

	it.each([
		[0, '0ms'], [0.42, '0.4ms'], [40, '40ms'], [999, '999ms'], [999.6, '1.0s'], [1240, '1.2s'], [59_940, '59.9s'], [192_000, '3m12s'],
	])('what took %d ms took %s', (millis, text) => {
		expect(span(millis)).toBe(text);
	});

	it.each([[0, '0B'], [1023, '1023B'], [1024, '1.0K'], [10_000, '9.8K'], [1 << 20, '1.0M'], [200 << 20, '200M'], [3 * 2 ** 30, '3.0G'], [2 ** 60, '1024P']])('%i bytes are %s', (bytes, text) => {
		expect(size(bytes)).toBe(text);
	});

	it('may be deep', () => {
		const processes = Array.from({length: 5000}, (_, index) => process('web', index + 2, index + 1, 'sh'));
		expect(renderTree([row('web')], processes, plain).split('\n')).toHaveLength(5004);
	});
});
