/** Who holds a port or a socket's path, as archon tells it of what it cannot bind. */
import {spawn} from 'node:child_process';
import {mkdtempSync} from 'node:fs';
import {createServer} from 'node:net';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {describeHolder, holderOf, listeningPorts} from '../../src/os/port-holder.ts';

const PROGRAM = `
import socket, sys
kind, where = sys.argv[1], sys.argv[2]
s = socket.socket({'unix': socket.AF_UNIX, 'tcp6': socket.AF_INET6}.get(kind, socket.AF_INET), socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
s.bind(where if kind == 'unix' else ('::1' if kind == 'tcp6' else '127.0.0.1', 0))
if kind != 'udp': s.listen()
print(0 if kind == 'unix' else s.getsockname()[1], flush=True)
sys.stdin.read()
`;

/** A process that holds a socket until the test is over. */
async function holding(kind: string, path = ''): Promise<{pid: number; port: number; end(): void}> {
	const child = spawn('python3', ['-c', PROGRAM, kind, path], {stdio: ['pipe', 'pipe', 'inherit']});
	const port = await new Promise<number>(resolve => child.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))));
	return {pid: child.pid ?? 0, port, end: () => child.stdin.end()};
}

test.each(['tcp', 'tcp6', 'udp'])('a process that holds a port of %s is named', async kind => {
	const {pid, port, end} = await holding(kind);
	const holder = holderOf({kind: kind === 'udp' ? 'udp' : 'tcp', port});
	expect(holder).toEqual({pid, name: 'python3', isOwn: false});
	expect(describeHolder(holder)).toBe(` by python3 (pid ${pid})`);
	end();
});

test('the ports at which something listens are all found at once', async () => {
	const four = await holding('tcp');
	const six = await holding('tcp6');
	expect([four.port, six.port].map(port => listeningPorts().has(port))).toEqual([true, true]);
	four.end();
	six.end();
	await expect.poll(() => [four.port, six.port].map(port => listeningPorts().has(port))).toEqual([false, false]);
});

test('a process that holds the path of a socket is named', async () => {
	const path = join(mkdtempSync(join(tmpdir(), 'holder-')), 'a socket');
	const {pid, end} = await holding('unix', path);
	expect(holderOf({kind: 'unix', path})).toEqual({pid, name: 'python3', isOwn: false});
	end();
});

test('what this process holds is its own, and what no process holds has no holder', async () => {
	const server = createServer();
	await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
	const {port} = server.address() as AddressInfo;
	expect(describeHolder(holderOf({kind: 'tcp', port}))).toBe(' by archon itself');
	expect(holderOf({kind: 'udp', port})).toBeNull();
	await new Promise(resolve => void server.close(resolve));
	expect(describeHolder(holderOf({kind: 'tcp', port}))).toBe('');
});
