/** Looks at a service from outside, at real ports, pages, files and commands. */
import {mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer as createPages} from 'node:http';
import {createServer as createSecurePages} from 'node:https';
import {type AddressInfo, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Probe} from '../../src/core/service.ts';
import {processes} from '../../src/os/reap/procfs.ts';
import {type Living, live, sleeper} from './hands.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-probes-'));

const look = async (probe: Probe, timeout?: number) => {
	const life = sleeper();
	life.probe(probe, timeout);
	return life.news('probe');
};

const exec = (command: readonly [string, ...string[]], timeout?: number) => look({kind: 'exec', command}, timeout);
const sh = (script: string, timeout?: number) => exec(['sh', '-c', script], timeout);

describe('a command', () => {
	test.each([
		['true', true, 'exit status 0'],
		['exit 3', false, 'exit status 3'],
		['echo all; echo well', true, 'well'],
		['echo first; echo "  broken  " >&2; echo; exit 1', false, 'broken'],
		['kill -9 $$', false, 'killed by SIGKILL'],
		['printf "\\033[31mred\\007"', true, '[31mred'],
		['head -c 300000 /dev/zero | tr "\\0" x; echo; echo end', true, 'end'],
	])('%s', async (script, passed, detail) => {
		expect(await sh(script)).toEqual({kind: 'probe', purpose: 'health', passed, detail});
	});

	test('one that is not there is no good, and says why', async () => {
		expect(await exec(['/no/such/probe'])).toMatchObject({passed: false, detail: 'executing /no/such/probe: no such file or directory'});
	});

	test('has the user, the directory and the environment of its service, and knows its process', async () => {
		const base = sleeper();
		const {service: {exec: context}} = base;
		const life = sleeper({exec: {...context, user: {user: 'nobody', group: null}, cwd: '/usr', environment: {COLOUR: 'blue'}}});
		life.probe({kind: 'exec', command: ['sh', '-c', 'echo "$(id -un) $PWD $COLOUR $ARCHON_SERVICE $MAINPID"']});
		expect((await life.news('probe')).detail).toBe(`nobody /usr blue test ${life.pid}`);
	});

	test('one that takes too long is ended with all that it made, and so is what a quick one leaves behind', async () => {
		expect(await sh('sleep 4321 & sleep 4321', 200)).toMatchObject({passed: false, detail: 'no answer within 0.2 s'});
		expect(await sh('sleep 4321 & echo quick')).toMatchObject({passed: true, detail: 'quick'});
		await expect.poll(() => processes().filter(({command}) => command === 'sleep 4321')).toEqual([]);
	});

	test('is cancelled when its run is over, and is not reported', async () => {
		const life = sleeper();
		life.probe({kind: 'exec', command: ['sh', '-c', 'exec sleep 1234']});
		await expect.poll(() => processes().filter(({command}) => command === 'sleep 1234').length).toBe(1);
		life.over();
		await expect.poll(() => processes().filter(({command}) => command === 'sleep 1234')).toEqual([]);
		expect(life.heard().some(({kind}) => kind === 'probe')).toBe(false);
	});

	test('hundreds at once all come back', async () => {
		const all = Array.from({length: 200}, (_, i) => {
			const life = sleeper();
			life.probe({kind: 'exec', command: ['echo', String(i)]});
			return life.news('probe');
		});
		expect((await Promise.all(all)).map(({detail}) => detail)).toEqual(all.map((_, i) => String(i)));
	});
});

describe('a connection', () => {
	test('is good when somebody takes it', async () => {
		const server = createServer(socket => socket.end()).listen(0, '127.0.0.1');
		await new Promise(resolve => void server.once('listening', resolve));
		const {port} = server.address() as AddressInfo;
		for (const host of ['127.0.0.1', 'localhost']) {
			expect(await look({kind: 'tcp', host, port})).toMatchObject({passed: true, detail: `connected to ${host}:${port}`});
		}
		await new Promise(resolve => void server.close(resolve));
	});

	test('fails where no process listens', async () => {
		expect(await look({kind: 'tcp', host: 'localhost', port: 1})).toMatchObject({
			passed: false, detail: 'cannot connect to localhost:1: connection refused',
		});
	});
});

