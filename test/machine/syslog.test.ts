/** Lines to real syslog servers: unix sockets of both kinds, UDP and TCP, there, late, slow and gone. */
import {execa} from 'execa';
import {mkdtempSync, rmSync} from 'node:fs';
import type {Socket} from 'node:net';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import type {Syslog} from '../../src/features/logging/core.ts';
import {oblivion} from '../../src/os/reexec/handoff.ts';
import {createPoller} from '../../src/os/poller.ts';
import {createQueue} from '../../src/features/logging/os/queue.ts';
import {dialPath} from '../../src/features/logging/os/relays.ts';
import {delimiting} from '../../src/features/logging/os/rfc5424.ts';
import {createSyslog, type Dial, type LineWriter} from '../../src/features/logging/os/syslog.ts';
import {dialInet} from '../../src/helpers/inet-relays.ts';
import {boot} from './archon.ts';
import {closeServers, type Receipt, stream, udp} from './syslog-servers.ts';

const AT = Date.UTC(2026, 10, 21, 12, 0, 0, 123);
const poller = createPoller();
const folder = mkdtempSync(join(tmpdir(), 'archon-syslog-'));
let sockets = 0;
const newPath = (): string => join(folder, String(++sockets));

const undo: (() => unknown)[] = [];
afterEach(() => {
	for (const act of undo.splice(0)) act();
	closeServers();
});

interface Sender extends LineWriter {
	/** All words about losses, in order. */
	readonly told: readonly (readonly [count: number, why: string])[];
	idle(): Promise<void>;
}

function sender(address: Syslog['address'], format: Syslog['format'] = 'rfc5424'): Sender {
	const told: [number, string][] = [];
	// As PID 1 dials a socket, and its helper an address in a network.
	const dial: Dial = listener => (address.kind === 'unix'
		? dialPath(address.path, delimiting({address, format}), poller, listener) : dialInet({address, format}, poller, listener));
	const queue = createQueue(oblivion().blocks, 'web');
	const writer = createSyslog({kind: 'syslog', address, facility: 3, tag: 'web', format}, dial, queue, (...words) => void told.push(words));
	undo.push(() => writer.close());
	return {...writer, told, idle: () => new Promise(resolve => void writer.whenIdle(resolve))};
}

/** Node has no datagrams on unix sockets. */
async function datagrams(path: string): Promise<Receipt & {readonly pid: number}> {
	rmSync(path, {force: true});
	const script = '$| = 1; $s = IO::Socket::UNIX->new(Type => 2, Local => shift); print "open\\n"; print "$m\\n" while defined $s->recv($m, 1 << 20)';
	const server = execa('perl', ['-MIO::Socket', '-e', script, path], {reject: false, buffer: false, encoding: 'latin1'});
	undo.push(() => server.kill('SIGKILL'));
	const messages: string[] = [];
	await new Promise<void>(resolve => {
		let rest = '';
		server.stdout.setEncoding('latin1').on('data', (text: string) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop() ?? '';
			messages.push(...lines.filter(line => line !== 'open'));
			resolve();
		});
	});
	return {messages, pid: server.pid ?? 0, close: () => void server.kill('SIGKILL')};
}

/** A port where no process listens. */
async function silent(): Promise<number> {
	const {port, close} = await stream(0);
	close();
	return port;
}

const lines = (count: number, from = 0, filling = ''): readonly string[] => Array.from({length: count}, (_, i) => `${from + i}${filling}`);
const frame = (line: string, priority = 30): string => `<${priority}>1 2026-11-21T12:00:00.123Z ${hostname()} web - - - ${line}`;
const numbers = (messages: readonly string[]): readonly number[] => messages.map(message => Number(/ - - - (\d+)\D*$/.exec(message)?.[1]));

