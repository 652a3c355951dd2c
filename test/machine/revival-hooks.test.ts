/** Commands at the turns of a run when archon crashes between them, or while one of them runs. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const gates = mkdtempSync(join(tmpdir(), 'archon-hooks-'));

/** Says that it begins, and ends when the gate is there. */
const behind = (gate: string, name: string): string[] =>
	['sh', '-c', `echo ${name} begins; until [ -e ${join(gates, gate)} ]; do sleep 0.02; done; echo ${name} ends`];

const say = (text: string): string[] => ['sh', '-c', `echo ${text}`];

/** Says when it is asked to end; YAML takes JSON, and two dollars for one. */
const config = (more: object): string => JSON.stringify({services: {
	db: {command: ['sh', '-c', 'trap "echo asked to stop; exit 0" TERM; while :; do sleep 0.02; done'], stop_grace_period: '5s', ...more},
	idle: {command: ['sleep', '1000000']},
}}).replaceAll('$', '$$$$');

const open = (gate: string): void => writeFileSync(join(gates, gate), '');

const count = (archon: Archon, pattern: RegExp): number => archon.log().match(pattern)?.length ?? 0;

async function crash(archon: Archon): Promise<void> {
	const before = count(archon, /was re-executed/g);
	archon.signal('SIGSEGV');
	await expect.poll(() => count(archon, /was re-executed/g), {interval: 5}).toBe(before + 1);
}

const running = (archon: Archon) => expect.poll(async () => (await archon.status())['db']).toMatchObject({status: 'running', restarts: 0});

/** Stopped by its own will, after it was said goodbye to. */
async function stopsWell(archon: Archon): Promise<void> {
	expect((await archon.ctl('stop', 'db')).status).toBe(0);
	await archon.says(/\| goodbye\n[^]*\| asked to stop\n[^]*stopped db \(exit status 0\)/);
	expect(count(archon, /\| goodbye$/gm)).toBe(1);
}

test('after post_start is over, a crash leaves pre_stop what it is', async () => {
	await using archon = await boot({config: config({post_start: [say('hello')], pre_stop: [say('goodbye')]})});
	await archon.says(/\| hello$/m);
	await running(archon);
	await crash(archon);
	await stopsWell(archon);
	expect(count(archon, /\| hello$/gm)).toBe(1);
});

test.each([1, 2])('a post_start that runs during crashes (%i) is waited for, the rest of it follows, and so does pre_stop', async crashes => {
	const gate = `post-start-${crashes}`;
	await using archon = await boot({config: config({
		post_start: [say('hello'), behind(gate, 'warming'), say('warm')], pre_stop: [say('goodbye')],
	})});
	await archon.says(/warming begins/);
	for (let i = 0; i < crashes; i++) await crash(archon);
	expect((await archon.status())['db']?.status).toBe('starting');
	open(gate);
	await archon.says(/\| warm$/m);
	await running(archon);
	for (const pattern of [/\| hello$/gm, /warming begins/g, /warming ends/g, /\| warm$/gm]) expect(count(archon, pattern), String(pattern)).toBe(1);
	await stopsWell(archon);
});

test('a pre_stop that runs during a crash is waited for before the signal', async () => {
	await using archon = await boot({config: config({pre_stop: [behind('pre-stop', 'draining'), say('goodbye')]})});
	await running(archon);
	const stop = archon.ctl('stop', 'db');
	await archon.says(/draining begins/);
	await crash(archon);
	open('pre-stop');
	expect((await stop).status).toBe(0);
	await archon.says(/draining ends\n[^]*\| goodbye\n[^]*\| asked to stop\n[^]*stopped db \(exit status 0\)/);
	expect(count(archon, /draining begins/g)).toBe(1);
});

test('a reload that runs during a crash keeps neither the next one nor pre_stop from running', async () => {
	await using archon = await boot({config: config({reload: {command: behind('reload', 'reading')}, pre_stop: [say('goodbye')]})});
	await running(archon);
	expect((await archon.ctl('reload', 'db')).status).toBe(0);
	await archon.says(/reading begins/);
	await crash(archon);
	open('reload');
	await archon.says(/reading ends/);
	expect((await archon.ctl('reload', 'db')).status).toBe(0);
	await archon.says(/reading begins[^]*reading ends[^]*reading begins[^]*reading ends/);
	await stopsWell(archon);
});

test('commands that ended just when archon crashed are not waited for, and what follows them is run once', async () => {
	const names = Array.from({length: 60}, (_, i) => `many-${i}`);
	const steps = [0, 1, 2, 3, 4, 5];
	// More is due at any time than one turn does: what has ended is of the past long before its successor is made.
	const many = (name: string): object => ({command: ['sleep', '1000000'], post_start: steps.map(step => say(`${name} does ${step}`))});
	await using archon = await boot({config: JSON.stringify({services: Object.fromEntries(names.map(name => [name, many(name)]))})});
	for (let i = 0; i < 3; i++) {
		await expect.poll(() => count(archon, / does \d$/gm), {interval: 1}).toBeGreaterThan(40 + 80 * i);
		await crash(archon);
	}
	await expect.poll(async () => Object.values(await archon.status()).filter(({status}) => status !== 'running')).toEqual([]);
	for (const name of names) expect(archon.log().match(new RegExp(`${name} does \\d$`, 'gm'))).toEqual(steps.map(step => `${name} does ${step}`));
});
