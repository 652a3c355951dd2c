/** `only_if`, `on_failure` and `conflicts`, by the executable itself and real processes. */
import {mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {boot} from './archon.ts';

/** A config: YAML takes JSON, and two dollars for one. */
const config = (services: Readonly<Record<string, object>>): string => JSON.stringify({services}).replaceAll('$', '$$$$');
const sleeper = {command: ['sleep', '1000000']};

describe('a service is skipped', () => {
	test.each<[string, object, string]>([
		['by a path that is missing', {path_exists: ['/etc/passwd', '/no/such']}, '/no/such does not exist'],
		['by a path that is there', {path_missing: '/etc/passwd'}, '/etc/passwd exists'],
		['by a path through a file', {path_exists: '/etc/passwd/x'}, '/etc/passwd/x does not exist'],
		['by a variable that is not set', {env_set: 'ARCHON_TEST_NONE'}, '$ARCHON_TEST_NONE is not set'],
		['by one that is empty', {env_set: ['FULL', 'EMPTY']}, '$EMPTY is not set'],
		['by one with another value', {env_set: 'FULL=no'}, '$FULL has another value'],
		['by a command', {command: ['sh', '-c', 'exit 3']}, 'sh: exit status 3'],
		['by the first that does not hold', {path_missing: '/etc/passwd', command: ['touch', '/no/such/file']}, '/etc/passwd exists'],
	])('%s', async (_, conditions, why) => {
		await using archon = await boot({
			config: config({web: {...sleeper, environment: {FULL: 'yes', EMPTY: ''}, only_if: conditions}, app: {...sleeper, depends_on: ['web']}}),
		});
		await archon.says(/started app/);
		expect(archon.log()).toContain(`skipped web: ${why}`);
		expect((await archon.ctl('status', 'web')).stdout).toContain(`skipped: ${why}`);
		const started = await archon.ctl('start', 'web');
		expect([started.status, started.stderr]).toEqual([1, `archonctl: cannot start web: skipped: ${why}`]);
		expect((await archon.ctl('start', 'all')).status).toBe(0);
		expect(await archon.status()).toMatchObject({web: {status: 'stopped', pid: null, restarts: 0}});
	});
});

test('a service starts when all holds, and what holds at the next start decides that', async () => {
	const place = mkdtempSync(join(tmpdir(), 'archon-conditions-'));
	const gate = join(place, 'gate');
	writeFileSync(join(place, 'env'), 'FROM_FILE=1\n');
	writeFileSync(gate, '');
	await using archon = await boot({config: config({
		web: {
			...sleeper, env_file: join(place, 'env'),
			only_if: {path_exists: gate, path_missing: '/no/such', env_set: ['FROM_FILE=1', 'PATH'], command: ['sh', '-c', 'echo "asked as $FROM_FILE"']},
		},
		other: sleeper,
	})});
	await archon.says(/started web/);
	await archon.says(/asked as 1/);
	rmSync(gate);
	const restarted = await archon.ctl('restart', 'web');
	expect(restarted.stderr).toContain(`cannot restart web: skipped: ${gate} does not exist`);
	writeFileSync(gate, '');
	expect((await archon.ctl('start', 'web')).status).toBe(0);
	rmSync(place, {recursive: true});
});

test.each<[string, string[], RegExp]>([
	['cannot be run', ['/no/such/program'], /cannot start web: only_if: \/no\/such\/program: executing \/no\/such\/program: no such file or directory/],
	['was killed', ['sh', '-c', 'kill -9 $$'], /cannot start web: only_if: sh: killed by SIGKILL/],
])('a command that %s decides nothing: the start has failed', async (_, command, line) => {
	await using archon = await boot({config: config({web: {...sleeper, restart: 'no', only_if: {command}}, other: sleeper})});
	await archon.says(line);
	expect(await archon.status()).toMatchObject({web: {status: 'failed'}});
});

test('a path that cannot be looked at decides nothing either', async () => {
	const place = mkdtempSync(join(tmpdir(), 'archon-conditions-'));
	const loop = join(place, 'loop');
	symlinkSync(loop, loop);
	await using archon = await boot({config: config({
		web: {...sleeper, restart: 'on-failure:1', only_if: {path_missing: loop}}, other: sleeper,
	})});
	await archon.says(new RegExp(`cannot start web: only_if: ${loop}: too many symbolic links encountered; restart 1 of 1`));
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'failed'}, other: {status: 'running'}});
	rmSync(place, {recursive: true});
});

