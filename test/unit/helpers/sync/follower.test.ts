/** What a follower makes of masters, good and bad: releases on the disk, and which one is in force. */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import type {Answer, Sync} from '../../../../src/core/sync.ts';
import type {Fetcher} from '../../../../src/helpers/sync/fetcher.ts';
import {createFolder} from '../../../../src/helpers/sync/folder.ts';
import {createFollower} from '../../../../src/helpers/sync/follower.ts';
import {createPlace} from '../../../../src/helpers/sync/place.ts';
import {createMaster} from './master.ts';

const root = mkdtempSync(join(tmpdir(), 'archon-follower-'));
afterAll(() => rmSync(root, {recursive: true}));
let count = 0;

/** A master, and a follower that is made again for each run, as after a kill. */
function make(how: Partial<Sync> = {}) {
	const folder = join(root, String(++count));
	const dest = join(folder, 'dest');
	mkdirSync(dest, {recursive: true});
	const master = createMaster(join(folder, 'master'));
	const sync: Sync = {
		source: `file://${master.folder}`, dest, every: 1000, form: 'signed', keys: [master.key], readyTimeout: 1000, maxSize: 1_000_000, maxFiles: 100, keep: 3,
		...how,
	};
	/** What services say of releases that are not good; `started`: what was in force when they were started again. */
	const world = {bad: new Set<string>(), started: [] as string[], now: Date.parse('2026-11-29'), fetcher: createFolder(master.folder), steps: [] as string[]};
	const follower = () => createFollower(sync, createPlace(dest), {
		fetcher: {...world.fetcher, fetch: (path, order) => world.fetcher.fetch(path, order)},
		wallClock: () => world.now,
		restart() {
			const version = current() ?? '';
			world.started.push(version);
			return Promise.resolve(world.bad.has(version) ? `web of ${version}: exit status 1` : null);
		},
		step: name => void world.steps.push(name),
	});
	const current = (): string | null => (existsSync(join(dest, 'current')) ? readlinkSync(join(dest, 'current')).replace('releases/', '') : null);
	return {
		master, dest, world, current, follower,
		look: (isAsked = false): Promise<Answer> => follower().look(isAsked),
		releases: (): readonly string[] => readdirSync(join(dest, 'releases')).sort(),
		read: (path: string): string => readFileSync(join(dest, 'current', path), 'utf8'),
	};
}

