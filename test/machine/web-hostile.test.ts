/** Clients that mean harm, against archon.web of the real executable: what PID 1 and its services notice of them, which is nothing. */
import {readdirSync, readFileSync} from 'node:fs';
import {afterEach, expect, test} from 'vitest';
import {random} from '../sim/random.ts';
import {type Archon, boot} from './archon.ts';
import {type Raw, raw, repliesIn, speak, written} from './web-client.ts';

let next = 16_500 + process.pid % 1000 * 8;
const freePort = (): number => next++;

const clients: Raw[] = [];
afterEach(() => {
	for (const {socket} of clients.splice(0)) socket.destroy();
});

const configOf = (port: number): string => `
web: {listen: "127.0.0.1:${port}"}
services:
  app: {command: sleep 1000}
  crash: {command: sh -c "sleep 0.2; exit 3", restart: {policy: always, delay: 100ms, max_delay: 100ms, attempts: unlimited}}
`;

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** The pid as this machine sees it. */
function helperOf({pid}: Archon): number {
	const all = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
	return all.find(each => readFileSync(`/proc/${each}/comm`, 'utf8').trim() === 'archon.web') ?? 0;
}

async function ready(archon: Archon, port: number): Promise<void> {
	await expect.poll(async () => speak(port, written('GET', '/livez')).then(({status}) => status, () => 0), {timeout: 30_000}).toBe(200);
	expect(helperOf(archon)).toBeGreaterThan(0);
}

/** The bytes of memory that a process has at hand. */
const memory = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

test('with 1,000 slow and hostile clients services are restarted, and who asks properly is answered', async () => {
	const port = freePort();
	await using archon = await boot({config: configOf(port)});
	await ready(archon, port);
	const helper = helperOf(archon);
	const own = descriptors(archon.pid);
	const restarts = async (): Promise<number> => (await archon.status())['crash']?.restarts ?? 0;
	const kinds: readonly ((index: number) => string)[] = [
		() => '', () => 'GET /livez HTTP/1.1\r\nHost: local', () => 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50),
		() => 'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{',
		() => written('GET', '/api/v1/events', {Accept: 'text/event-stream'}), () => 'x'.repeat(20_000), () => '\x16\x03\x01\x02\x00\x01\0\xfc',
		index => written('GET', '/livez', {Authorization: `Bearer a-wrong-token-${index}`}),
	];
	for (let index = 0; index < 1000; index++) {
		const client = raw(port, kinds[index % kinds.length]?.(index) ?? '');
		// Some take nothing of what they are sent.
		if (index % 3 === 0) client.socket.pause();
		clients.push(client);
	}
	const before = await restarts();
	await expect.poll(restarts, {timeout: 60_000}).toBeGreaterThan(before + 4);
	// A new client is always let in: who is slow makes room.
	await expect.poll(async () => speak(port, written('GET', '/readyz?service=app')).then(({status}) => status, () => 0), {timeout: 60_000}).toBe(200);
	expect(await archon.ctl('restart', 'app')).toMatchObject({status: 0});
	// PID 1 has no more descriptors than what a few connections of the helper take.
	expect(descriptors(archon.pid)).toBeLessThanOrEqual(own + 70);
	expect(descriptors(helper)).toBeLessThanOrEqual(256 + 70 + 20);
	for (const {socket} of clients.splice(0)) socket.destroy();
	await expect.poll(() => descriptors(archon.pid), {timeout: 60_000}).toBeLessThanOrEqual(own + 6);
	expect(helperOf(archon)).toBe(helper);
	expect(memory(helper)).toBeLessThan(96 << 20);
	expect(archon.log()).not.toMatch(/a bug in archon/);
}, 180_000);

