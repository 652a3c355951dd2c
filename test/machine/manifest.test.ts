/** Manifests over real processes: what is listed runs, what is not does not, and nothing else is touched. */
import {type ChildProcess, spawn} from 'node:child_process';
import {chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const WAIT = {timeout: 30_000, interval: 50};

/** A program of that name that runs until it is told to end, or what the script says. */
function program(name: string, script = 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'): string {
	const path = join(folder, name);
	writeFileSync(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
	return path;
}

/** An executable of its own, of which the kernel says that it runs. */
function executable(name: string, from = '/bin/sleep'): string {
	const path = join(folder, name);
	mkdirSync(join(path, '..'), {recursive: true});
	copyFileSync(from, path);
	chmodSync(path, 0o755);
	return path;
}

let files = 0;

interface Lists {
	readonly manifest: string;
	readonly hitlist: string;
}

function lists(manifest: string, hitlist = ''): Lists {
	const number = ++files;
	const [one, other] = [join(folder, `manifest${number}.txt`), join(folder, `hitlist${number}.txt`)];
	writeFileSync(one, manifest);
	writeFileSync(other, hitlist);
	return {manifest: one, hitlist: other};
}

const config = ({manifest, hitlist}: Lists, more = '', services = 'keeper: {command: sleep 1000000}'): string =>
	`manifest: {file: ${manifest}, hitlist: ${hitlist}${more}}\nservices: {${services}}\n`;

/** As an editor does it: another file takes the place. */
function replace(path: string, text: string): void {
	writeFileSync(`${path}.new`, text);
	renameSync(`${path}.new`, path);
}

const runs = async (archon: Archon): Promise<readonly string[]> =>
	Object.entries(await archon.status()).filter(([, {status}]) => status === 'running').map(([name]) => name).sort();

const json = async <T>(archon: Archon, ...args: readonly string[]): Promise<T> => JSON.parse((await archon.ctl(...args, '--json')).stdout) as T;

interface Reconciled {
	readonly listed: readonly {readonly name: string | null}[];
	readonly problems: readonly {readonly line: number; readonly why: string}[];
	readonly start: readonly string[];
	readonly stop: readonly string[];
	readonly end: readonly {readonly pid: number; readonly path: string}[];
	readonly passes: number | null;
	readonly missing: readonly string[];
}

describe('the list', () => {
	test('what is listed starts, in both orders of a line; a bad line is told with its number, and the others count', async () => {
		const [web, db] = [program('web'), program('db')];
		const files = lists(`# programs\r\nweb|${web}\r\n\r\n${db}|db # the data\nno good line\nx|relative/path\n`);
		await using archon = await boot({config: config(files)});
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper', 'web']);
		await archon.says(new RegExp(`warn: manifest: ${files.manifest}:5: is no program: no good line; .*\n(.*\n)*.*:6: has a path that is not absolute: relative/path`));
	});

	test('a config may have nothing else: what is to run is known, and told, after the first reading', async () => {
		const files = lists(`web|${program('web')}\n`);
		await using archon = await boot({config: `manifest: {file: ${files.manifest}}\nshutdown: {when_idle: always}\n`});
		await expect.poll(() => archon.ctl('health').catch(() => null), WAIT).toMatchObject({status: 0});
		expect(await runs(archon)).toEqual(['web']);
		expect(await archon.ctl('trigger')).toMatchObject({status: 0});
		replace(files.manifest, `db|${program('db')}\n`);
		await expect.poll(() => runs(archon), WAIT).toEqual(['db']);
	});

	test('an edited file is heard of: programs start that were added, and those end that left', async () => {
		const [web, db] = [program('web'), program('db')];
		const files = lists(`web|${web}\n`);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'web']);
		replace(files.manifest, `db|${db}\n`);
		await archon.says(/stopping web \(pid \d+\) with SIGTERM/);
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper']);
		// It is known no more.
		await expect.poll(async () => Object.keys(await archon.status()), WAIT).toEqual(['keeper', 'db']);
		writeFileSync(files.manifest, `db|${db}\nweb|${web}\n`);
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper', 'web']);
	});

	test('what does not end by SIGTERM is killed', async () => {
		const deaf = program('deaf', 'trap "" TERM; while :; do sleep 1000; done');
		const files = lists(`deaf|${deaf}\n`);
		await using archon = await boot({config: config(files)});
		await expect.poll(() => runs(archon), WAIT).toEqual(['deaf', 'keeper']);
		replace(files.manifest, '');
		await archon.says(/killing deaf|deaf.*SIGKILL/);
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper']);
	});

	test('a program that was killed is back by itself', async () => {
		const web = program('web');
		await using archon = await boot({config: config(lists(`web|${web}\n`))});
		await archon.says(/web is ready/);
		const before = (await archon.status()).web?.pid ?? 0;
		await archon.ctl('signal', 'KILL', 'web');
		await expect.poll(async () => {
			const {status, pid} = (await archon.status()).web ?? {};
			return status === 'running' && pid !== before;
		}, WAIT).toBe(true);
	});

	test('at each period it is compared with what runs, which is an event with counts; what has failed for good is tried again', async () => {
		const flag = join(folder, 'flag');
		const late = program('late', `test -e ${flag} || exit 3; exec sleep 1000`);
		const files = lists('late\n');
		const services = `keeper: {command: sleep 1000000}, late: {command: ${late}, autostart: false, restart: "no", start_period: 200ms}`;
		await using archon = await boot({config: config(files, ', every: 300ms, max_passes: 2', services)});
		await archon.says(/warn: manifest: a program is still missing after 2 passes: late/);
		writeFileSync(flag, '');
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'late']);
		await expect.poll(async () => (await archon.ctl('events')).stdout, WAIT).toMatch(/started 1, missing 0 after \d pass/);
		// It is told once.
		expect(archon.log().match(/still missing/g)).toHaveLength(1);
	});
});

