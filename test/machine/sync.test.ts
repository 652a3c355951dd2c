/** Programs pulled from a master: the executable, its helper, real servers, and services that start again from a new release. */
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type RequestListener, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, describe, expect, test} from 'vitest';
import {createMaster, type Master} from '../unit/helpers/sync/master.ts';
import {type Archon, boot} from './archon.ts';

const root = mkdtempSync(join(tmpdir(), 'archon-sync-'));
// The helper is another user, who must be able to come by.
for (const folder of [tmpdir(), root]) if (statSync(folder).mode % 8 === 0) chmodSync(folder, 0o755);
const servers: Server[] = [];
afterAll(() => {
	for (const server of servers) {
		server.closeAllConnections();
		server.close();
	}
	rmSync(root, {recursive: true, force: true});
});
let count = 0;

/** Without curl the helper speaks HTTP by itself. */
const NO_CURL = ['/usr/bin/env', 'PATH=/nowhere'];
const hasCurl = existsSync('/usr/bin/curl');

interface Scene {
	readonly master: Master;
	readonly dest: string;
	/** What the server does before it serves the master's folder; true: it has answered. */
	trick: (...args: Parameters<RequestListener>) => boolean;
	readonly asked: string[];
	readonly url: string;
	config(more?: string, services?: string): string;
	current(): string | null;
}