describe('every kind of server hears each line as a message of RFC 5424, in order', () => {
	const said = async (address: Syslog['address'], {messages}: Receipt): Promise<void> => {
		const writer = sender(address);
		writer.put(['one', 'caf\xc3\xa9 \x1b[1m'], 'stdout', AT);
		writer.put(['oh no'], 'stderr', AT);
		writer.put(lines(500), 'stdout', AT);
		await writer.idle();
		const expected = [frame('one'), frame('caf\xc3\xa9 \\x1b[1m'), frame('oh no', 27), ...lines(500).map(line => frame(line))];
		await expect.poll(() => messages.length).toBe(expected.length);
		expect(messages).toEqual(expected);
		writer.close();
		expect(writer.told).toEqual([]);
	};

	test('a unix socket for datagrams', async () => {
		const path = newPath();
		await said({kind: 'unix', path}, await datagrams(path));
	});

	test('a unix socket for streams', async () => {
		const path = newPath();
		await said({kind: 'unix', path}, await stream(path));
	});

	test('UDP', async () => {
		const server = await udp();
		await said({kind: 'udp', host: '127.0.0.1', port: server.port}, server);
	});

	test('TCP, by name', async () => {
		const server = await stream(0);
		await said({kind: 'tcp', host: 'localhost', port: server.port}, server);
	});
});

