/** Directories of a service's own: whose they are, when they are there, and what another user who writes there can make of it. */
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test, vi} from 'vitest';
import {exec, service} from '../../src/core/defaults.ts';
import type {Directory} from '../../src/core/service.ts';
import {makeDirectories} from '../../src/os/spawn/directories.ts';
import {sys} from '../../src/os/sys.ts';
import {boot} from './archon.ts';

const NOBODY = 65_534;

/** Which others get through. */
function folder(): string {
	const made = mkdtempSync(join(tmpdir(), 'directories-'));
	chmodSync(made, 0o755);
	return made;
}

const permissions = (path: string): string => {
	const {uid, gid, mode} = statSync(path);
	return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
};

const config = (web: string): string => `services:
  web: {${web}}
  other: {command: sleep 1000000}
`;

const stays = (script: string): string => `command: ["sh", "-c", "${script}; exec sleep 1000001"]`;

describe('before a start', () => {
	test('they are made, with their parents, for the user of the service, and it is told where', async () => {
		const base = folder();
		const says = 'pwd; echo $RUNTIME_DIRECTORY; echo $STATE_DIRECTORY; touch here $STATE_DIRECTORY/there && echo can write';
		await using archon = await boot({config: config(`${stays(says)}, user: nobody, working_dir: ${base}/run/web, umask: "077",
    runtime_directory: [${base}/run/web, {path: ${base}/run/two, mode: "0700"}],
    state_directory: {path: ${base}/lib/deep/web, mode: "0750", user: "nobody:1"}`).replaceAll('$', '$$$$')});
		await archon.says(/can write/);
		expect(archon.log()).toContain(`web    | ${base}/run/web\nweb    | ${base}/run/web:${base}/run/two\nweb    | ${base}/lib/deep/web\n`);
		expect(['run/web', 'run/two', 'lib/deep/web', 'lib/deep'].map(each => permissions(join(base, each)))).toEqual([
			`${NOBODY}:${NOBODY} 755`, `${NOBODY}:${NOBODY} 700`, `${NOBODY}:1 750`, '0:0 755',
		]);
	});

	test('commands before the start find them, and so do those that are asked for variables', async () => {
		const base = folder();
		await using archon = await boot({config: config(`command: ["sh", "-c", "cat $RUNTIME_DIRECTORY/made; echo $ASKED; exec sleep 1000001"],
    user: nobody, runtime_directory: ${base}/web,
    pre_start: ["sh -c 'echo by hand >$RUNTIME_DIRECTORY/made'"], env_from: {command: "sh -c 'test -e $RUNTIME_DIRECTORY/made && echo ASKED=found'"}`)
			.replaceAll('$', '$$$$')});
		await archon.says(/by hand\n.*found/);
	});

	test('one that is there stays as it is, but for what is asked for', async () => {
		const base = folder();
		for (const [name, mode] of [['kept', 0o711], ['changed', 0o711]] as const) {
			mkdirSync(join(base, name));
			chmodSync(join(base, name), mode);
			chownSync(join(base, name), NOBODY, 7);
			writeFileSync(join(base, name, 'file'), '');
		}
		// A volume is empty, and root's, when it is first mounted.
		mkdirSync(join(base, 'volume'));
		await using archon = await boot({config: config(`${stays('echo runs')}, user: nobody, state_directory: [${base}/kept, {path: ${base}/changed, mode: "0700"}, ${base}/volume]`)});
		await archon.says(/runs/);
		expect(['kept', 'changed', 'volume'].map(each => permissions(join(base, each)))).toEqual([`${NOBODY}:7 711`, `${NOBODY}:7 700`, `${NOBODY}:${NOBODY} 755`]);
	});
});

describe('what is refused', () => {
	test.each<[string, (base: string) => void, RegExp]>([
		['what is root\'s, and holds something', base => {
			mkdirSync(join(base, 'web'));
			writeFileSync(join(base, 'web', 'file'), '');
		}, /cannot start web: making .*\/web: it belongs to root, and not to \w+: give it to \w+, or web another one/],
		['what is another user\'s', base => {
			mkdirSync(join(base, 'web'));
			chownSync(join(base, 'web'), 1, 1);
		}, /cannot start web: making .*\/web: it belongs to daemon, and not to \w+/],
		['a link', base => symlinkSync('/etc', join(base, 'web')), /cannot start web: making .*\/web: it is there, and is not a directory/],
		['a file', base => writeFileSync(join(base, 'web'), ''), /cannot start web: making .*\/web: it is there, and is not a directory/],
		['a link on the way that another user may have laid', base => {
			symlinkSync('/etc', join(base, 'link'));
			chownSync(base, NOBODY, NOBODY);
		}, /cannot start web: making .*\/link\/web: .* is a symbolic link in a folder that nobody may write/],
	])('%s', async (_, lay, told) => {
		const base = folder();
		lay(base);
		const path = existsSync(join(base, 'link')) ? join(base, 'link/web') : join(base, 'web');
		await using archon = await boot({config: config(`${stays('echo runs')}, user: nobody, restart: "no", state_directory: ${path}`)});
		await archon.says(told);
		expect(existsSync('/etc/web')).toBe(false);
		expect(statSync('/etc').uid).toBe(0);
		expect(archon.log()).not.toMatch(/\| runs/);
	});
});

