/** Commands before a start, after an end, and those that undo a oneshot, as real processes, also across a crash of PID 1. */
import {existsSync, mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-turns-'));

const sh = (script: string): string[] => ['sh', '-c', script];

/** YAML takes JSON, and two dollars for one. */
const config = (services: Readonly<Record<string, object>>): string => JSON.stringify({services}).replaceAll('$', '$$$$');

/** Says that it begins, and ends when the gate is there. */
const behind = (gate: string): string[] =>
	sh(`echo it begins; until [ -e ${join(folder, gate)} ]; do sleep 0.02; done; echo it ends`);

const count = (archon: Archon, pattern: RegExp): number => archon.log().match(pattern)?.length ?? 0;

async function crash(archon: Archon): Promise<void> {
	const before = count(archon, /was re-executed/g);
	archon.signal('SIGSEGV');
	await expect.poll(() => count(archon, /was re-executed/g), {interval: 5}).toBe(before + 1);
}

test('pre_start runs before each start, as another user and elsewhere where it says so; post_stop hears how each end came', async () => {
	const tell = 'echo "told $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS"';
	await using archon = await boot({config: config({
		web: {
			command: sh('echo "started $(id -u)"; exec sleep 1000000'), user: '12:13', restart: 'always', environment: {A: 'own'},
			pre_start: [
				{command: sh('echo "prepared $(id -u):$(id -g) $(pwd) $A"'), user: '0:7', working_dir: '/usr', environment: {A: 'hook'}},
				'sh -c \'echo "then $(id -u) $A"\'',
			],
			post_stop: [sh(tell)],
		},
		idle: {command: ['sleep', '1000000']},
	})});
	await archon.says(/web +\| prepared 0:7 \/usr hook\n[^]*then 12 own\n[^]*started 12/);
	expect((await archon.ctl('signal', 'SEGV', 'web')).status).toBe(0);
	await archon.says(/told (signal killed|core-dump dumped) SEGV\n[^]*prepared[^]*started 12/);
	expect((await archon.ctl('stop', 'web')).status).toBe(0);
	await archon.says(/told success killed TERM/);
});

test('a pre_start that fails keeps the process from being made, and says which command and how', async () => {
	await using archon = await boot({config: config({
		web: {command: sh('echo started'), restart: 'no', pre_start: [sh('exit 3')]},
		idle: {command: ['sleep', '1000000']},
	})});
	await archon.says(/error: cannot start web: pre_start: sh: exit status 3$/m);
	expect((await archon.status())['web']).toMatchObject({status: 'failed'});
	expect(archon.log()).not.toMatch(/web +\| started/);
});

test('a completed oneshot is undone at shutdown after those that need it', async () => {
	await using archon = await boot({config: config({
		mount: {type: 'oneshot', command: 'echo up', down: [sh('echo undone')]},
		app: {
			command: sh('trap "echo app ends; exit 0" TERM; echo app runs; while :; do sleep 0.02; done'),
			depends_on: {mount: {condition: 'service_completed_successfully'}},
		},
	})});
	await archon.says(/app runs/);
	expect((await archon.status())['mount']).toMatchObject({status: 'exited', pid: null});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/app ends\n[^]*undone\n/);
});

test.each<[string, object, (archon: Archon) => Promise<unknown>, RegExp]>([
	['pre_start', {command: sh('echo works; exec sleep 1000000'), pre_start: [behind('pre_start'), sh('echo more')]}, async () => {}, /it ends\n[^]*more\n[^]*works/],
	[
		'post_stop', {command: sh('echo works; exec sleep 1000000'), post_stop: [behind('post_stop'), sh('echo more $SERVICE_RESULT')], stop_grace_period: '8s'},
		async archon => {
			await archon.says(/works/);
			await archon.ctl('signal', 'KILL', 'it');
		}, /it ends\n[^]*more signal\n[^]*works/,
	],
	[
		'down', {type: 'oneshot', command: 'echo works', down: [behind('down'), sh('echo more')], stop_grace_period: '8s'},
		async archon => {
			await archon.says(/it completed/);
			void archon.ctl('restart', 'it');
		}, /it ends\n[^]*more\n[^]*works/,
	],
])('a %s that runs during a crash of PID 1 is waited for, and the rest follows', async (name, keys, begin, then) => {
	await using archon = await boot({config: config({it: keys, idle: {command: ['sleep', '1000000']}})});
	await begin(archon);
	await archon.says(/it begins/);
	await crash(archon);
	expect(existsSync(join(folder, name))).toBe(false);
	writeFileSync(join(folder, name), '');
	await archon.says(then);
	expect([count(archon, /it begins/g), count(archon, /\| more/g)], archon.log()).toEqual([1, 1]);
});