describe('archonctl reconcile', () => {
	test('only tells with --dry-run: the list, what would start and what would stop', async () => {
		const [web, db, old] = [program('web'), program('db'), program('old')];
		const files = lists(`old|${old}\n`);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'old']);
		// The watch is deaf to what is mounted over it, and so nothing but the request reads it.
		const {stdout} = await archon.ctl('reconcile', '--dry-run');
		expect(stdout).toContain(`manifest ${files.manifest}:\n  old  ${old}\n`);
		expect(stdout).toContain('start: []\nstop: []');
		await archon.ctl('stop', 'old');
		replace(files.manifest, `web|${web}\n${db}|db\nbad\n`);
		const dry = await json<Reconciled>(archon, 'reconcile', '--dry-run');
		expect(dry.listed.map(({name}) => name)).toEqual(['web', 'db', 'bad']);
		expect(dry.problems).toEqual([{file: files.manifest, line: 3, why: 'bad has no path, and the config has no such service'}]);
		expect(dry.passes).toBe(null);
	});

	test('one look is as many passes as it takes: a program that comes up at its second start', async () => {
		const flag = join(folder, 'second-flag');
		const second = program('second', `test -e ${flag} || { touch ${flag}; exit 1; }; exec sleep 1000`);
		const files = lists('');
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(async () => (await archon.ctl('events')).stdout, WAIT).toContain('missing 0');
		writeFileSync(files.manifest, `second|${second}\n`);
		await expect.poll(async () => (await archon.ctl('events')).stdout, WAIT).toContain('started 1, missing 0 after 2 passes');
		expect((await archon.ctl('reconcile')).stdout).toContain('missing 0 after 1 pass');
	});

	test('says what is missing after the last pass, with exit status 1', async () => {
		const files = lists(`gone|${join(folder, 'gone')}\n`);
		await using archon = await boot({config: config(files, ', every: 1h, max_passes: 3')});
		await archon.says(/still missing after 3 passes: gone/);
		const {status, stdout} = await archon.ctl('reconcile');
		expect(stdout).toContain('missing 1 after 3 passes: gone');
		expect(status).toBe(1);
	});

	test('a manifest that is not there, or that others may write, changes nothing', async () => {
		const web = program('web');
		const files = lists(`web|${web}\n`);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'web']);
		rmSync(files.manifest);
		expect(await archon.ctl('reconcile')).toMatchObject({status: 1, stderr: `archonctl: ${files.manifest}: there is no such file`});
		replace(files.manifest, '');
		chmodSync(files.manifest, 0o666);
		const {stderr} = await archon.ctl('reconcile');
		expect(stderr).toContain('would decide what archon runs');
		chmodSync(files.manifest, 0o644);
		chownSync(files.manifest, 65534, 65534);
		expect((await archon.ctl('reconcile')).stderr).toContain('would decide what archon runs');
		expect(await runs(archon)).toEqual(['keeper', 'web']);
	});

	test('without a manifest there is nothing to reconcile', async () => {
		await using archon = await boot({config: 'services: {keeper: {command: sleep 1000000}}\n'});
		await archon.says(/started keeper/);
		expect(await archon.ctl('reconcile')).toMatchObject({status: 1, stderr: 'archonctl: the config has no manifest'});
		expect(await archon.ctl('want', '/bin/true')).toMatchObject({status: 1});
	});
});