describe('a page', () => {
	const served = createPages((request, response) => {
		const status = Number(request.url?.slice(1)) || 200;
		if (request.url === '/silent') return;
		if (request.url === '/endless') {
			response.write('it goes on\n');
			return;
		}
		if (request.url === '/long') return void response.end('x'.repeat(1 << 20));
		response.writeHead(status, {location: '/elsewhere'});
		response.end(`status ${status}, token ${request.headers['x-token'] ?? 'none'}, żółw\n`);
	}).listen(0, '127.0.0.1');
	const page = (path: string, how: Partial<Extract<Probe, {kind: 'http'}>> = {}, timeout?: number) => look({
		kind: 'http', url: `http://127.0.0.1:${(served.address() as AddressInfo).port}${path}`, statuses: [], headers: {}, body: null, ...how,
	}, timeout);
	afterAll(() => served.closeAllConnections());
	afterAll(() => void served.close());

	test.each([
		['/200', {}, true, 'HTTP 200 OK'],
		['/302', {}, true, 'HTTP 302 Found'],
		['/404', {}, false, 'HTTP 404 Not Found'],
		['/503', {statuses: [503]}, true, 'HTTP 503 Service Unavailable'],
		['/200', {statuses: [204]}, false, 'HTTP 200 OK'],
		['/200', {headers: {'X-Token': 'open'}, body: 'token open, żółw$'}, false, 'HTTP 200 OK, but the page does not match /token open, żółw$/'],
		['/200', {headers: {'X-Token': 'open'}, body: 'token open, żółw'}, true, 'HTTP 200 OK'],
		['/long', {body: '^x+$'}, true, 'HTTP 200 OK'],
	])('%s %j', async (path, how, passed, detail) => {
		expect(await page(path, how)).toMatchObject({passed, detail});
	});

	test('one that never ends is good by its status, and no good where its text counts', async () => {
		expect(await page('/endless', {}, 300)).toMatchObject({passed: true, detail: 'HTTP 200 OK'});
		expect(await page('/endless', {body: 'the end'}, 300)).toMatchObject({passed: false, detail: 'no answer within 0.3 s'});
		expect(await page('/silent', {}, 300)).toMatchObject({passed: false, detail: 'no answer within 0.3 s'});
	});

	test('who does not speak HTTP, and headers that cannot be sent, are no good', async () => {
		const server = createServer(socket => socket.end('SSH-2.0\r\n')).listen(0, '127.0.0.1');
		await new Promise(resolve => void server.once('listening', resolve));
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
		expect(await look({kind: 'http', url, statuses: [], headers: {}, body: null})).toMatchObject({passed: false});
		expect(await look({kind: 'http', url, statuses: [], headers: {'X-Y': 'a\nb'}, body: null})).toMatchObject({passed: false});
		server.close();
	});
});

describe('a page that is behind TLS', () => {
	const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
	let url = '';
	let close = (): void => {};
	beforeAll(async () => {
		await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-subj', '/CN=elsewhere']);
		const server = createSecurePages({key: readFileSync(key), cert: readFileSync(certificate)}, (request, response) => {
			response.writeHead(Number(request.url?.slice(1)), {location: '/200'});
			response.write('chunk one, ');
			response.end(`token ${request.headers['x-token'] ?? 'none'}\n`);
		}).listen(0, '127.0.0.1');
		await new Promise(resolve => void server.once('listening', resolve));
		url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
		close = () => {
			server.closeAllConnections();
			server.close();
		};
	});
	afterAll(() => close());
	/** A directory with one of the tools, or none. */
	const pathWith = async (name: string): Promise<string> => {
		const path = join(folder, `with-${name}`);
		mkdirSync(path, {recursive: true});
		const tool = (await execa('which', [name], {reject: false})).stdout;
		if (tool !== '') symlinkSync(tool, join(path, name));
		return path;
	};

	const lives: Living[] = [];
	afterAll(() => lives.forEach(({kill}) => kill(9)));
	const sleepWith = (PATH: string): Living => {
		const life = live(['/bin/sleep', '1000'], {exec: {...sleeper().service.exec, environment: {PATH}}});
		lives.push(life);
		return life;
	};

	test.each(['curl', 'wget'])('is got by the %s of the image', async name => {
		const PATH = await pathWith(name);
		const page = async (path: string, how: Partial<Extract<Probe, {kind: 'http'}>> = {}) => {
			const life = sleepWith(PATH);
			life.probe({kind: 'http', url: `${url}${path}`, statuses: [], headers: {}, body: null, ...how});
			const {passed, detail} = await life.news('probe');
			return [passed, detail];
		};
		expect(await page('/200')).toEqual([true, 'HTTP 200 OK']);
		expect(await page('/302')).toEqual([true, 'HTTP 302 Found']);
		expect(await page('/404')).toEqual([false, 'HTTP 404 Not Found']);
		expect(await page('/503', {statuses: [503]})).toEqual([true, 'HTTP 503 Service Unavailable']);
		expect(await page('/200', {headers: {'X-Token': 'open'}, body: 'one, token open'})).toEqual([true, 'HTTP 200 OK']);
		expect(await page('/200', {body: 'two'})).toEqual([false, 'HTTP 200 OK, but the page does not match /two/']);
		const [passed, detail] = await page('/200', {url: 'https://127.0.0.1:1/'});
		expect(passed).toBe(false);
		expect(detail).toMatch(/^cannot get https:\/\/127\.0\.0\.1:1\/: /);
	});

	test('is no good where the image has neither', async () => {
		const life = sleepWith(await pathWith('neither'));
		life.probe({kind: 'http', url, statuses: [], headers: {}, body: null});
		expect(await life.news('probe')).toMatchObject({passed: false, detail: `cannot get ${url}: https needs curl or wget in the image`});
	});
});

test('a file is good when it is there, relative ones in the directory of the service', async () => {
	const path = join(folder, 'ready');
	expect(await look({kind: 'file', path})).toMatchObject({passed: false, detail: `${path}: no such file or directory`});
	writeFileSync(path, '');
	expect(await look({kind: 'file', path})).toMatchObject({passed: true});
	const {service: {exec: context}} = sleeper();
	const life = sleeper({exec: {...context, cwd: folder}});
	life.probe({kind: 'file', path: 'ready'});
	expect(await life.news('probe')).toMatchObject({passed: true, detail: `${path} is there`});
});