describe('a message of RFC 3164', () => {
	/** What rsyslogd and busybox make of a datagram at /dev/log: priority, time, and the tag up to a colon, bracket or space. */
	const read = (message: string): readonly (string | undefined)[] =>
		/^<(\d{1,3})>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ([^ :[]+)(?:\[\d+\])?: (.*)$/.exec(message)?.slice(1) ?? [message];

	test('is what a daemon at /dev/log gets without a word about it, so that it knows the program', async () => {
		const path = newPath();
		const {messages} = await datagrams(path);
		const said = '"sh -c \'echo heard; echo a: b >&2\'"';
		await using archon = await boot({config: `services:
  one: {type: oneshot, command: ${said}, logging: {driver: syslog, options: {syslog-address: "unix://${path}", syslog-facility: local0}}}
  idle: {command: sleep 1000000}
`});
		await archon.says(/one completed/);
		await expect.poll(() => messages.map(read).toSorted()).toEqual([
			['131', expect.any(String), 'one', 'a: b'], ['134', expect.any(String), 'one', 'heard'],
		]);
	});

	test('on a stream ends as its receivers expect', async () => {
		const path = newPath();
		const [unix, tcp] = [newRecorder(), newRecorder()];
		await stream(path, unix.hear);
		const {port} = await stream(0, tcp.hear);
		for (const address of [{kind: 'unix', path}, {kind: 'tcp', host: '127.0.0.1', port}] as const) {
			sender(address, 'rfc3164').put(['one', 'two\nlines'], 'stdout', AT);
		}
		await expect.poll(() => unix.text()).toMatch(/^<30>\w{3} .{11} web: one\0<30>\w{3} .{11} web: two\\x0alines\0$/);
		await expect.poll(() => tcp.text()).toMatch(/^<30>\w{3} .{11} \S+ web: one\n<30>\w{3} .{11} \S+ web: two\\x0alines\n$/);
	});

	function newRecorder(): {readonly hear: (socket: Socket) => void; text(): string} {
		let text = '';
		return {hear: socket => void socket.on('data', (data: Buffer | string) => void (text += data.toString())), text: () => text};
	}
});

describe('a line that is too long for a message', () => {
	test('by UDP is cut at 8 KiB, and says so', async () => {
		const {messages, port} = await udp();
		const writer = sender({kind: 'udp', host: '127.0.0.1', port});
		writer.put(['x'.repeat(100_000), 'next'], 'stdout', AT);
		await expect.poll(() => messages.length).toBe(2);
		expect(messages[0]?.length).toBe(8 * 1024);
		expect(messages[0]).toMatch(/ x+\xe2\x80\xa6$/);
	});

	test('by datagrams on a unix socket is cut to what fits', async () => {
		const path = newPath();
		const {messages} = await datagrams(path);
		const writer = sender({kind: 'unix', path});
		writer.put(['x'.repeat(500_000), 'next'], 'stdout', AT);
		await expect.poll(() => messages.length).toBe(2);
		expect(messages[0]?.length).toBeGreaterThan(10_000);
		expect(messages[0]).toMatch(/ x+\xe2\x80\xa6$/);
		expect(messages[1]).toBe(frame('next'));
	});

	test('by a stream is whole', async () => {
		const {messages, port} = await stream(0);
		const writer = sender({kind: 'tcp', host: '127.0.0.1', port});
		writer.put(['x'.repeat(500_000), 'next'], 'stdout', AT);
		await expect.poll(() => messages.map(({length}) => length)).toEqual([frame('').length + 500_000, frame('next').length]);
	});
});

describe('where no process listens', () => {
	test.each(['datagrams', 'stream'] as const)('lines wait for a unix socket with %s', async kind => {
		const path = newPath();
		const writer = sender({kind: 'unix', path});
		writer.put(lines(100), 'stdout', AT);
		// Hopeless for now: the end does not wait for it.
		await writer.idle();
		const {messages} = await (kind === 'stream' ? stream(path) : datagrams(path));
		await expect.poll(() => numbers(messages)).toEqual(numbers(lines(100).map(line => frame(line))));
		writer.close();
		expect(writer.told).toEqual([]);
	});

	test('lines wait for a TCP port', async () => {
		const port = await silent();
		const writer = sender({kind: 'tcp', host: '127.0.0.1', port});
		writer.put(lines(100), 'stdout', AT);
		await writer.idle();
		const {messages} = await stream(port);
		await expect.poll(() => messages.length).toBe(100);
		expect(messages).toEqual(lines(100).map(line => frame(line)));
	});

	test('by UDP what was sent is lost and counted where the kernel tells, and the others wait', async () => {
		const {port, close} = await udp();
		close();
		const writer = sender({kind: 'udp', host: 'localhost', port});
		writer.put(lines(100), 'stdout', AT);
		await expect.poll(() => writer.told.length).toBeGreaterThan(0);
		expect(writer.told[0]).toEqual([expect.any(Number), `nothing listens at udp://localhost:${port}`]);
		const {messages} = await udp(port);
		await expect.poll(() => numbers(messages).at(-1)).toBe(99);
		writer.close();
		const lost = writer.told.reduce((sum, [count]) => sum + count, 0);
		expect(lost).toBeGreaterThan(0);
		expect(messages.length).toBeGreaterThan(50);
		// The kernel does not say which it was: one that arrived at the other address of the name may be counted, too.
		expect(lost).toBeLessThanOrEqual(100);
		expect(messages.length).toBeLessThanOrEqual(100);
	});

	test('1 MiB waits, and what comes after that is dropped and counted to the line', async () => {
		const path = newPath();
		const writer = sender({kind: 'unix', path});
		for (let i = 0; i < 30_000; i += 100) writer.put(lines(100, i, 'x'.repeat(100)), 'stdout', AT);
		await expect.poll(() => writer.told.length).toBe(1);
		const [[count, why] = []] = writer.told;
		expect(why).toBe(`nothing listens at unix://${path}`);
		const {messages} = await stream(path);
		await expect.poll(() => messages.length + (count ?? 0)).toBe(30_000);
		expect(numbers(messages.map(message => message.replace(/x+$/, '')))).toEqual(Array.from({length: messages.length}, (_, i) => i));
		expect(messages.reduce((sum, {length}) => sum + length, 0)).toBeGreaterThan((1 << 20) - 1000);
	});

	test('it is said once although nothing is lost yet, and what waits at the end is lost', async () => {
		const port = await silent();
		const writer = sender({kind: 'tcp', host: '127.0.0.1', port});
		writer.put(['one', 'two'], 'stdout', AT);
		await expect.poll(() => writer.told).toEqual([[0, `nothing listens at tcp://127.0.0.1:${port}`]]);
		writer.close();
		expect(writer.told.slice(1)).toEqual([[2, `nothing listens at tcp://127.0.0.1:${port}`]]);
		writer.put(['three'], 'stdout', AT);
		await writer.idle();
	});

	test('a name that cannot be resolved is named', async () => {
		const writer = sender({kind: 'tcp', host: 'nowhere.invalid', port: 514});
		writer.put(['one'], 'stdout', AT);
		await writer.idle();
		writer.close();
		expect(writer.told).toEqual([[1, expect.stringMatching(/^cannot reach tcp:\/\/nowhere\.invalid:514: /)]]);
	});
});

describe('a server that goes away', () => {
	test.each(['unix', 'tcp'] as const)('hears all whole when it is back, on a new connection (%s)', async kind => {
		const path = newPath();
		// The first connection is not read from, so that it ends in the middle of a message.
		const hear = (socket: Socket, nth: number): void => {
			if (nth > 1) return;
			socket.pause();
			setImmediate(() => socket.destroy());
		};
		const {messages, port} = await stream(kind === 'unix' ? path : 0, hear);
		const writer = sender(kind === 'unix' ? {kind, path} : {kind, host: '127.0.0.1', port});
		writer.put(lines(900, 0, 'x'.repeat(1000)), 'stdout', AT);
		await expect.poll(() => messages.at(-1) ?? '').toMatch(/ 899x+$/);
		const heard = numbers(messages.map(message => message.replace(/x+$/, '')));
		// Nothing twice on the new connection, nothing out of order, and no halves.
		expect(heard).toEqual(Array.from({length: heard.length}, (_, i) => 900 - heard.length + i));
		expect(messages.every(message => /^<30>1 .* \d+x{1000}$/.test(message))).toBe(true);
	});

	test.each(['stream', 'datagrams'] as const)('is found again at the next line (%s)', async kind => {
		const path = newPath();
		const start = () => (kind === 'stream' ? stream(path) : datagrams(path));
		const writer = sender({kind: 'unix', path});
		const first = await start();
		writer.put(['one'], 'stdout', AT);
		await expect.poll(() => first.messages).toEqual([frame('one')]);
		first.close();
		const second = await start();
		writer.put(['two'], 'stdout', AT);
		await expect.poll(() => second.messages).toEqual([frame('two')]);
		writer.close();
		expect(writer.told).toEqual([]);
	});
});

describe('a server that does not read', () => {
	test('of datagrams delays nothing, and gets what it missed when it goes on', async () => {
		const path = newPath();
		const {messages, pid} = await datagrams(path);
		const writer = sender({kind: 'unix', path});
		process.kill(pid, 'SIGSTOP');
		writer.put(lines(3000), 'stdout', AT);
		let isIdle = false;
		writer.whenIdle(() => void (isIdle = true));
		await new Promise(resolve => void setImmediate(() => setImmediate(resolve)));
		expect(isIdle).toBe(false);
		process.kill(pid, 'SIGCONT');
		await expect.poll(() => isIdle).toBe(true);
		await expect.poll(() => messages.length).toBe(3000);
		expect(messages).toEqual(lines(3000).map(line => frame(line)));
	});

	test.each(['unix', 'tcp'] as const)('of a stream costs what finds no room, and is named (%s)', async kind => {
		const path = newPath();
		let held: Socket | null = null;
		const {messages, port} = await stream(kind === 'unix' ? path : 0, socket => void (held = socket.pause()));
		const writer = sender(kind === 'unix' ? {kind, path} : {kind, host: '127.0.0.1', port});
		let total = 0;
		await expect.poll(() => {
			writer.put(lines(1000, total, 'x'.repeat(1000)), 'stdout', AT);
			total += 1000;
			return writer.told.length;
		}).toBe(1);
		(held as Socket | null)?.resume();
		await writer.idle();
		writer.close();
		const dropped = writer.told.reduce((sum, [count]) => sum + count, 0);
		expect(writer.told[0]?.[1]).toMatch(/is too slow$/);
		await expect.poll(() => messages.length).toBe(total - dropped);
	});
});

test.each(['udp', 'tcp'] as const)('the executable sends what its services say (%s)', async kind => {
	const {messages, port} = await (kind === 'udp' ? udp() : stream(0));
	await using archon = await boot({config: `services:
  one: {type: oneshot, command: echo heard, logging: {driver: syslog, options: {syslog-address: "${kind}://localhost:${port}", tag: "shop/{name}"}}}
  idle: {command: sleep 1000000}
`});
	await archon.says(/one completed/);
	await expect.poll(() => messages).toEqual([expect.stringMatching(/<30>1 \S+Z \S+ shop\/one - - - heard$/)]);
});
