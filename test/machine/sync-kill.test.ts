/** A follower that is killed at every step of a switch, each by name: one whole release is current, and the next run finishes or clears away. */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import type {Sync} from '../../src/core/sync.ts';
import type {Step} from '../../src/helpers/sync/follower.ts';
import {createMaster} from '../unit/helpers/sync/master.ts';

const FILES = {'bin/app': '#!/bin/sh\n', 'etc/app.conf': 'a\n'};

async function run(sync: Sync, killAt: string, bad: string): Promise<{ok: boolean; text: string; started: string[]} | 'killed'> {
	const {stdout, signal} = await execa(process.execPath, [join(import.meta.dirname, 'sync-run.ts'), JSON.stringify(sync), killAt, bad], {reject: false, stdin: 'ignore'});
	return signal === 'SIGKILL' ? 'killed' : JSON.parse(stdout);
}

/** The release in force, all of which is there. */
function whole(dest: string): string {
	const current = readlinkSync(join(dest, 'current')).replace('releases/', '');
	expect(readFileSync(join(dest, 'current/version'), 'utf8')).toBe(current);
	for (const [path, content] of Object.entries(FILES)) expect(readFileSync(join(dest, 'current', path), 'utf8')).toBe(content);
	return current;
}

/** By step: what is in force after the kill; and whether the next run starts services again. */
const FORWARD: readonly (readonly [Step, string, readonly string[]])[] = [
	['list', '1', ['2']], ['verified', '1', ['2']], ['file', '1', ['2']], ['files', '1', ['2']], ['complete', '1', ['2']], ['intent', '1', ['2']],
	['link', '1', ['2']], ['current', '2', ['2']], ['restarted', '2', ['2']], ['confirmed', '2', []], ['pruned', '2', []],
];

const BACK: readonly (readonly [Step, string])[] = [
	['current', '2'], ['restarted', '2'], ['back-intent', '2'], ['back-link', '2'], ['back-current', '1'], ['back-restarted', '1'], ['back-confirmed', '1'],
];

describe.concurrent('killed at', () => {
	const make = async (): Promise<{sync: Sync; folder: string}> => {
		const folder = mkdtempSync(join(tmpdir(), 'archon-killed-'));
		const dest = join(folder, 'dest');
		mkdirSync(dest);
		const master = createMaster(join(folder, 'master'));
		const sync: Sync = {
			source: `file://${master.folder}`, dest, every: 1000, form: 'signed', keys: [master.key], readyTimeout: 1000, maxSize: 1e6, maxFiles: 100, keep: 3,
		};
		master.publish('version=1', {...FILES, version: '1'});
		expect(await run(sync, '', '')).toMatchObject({ok: true});
		master.publish('version=2', {...FILES, version: '2'});
		return {sync, folder};
	};

	test.each(FORWARD)('%s: %s is current, and the next run makes it 2', async (step, then, started) => {
		const {sync, folder} = await make();
		expect(await run(sync, step, '')).toBe('killed');
		expect(whole(sync.dest)).toBe(then);
		expect(await run(sync, '', '')).toMatchObject({ok: true, started});
		expect(whole(sync.dest)).toBe('2');
		expect(readdirSync(join(sync.dest, 'releases')).sort()).toEqual(['1', '2']);
		expect(readdirSync(sync.dest).sort()).toEqual(['current', 'releases', 'state.json']);
		rmSync(folder, {recursive: true});
	}, 120_000);

	test.each(BACK)('%s of a release that is not ready: %s is current, and the next run makes it 1', async (step, then) => {
		const {sync, folder} = await make();
		expect(await run(sync, step, '2')).toBe('killed');
		expect(whole(sync.dest)).toBe(then);
		const next = await run(sync, '', '2');
		expect(whole(sync.dest)).toBe('1');
		// What was left before it was known to be bad is tried, and left again; then it stays away.
		if (step !== 'back-confirmed') expect(next).toMatchObject({ok: false, started: expect.arrayContaining(['1'])});
		expect(await run(sync, '', '2')).toMatchObject({ok: true, text: expect.stringContaining('release 2 is held back'), started: []});
		expect(existsSync(join(sync.dest, 'current.new'))).toBe(false);
		rmSync(folder, {recursive: true});
	}, 120_000);
});
