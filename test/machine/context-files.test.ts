/** What archon reads and removes before it makes a process: environment, secrets in files, stale files. */
import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {service} from '../../src/core/defaults.ts';
import {close} from '../../src/os/descriptors.ts';
import {spawnHelper} from '../../src/os/spawn/spawner.ts';
import {boot} from './archon.ts';
import {folder, type How, outputOf, reaper, refusalOf} from './bench.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = {user: 'nobody', group: null};

describe('the environment', () => {
	const names = (text: string): string[] => text.trim().split('\n').map(line => line.replace(/=.*/, '')).filter(name => !['PWD', '_', 'SHLVL'].includes(name)).sort();

	test('can be bare, or what is named of archon\'s', async () => {
		process.env['KEPT'] = 'yes';
		process.env['TERM'] = 'dumb';
		const marks = ['ARCHON_RUN', 'ARCHON_SERVICE'];
		expect(names(await outputOf(['/usr/bin/env'], {base: 'clean', environment: {OWN: '1'}}))).toEqual([...marks, 'OWN', 'PATH', 'TERM']);
		expect(names(await outputOf(['/usr/bin/env'], {base: ['KEPT', 'NOT_THERE'], environment: {}}))).toEqual([...marks, 'KEPT']);
	});

	test.runIf(isRoot)('has the home of its user even then', async () => {
		expect(names(await outputOf(['/usr/bin/env'], {base: [], user: NOBODY}))).toEqual(['ARCHON_RUN', 'ARCHON_SERVICE', 'HOME', 'LOGNAME', 'SHELL', 'USER']);
	});

	test('is the service\'s for what archon runs for it', async () => {
		const path = join(folder, 'helped');
		const output = openSync(path, 'w');
		const {exec, ...rest} = service('web', ['server']);
		const helped = {...rest, exec: {...exec, environment: {PORT: '1'}, cwd: '/', tty: true, limits: {...exec.limits, nice: 4}}};
		const made = spawnHelper(helped, ['sh', '-c', 'echo $PORT $ARCHON_SERVICE $EXTRA $(pwd) $(nice); set -- $(cat /proc/$$/stat); test $1 = $6'], [output, output, output], {
			environment: {EXTRA: 'more'},
		});
		if (!made.ok) throw new Error(made.error.reason);
		const status = await new Promise(resolve => reaper.registerHelper(made.value, true, resolve));
		close(output);
		expect(readFileSync(path, 'utf8')).toBe('1 web more / 4\n');
		expect(status).toEqual({kind: 'code', code: 0});
	});
});

describe('secrets in files', () => {
	const secret = (name: string, text: string | Buffer): string => {
		writeFileSync(join(folder, name), text, {mode: 0o400});
		return join(folder, name);
	};
	const shown = (environment: Record<string, string>) => ({environment, secretsFromFiles: true, base: ['PATH']});

	test('become variables without their last line end', async () => {
		const lines = (await outputOf(['env'], shown({DB_PASSWORD_FILE: secret('s1', 'one two \n'), RAW_FILE: secret('s2', 'x\n\n'), A_FILE: 'relative'}))).split('\n');
		expect(lines).toEqual(expect.arrayContaining(['DB_PASSWORD=one two ', 'RAW=x', 'A_FILE=relative']));
		expect(lines.some(line => line.startsWith('DB_PASSWORD_FILE'))).toBe(false);
	});

	test.runIf(isRoot)('need not be readable for the user', async () => {
		const lines = await outputOf(['env'], {...shown({KEY_FILE: secret('s3', 'k')}), user: NOBODY});
		expect(lines).toContain('KEY=k\n');
	});

	test('are left alone where no key asks for them', async () => {
		expect(await outputOf(['env'], {environment: {KEY_FILE: '/nowhere'}})).toContain('KEY_FILE=/nowhere\n');
	});

	test('that are inherited stay beside what they became, and may be something else', async () => {
		await using archon = await boot({
			config: 'services: {main: {command: sh -c "env; exec sleep 1000000", secrets_from_files: true}}',
			env: {INHERITED_FILE: secret('s4', 'i'), ABSENT_FILE: '/nowhere/certs.pem'},
		});
		await archon.says(/INHERITED=i$/m);
		await archon.says(new RegExp(`INHERITED_FILE=${join(folder, 's4')}$`, 'm'));
		await archon.says(/ABSENT_FILE=\/nowhere\/certs\.pem$/m);
	});

	test.each([
		{what: 'a missing file', path: () => '/nowhere/x', reason: 'no such file or directory: /nowhere/x'},
		{what: 'a folder', path: () => '/etc', reason: '/etc is not a file'},
		{
			what: 'a FIFO', reason: `${join(folder, 'fifo')} is not a file`,
			path: () => {
				execFileSync('mkfifo', [join(folder, 'fifo')]);
				return join(folder, 'fifo');
			},
		},
		{what: 'a device', path: () => '/dev/zero', reason: '/dev/zero is not a file'},
		{what: 'a long file', path: () => secret('long', 'x'.repeat(70_000)), reason: `${join(folder, 'long')} is longer than 65536 bytes`},
		{what: 'a NUL', path: () => secret('nul', 'hush\0hush'), reason: `${join(folder, 'nul')} holds a NUL character`},
	])('$what is refused', ({path, reason}) => {
		const refusal = refusalOf(['true'], shown({TOKEN_FILE: path()}));
		expect(refusal).toMatchObject({stage: 'reading the secret TOKEN_FILE', reason});
		expect(JSON.stringify(refusal)).not.toContain('hush');
	});

	test('a variable that is set as well is refused', () => {
		expect(refusalOf(['true'], shown({TOKEN_FILE: secret('s5', 'hush'), TOKEN: 'y'}))).toMatchObject({
			stage: 'reading the secret TOKEN_FILE', reason: 'TOKEN is set as well',
		});
	});

	test('a secret that is missing where secrets are is refused even if it is inherited', async () => {
		const config = 'services: {main: {command: sleep 1000000, secrets_from_files: true}}';
		await using archon = await boot({config, env: {LOST_FILE: '/run/secrets/archon-has-no-such'}});
		await archon.says(/cannot start main: reading the secret LOST_FILE/);
	});
});

