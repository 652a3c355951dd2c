/** Files of pools that another program sees change: it is told all that are watched, and what it says is bounded and believed of these only. */
import {connect, createServer, type Socket} from 'node:net';
import {once} from 'node:events';
import {setTimeout} from 'node:timers/promises';
import {afterEach, expect, test, vi} from 'vitest';
import {type NetworkFiles, openNetworkFiles, readPort} from '../../src/helpers/pool/network-files.ts';
import {createPoller} from '../../src/os/poller.ts';
import {ERRNO, sys} from '../../src/os/sys.ts';

const open: NetworkFiles[] = [];
const sockets: Socket[] = [];
afterEach(() => {
	for (const files of open.splice(0)) files.close();
	for (const socket of sockets.splice(0)) socket.destroy();
});

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	return typeof address === 'object' ? address?.port ?? 0 : 0;
}

async function begin(paths: string[]): Promise<{readonly files: NetworkFiles; readonly port: number; readonly changed: string[]}> {
	const port = await freePort();
	const changed: string[] = [];
	const opened = openNetworkFiles({
		poller: createPoller(), port,
		monitor: {has: path => paths.includes(path), paths: () => paths},
		changed: more => void changed.push(...more),
	});
	if (!opened.ok) throw new Error(opened.error);
	open.push(opened.value);
	return {files: opened.value, port, changed};
}

async function dial(port: number): Promise<{readonly socket: Socket; readonly text: () => string; readonly isOver: () => boolean}> {
	const socket = connect(port, '127.0.0.1');
	sockets.push(socket);
	let [text, isOver] = ['', false];
	socket.on('data', bytes => void (text += String(bytes)));
	socket.on('error', () => {});
	socket.on('close', () => void (isOver = true));
	await once(socket, 'connect');
	return {socket, text: () => text, isOver: () => isOver};
}

test('each path is told once, those before the connection too, and what comes back is a change of those that are watched', async () => {
	const paths = ['/app/a.py', '/app/ü.py', '/app/new\nline.py'];
	const {files, port, changed} = await begin(paths);
	files.watched(paths);
	const {socket, text} = await dial(port);
	await expect.poll(text).toBe('/app/a.py\n/app/ü.py\n');
	paths.push('/app/b.py');
	files.watched(['/app/a.py', '/app/b.py']);
	await expect.poll(text).toBe('/app/a.py\n/app/ü.py\n/app/b.py\n');
	const bytes = Buffer.from('/app/b.py\r\n/etc/passwd\n/app/ü.py\n/app/a');
	// A character in two pieces.
	socket.write(bytes.subarray(0, 30));
	await expect.poll(() => changed).toEqual(['/app/b.py']);
	socket.write(bytes.subarray(30));
	await expect.poll(() => changed).toEqual(['/app/b.py', '/app/ü.py']);
	socket.write('.py\n');
	await expect.poll(() => changed).toEqual(['/app/b.py', '/app/ü.py', '/app/a.py']);
});

test('one that sends no newline, or is the ninth, is left, and the others go on', async () => {
	const {port, changed} = await begin(['/a']);
	const peers: Awaited<ReturnType<typeof dial>>[] = [];
	for (let count = 0; count < 8; count++) peers.push(await dial(port));
	await expect.poll(() => peers.map(({text}) => text())).toEqual(peers.map(() => '/a\n'));
	const ninth = await dial(port);
	await expect.poll(ninth.isOver).toBe(true);
	peers[0]?.socket.write('x'.repeat(64 * 1024));
	await expect.poll(() => peers[0]?.isOver()).toBe(true);
	peers[1]?.socket.write('/a\n');
	await expect.poll(() => changed).toEqual(['/a']);
	peers[2]?.socket.end();
	await expect.poll(() => peers[2]?.isOver()).toBe(true);
	expect((await dial(port)).isOver()).toBe(false);
});

test('one that reads nothing does not hold the others, and gets all when it reads', async () => {
	const paths = Array.from({length: 100_000}, (_, at) => `/app/${'long/'.repeat(20)}${at}.py`);
	const {files, port} = await begin(paths);
	const slow = connect(port, '127.0.0.1');
	sockets.push(slow);
	slow.pause();
	await once(slow, 'connect');
	const {text} = await dial(port);
	await expect.poll(() => text().length, {timeout: 20_000}).toBe(paths.join('\n').length + 1);
	files.watched(['/more']);
	await expect.poll(() => text().endsWith('/more\n')).toBe(true);
	let length = 0;
	slow.on('data', bytes => void (length += bytes.length));
	slow.resume();
	await expect.poll(() => length, {timeout: 20_000}).toBe(text().length);
});

test('who comes while no descriptor is left is looked at once a second, and let in when there is one', async () => {
	const accept = vi.spyOn(sys, 'accept').mockReturnValue(-ERRNO.EMFILE);
	const {port} = await begin(['/app/a.py']);
	const {text} = await dial(port);
	await expect.poll(() => accept.mock.calls.length).toBeGreaterThan(0);
	const since = Date.now();
	await setTimeout(300);
	expect(accept.mock.calls.length).toBeLessThan(2 + (Date.now() - since) / 1000);
	accept.mockRestore();
	await expect.poll(text, {timeout: 10_000}).toBe('/app/a.py\n');
});

test('a port is a number, and one that is taken is told', async () => {
	expect(['7000', '65535', '0', '65536', '', '7e3', ' 7', '-1'].map(readPort)).toEqual([7000, 65_535, null, null, null, null, null, null]);
	const {port} = await begin([]);
	const second = openNetworkFiles({poller: createPoller(), port, monitor: {has: () => false, paths: () => []}, changed: () => {}});
	expect(second).toEqual({ok: false, error: `cannot listen at 127.0.0.1:${port}: address already in use`});
});