describe('want, unwant and whiz', () => {
	test('move a program between the lists; comments, order, mode and owner stay', async () => {
		const [web, db] = [program('web'), program('db')];
		const files = lists(`# ours\nweb|${web}\n# and\ndb|${db}\n`, '# never\n');
		chmodSync(files.manifest, 0o640);
		chownSync(files.hitlist, 0, 4);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper', 'web']);
		expect(await archon.ctl('unwant', 'web')).toMatchObject({status: 0, stdout: 'web is on the hitlist'});
		expect(readFileSync(files.manifest, 'utf8')).toBe(`# ours\n# and\ndb|${db}\n`);
		expect(readFileSync(files.hitlist, 'utf8')).toBe(`# never\nweb|${web}\n`);
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper']);
		expect(await archon.ctl('want', 'web')).toMatchObject({status: 0, stdout: 'web is in the manifest'});
		expect(readFileSync(files.manifest, 'utf8')).toBe(`# ours\n# and\ndb|${db}\nweb|${web}\n`);
		expect(readFileSync(files.hitlist, 'utf8')).toBe('# never\n');
		await expect.poll(() => runs(archon), WAIT).toEqual(['db', 'keeper', 'web']);
		expect(statSync(files.manifest).mode & 0o777).toBe(0o640);
		expect(statSync(files.hitlist)).toMatchObject({uid: 0, gid: 4});
		expect(existsSync(`${folder}/.${files.manifest}.tmp`)).toBe(false);
	});

	test('whiz add has the options of listAdd, and refuses -r with -k', async () => {
		const [web, cam] = [program('web'), program('cam')];
		const files = lists('');
		await using archon = await boot({config: config(files, ', every: 1h')});
		await archon.says(/started keeper/);
		expect(await archon.ctl('whiz', 'add', '-r', '-k', 'web')).toMatchObject({status: 100, stderr: expect.stringContaining('-r and -k exclude each other')});
		expect(await archon.ctl('whiz', 'add', '-r', '-p', web)).toMatchObject({status: 0, stdout: 'web is in the manifest'});
		expect(await archon.ctl('whiz', 'add', '-m', 'C', '-p', cam, 'camera')).toMatchObject({status: 0, stdout: 'camera is in the manifest'});
		expect(readFileSync(files.manifest.replace('.txt', 'C.txt'), 'utf8')).toBe(`camera|${cam}\n`);
		expect(await archon.ctl('whiz', 'add', '-k', 'web')).toMatchObject({status: 0, stdout: 'web is on the hitlist'});
		expect(readFileSync(files.hitlist, 'utf8')).toBe(`web|${web}\n`);
		expect(readFileSync(files.manifest, 'utf8')).toBe('');
		expect(await archon.ctl('whiz', 'add', '-r', 'nowhere')).toMatchObject({status: 1, stderr: expect.stringContaining('say where it is')});
		expect(await archon.ctl('whiz', 'remove', 'web')).toMatchObject({status: 100});
	});

	test('a file that is a link in a folder of others is not written', async () => {
		const theirs = join(folder, 'theirs');
		mkdirSync(theirs, {recursive: true});
		chownSync(theirs, 65534, 65534);
		const victim = join(folder, 'victim');
		writeFileSync(victim, 'precious\n');
		symlinkSync(victim, join(theirs, 'list.txt'));
		const files = {manifest: lists('').manifest, hitlist: join(theirs, 'list.txt')};
		await using archon = await boot({config: config(files, ', every: 1h')});
		await archon.says(/is a symbolic link in a folder that .* may write/);
		expect(await archon.ctl('unwant', '/opt/web')).toMatchObject({status: 1, stderr: expect.stringContaining('is a symbolic link in a folder that')});
		expect(readFileSync(victim, 'utf8')).toBe('precious\n');
	});
});

describe('the role of a machine', () => {
	test.each<[string, string, Record<string, string>]>([
		['by the config', ', role: C', {}],
		['by the environment', ', role: X', {ARCHON_ROLE: 'C'}],
		['by the hostname', ', role: {nowhere: X, "*": C}', {}],
	])('picks its manifest: %s', async (_, role, env) => {
		const web = program('web');
		const files = lists('');
		writeFileSync(files.manifest.replace('.txt', 'C.txt'), `web|${web}\n`);
		await using archon = await boot({config: config(files, role), env});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'web']);
	});
});