test("root's own folder that takes the place of a new one meanwhile is not given away", () => {
	const base = folder();
	chownSync(base, NOBODY, NOBODY);
	mkdirSync(join(base, 'precious'), {mode: 0o700});
	writeFileSync(join(base, 'precious/key'), '');
	const {mkdirAt} = sys;
	vi.spyOn(sys, 'mkdirAt').mockImplementation((fd, name, mode) => {
		const made = mkdirAt(fd, name, mode);
		renameSync(join(base, 'web'), join(base, 'new'));
		renameSync(join(base, 'precious'), join(base, 'web'));
		return made;
	});
	const user = {user: 'nobody', group: null};
	const directory: Directory = {kind: 'state', path: join(base, 'web'), mode: null, user: null};
	const made = makeDirectories({...service('web', ['true']), exec: {...exec(['true']), user, directories: [directory]}});
	vi.restoreAllMocks();
	expect(permissions(join(base, 'web'))).toBe('0:0 700');
	expect(made?.reason).toMatch(/^it belongs to root, and not to/);
});

describe('after a stop', () => {
	test('the runtime directory goes with all that is in it, and nothing that a link in it leads to; the others stay', async () => {
		const [base, elsewhere] = [folder(), folder()];
		writeFileSync(join(elsewhere, 'precious'), '');
		const script = `mkdir -p $RUNTIME_DIRECTORY/a/b/c; touch $RUNTIME_DIRECTORY/a/b/c/file; ln -s ${elsewhere} $RUNTIME_DIRECTORY/a/link; `
			+ 'mkfifo $RUNTIME_DIRECTORY/fifo; touch $STATE_DIRECTORY/file; echo done';
		await using archon = await boot({config: config(`${stays(script)}, user: nobody, runtime_directory: ${base}/run, state_directory: ${base}/lib`)
			.replaceAll('$', '$$$$')});
		await archon.says(/\| done/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect(readdirSync(base)).toEqual(['lib']);
		expect(readdirSync(join(base, 'lib'))).toEqual(['file']);
		expect(readdirSync(elsewhere)).toEqual(['precious']);
		expect((await archon.ctl('start', 'web')).status).toBe(0);
		await archon.says(/\| done[^]*\| done/);
		expect(permissions(join(base, 'run'))).toBe(`${NOBODY}:${NOBODY} 755`);
	});

	test('it goes before a restart as well, and when archon ends; one that is to stay stays', async () => {
		const base = folder();
		const script = 'ls $RUNTIME_DIRECTORY | grep -c file; touch $RUNTIME_DIRECTORY/file; echo up';
		const own = `${stays(script)}, runtime_directory: ${base}/goes`;
		await using archon = await boot({config: `${config(own)}  kept: {${own.replace('goes', 'stays')}, runtime_directory_preserve: true}\n`.replaceAll('$', '$$$$')});
		await archon.says(/web +\| up/);
		await archon.says(/kept +\| up/);
		expect((await archon.ctl('restart', 'web', 'kept')).status).toBe(0);
		await archon.says(/web +\| up[^]*web +\| up/);
		await archon.says(/kept +\| up[^]*kept +\| up/);
		expect([...archon.log().matchAll(/(web|kept) +\| (\d)/g)].map(([, name, count]) => `${name} ${count}`).sort()).toEqual(['kept 0', 'kept 1', 'web 0', 'web 0']);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(readdirSync(base)).toEqual(['stays']);
	});

	test('what took its place, and a folder without end, stay where they are, and archon says so', async () => {
		const base = folder();
		await using archon = await boot({config: config(`${stays('echo up')}, user: nobody, runtime_directory: [${base}/moved, ${base}/deep]`)});
		await archon.says(/\| up/);
		renameSync(join(base, 'moved'), join(base, 'before'));
		mkdirSync(join(base, 'moved'));
		chownSync(join(base, 'moved'), 1, 1);
		mkdirSync(join(base, 'deep', ...Array.from({length: 50}, () => 'd')), {recursive: true});
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		await archon.says(/cannot remove .*\/moved: it belongs to daemon by now/);
		await archon.says(/cannot remove .*\/deep: there are more than 32 folders in one another/);
		expect(readdirSync(base).sort()).toEqual(['before', 'deep', 'moved']);
	});

	test('a folder of root\'s that the user of the service gave the name is not emptied', async () => {
		const base = folder();
		mkdirSync(join(base, 'precious'));
		writeFileSync(join(base, 'precious', 'file'), '');
		chownSync(base, NOBODY, NOBODY);
		const swap = `mv ${base}/web ${base}/before; mv ${base}/precious ${base}/web; echo up`;
		await using archon = await boot({config: config(`${stays(swap)}, user: nobody, runtime_directory: ${base}/web`)});
		await archon.says(/\| up/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		await archon.says(/cannot remove .*\/web: it belongs to root by now/);
		expect(readdirSync(join(base, 'web'))).toEqual(['file']);
	});

	test('a fault of archon takes none away from what runs', async () => {
		const base = folder();
		await using archon = await boot({config: config(`${stays('touch $RUNTIME_DIRECTORY/file; echo up')}, user: nobody, runtime_directory: ${base}/web`).replaceAll('$', '$$$$')});
		await archon.says(/\| up/);
		archon.signal('SIGSEGV');
		await archon.says(/re-executed/);
		expect(readdirSync(join(base, 'web'))).toEqual(['file']);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect(readdirSync(base)).toEqual([]);
	});
});