describe('a signed list', () => {
	test('comes into force as a whole, and a program is what begins as one', async () => {
		const {master, look, read, dest, current, world} = make();
		master.publish('version=1 expires=2027-01-31', {'bin/app': '#!/bin/sh\n', 'etc/deep/er/app.conf': 'a=1\n', 'bin/elf': Buffer.from('\x7fELF'), 'empty': ''});
		expect(await look()).toEqual({ok: true, text: 'release 1 is in force (4 of 4 files fetched)'});
		expect([read('etc/deep/er/app.conf'), current(), world.started]).toEqual(['a=1\n', '1', ['1']]);
		expect(['bin/app', 'bin/elf', 'empty', 'etc/deep/er/app.conf'].map(path => (statSync(join(dest, 'current', path)).mode & 0o777).toString(8)))
			.toEqual(['755', '755', '644', '644']);
		expect(readdirSync(join(dest, 'current')).sort()).toEqual(['SHA256SUMS', 'SHA256SUMS.minisig', 'bin', 'empty', 'etc']);
		expect(await look()).toEqual({ok: true, text: 'release 1 is in force'});
		expect(world.started).toEqual(['1']);
	});

	test('what is as before is not fetched again, and what is gone is gone', async () => {
		const {master, look, read, current, dest} = make();
		master.publish('version=1', {same: 's', changed: 'a', gone: 'x'});
		await look();
		master.publish('version=2', {same: 's', changed: 'b', fresh: 'f'});
		expect((await look()).text).toBe('release 2 is in force (2 of 3 files fetched)');
		expect([read('same'), read('changed'), read('fresh'), existsSync(join(dest, 'current/gone')), current()]).toEqual(['s', 'b', 'f', false, '2']);
	});

	test('three releases stay', async () => {
		const {master, look, releases} = make();
		for (const version of ['1', '2', '3', '4', '5']) {
			master.publish(`version=${version}`, {app: version});
			await look();
		}
		expect(releases()).toEqual(['3', '4', '5']);
	});

	test('an older one is refused, also when the memory of the newest is lost', async () => {
		const {master, look, dest, current} = make();
		master.publish('version=1.10', {app: 'new'});
		await look();
		master.publish('version=1.9', {app: 'old'});
		expect(await look(true)).toEqual({ok: false, text: 'release 1.9 is older than 1.10, and is not taken'});
		writeFileSync(join(dest, 'state.json'), '{"history": 5, "pending": []');
		expect((await look(true)).ok).toBe(false);
		expect(current()).toBe('1.10');
	});

	test('an expired one is refused, on the day after its last', async () => {
		const {master, look, world} = make();
		master.publish('version=1 expires=2026-11-29', {app: 'a'});
		world.now = Date.parse('2026-11-29T23:59:59Z');
		expect((await look()).ok).toBe(true);
		world.now += 1000;
		expect((await look()).text).toBe('the list of release 1 has expired on 2026-11-29: the master is to sign a new one');
	});

	test('one version is one content', async () => {
		const {master, look, read} = make();
		master.publish('version=1', {app: 'a'});
		await look();
		master.publish('version=1', {app: 'b'});
		expect((await look()).text).toBe('release 1 holds something else than before: another release takes another version');
		expect(read('app')).toBe('a');
	});

	test('a file with another sum changes nothing', async () => {
		const {master, look, current, dest} = make();
		master.publish('version=1', {app: 'a'});
		await look();
		master.publish('version=2', {app: 'b', lib: 'c'});
		writeFileSync(join(master.folder, 'lib'), 'evil');
		expect((await look()).text).toBe('release 2 is not taken: lib has another sum than the list says');
		expect([current(), readdirSync(join(dest, 'releases')).sort()]).toEqual(['1', ['1', '2.tmp']]);
		// The right one finishes what was begun; another release clears it away.
		writeFileSync(join(master.folder, 'lib'), 'c');
		expect((await look()).text).toBe('release 2 is in force (1 of 2 files fetched)');
	});

	test.each([
		['a list that is cut off', (folder: string) => writeFileSync(join(folder, 'SHA256SUMS'), ''), /is not a signature of the list/],
		['no signature', (folder: string) => rmSync(join(folder, 'SHA256SUMS.minisig')), /SHA256SUMS\.minisig cannot be read: no such file/],
		['no master', (folder: string) => rmSync(folder, {recursive: true}), /SHA256SUMS cannot be read: no such file/],
		['a signature that never ends', (folder: string) => writeFileSync(join(folder, 'SHA256SUMS.minisig'), 'x'.repeat(5000)), /is larger than it may be/],
		['a file that is a link', (folder: string) => {
			rmSync(join(folder, 'app'));
			symlinkSync('/etc/passwd', join(folder, 'app'));
		}, /app is a symbolic link, which is not followed/],
		['a file that is a folder', (folder: string) => {
			rmSync(join(folder, 'app'));
			mkdirSync(join(folder, 'app'));
		}, /app is not a regular file/],
	])('%s changes nothing', async (_, spoil, why) => {
		const {master, look, current} = make();
		master.publish('version=1', {app: 'a'});
		await look();
		master.publish('version=2', {app: 'b'});
		spoil(master.folder);
		expect(await look()).toEqual({ok: false, text: expect.stringMatching(why)});
		expect(current()).toBe('1');
	});

	test.each([
		['max_size', {maxSize: 10}, /b is larger than it may be \(max_size\)/], ['max_files', {maxFiles: 1}, /lists more than 1 files \(max_files\)/],
	])('%s bounds a release', async (_, bound, why) => {
		const {master, look, current} = make(bound);
		master.publish('version=1', {a: '12345', b: '123456'});
		expect(await look()).toEqual({ok: false, text: expect.stringMatching(why)});
		expect(current()).toBe(null);
	});
});

describe('services of a new release', () => {
	test('that are not ready bring the old one back, and it is not tried again by itself', async () => {
		const {master, look, current, world} = make();
		master.publish('version=1', {app: 'a'});
		await look();
		world.bad.add('2');
		master.publish('version=2', {app: 'b'});
		expect(await look()).toMatchObject({ok: false, text: expect.stringContaining('release 1 is in force again instead of 2: web of 2: exit status 1')});
		expect([current(), world.started]).toEqual(['1', ['1', '2', '1']]);
		expect(await look()).toEqual({ok: true, text: 'release 2 is held back: archonctl sync now takes it all the same'});
		world.bad.clear();
		expect(await look(true)).toMatchObject({ok: true, text: expect.stringContaining('release 2 is in force')});
		expect(current()).toBe('2');
	});

	test('of the first release have no other to go back to', async () => {
		const {master, look, current, world} = make();
		world.bad.add('1');
		master.publish('version=1', {app: 'a'});
		expect(await look()).toMatchObject({ok: false, text: expect.stringContaining('release 1 is in force, and no other is there to go back to: web of 1')});
		expect(current()).toBe('1');
	});

	test('an operator goes back, and a newer release is taken after that', async () => {
		const {master, look, follower, current} = make();
		for (const version of ['1', '2', '3']) {
			master.publish(`version=${version}`, {app: version});
			await look();
		}
		expect(await follower().goBack()).toEqual({ok: true, text: 'release 2 is in force again instead of 3: an operator asked for it'});
		expect((await look()).text).toContain('release 3 is held back');
		expect([(await follower().goBack()).ok, current()]).toEqual([true, '1']);
		expect((await look()).text).toContain('release 3 is held back');
		expect(await follower().goBack()).toEqual({ok: false, text: 'there is no release before 1 to go back to'});
		master.publish('version=4', {app: '4'});
		await look();
		expect(current()).toBe('4');
	});
});

