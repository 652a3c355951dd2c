/** Files in folders that somebody else may write: their owner cannot make archon touch anything elsewhere, or wait. */
import {type ChildProcess, spawn} from 'node:child_process';
import {
	chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {clean} from '../../src/os/spawn/clean.ts';
import {boot} from './archon.ts';
import {character} from './characters.ts';

const NOBODY = 65534;
/** An attacker ends after this many seconds, whatever happens to the test. */
const LONGEST = 60;
const isRoot = process.getuid?.() === 0;

let exchanger = '';
beforeAll(async () => void (exchanger = await character('exchanger')));

/** A folder with one of the user nobody in it, and a file of root's beside that. */
function scene(): {readonly folder: string; readonly theirs: string; readonly canary: string; readonly intact: () => void} {
	const folder = mkdtempSync(join(tmpdir(), 'archon-places-'));
	chmodSync(folder, 0o755);
	const [theirs, canary] = [join(folder, 'theirs'), join(folder, 'canary')];
	mkdirSync(theirs);
	chownSync(theirs, NOBODY, NOBODY);
	writeFileSync(canary, 'root:*:\n', {mode: 0o644});
	const before = statSync(canary);
	const intact = (): void => {
		expect(readFileSync(canary, 'latin1')).toBe('root:*:\n');
		expect(statSync(canary)).toMatchObject({ino: before.ino, mode: before.mode, uid: before.uid, mtimeMs: before.mtimeMs});
	};
	return {folder, theirs, canary, intact};
}

/** The attacker who owns the folder; `rounds` waits for the given thousands. */
async function attack(target: string, paths: readonly string[]): Promise<{rounds(thousands: number): Promise<void>; end(): Promise<void>}> {
	const child: ChildProcess = spawn(exchanger, [String(LONGEST), target, ...paths], {uid: NOBODY, gid: NOBODY, stdio: ['ignore', 'pipe', 'inherit']});
	let done = 0;
	child.stdout?.on('data', (data: Buffer) => void (done = Number(data.toString().trim().split('\n').at(-1))));
	const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
	return {
		rounds: thousands => expect.poll(() => done, {timeout: LONGEST * 1000}).toBeGreaterThanOrEqual(thousands),
		end: async () => {
			child.kill('SIGKILL');
			await ended;
		},
	};
}

/** Writes lines of 300 bytes for ever, so that a file of 1 KiB is rotated all the time. */
const noise = 'perl -e \'$| = 1; while (1) { print "x" x 300, "\\n"; select undef, undef, undef, 0.002 }\'';
const file = (path: string, options = ''): string => `{driver: file, options: {path: "${path}", max-size: 1k${options}}}`;
const lines = (path: string): number => readFileSync(path, 'latin1').split('\n').length;

describe.runIf(isRoot)('in a log folder that a service owns', () => {
	test('nothing elsewhere is written, emptied or compressed while its files are exchanged for links and FIFOs, and no other log waits', {timeout: 90_000}, async () => {
		const {folder, theirs, canary, intact} = scene();
		const names = {kept: ', max-file: 3', packed: ', max-file: 3, compress: gzip', single: ', max-file: 1'};
		const services = Object.entries(names).map(([name, options]) => `  ${name}: {command: ${JSON.stringify(noise)}, logging: ${file(`${theirs}/${name}.log`, options)}}\n`);
		await using archon = await boot({config: `services:\n${services.join('')}  safe: {command: ${JSON.stringify(noise)}, logging: {driver: file, options: {path: "${folder}/safe.log"}}}\n`});
		await expect.poll(() => readdirSync(theirs).length).toBeGreaterThan(4);
		const paths = ['kept.log', 'kept.log.1', 'packed.log', 'packed.log.1', 'packed.log.compressing', 'packed.log.2.gz', 'single.log'];
		const attacker = await attack(canary, paths.map(name => join(theirs, name)));
		await attacker.rounds(40);
		const written = lines(`${folder}/safe.log`);
		await expect.poll(() => lines(`${folder}/safe.log`)).toBeGreaterThan(written);
		await attacker.end();
		intact();
		expect(archon.log()).toMatch(/cannot write \S+: it (is not a regular file|is a symbolic link in a folder that nobody may write|belongs to)/);
		// The files are its own again, and are written on.
		for (const name of readdirSync(theirs)) await execa('rm', ['-rf', join(theirs, name)]);
		await expect.poll(() => readdirSync(theirs), {timeout: 20_000}).toEqual(expect.arrayContaining(['kept.log', 'packed.log', 'single.log']));
		expect(Object.values(await archon.status()).map(({status}) => status)).toEqual(['running', 'running', 'running', 'running']);
	});

	test.for<readonly [what: string, make: (canary: string, path: string) => unknown, says: string]>([
		['a symbolic link', symlinkSync, 'it is a symbolic link in a folder that nobody may write'],
		['a hard link', linkSync, 'it has other names as well \\(hard links\\), and nobody may write to its folder'],
		['a FIFO', (_, path) => execa('mkfifo', [path]), 'it is not a regular file'],
		['a link to archon\'s own stream', (_, path) => symlinkSync('/dev/stdout', path), 'it is a symbolic link in a folder that nobody may write'],
	])('%s is refused, and that is said once', async ([, make, says]) => {
		const {theirs, canary, intact} = scene();
		await make(canary, join(theirs, 'web.log'));
		await using archon = await boot({config: `services:\n  web: {command: ${JSON.stringify(noise)}, logging: ${file(`${theirs}/web.log`)}}\n`});
		await archon.says(new RegExp(`cannot write ${theirs}/web.log: ${says}; it is tried again`));
		intact();
		await execa('rm', [join(theirs, 'web.log')]);
		await archon.says(/web.log is written again/);
		expect(archon.log().match(/cannot write/g)).toHaveLength(1);
		intact();
	});

	test('a file of somebody else is not written in a folder that all may write', async () => {
		const {folder, theirs} = scene();
		const shared = join(folder, 'shared');
		mkdirSync(shared);
		chmodSync(shared, 0o1777);
		writeFileSync(join(shared, 'web.log'), '');
		chownSync(join(shared, 'web.log'), NOBODY, NOBODY);
		writeFileSync(join(theirs, 'own.log'), '');
		chownSync(join(theirs, 'own.log'), NOBODY, NOBODY);
		const config = `services:
  web: {command: ${JSON.stringify(noise)}, logging: ${file(`${shared}/web.log`)}}
  own: {command: ${JSON.stringify(noise)}, logging: ${file(`${theirs}/own.log`)}}
`;
		await using archon = await boot({config});
		await archon.says(/cannot write \S+web.log: it belongs to nobody, in a folder that others may write/);
		await expect.poll(() => existsSync(join(theirs, 'own.log.1'))).toBe(true);
		expect(statSync(join(shared, 'web.log')).size).toBe(0);
	});

	test('archonctl logs shows root nothing of what a rotated file was exchanged for', async () => {
		const {theirs, canary} = scene();
		await using archon = await boot({config: `services:\n  web: {command: 'sh -c "echo own; exec sleep 1000000"', logging: ${file(`${theirs}/web.log`)}}\n`});
		await expect.poll(() => existsSync(join(theirs, 'web.log')) && readFileSync(join(theirs, 'web.log'), 'latin1')).toBe('own\n');
		symlinkSync(canary, join(theirs, 'web.log.1'));
		linkSync(canary, join(theirs, 'web.log.2'));
		const {stdout} = await archon.ctl('logs', 'web');
		expect(stdout).toContain('own');
		expect(stdout).not.toContain('root:');
	});

	test('taskmaster\'s stdout is no link either', async () => {
		const {theirs, canary, intact} = scene();
		symlinkSync(canary, join(theirs, 'out'));
		await using archon = await boot({config: `programs:\n  web: {cmd: 'echo harm', stdout: ${theirs}/out, stderr: ${theirs}/err, startretries: 0, autorestart: false}\n  fine: {cmd: sleep 1000000}\n`});
		await archon.says(new RegExp(`opening ${theirs}/out: it is a symbolic link in a folder that nobody may write`));
		intact();
	});
});

describe.runIf(isRoot)('variables and secrets', () => {
	test.for<readonly [what: string, make: (canary: string, path: string) => unknown, says: string]>([
		['a symbolic link', symlinkSync, 'it is a symbolic link in a folder that nobody may write'],
		['a hard link', linkSync, 'it has other names as well (hard links), and nobody may write to its folder'],
	])('in a folder that a service owns are not read by %s', async ([, make, says]) => {
		const {theirs, canary} = scene();
		writeFileSync(canary, 'CANARY=secret\n');
		await make(canary, join(theirs, 'vars'));
		const config = `services:
  vars: {command: 'sh -c "echo got $$CANARY"', env_file: ${theirs}/vars, restart: "no"}
  secret: {command: 'sh -c "echo got $$KEY"', environment: {KEY_FILE: ${theirs}/vars}, secrets_from_files: true, restart: "no"}
  steady: {command: sleep 1000000}
`;
		await using archon = await boot({config});
		await archon.says(/cannot start vars: reading its env_file/);
		await archon.says(/cannot start secret: reading the secret KEY_FILE/);
		expect(archon.log().split(says).length).toBeGreaterThan(2);
		expect(archon.log()).not.toContain('got ');
	});
});

describe.runIf(isRoot)('what is to be cleaned', () => {
	test('is not looked for where its folder was exchanged for a link, in thousands of attempts', {timeout: 90_000}, async () => {
		const {folder, theirs} = scene();
		const root = join(folder, 'precious');
		mkdirSync(join(root, 'deep'), {recursive: true});
		for (const name of ['data.pid', 'deep/data.pid']) writeFileSync(join(root, name), '');
		mkdirSync(join(theirs, 'run'));
		chownSync(join(theirs, 'run'), NOBODY, NOBODY);
		const attacker = await attack(root, [join(theirs, 'run')]);
		await attacker.rounds(1);
		const patterns = ['run/data.pid', 'run/*.pid', 'run/deep/data.pid', '*/data.pid', 'r*n/d*p/d*'].map(name => join(theirs, name));
		const told = new Map<string, number>();
		for (let i = 0; i < 5000; i++) {
			writeFileSync(join(theirs, 'mark'), '');
			for (const note of clean([...patterns, join(theirs, 'mark')], '/')) told.set(note, (told.get(note) ?? 0) + 1);
			expect(existsSync(join(theirs, 'mark'))).toBe(false);
		}
		await attacker.end();
		expect(readdirSync(root).sort()).toEqual(['data.pid', 'deep']);
		expect(readdirSync(join(root, 'deep'))).toEqual(['data.pid']);
		// It was a link often enough, and a folder as well.
		const refused = told.get(`cannot clean ${patterns[0]}: ${theirs}/run is a symbolic link in a folder that nobody may write`) ?? 0;
		expect(refused).toBeGreaterThan(10);
		expect(refused).toBeLessThan(5000);
	});

	test('nor where a link of root\'s was moved to a folder of the service', () => {
		const {folder, theirs} = scene();
		const root = join(folder, 'precious');
		mkdirSync(root);
		writeFileSync(join(root, 'data.pid'), '');
		symlinkSync(root, join(theirs, 'run'));
		mkdirSync(join(theirs, 'inner'));
		symlinkSync(root, join(theirs, 'inner/run'));
		expect(clean([join(theirs, 'run/data.pid'), join(theirs, 'inner/run/*')], '/')).toEqual([
			`cannot clean ${theirs}/run/data.pid: ${theirs}/run is a symbolic link in a folder that nobody may write`,
			`cannot clean ${theirs}/inner/run/*: ${theirs}/inner/run is a symbolic link in a folder that nobody may write`,
		]);
		expect(existsSync(join(root, 'data.pid'))).toBe(true);
	});
});

describe('a log path that is a link', () => {
	/** openat2(2), which older container runtimes refuse with EPERM. */
	const OPENAT2 = '437';

	test.for([[], [OPENAT2]])('of root\'s, to a volume, stays one, and what it leads to is rotated where it is; without the calls %j', async calls => {
		const wrapper = calls.length > 0 ? [await character('refuse'), '1', ...calls, '--'] : [];
		const {folder} = scene();
		const [volume, link] = [join(folder, 'volume'), join(folder, 'web.log')];
		mkdirSync(volume);
		symlinkSync('volume/real.log', link);
		await using archon = await boot({config: `services:\n  web: {command: ${JSON.stringify(noise)}, logging: ${file(link, ', max-file: 3, compress: gzip')}}\n`, wrapper});
		await expect.poll(() => readdirSync(volume).sort()).toEqual(expect.arrayContaining(['real.log', 'real.log.2.gz']));
		expect(readlinkSync(link)).toBe('volume/real.log');
		expect(readdirSync(folder).filter(name => name.startsWith('web.log'))).toEqual(['web.log']);
		expect((await archon.ctl('logs', 'web', '-n', '5')).stdout.match(/x{300}/g)).toHaveLength(5);
	});

	test('to /dev/stdout is no file: lines go there, and the link stays', async () => {
		const {folder} = scene();
		const link = join(folder, 'web.log');
		symlinkSync('/dev/stdout', link);
		await using archon = await boot({config: `services:\n  web: {command: 'sh -c "seq 1000; exec sleep 1000000"', logging: ${file(link)}}\n`});
		await archon.says(/^1000$/m);
		expect(archon.log()).toContain(`${link} is no file but archon's own stdout: its lines go there, and nothing is rotated`);
		expect(archon.log().split('\n').filter(line => /^\d+$/.test(line))).toEqual(Array.from({length: 1000}, (_, i) => String(i + 1)));
		expect(readlinkSync(link)).toBe('/dev/stdout');
		expect(readdirSync(folder).filter(name => name.startsWith('web.log'))).toEqual(['web.log']);
	});
});

test.runIf(isRoot)('a log and what it is rotated and compressed to has the owner and the mode that are asked for', async () => {
	const {folder} = scene();
	const path = join(folder, 'web.log');
	// An earlier instance has left a file of root's.
	writeFileSync(path, '', {mode: 0o600});
	const options = ', max-file: 4, compress: gzip, mode: 0664, user: nobody, group: "12"';
	const config = `services:
  web: {command: ${JSON.stringify(noise)}, logging: ${file(path, options)}}
  other: {command: echo x, logging: ${file(`${folder}/lost.log`, ', user: archon-has-no-such')}}
`;
	await using archon = await boot({config});
	await expect.poll(() => ['', '.1', '.2.gz', '.3.gz'].every(suffix => existsSync(`${path}${suffix}`))).toBe(true);
	await archon.says(/cannot give \S+lost.log to its owner: user archon-has-no-such is not in \/etc\/passwd/);
	archon.signal('SIGTERM');
	await archon.ended();
	const files = readdirSync(folder).filter(name => name.startsWith('web.log') && !name.endsWith('.compressing'));
	expect(files.length).toBeGreaterThan(3);
	for (const name of files) {
		const {mode, uid, gid} = statSync(join(folder, name));
		expect([name, (mode & 0o7777).toString(8), uid, gid]).toEqual([name, '664', NOBODY, 12]);
	}
	expect(statSync(`${folder}/lost.log`)).toMatchObject({uid: 0, mode: 0o100640});
});

describe('a log file that somebody removes', () => {
	test.for(['file', 'folder'] as const)('with its %s is created again, which is logged', async what => {
		const {folder} = scene();
		const path = join(folder, 'logs/web.log');
		await using archon = await boot({config: `services:\n  web: {command: ${JSON.stringify(noise)}, logging: {driver: file, options: {path: "${path}"}}}\n`});
		await expect.poll(() => existsSync(path)).toBe(true);
		await execa('rm', ['-r', what === 'file' ? path : join(folder, 'logs')]);
		await archon.says(new RegExp(`${path} is not there any more; it is made again`));
		await expect.poll(() => existsSync(path) && lines(path)).toBeGreaterThan(1);
	});

	test('and has put another in its place is followed', async () => {
		const {folder} = scene();
		const path = join(folder, 'web.log');
		await using archon = await boot({config: `services:\n  web: {command: ${JSON.stringify(noise)}, logging: {driver: file, options: {path: "${path}"}}}\n`});
		await expect.poll(() => existsSync(path)).toBe(true);
		const before = lstatSync(path).ino;
		await execa('sh', ['-c', `mv ${path} ${path}.old; : > ${path}`]);
		await expect.poll(() => lines(path)).toBeGreaterThan(1);
		expect(lstatSync(path).ino).not.toBe(before);
		expect(archon.log()).toContain('is not there any more');
	});
});