async function scene(): Promise<Scene> {
	const folder = join(root, String(++count));
	const dest = join(folder, 'dest');
	mkdirSync(dest, {recursive: true});
	const master = createMaster(join(folder, 'master'));
	const asked: string[] = [];
	const server = createServer((request, response) => {
		asked.push(`${request.url}${request.headers.range ? ` ${request.headers.range}` : ''}`);
		if (made.trick(request, response)) return;
		const path = join(master.folder, decodeURIComponent(request.url ?? ''));
		if (!existsSync(path) || !statSync(path).isFile()) return void response.writeHead(404).end();
		const content = readFileSync(path);
		const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
		if (from > 0) response.writeHead(206, {'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}`});
		response.end(content.subarray(from));
	});
	servers.push(server);
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const made: Scene = {
		master, dest, trick: () => false, asked, url,
		config: (more = '', services = `services: {app: {command: [${dest}/current/bin/app], stop_grace_period: 1s}}`) =>
			`sync: {source: "${url}", dest: ${dest}, keys: ${master.key}, every: 1h${more}}\nshutdown: {when_idle: never}\n${services}\n`,
		current: () => (existsSync(join(dest, 'current')) ? readlinkSync(join(dest, 'current')).replace('releases/', '') : null),
	};
	return made;
}

const app = (version: string, then = 'exec /bin/sleep 1000'): Record<string, string> => ({'bin/app': `#!/bin/sh\necho "app of ${version}"\n${then}\n`});

const WAYS = [['its own HTTP', NO_CURL], ['curl', [] as readonly string[]]] as const;

describe('lists that are pulled with the programs', () => {
	const run = (name: string, version: string): string => `#!/bin/sh\necho "${name} of ${version}"\nexec /bin/sleep 1000\n`;

	test('are read, and again at once after a switch; before the first release nothing is told', async () => {
		const {master, dest, config} = await scene();
		const [bin, lists] = [`${dest}/current/bin`, `manifest: {file: ${dest}/current/list.txt, hitlist: ${dest}/current/hitlist.txt, every: 1h}`];
		await using archon = await boot({config: config('', lists).replace('when_idle: never', 'when_idle: always')});
		await archon.says(/archon\.sync \| SHA256SUMS cannot be fetched: .*404/);
		await archon.says(/manifest: .*list\.txt: there is no such file/);
		expect(await archon.ctl('health')).toMatchObject({status: 1, stdout: expect.stringContaining('the manifest was not read yet')});
		master.publish('version=1', {'bin/app': run('app', '1'), 'list.txt': `app|${bin}/app\n`, 'hitlist.txt': ''});
		await archon.ctl('sync', 'now');
		await archon.says(/app of 1/);
		await expect.poll(async () => (await archon.ctl('health')).status, {timeout: 30_000}).toBe(0);
		master.publish('version=2', {
			'bin/app': run('app', '2'), 'bin/other': run('other', '2'), 'list.txt': `app|${bin}/app\nother|${bin}/other\n`, 'hitlist.txt': '',
		});
		await archon.ctl('sync', 'now');
		await archon.says(/app of 2/);
		await archon.says(/other of 2/);
		master.publish('version=3', {'bin/app': run('app', '3'), 'bin/other': run('other', '3'), 'list.txt': `app|${bin}/app\nother|${bin}/other\n`, 'hitlist.txt': 'other\n'});
		await archon.ctl('sync', 'now');
		await expect.poll(async () => (await archon.status())['other']?.status, {timeout: 30_000}).toBe('stopped');
		expect(archon.log()).not.toMatch(/others than root/);
	});

	test.skipIf(process.getuid?.() !== 0)('are those of archon.sync alone, and only below dest', async () => {
		const {master, dest, config} = await scene();
		const far = join(dest, '..', 'far');
		mkdirSync(far);
		writeFileSync(join(far, 'list.txt'), '');
		for (const path of [far, join(far, 'list.txt')]) chownSync(path, 65525, 65525);
		master.publish('version=1', {'list.txt': ''});
		const text = (file: string): string => config('', `manifest: {file: ${file}, every: 1h}`);
		await using archon = await boot({config: text(`${dest}/current/list.txt`)});
		await archon.says(/release 1 is in force/);
		const reload = async (config: string): Promise<void> => {
			writeFileSync(join(archon.folder, 'archon.yaml'), config);
			await archon.ctl('reload');
		};
		const dry = async (): Promise<string> => (await archon.ctl('reconcile', '--dry-run')).stderr;
		expect(await dry()).toBe('');
		for (const [file, why] of [
			[join(far, 'list.txt'), /others than root and archon's user may write it/], [`${dest}/current/../../far/list.txt`, /symbolic link|others than root/],
		] as const) {
			await reload(text(file));
			await expect.poll(dry, {timeout: 30_000}).toMatch(why);
		}
		await reload(text(`${dest}/current/list.txt`));
		await expect.poll(dry, {timeout: 30_000}).toBe('');
		chownSync(join(dest, 'releases/1/list.txt'), 65534, 65534);
		expect(await dry()).toMatch(/others than root and archon's user may write it/);
		rmSync(join(dest, 'releases/1/list.txt'));
		symlinkSync(join(far, 'list.txt'), join(dest, 'releases/1/list.txt'));
		expect(await dry()).toMatch(/symbolic link/);
	});

	test('programs of a list from elsewhere wait for their first release', async () => {
		const {master, dest, config} = await scene();
		const list = join(dest, '..', 'list.txt');
		writeFileSync(list, `app|${dest}/current/bin/app\n`);
		await using archon = await boot({config: config('', `manifest: {file: ${list}}`).replace('when_idle: never', 'when_idle: always')});
		await archon.says(/archon\.sync \| SHA256SUMS cannot be fetched: .*404/);
		await expect.poll(async () => (await archon.status())['app']?.status, {timeout: 30_000}).toBe('waiting');
		master.publish('version=1', app('1'));
		expect(await archon.ctl('sync', 'now')).toMatchObject({stdout: expect.stringContaining('release 1 is in force')});
		await archon.says(/app of 1/);
	});
});

describe.each(WAYS.slice(0, hasCurl ? 2 : 1))('by %s', (_way, wrapper) => {
	test('services wait for the first release, and start again from the next', async () => {
		const {master, dest, config, current, asked} = await scene();
		// What waits for a release is about to start.
		await using archon = await boot({config: config().replace('when_idle: never', 'when_idle: always'), wrapper});
		await archon.says(/archon\.sync \| SHA256SUMS cannot be fetched: .*404/);
		expect((await archon.status())['app']).toMatchObject({status: 'waiting'});
		master.publish('version=1', {...app('1'), 'a b/ü%.txt': 'x'});
		expect(await archon.ctl('sync', 'now')).toEqual({status: 0, stdout: 'release 1 is in force (2 of 2 files fetched)', stderr: ''});
		await archon.says(/app of 1/);
		master.publish('version=2', {...app('2'), 'a b/ü%.txt': 'x'});
		expect(await archon.ctl('sync', 'now')).toMatchObject({stdout: 'release 2 is in force (1 of 2 files fetched)'});
		await archon.says(/app of 2/);
		expect((await archon.status())['app']).toMatchObject({status: 'running'});
		const {stdout} = await archon.ctl('sync', '--json');
		expect(JSON.parse(stdout)).toMatchObject({version: '2', others: ['1'], dest, form: 'signed', held: null, failed: false, outcome: 'release 2 is in force (1 of 2 files fetched)'});
		expect(await archon.ctl('sync', 'rollback')).toMatchObject({status: 0, stdout: 'release 1 is in force again instead of 2: an operator asked for it'});
		expect(current()).toBe('1');
		expect(asked.filter(each => each === '/a%20b/%C3%BC%25.txt')).toHaveLength(1);
		expect(archon.log().match(/app of 1/g)).toHaveLength(2);
	});

	test('a program that ends at once brings the old one back', async () => {
		const {master, config, current} = await scene();
		master.publish('version=1', app('1'));
		await using archon = await boot({config: config(), wrapper});
		await archon.says(/release 1 is in force \(/);
		master.publish('version=2', app('2', 'exit 3'));
		const answer = await archon.ctl('sync', 'now');
		expect(answer).toMatchObject({status: 1, stderr: expect.stringMatching(/release 1 is in force again instead of 2: app: exit status 3/)});
		expect(current()).toBe('1');
		await expect.poll(async () => (await archon.status())['app']?.status).toBe('running');
		expect(JSON.parse((await archon.ctl('sync', '--json')).stdout)).toMatchObject({version: '1', held: '2', failed: true});
	});

	test.each<[string, (scene: Scene) => Scene['trick'], RegExp, string?]>([
		['a body that never ends', () => (request, response) => {
			if (request.url !== '/bin/app') return false;
			const more = (): void => void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more));
			response.on('error', () => {});
			more();
			return true;
		}, /bin\/app is larger than it may be \(max_size\)/, ', max_size: 200k'],
		['a signature that never ends', () => (request, response) => request.url === '/SHA256SUMS.minisig' && !!response.end('x'.repeat(10_000)),
			/SHA256SUMS\.minisig is larger than it may be/],
		['a redirect to a file', () => (request, response) => request.url === '/bin/app' && !!response.writeHead(302, {Location: 'file:///etc/passwd'}).end(),
			/bin\/app (is said to be at file:\/\/\/etc\/passwd, which is not http|cannot be fetched: .*([Pp]rotocol|file))/],
		['redirects without end', () => (request, response) => request.url === '/bin/app' && !!response.writeHead(302, {Location: '/bin/app'}).end(),
			/bin\/app cannot be fetched: .*(5 redirects|[Mm]aximum \(5\) redirects)/],
		['half a file', () => (request, response) => {
			if (request.url !== '/bin/app') return false;
			response.writeHead(200, {'Content-Length': 1000});
			response.write('#!/bin/sh\n', () => response.destroy());
			return true;
		}, /bin\/app cannot be fetched: .*(cut off|bytes remaining|closed|aborted)/],
		['another file', () => (request, response) => request.url === '/bin/app' && !!response.end('#!/bin/sh\necho evil\n'),
			/bin\/app has another sum than the list says/],
		['an error of the server', () => (request, response) => request.url === '/bin/app' && !!response.writeHead(500).end(), /bin\/app cannot be fetched: .*500/],
		['a master that is gone', ({master}) => {
			rmSync(master.folder, {recursive: true});
			return (request, response) => {
				request.socket.destroy();
				response.destroy();
				return true;
			};
		}, /SHA256SUMS cannot be fetched: /],
	])('%s changes nothing', async (_, trick, why, more = '') => {
		const made = await scene();
		made.master.publish('version=1', app('1'));
		await using archon = await boot({config: made.config(more), wrapper});
		await archon.says(/release 1 is in force \(/);
		made.master.publish('version=2', app('2'));
		made.trick = trick(made);
		expect(await archon.ctl('sync', 'now')).toMatchObject({status: 1, stderr: expect.stringMatching(why)});
		expect([made.current(), (await archon.status())['app']?.status]).toEqual(['1', 'running']);
		made.trick = () => false;
		made.master.publish('version=2', app('2'));
		expect(await archon.ctl('sync', 'now')).toMatchObject({status: 0, stdout: expect.stringContaining('release 2 is in force')});
		expect(readdirSync(join(made.dest, 'releases')).sort()).toEqual(['1', '2']);
	});
});

test.runIf(hasCurl)('curl goes on where the line broke', async () => {
	const made = await scene();
	const {master, config, asked} = made;
	const large = Buffer.alloc(3_000_000, 'abc');
	master.publish('version=1', {...app('1'), large});
	let isBroken = true;
	made.trick = (request, response) => {
		if (request.url !== '/large' || !isBroken) return false;
		isBroken = false;
		response.writeHead(200, {'Content-Length': large.length});
		response.write(large.subarray(0, 1_000_000), () => response.destroy());
		return true;
	};
	await using archon = await boot({config: config()});
	await archon.says(/large cannot be fetched/);
	expect(await archon.ctl('sync', 'now')).toMatchObject({status: 0, stdout: expect.stringContaining('release 1 is in force')});
	expect(asked.filter(each => each.startsWith('/large'))).toEqual(['/large', expect.stringMatching(/^\/large bytes=[1-9]\d*-$/)]);
});

test('a full disk changes nothing, and is as before when there is room again', async () => {
	const {master, dest, config, current} = await scene();
	await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755', 'none', dest]);
	try {
		master.publish('version=1', app('1'));
		await using archon = await boot({config: config()});
		await archon.says(/release 1 is in force \(/);
		master.publish('version=2', {...app('2'), large: Buffer.alloc(2_000_000)});
		expect(await archon.ctl('sync', 'now')).toMatchObject({status: 1, stderr: expect.stringMatching(/release 2 is not taken: .*no space left on device/i)});
		expect([current(), readdirSync(join(dest, 'releases')), (await archon.status())['app']?.status]).toEqual(['1', ['1'], 'running']);
		master.publish('version=3', app('3'));
		expect(await archon.ctl('sync', 'now')).toMatchObject({status: 0, stdout: expect.stringContaining('release 3 is in force')});
	} finally {
		await execa('umount', ['-l', dest]);
	}
});

test('the helper is a user of its own without rights, who writes nowhere else', async () => {
	const {master, dest, config} = await scene();
	master.publish('version=1', app('1'));
	await using archon = await boot({config: config()});
	await archon.says(/release 1 is in force \(/);
	const pid = await hostPid(archon, 'archon.sync');
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	expect(status).toMatch(/^Uid:\t65525\t65525\t65525\t65525$/m);
	expect(status).toMatch(/^Gid:\t65525\t65525\t65525\t65525$/m);
	expect(status).toMatch(/^Groups:\s*$/m);
	expect(status).toMatch(/^Cap(Inh|Prm|Eff):\t0+$/m);
	expect(status).toMatch(/^NoNewPrivs:\t1$/m);
	expect([dest, join(dest, 'releases/1/bin/app')].map(path => [statSync(path).uid, statSync(path).mode & 0o022])).toEqual([[65525, 0], [65525, 0]]);
});

test('what has confined itself writes nowhere else, even as root, and neither does what it executes', async () => {
	const folder = join(root, 'confined');
	mkdirSync(folder);
	const seam = join(import.meta.dirname, '../../scripts/under-node.ts');
	const script = `
		const {writeFileSync} = await import('node:fs');
		const {execFileSync} = await import('node:child_process');
		const attempt = act => { try { act(); return 'ok'; } catch (error) { return error.code ?? 'failed'; } };
		const confined = native.confineWrites(${JSON.stringify(folder)});
		console.log(JSON.stringify([confined, attempt(() => writeFileSync('${folder}/in', '')), attempt(() => writeFileSync('${root}/out', '')),
			attempt(() => execFileSync('/bin/sh', ['-c', 'echo x > ${root}/out'], {stdio: 'ignore'})), attempt(() => writeFileSync('/dev/null', 'x'))]));`;
	const {stdout} = await execa(process.execPath, ['--import', seam, '--input-type=module', '-e', script], {stdin: 'ignore'});
	const [confined, ...tried] = JSON.parse(stdout) as [number, ...string[]];
	// A kernel without Landlock says so: ENOSYS, EOPNOTSUPP.
	if (confined === -38 || confined === -95) return;
	expect([confined, ...tried]).toEqual([0, 'ok', 'EACCES', expect.not.stringMatching('ok'), 'ok']);
	expect(existsSync(join(root, 'out'))).toBe(false);
});

test('a folder of somebody else\'s is not taken', async () => {
	const {dest, config, master} = await scene();
	master.publish('version=1', app('1'));
	writeFileSync(join(dest, 'mine'), 'x');
	await using archon = await boot({config: config()});
	await archon.says(/archon\.sync \| \S+ is not empty and not archon\.sync's own/);
	expect([statSync(dest).uid, readdirSync(dest)]).toEqual([0, ['mine']]);
});

test.each<[string, (above: string) => unknown, RegExp]>([
	['belongs to another user', above => chownSync(above, 65534, 65534), /\S+ may exchange it by way of \S+ \(chown root \S+ mends that\)/],
	['any user may write to', above => chmodSync(above, 0o777), /any user may exchange it by way of \S+ \(chmod o-w \S+ mends that\)/],
])('a folder below one that %s is not taken: there it could be exchanged', async (_, spoil, why) => {
	const {dest, config, master} = await scene();
	master.publish('version=1', app('1'));
	const above = join(dest, 'above');
	mkdirSync(join(above, 'dest'), {recursive: true});
	spoil(above);
	await using archon = await boot({config: config().replace(dest, join(above, 'dest'))});
	await archon.says(why);
	expect([statSync(join(above, 'dest')).uid, readdirSync(join(above, 'dest'))]).toEqual([0, []]);
});

test('a helper that is killed again and again leaves one whole release in force', async () => {
	const {master, dest, config, current} = await scene();
	master.publish('version=1', {...app('1'), version: '1', large: Buffer.alloc(500_000)});
	await using archon = await boot({config: config('', 'services: {other: {command: [sleep, "1000"]}}')});
	await archon.says(/release 1 is in force \(/);
	for (let version = 2; version < 8; version++) {
		master.publish(`version=${version}`, {...app('2'), version: String(version), large: Buffer.alloc(500_000, String(version))});
		const answer = archon.ctl('sync', 'now');
		await new Promise(resolve => setTimeout(resolve, version * 4));
		process.kill(await hostPid(archon, 'archon.sync'), 'SIGKILL');
		await answer;
		expect(readFileSync(join(dest, 'current/version'), 'utf8')).toBe(current());
	}
	await expect.poll(async () => (await archon.ctl('sync', 'now')).status, {timeout: 30_000}).toBe(0);
	expect([current(), readFileSync(join(dest, 'current/version'), 'utf8')]).toEqual(['7', '7']);
	expect(readdirSync(join(dest, 'releases')).filter(name => name.endsWith('.tmp'))).toEqual([]);
}, 120_000);

test('PID 1 that is re-executed while services are waited for goes on with it', async () => {
	const {master, dest, config, current} = await scene();
	const go = join(root, 'go');
	writeFileSync(go, '');
	master.publish('version=1', app('1'));
	const services = `services: {app: {command: [${dest}/current/bin/app], stop_grace_period: 1s, ready: {file: ${go}, interval: 50ms}}}`;
	await using archon = await boot({config: config('', services)});
	await archon.says(/release 1 is in force \(/);
	rmSync(go);
	master.publish('version=2', app('2'));
	const answer = archon.ctl('sync', 'now');
	await archon.says(/app of 2/);
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	expect(await answer).toMatchObject({status: 111});
	writeFileSync(go, '');
	await archon.says(/archon\.sync \| release 2 is in force \(/);
	expect([current(), JSON.parse((await archon.ctl('sync', '--json')).stdout)]).toMatchObject(['2', {version: '2', failed: false}]);
});

test('archon check tells what is missing and what may surprise', async () => {
	const check = async (sync: string, path = process.env['PATH'] ?? ''): Promise<string> => {
		const file = join(root, 'check.yaml');
		writeFileSync(file, `sync: ${sync}\nservices: {app: {command: [/opt/app/current/app]}}\n`);
		return (await execa(join(import.meta.dirname, '../../dist/archon'), ['check', file], {reject: false, all: true, env: {PATH: path}})).all;
	};
	const key = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';
	expect(await check(`{source: "https://master", dest: /opt/app, keys: ${key}}`, '/nowhere')).toContain('sync.source is https, which needs curl, and it is not here');
	expect(await check(`{source: "http://master", dest: /opt/app, keys: ${key}}`, '/nowhere')).toMatch(/^1 service, in this order: app$/);
	expect(await check('{source: "http://master", dest: /opt/app}')).toContain('sync has no keys');
	expect(await check('{source: "http://me:secret@master", dest: /, form: signed}')).toMatch(/needs keys[^]*has a password[^]*is not the path of a folder/);
});

/** The pid of a process below archon, by its name, as this machine sees it. */
async function hostPid(archon: Archon, name: string): Promise<number> {
	let found = 0;
	await expect.poll(() => {
		const children = readFileSync(`/proc/${archon.pid}/task/${archon.pid}/children`, 'utf8').trim().split(' ').map(Number);
		found = children.find(pid => {
			try {
				return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${name}\0`);
			} catch {
				return false;
			}
		}) ?? 0;
		return found;
	}).toBeGreaterThan(0);
	return found;
}