test('what an operator goes back from is held back, also where a release was held back before that the master has no more', async () => {
	const {master, look, follower, current, world} = make({form: 'quesofiesta', keys: []});
	for (const version of ['1', '2']) {
		master.publishManifest(version, {app: version});
		await look();
	}
	world.bad.add('3');
	master.publishManifest('3', {app: '3'});
	expect((await look()).ok).toBe(false);
	master.publishManifest('2', {app: '2'});
	expect(await look()).toEqual({ok: true, text: 'release 2 is in force'});
	expect([(await follower().goBack()).ok, current()]).toEqual([true, '1']);
	expect((await look()).text).toContain('release 2 is held back');
	expect(current()).toBe('1');
});

describe('quesofiesta\'s form', () => {
	test('equal version: nothing; changed: pulled; vanished: deleted', async () => {
		const {master, look, read, dest, world} = make({form: 'quesofiesta', keys: []});
		master.publishManifest('1', {same: 's', changed: 'a', gone: 'x'});
		await look();
		master.publishManifest('1', {same: 's', changed: 'b'});
		expect(await look()).toEqual({ok: true, text: 'release 1 is in force'});
		expect([read('changed'), world.started.length]).toEqual(['a', 1]);
		master.publishManifest('0.9', {same: 's', changed: 'b'});
		expect((await look()).text).toBe('release 0.9 is in force (1 of 2 files fetched)');
		expect([read('changed'), existsSync(join(dest, 'current/gone'))]).toEqual(['b', false]);
	});

	test('a mismatch keeps the old file', async () => {
		const {master, look, read, dest} = make({form: 'quesofiesta', keys: []});
		master.publishManifest('1', {app: 'old', other: '1'});
		await look();
		master.publishManifest('2', {app: 'new', other: '2', fresh: 'f'});
		for (const name of ['app', 'fresh']) writeFileSync(join(master.folder, name), 'damaged');
		const answer = await look();
		expect(answer).toEqual({
			ok: false, text: 'release 2 is in force (1 of 3 files fetched); app, fresh came with another sum and stayed as before',
		});
		expect([read('app'), read('other'), existsSync(join(dest, 'current/fresh'))]).toEqual(['old', '2', false]);
	});

	test.each(['../1', 'a b', '1.tmp', ''])('the version %j is no name of a folder', async version => {
		const {master, look, current} = make({form: 'quesofiesta', keys: []});
		master.publishManifest(version, {app: 'a'});
		expect([(await look()).ok, current()]).toEqual([false, null]);
	});
});

test('what stands in the way of a release is cleared, and links in it lead nowhere', async () => {
	const {master, look, dest, read} = make();
	const outside = join(root, 'outside');
	writeFileSync(outside, 'mine');
	mkdirSync(join(dest, 'releases/1.tmp/bin'), {recursive: true});
	symlinkSync(outside, join(dest, 'releases/1.tmp/app'));
	symlinkSync(root, join(dest, 'releases/1.tmp/lib'));
	writeFileSync(join(dest, 'releases/1.tmp/left'), 'x');
	mkdirSync(join(dest, 'releases/0.tmp'));
	master.publish('version=1', {'app': 'a', 'lib/x': 'x', 'bin': 'b'});
	expect((await look()).text).toBe('release 1 is in force (3 of 3 files fetched)');
	expect([readFileSync(outside, 'utf8'), read('app'), read('bin'), existsSync(join(root, 'x')), existsSync(join(dest, 'current/left'))])
		.toEqual(['mine', 'a', 'b', false, false]);
	expect(readdirSync(join(dest, 'releases'))).toEqual(['1']);
});

test('a fetcher that resumes goes on with what is there, and begins again where that is something else', async () => {
	const {master, look, dest, world, read} = make();
	const content = 'x'.repeat(1000);
	master.publish('version=1', {app: content, lib: content});
	const froms: (readonly [string, number])[] = [];
	const whole = world.fetcher;
	world.fetcher = {name: 'half', resumes: true, async fetch(path, {from, most, take}): ReturnType<Fetcher['fetch']> {
		if (path.startsWith('SHA')) return whole.fetch(path, {from, most, take});
		froms.push([path, from]);
		return take(Buffer.from(content.slice(from, from + 600))) ?? (from === 0 && froms.length < 4 ? 'cannot be fetched: the line is dead' : null);
	}};
	expect((await look()).text).toBe('release 1 is not taken: app cannot be fetched: the line is dead');
	expect((await look()).text).toBe('release 1 is not taken: lib cannot be fetched: the line is dead');
	writeFileSync(join(dest, 'releases/1.tmp/lib'), 'y'.repeat(600));
	world.fetcher = {...world.fetcher, fetch: async (path, order) => {
		if (path.startsWith('SHA')) return whole.fetch(path, order);
		froms.push([path, order.from]);
		return order.take(Buffer.from(content.slice(order.from)));
	}};
	expect((await look()).text).toBe('release 1 is in force (1 of 2 files fetched)');
	expect(froms).toEqual([['app', 0], ['app', 600], ['lib', 0], ['lib', 600], ['lib', 0]]);
	expect(read('lib')).toBe(content);
});