describe('a program that a service of the config has the name of', () => {
	test('is that service: the manifest rules it, and operators come before', async () => {
		const files = lists('job\n');
		const services = 'keeper: {command: sleep 1000000}, job: {command: sleep 1234567, autostart: false}';
		await using archon = await boot({config: config(files, ', every: 1h', services)});
		await expect.poll(() => runs(archon), WAIT).toEqual(['job', 'keeper']);
		expect((await archon.ctl('why', 'job')).stdout).toContain('manifest');
		await archon.ctl('stop', 'job');
		expect((await archon.ctl('reconcile')).stdout).toContain('missing 0 after 1 pass');
		expect(await runs(archon)).toEqual(['keeper']);
		await archon.ctl('auto', 'job');
		await expect.poll(() => runs(archon), WAIT).toEqual(['job', 'keeper']);
		replace(files.manifest, '');
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper']);
	});

	test('a config that comes to have the name takes the program over', async () => {
		const web = program('web');
		const files = lists(`web|${web}\n`);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper', 'web']);
		writeFileSync(join(archon.folder, 'archon.yaml'), config(files, ', every: 1h', `keeper: {command: sleep 1000000}, web: {command: sleep 7654321, autostart: false}`));
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		await expect.poll(async () => (await archon.ctl('tree')).stdout, WAIT).toContain('sleep 7654321');
		writeFileSync(join(archon.folder, 'archon.yaml'), config(files, ', every: 1h'));
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		await expect.poll(async () => (await archon.ctl('tree')).stdout, WAIT).toContain(web);
	});

	test('without a manifest any more it is the config\'s again, and what the manifest had made ends', async () => {
		const web = program('web');
		const files = lists(`web|${web}\njob\n`);
		const services = 'keeper: {command: sleep 1000000}, job: {command: sleep 1234567, autostart: false}';
		await using archon = await boot({config: config(files, '', services)});
		await expect.poll(() => runs(archon), WAIT).toEqual(['job', 'keeper', 'web']);
		writeFileSync(join(archon.folder, 'archon.yaml'), `services: {${services}}\n`);
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		await expect.poll(() => runs(archon), WAIT).toEqual(['keeper']);
		await expect.poll(async () => Object.keys(await archon.status()), WAIT).toEqual(['keeper', 'job']);
	});
});

/** A process in archon's PID namespace whose parent is gone, so that it is archon's own child and yet not made by it. */
const ORPHANS = (command: string): string => `(${command} &) ; exit 0`;

/** Whether a process of this machine executes exactly this. */
const executing = async (path: string): Promise<number> => {
	const {stdout} = await execa('sh', ['-c', `for exe in /proc/[0-9]*/exe; do readlink $exe; done 2>/dev/null | grep -cxF -- "${path}" || true`]);
	return Number(stdout);
};