test('who follows all that can be followed keeps no one from asking whether archon is well', async () => {
	const port = freePort();
	await using archon = await boot({config: configOf(port)});
	await ready(archon, port);
	const streams = Array.from({length: 40}, () => raw(port, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n'));
	clients.push(...streams);
	// Half of all streams. Who comes later is told so, and of more than may come from one address the first ones make room.
	const told = async (): Promise<readonly number[]> => {
		const here = streams.filter(({text}) => text().startsWith('HTTP/1.1 200 OK')).length;
		return Promise.resolve([here, streams.filter(each => each.text().startsWith('HTTP/1.1 503 ') || each.isClosed()).length]);
	};
	await expect.poll(told, {timeout: 60_000}).toEqual([16, 24]);
	const {status} = await speak(port, written('GET', '/livez'));
	expect(status).toBe(200);
	// HEAD of what never ends is over at once.
	const head = await raw(port, 'HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').closed();
	expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n$/);
}, 180_000);

test('who guesses by forms on all connections that one address may have keeps no one out', async () => {
	const port = freePort();
	await using archon = await boot({config: configOf(port)});
	await ready(archon, port);
	const form = (token: string): string => written('POST', '/login', {'Content-Type': 'application/x-www-form-urlencoded'}, `token=${token}`);
	// Each asks again as long as it is let, so that all wait for an answer.
	clients.push(...Array.from({length: 32}, (_, index) => raw(port, form(`a-wrong-token-${index}`).replace('close', 'keep-alive').repeat(20))));
	for (let index = 0; index < 20; index++) expect(await speak(port, written('GET', '/livez'))).toMatchObject({status: 200});
}, 60_000);

test('whatever bytes it is sent, the helper lives on as the same process and keeps no descriptor', async () => {
	const port = freePort();
	await using archon = await boot({config: configOf(port)});
	await ready(archon, port);
	const helper = helperOf(archon);
	const own = descriptors(helper);
	const chance = random(Number(process.env['SEED'] ?? 19));
	const below = (bound: number): number => chance.between(0, Math.max(0, bound - 1));
	const good = [
		written('GET', '/readyz?service=app&verbose'), written('HEAD', '/livez'), written('GET', '/api/v1/status'), written('GET', '/', {Accept: 'text/html'}),
		written('GET', '/services/app', {Cookie: 'archon=00'}), written('GET', '/nothing/%41'),
		written('POST', '/login', {'Content-Type': 'application/x-www-form-urlencoded'}, 'token=&next=/'),
		'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
	];
	const pieces = ['\r\n', '\n', '\0', ':', ' ', 'Content-Length: 9\r\n', 'Transfer-Encoding: chunked\r\n', '%', '\xff', '/..', 'HTTP/1.0', '99999999999'];
	const mutated = (): string => {
		let text = good[below(good.length)] ?? '';
		for (let left = below(4); left > 0; left--) {
			const at = below(text.length + 1);
			text = text.slice(0, at) + (pieces[below(pieces.length)] ?? '') + text.slice(at + below(5));
		}
		return text.slice(0, chance.chance(0.2) ? below(text.length) : undefined);
	};
	const noise = (): string => Array.from({length: below(200)}, () => String.fromCharCode(below(256))).join('');
	let answered = 0;
	for (let round = 0; round < 40; round++) {
		const some = Array.from({length: 20}, () => raw(port, chance.chance(0.2) ? noise() : mutated()));
		await Promise.all(some.map(async client => {
			// Who is told nothing, as it is to say more, ends by itself.
			client.socket.end();
			const text = await client.closed();
			const [reply] = repliesIn(text, true);
			if (text === '') return;
			answered += 1;
			expect([200, 204, 303, 400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 421, 431, 501, 503, 505]).toContain(reply?.status);
		}));
	}
	expect(answered).toBeGreaterThan(200);
	expect(helperOf(archon)).toBe(helper);
	// Beside the few connections to archon that it keeps.
	await expect.poll(() => descriptors(helper), {timeout: 30_000}).toBeLessThanOrEqual(own + 4);
	expect(await speak(port, written('GET', '/readyz?service=app'))).toMatchObject({status: 200});
	expect(archon.log()).not.toMatch(/a bug in archon/);
}, 120_000);