describe('stale files', () => {
	const place = (name: string, ...files: readonly string[]): string => {
		const path = join(folder, name);
		mkdirSync(path, {recursive: true});
		for (const file of files) writeFileSync(join(path, file), '');
		return path;
	};
	const notesOf = async (how: How): Promise<string[]> => {
		const notes: string[] = [];
		await outputOf(['true'], how, {note: text => notes.push(text)});
		return notes;
	};
	const left = async (path: string): Promise<string[]> => (await outputOf(['ls', '-A', path])).trim().split('\n').filter(name => name !== '');

	test('are removed before the start: by name, by glob, relative to the directory', async () => {
		const path = place('stale', 'a.pid', 'b.pid', 'c.sock', 'keep', '.hidden.pid', 'x1', 'x2', 'y(1)');
		mkdirSync(join(path, 'folder.pid'));
		symlinkSync('keep', join(path, 'link.pid'));
		expect(await notesOf({clean: [`${path}/*.pid`, 'c.sock', 'x[!2]', 'y(?)', 'nothing*', `${path}/no/such/*`], cwd: path})).toEqual([]);
		expect((await left(path)).sort()).toEqual(['.hidden.pid', 'folder.pid', 'keep', 'x2']);
	});

	test('are found in folders that a glob names, but never through a link', async () => {
		const path = place('deep');
		place('deep/one', 'app.pid');
		place('deep/two', 'app.pid', 'other');
		const outside = place('outside', 'app.pid');
		symlinkSync(outside, join(path, 'three'));
		expect(await notesOf({clean: [`${path}/*/app.pid`]})).toEqual([]);
		expect(await left(`${path}/one`)).toEqual([]);
		expect(await left(`${path}/two`)).toEqual(['other']);
		expect(await left(outside)).toEqual(['app.pid']);
	});

	test.runIf(isRoot)('are not looked for through a link that a service could have laid', async () => {
		const path = place('shared');
		chmodSync(path, 0o777);
		chmodSync(folder, 0o755);
		const outside = place('precious', 'data.pid');
		await outputOf(['ln', '-s', outside, join(path, 'run')], {user: NOBODY});
		expect(await notesOf({clean: [`${path}/run/*.pid`]})).toEqual([`test: cannot clean ${path}/run/*.pid: ${path}/run is a symbolic link in a folder that any user may write`]);
		expect(existsSync(join(outside, 'data.pid'))).toBe(true);
	});

	test.runIf(isRoot)('are looked for through links of root\'s, and not through a service\'s that these lead to', async () => {
		chmodSync(folder, 0o755);
		const path = place('linked');
		const real = place('real/deep', 'a.pid', 'b.pid', 'c.pid');
		symlinkSync('../real/./deep/../deep', join(path, 'relative'));
		symlinkSync(path, join(folder, 'absolute'));
		expect(await notesOf({clean: [`${path}/relative/a.pid`, `${folder}/absolute/relative/b*`]})).toEqual([]);
		expect(await left(real)).toEqual(['c.pid']);
		const open = place('open');
		chmodSync(open, 0o777);
		await outputOf(['ln', '-s', real, join(open, 'theirs')], {user: NOBODY});
		symlinkSync(join(open, 'theirs'), join(path, 'through'));
		expect(await notesOf({clean: [`${path}/through/*`]})).toEqual([`test: cannot clean ${path}/through/*: ${open}/theirs is a symbolic link in a folder that any user may write`]);
		symlinkSync('round', join(path, 'round'));
		expect(await notesOf({clean: [`${path}/round/*`]})).toEqual([`test: cannot clean ${path}/round/*: too many symbolic links encountered`]);
		expect(await left(real)).toEqual(['c.pid']);
	});

	test('are matched in a time that no glob can stretch', async () => {
		const path = place('stars', 'a'.repeat(250), 'b', 'a-b', 'a]b', 'xay');
		expect(await notesOf({clean: [`${path}/${'*a'.repeat(40)}*b`, `${path}/[!a-z]*`, `${path}/a[]x-]b`, `${path}/x**?`]})).toEqual([]);
		expect((await left(path)).sort()).toEqual(['a'.repeat(250), 'b'].sort());
	});

	test('in a crowded folder are looked for only so far, which is said', async () => {
		const path = place('crowd', ...Array.from({length: 10_005}, (_, i) => `f${i}`), 'app.pid');
		expect(await notesOf({clean: [`${path}/app.pid`]})).toEqual([]);
		expect(await notesOf({clean: [`${path}/nothing*`]})).toEqual([`test: cannot clean all of ${path}/nothing*: there are more than 10000 names to look at`]);
	});

	test('that cannot be removed are told, and the process is made', async () => {
		expect(await notesOf({clean: ['/proc/self/comm']})).toEqual([`test: cannot remove /proc/${process.pid}/comm: operation not permitted`]);
	});
});