test('a command that takes too long is ended, and one whose service is stopped as well', async () => {
	await using archon = await boot({config: config({
		slow: {...sleeper, restart: 'no', start_timeout: '300ms', ready: 'notify', only_if: {command: ['sleep', '999999']}},
		stopped: {...sleeper, only_if: {command: ['sleep', '888888']}},
		other: sleeper,
	})});
	await archon.says(/cannot start slow: only_if: it took longer than 0.3 s/);
	expect((await archon.ctl('status', 'stopped')).stdout).toContain('examining only_if');
	expect((await archon.ctl('stop', 'stopped')).status).toBe(0);
	await expect.poll(async () => (await archon.ctl('tree')).stdout).not.toMatch(/999999|888888/);
});

test('on_failure starts a service that knows which one has failed and how', async () => {
	await using archon = await boot({config: config({
		alert: {
			type: 'oneshot', autostart: false,
			command: ['sh', '-c', 'echo "$ARCHON_FAILED_SERVICE: $ARCHON_FAILED_REASON ($MONITOR_SERVICE_RESULT $MONITOR_EXIT_CODE $MONITOR_EXIT_STATUS)"'],
		},
		web: {command: ['sh', '-c', 'exit 7'], restart: 'on-failure:1', on_failure: ['alert']},
		none: {command: '/no/such', on_failure: ['alert'], autostart: false},
		other: sleeper,
	})});
	await archon.says(/web: exit status 7 after 1 restart \(exit-code exited 7\)/);
	await archon.says(/alert completed/);
	await archon.ctl('start', 'none');
	await archon.says(/none: executing \/no\/such: no such file or directory \(resources {2}\)/);
	expect((await archon.ctl('start', 'alert')).status).toBe(0);
	await archon.says(/: {2}\( {2}\)/);
});

test('what conflicts is stopped first, and it when the other one starts', async () => {
	await using archon = await boot({config: config({
		blue: {command: ['sh', '-c', 'trap "sleep 0.2; echo blue is gone; exit" TERM; echo blue is there; while :; do sleep 0.05; done']},
		green: {command: ['sh', '-c', 'echo green is there; exec sleep 1000000'], autostart: false, conflicts: 'blue'},
	})});
	await archon.says(/blue is there/);
	expect((await archon.ctl('start', 'green')).status).toBe(0);
	await archon.says(/blue is gone[^]*started green/);
	expect(await archon.status()).toMatchObject({blue: {status: 'stopped'}, green: {status: 'running'}});
	expect((await archon.ctl('start', 'blue')).status).toBe(0);
	expect(await archon.status()).toMatchObject({blue: {status: 'running'}, green: {status: 'stopped'}});
});

test('conditions that were examined when archon was upgraded are examined again', async () => {
	const place = mkdtempSync(join(tmpdir(), 'archon-conditions-'));
	const gate = join(place, 'gate');
	await using archon = await boot({config: config({
		web: {...sleeper, only_if: {command: ['sh', '-c', `echo asked; until [ -e ${gate} ]; do sleep 0.02; done`]}}, other: sleeper,
	})});
	await archon.says(/asked/);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await archon.says(/asked[^]*asked/);
	writeFileSync(gate, '');
	await archon.says(/started web/);
	rmSync(place, {recursive: true});
});