describe('processes that archon has not made', () => {
	/** As `docker exec` does: into the namespaces from outside. */
	const enter = (archon: Archon, ...words: readonly string[]): ChildProcess =>
		spawn('nsenter', ['-t', String(archon.pid), '-p', '-m', '--', ...words], {stdio: 'ignore'});

	const orphan = async (archon: Archon, path: string, ...args: readonly string[]): Promise<void> => {
		await new Promise(resolve => enter(archon, 'sh', '-c', ORPHANS(`setsid ${path} ${args.join(' ')} > /dev/null 2>&1`)).once('exit', resolve));
		await expect.poll(() => executing(path), WAIT).toBeGreaterThan(0);
	};

	test('of exactly the executable of a hitlist end; no neighbour makes archon end another', async () => {
		const miner = executable('miner');
		const same = executable('elsewhere/miner');
		const longer = executable('miner2');
		const files = lists('');
		await using archon = await boot({config: config(files, ', every: 1h')});
		await archon.says(/started keeper/);
		for (const path of [miner, same, longer]) await orphan(archon, path, '100000');
		// An exec session, and its child.
		const session = enter(archon, miner, '200000');
		const shell = enter(archon, 'sh', '-c', `${miner} 300000; true`);
		await expect.poll(() => executing(miner), WAIT).toBe(3);
		const dry = await (async () => {
			writeFileSync(files.hitlist, `${miner}\n`);
			return json<Reconciled>(archon, 'reconcile', '--dry-run');
		})();
		expect(dry.end.length).toBeLessThanOrEqual(1);
		await archon.says(new RegExp(`ending ${miner} \\(pid \\d+\\) with SIGTERM: it is on the hitlist \\(${files.hitlist}:1\\)`));
		await expect.poll(() => executing(miner), WAIT).toBe(2);
		expect(await executing(same)).toBe(1);
		expect(await executing(longer)).toBe(1);
		expect([session.exitCode, shell.exitCode]).toEqual([null, null]);
		expect(archon.log().match(/ending /g)).toHaveLength(1);
	});

	test('a hostile neighbour\'s link, hard link, script or deleted file leads to no other process', async () => {
		const precious = executable('precious');
		const theirs = join(folder, 'bob');
		mkdirSync(theirs, {recursive: true});
		chownSync(theirs, 65534, 65534);
		const [link, hard] = [join(theirs, 'link'), join(theirs, 'hard')];
		symlinkSync(precious, link);
		await execa('ln', [precious, hard]);
		const gone = executable('gone-soon');
		const script = program('a-script', 'exec sleep 400000');
		const files = lists('', `${link}\n${hard}\n${gone}\n${script}\n`);
		await using archon = await boot({config: config(files, ', every: 1h')});
		await archon.says(/started keeper/);
		await archon.says(new RegExp(`${link} is not looked for among what runs: .*symbolic link in a folder that`));
		await orphan(archon, precious, '100000');
		renameSync(executable('new-one'), gone);
		const before = await executing(precious);
		const {stdout} = await archon.ctl('reconcile');
		expect(stdout).toContain('missing 0');
		expect(stdout).not.toContain('end:');
		expect(await executing(precious)).toBe(before);
		await archon.ctl('reconcile');
		expect(archon.log().match(/is not looked for/g)).toHaveLength(1);
	});

	test('below a path that are not listed end, where the scope says so', async () => {
		const [web, old] = [executable('app/web'), executable('app/old')];
		const outside = executable('app2/old');
		const files = lists(`web|${web}\n`);
		await using archon = await boot({config: config(files, `, every: 1h, max_passes: 1, scope: paths, paths: [${join(folder, 'app')}]`)});
		await archon.says(/started keeper/);
		for (const path of [web, old, outside]) await orphan(archon, path, '100000');
		const result = await json<Reconciled>(archon, 'reconcile');
		expect(result.end.map(({path}) => path)).toEqual([old]);
		await expect.poll(() => executing(old), WAIT).toBe(0);
		expect(await executing(web)).toBeGreaterThan(0);
		expect(await executing(outside)).toBe(1);
	});

	test('that do not end by SIGTERM are killed; what archon has made itself is left alone', async () => {
		const deaf = executable('deaf-one', '/bin/sh');
		const files = lists('');
		const services = `keeper: {command: ["${deaf}", -c, "while :; do sleep 1; done"]}`;
		await using archon = await boot({config: config(files, ', every: 1h', services)});
		await archon.says(/started keeper/);
		await orphan(archon, deaf, '-c', '\'trap "" TERM; while :; do sleep 1; done\'');
		writeFileSync(files.hitlist, `${deaf}\n`);
		await archon.says(/killing .*deaf-one \(pid \d+\) with SIGKILL: it did not end in time/);
		await expect.poll(() => executing(deaf), WAIT).toBe(1);
		expect(await runs(archon)).toEqual(['keeper']);
	});
});

test('a list of 10,000 lines keeps nothing from its work: archon answers all the while', async () => {
	const lines = Array.from({length: 10_000}, (_, i) => `p${i}|/nowhere/p${i}`);
	const files = lists(`${lines.join('\n')}\n`);
	await using archon = await boot({config: config(files, ', every: 1h, max_passes: 1')});
	await archon.says(/started keeper/);
	const waits: number[] = [];
	await expect.poll(async () => {
		const began = performance.now();
		await archon.ctl('is-active', 'keeper');
		waits.push(performance.now() - began);
		return archon.log();
	}, {timeout: 170_000, interval: 10}).toMatch(/10000 programs are still missing after 1 pass: p0, p1, .* and 9980 more/);
	expect(waits.length).toBeGreaterThan(2);
}, 180_000);

test('a manifest outlives the re-execution of archon', async () => {
	const web = program('web');
	const files = lists(`web|${web}\n`);
	await using archon = await boot({config: config(files, ', every: 1h')});
	await archon.says(/web is ready/);
	const {web: before} = await archon.status();
	expect(await archon.ctl('upgrade')).toMatchObject({status: 0});
	expect((await archon.status()).web?.pid).toBe(before?.pid);
	replace(files.manifest, '');
	await expect.poll(() => runs(archon), WAIT).toEqual(['keeper']);
});

test('a trigger reads the manifest as well', async () => {
	const web = program('web');
	const files = lists('');
	await using archon = await boot({config: config(files, ', every: 1h')});
	await expect.poll(async () => (await archon.ctl('events')).stdout, WAIT).toContain('missing 0');
	writeFileSync(files.manifest, `web|${web}\n`);
	expect((await archon.ctl('trigger')).stdout).toMatch(/started web/);
	expect(await runs(archon)).toEqual(['keeper', 'web']);
});
