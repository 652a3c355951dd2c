/** HTTP by archon.web, with the real executable: who is answered what, and what is left alone. */
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createServer, type Server} from 'node:net';
import {once} from 'node:events';
import {afterAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {raw, repliesIn, speak, written} from './web-client.ts';

/** Below those that the kernel gives to clients, each once in this file. */
let next = 15_000 + process.pid % 1000 * 16;
const freePort = (): number => next++;

const [OPERATE, SCOPED] = ['a-token-that-operates', 'a-token-for-b-alone-'];
const FORM = {'Content-Type': 'application/x-www-form-urlencoded'};
const JSON_BODY = {'Content-Type': 'application/json'};
const bearer = (token: string): Record<string, string> => ({Authorization: `Bearer ${token}`});

const [port, other] = [freePort(), freePort()];
let archon: Archon;
let unix = '';
const file = (name: string): string => join(archon.folder, name);

const config = (listen: string, more = ''): string => `
web:
  listen: [${listen}]
  hosts: [Status.example]
  tokens:
    - {token_file: ${file('operate')}, role: operate}
    - {token_file: ${file('scoped')}, role: operate, services: [b]}
${more}
services:
  a: {command: sleep 1000}
  b: {command: sleep 1000, stop_signal: KILL}
`;

async function reload(text: string): Promise<void> {
	writeFileSync(file('archon.yaml'), text);
	expect(await archon.ctl('reload')).toMatchObject({status: 0});
}

const note = async (): Promise<string> => (await archon.ctl('status', 'archon.web')).stdout;

test('archon listens where it is told to', async () => {
	archon = await boot({config: 'services: {a: {command: sleep 1000}}'});
	unix = file('web.sock');
	writeFileSync(file('operate'), `${OPERATE}\n`, {mode: 0o600});
	writeFileSync(file('scoped'), `${SCOPED}\n`, {mode: 0o600});
	await archon.says(/started a/);
	await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
	await reload(config(`127.0.0.1:${port}, "unix://${unix}"`));
	await expect.poll(note, {timeout: 20_000}).toContain(`listening at http://127.0.0.1:${port}, unix://${unix}`);
	await expect.poll(async () => (await archon.ctl('health')).status, {timeout: 20_000}).toBe(0);
}, 60_000);
afterAll(async () => archon?.[Symbol.asyncDispose]());

describe('health', () => {
	test('is what archonctl health says, as text and as JSON', async () => {
		for (const [path, args] of [
			['/readyz', ['health']], ['/livez', ['health', '--live']], ['/readyz?service=a', ['health', 'a']], ['/readyz?service=c', ['health', 'c']],
			['/readyz?service=a&service=b', ['health', 'a', 'b']],
		] as const) {
			const told = await archon.ctl(...args);
			const text = await speak(port, written('GET', path));
			expect([text.status, text.body]).toEqual([told.status === 0 ? 200 : 503, `${told.stdout === '' ? 'ok' : told.stdout}\n`]);
			const json = await speak(port, written('GET', path, {Accept: 'application/json'}));
			expect([json.status, JSON.parse(json.body)]).toEqual([text.status, {ok: told.status === 0, reason: told.stdout === '' ? null : told.stdout}]);
		}
	});

	test('is 503 with the reason while a service is not ready', async () => {
		expect(await archon.ctl('stop', 'a')).toMatchObject({status: 0});
		expect(await speak(port, written('GET', '/readyz?service=a'))).toMatchObject({status: 503, body: 'a is stopped: SIGTERM\n'});
		expect(await speak(port, written('GET', '/readyz'))).toMatchObject({status: 200});
		expect(await archon.ctl('start', 'a')).toMatchObject({status: 0});
	});

	test('tells of each service where it is asked to', async () => {
		expect((await speak(port, written('GET', '/readyz?verbose'))).body).toBe('a is running\nb is running\nok\n');
		const {body} = await speak(port, written('GET', '/readyz?verbose&service=b', {Accept: 'application/json'}));
		expect(JSON.parse(body)).toEqual({ok: true, reason: null, services: [{name: 'b', status: 'running', note: ''}]});
	});

	test('is answered at a unix socket, by whatever name', async () => {
		expect(await speak(unix, written('GET', '/readyz', {Host: 'whatever'}))).toMatchObject({status: 200});
		expect(statSync(unix).mode & 0o777).toBe(0o666);
	});
});

describe('the protocol', () => {
	test.each<[string, string, number, Record<string, string>]>([
		['nothing there', written('GET', '/nothing'), 404, {}],
		['another method', written('POST', '/livez', JSON_BODY, '{}'), 405, {allow: 'GET, HEAD'}],
		['a method that is for nothing', written('DELETE', '/livez'), 405, {allow: 'GET, HEAD'}],
		['a body without a length', written('POST', '/api/v1/services/b/restart', {...JSON_BODY, ...bearer(OPERATE)}), 411, {}],
		['a body that is too long', written('POST', '/login', {...FORM, 'Content-Length': '70000'}), 413, {}],
		['a path that is too long', written('GET', `/${'a'.repeat(9000)}`), 414, {}],
		['another type', written('POST', '/api/v1/services/b/restart', {'Content-Type': 'text/plain', ...bearer(OPERATE)}, '{}'), 415, {}],
		['no type', written('POST', '/api/v1/services/b/restart', bearer(OPERATE), '{}'), 415, {}],
		['another host', written('GET', '/livez', {Host: 'evil.example'}), 421, {}],
		['too many headers', written('GET', '/livez', Object.fromEntries(Array.from({length: 70}, (_, index) => [`X-${index}`, 'y']))), 431, {}],
		['a head that is too long', written('GET', '/livez', {X: 'y'.repeat(17_000)}), 431, {}],
		['an unknown method', written('BREW', '/livez'), 501, {}],
		['another version', 'GET /livez HTTP/2.0\r\n\r\n', 505, {}],
		['a bare line feed', 'GET /livez HTTP/1.1\nHost: localhost\n\n', 400, {}],
		['a path upwards', written('GET', '/../livez'), 400, {}],
		['no right', written('POST', '/api/v1/services/b/restart', JSON_BODY, '{}'), 401, {'www-authenticate': 'Bearer realm="archon"'}],
		['too little right', written('POST', '/api/v1/shutdown', {...JSON_BODY, ...bearer(OPERATE)}, '{}'), 403, {}],
		['a good one', written('GET', '/livez'), 200, {}],
	])('%s', async (_, request, status, headers) => {
		const reply = await speak(port, request);
		expect(reply).toMatchObject({status, headers: {
			...headers, connection: 'close', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY',
			'cross-origin-resource-policy': 'same-origin', 'cache-control': 'no-store',
			'content-security-policy': expect.stringContaining('default-src \'none\''),
		}});
		expect(Object.keys(reply.headers).filter(name => name.startsWith('access-control'))).toEqual([]);
		if (status >= 400) expect(JSON.parse(reply.body)).toEqual({error: expect.any(String)});
	});

	test('names of the list and addresses are answered', async () => {
		for (const Host of ['status.example', 'STATUS.example:80', `127.0.0.1:${port}`, '[::1]', 'localhost', '10.1.2.3']) {
			expect(await speak(port, written('GET', '/livez', {Host}))).toMatchObject({status: 200});
		}
	});

	test('HEAD is GET without a body, and HTTP/1.0 needs no host', async () => {
		const head = await raw(port, written('HEAD', '/livez')).closed();
		expect(repliesIn(head, true)).toMatchObject([{status: 200, headers: {'content-length': '3'}}]);
		expect(head.endsWith('\r\n\r\n')).toBe(true);
		expect(await speak(port, 'GET /livez HTTP/1.0\r\n\r\n')).toMatchObject({status: 200, body: 'ok\n'});
	});

	test('requests that come at once are answered one after the other, in their order', async () => {
		const paths = ['/readyz?service=a', '/nothing', '/livez', '/readyz?service=c', '/readyz'];
		const keep = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
		const client = raw(port, `${paths.map(keep).join('')}${written('GET', '/livez')}`);
		expect(repliesIn(await client.closed()).map(({status}) => status)).toEqual([200, 404, 200, 503, 200, 200]);
	});

	test('a request that comes byte by byte is one request', async () => {
		const client = raw(port);
		client.socket.setNoDelay(true);
		for (const each of written('GET', '/livez')) client.socket.write(each);
		expect(repliesIn(await client.closed())).toMatchObject([{status: 200}]);
	});

	test('a body is waited for, in chunks as well', async () => {
		const head = `POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${FORM['Content-Type']}\r\n`;
		const client = raw(port, `${head}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n`);
		await client.until(text => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
		const body = `token=${OPERATE}`;
		client.socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
		expect(repliesIn(await client.closed()).map(({status}) => status)).toEqual([100, 204]);
	});

	test('what stands behind a refused request is not read', async () => {
		const client = raw(port, `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${written('GET', '/livez')}`);
		expect(repliesIn(await client.closed()).map(({status}) => status)).toEqual([400]);
	});
});

describe('rights', () => {
	const restart = (name: string, headers: Record<string, string>, body = '{}'): ReturnType<typeof speak> =>
		speak(port, written('POST', `/api/v1/services/${name}/restart`, {...JSON_BODY, ...headers}, body));

	test('a token has its role, for its services and no others', async () => {
		const before = (await archon.status())['b']?.pid;
		expect(await restart('b', bearer(SCOPED))).toMatchObject({status: 200});
		expect((await archon.status())['b']?.pid).not.toBe(before);
		const pid = (await archon.status())['a']?.pid;
		expect((await restart('a', bearer(SCOPED))).status).toBeGreaterThanOrEqual(400);
		expect((await archon.status())['a']?.pid).toBe(pid);
	});

	test('a session acts with its word, and from its own pages only', async () => {
		const login = await speak(port, written('POST', '/login', FORM, `token=${OPERATE}`));
		const set = login.headers['set-cookie'] ?? '';
		expect(set).toMatch(/^archon=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
		const Cookie = set.split(';')[0] ?? '';
		const html = (await speak(port, written('GET', '/services/b', {Cookie, Accept: 'text/html'}))).body;
		const csrf = /name="?csrf"? value="?([0-9a-f]{64})/.exec(html)?.[1] ?? '';
		expect(csrf).toHaveLength(64);
		const before = (await archon.status())['b']?.pid;
		for (const headers of [
			{Cookie}, {Cookie, 'X-Archon-Csrf': csrf.replace(/^./, each => (each === '0' ? '1' : '0'))},
			{Cookie, 'X-Archon-Csrf': csrf, Origin: 'http://evil.example'}, {Cookie, 'X-Archon-Csrf': csrf, 'Sec-Fetch-Site': 'cross-site'},
			{Cookie, 'X-Archon-Csrf': csrf, 'Sec-Fetch-Site': 'same-site'},
		]) expect(await restart('b', headers)).toMatchObject({status: 403});
		expect((await archon.status())['b']?.pid).toBe(before);
		expect(await restart('b', {Cookie, 'X-Archon-Csrf': csrf, Origin: 'http://localhost', 'Sec-Fetch-Site': 'same-origin'})).toMatchObject({status: 200});
		expect((await archon.status())['b']?.pid).not.toBe(before);
		// After it has gone the cookie is worth nothing.
		expect((await speak(port, written('POST', '/logout', {...FORM, Cookie}, `csrf=${csrf}`))).headers['set-cookie']).toContain('Max-Age=0');
		expect(await restart('b', {Cookie, 'X-Archon-Csrf': csrf})).toMatchObject({status: 401});
	});

	test('a session and what it follows end with their token', async () => {
		const login = await speak(port, written('POST', '/login', FORM, `token=${OPERATE}`));
		const Cookie = login.headers['set-cookie']?.split(';')[0] ?? '';
		const stream = raw(port, written('GET', '/api/v1/events', {Accept: 'text/event-stream', ...bearer(OPERATE)}));
		await stream.until(text => text.startsWith('HTTP/1.1 200'));
		writeFileSync(file('operate'), 'another-token-that-operates\n', {mode: 0o600});
		// Files are read again when a token is shown.
		await expect.poll(async () => (await speak(port, written('GET', '/livez', bearer('another-token-that-operates')))).status).toBe(200);
		await stream.closed();
		expect(await restart('b', {Cookie})).toMatchObject({status: 401});
		writeFileSync(file('operate'), `${OPERATE}\n`, {mode: 0o600});
		await expect.poll(async () => (await speak(port, written('GET', '/livez', bearer(OPERATE)))).status, {timeout: 30_000}).toBe(200);
	});

	test('wrong tokens are counted, and who guesses waits, but not who has the right one', async () => {
		const statuses: number[] = [];
		const guess = (index: number): void => {
			void speak(port, written('GET', '/livez', bearer(`a-wrong-token-${index}-`))).then(({status}) => statuses.push(status), () => {});
		};
		for (let index = 0; index < 20; index++) guess(index);
		// Some wait longer each time, and others are told to come again.
		await expect.poll(() => statuses.filter(each => each === 429).length, {timeout: 20_000}).toBeGreaterThan(8);
		await archon.says(/a client at 127\.0\.0\.1 was refused: it has a wrong token/);
		for (let index = 20; index < 40; index++) guess(index);
		// From the same address, as from all of a container: neither a program nor a person is locked out.
		expect(await speak(port, written('GET', '/livez', bearer(OPERATE)))).toMatchObject({status: 200});
		expect(await speak(port, written('POST', '/login', FORM, `token=${OPERATE}`))).toMatchObject({status: 204});
		expect(await speak(port, written('GET', '/livez'))).toMatchObject({status: 200});
		expect(statuses.length).toBeLessThan(40);
		await expect.poll(() => statuses, {timeout: 30_000}).toContain(401);
	}, 60_000);
});

describe('another config', () => {
	let taken: Server;
	afterAll(() => taken?.close());

	test('is listened to elsewhere, and what is under way goes on', async () => {
		const stream = raw(port, written('GET', '/api/v1/events', {Accept: 'text/event-stream'}));
		await stream.until(text => text.startsWith('HTTP/1.1 200'));
		await reload(config(`127.0.0.1:${other}`));
		await expect.poll(note).toContain(`listening at http://127.0.0.1:${other}`);
		await expect.poll(async () => speak(other, written('GET', '/livez')).then(({status}) => status, () => 0)).toBe(200);
		await expect.poll(async () => raw(port).closed().then(text => text, () => 'refused')).toBe('');
		expect(await archon.ctl('restart', 'b')).toMatchObject({status: 0});
		await stream.until(text => text.includes('"b"'));
		expect(stream.isClosed()).toBe(false);
		stream.socket.destroy();
		expect(readdirSync(archon.folder)).not.toContain('web.sock');
	});

	test('that cannot be listened to is told, and tried again', async () => {
		taken = createServer().listen(freePort(), '127.0.0.1');
		await once(taken, 'listening');
		const {port: busy} = taken.address() as {port: number};
		await reload(config(`127.0.0.1:${other}, 127.0.0.1:${busy}`));
		await expect.poll(note).toContain(`cannot listen at http://127.0.0.1:${busy}: address in use`);
		expect(await speak(other, written('GET', '/livez'))).toMatchObject({status: 200});
		taken.close();
		await expect.poll(async () => speak(busy, written('GET', '/livez')).then(({status}) => status, () => 0), {timeout: 30_000}).toBe(200);
		await expect.poll(note).not.toContain('cannot listen');
	}, 60_000);

	test('hides what is not to be shown', async () => {
		await reload(config(`127.0.0.1:${other}`, '  show: [health]'));
		await expect.poll(async () => (await speak(other, written('GET', '/api/v1/status'))).status).toBe(401);
		expect(await speak(other, written('GET', '/readyz'))).toMatchObject({status: 200});
	});
});

test('no client is refused while the helper starts again, and archon is executed again', async () => {
	const {pid} = (await archon.status())['archon.web'] ?? {};
	expect(pid).toBeGreaterThan(0);
	const found = children(archon.pid).filter(each => nameOf(each) === 'archon.web');
	for (const each of found) process.kill(each, 'SIGKILL');
	const replies = await Promise.all(Array.from({length: 20}, () => speak(other, written('GET', '/readyz')).then(({status}) => status, () => 0)));
	// One whose connection the killed one had is cut off; none is refused.
	expect(replies.every(each => each === 200 || each === 503 || each === 0)).toBe(true);
	await expect.poll(async () => speak(other, written('GET', '/readyz')).then(({status}) => status, () => 0), {timeout: 30_000}).toBe(200);
	const stream = raw(other, written('GET', '/readyz'));
	await stream.closed();
	archon.signal('SIGSEGV');
	await archon.says(/re-?execut|goes on/i);
	await expect.poll(async () => speak(other, written('GET', '/readyz')).then(({status}) => status, () => 0), {timeout: 30_000}).toBe(200);
	await expect.poll(note).toContain(`listening at http://127.0.0.1:${other}`);
	expect(archon.log()).not.toMatch(/a bug in archon/);
}, 60_000);

const children = (pid: number): readonly number[] =>
	readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
