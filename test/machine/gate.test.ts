/** The helper archon.gate by itself, with this test in the place of PID 1: what reaches it of whom. */
import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createServer, connect as connectTcp, type Server, type Socket} from 'node:net';
import {afterEach, describe, expect, test} from 'vitest';
import {CONNECT, CONNECTED, type Door, doorId, DOORS, REFUSED, RENEW, STATUS} from '../../src/core/remote.ts';
import {decodeMessage, encodeMessage, type Message, RESET} from '../../src/os/helper-wire.ts';
import {ERRNO, MSG_DONTWAIT, newAncillary, SOCK_SEQPACKET, SOCK_STREAM, sys} from '../../src/os/sys.ts';
import {random} from '../sim/random.ts';
import {ARCHON} from './archon.ts';

const TOKEN = 'a-token-of-some-length';
const OTHER = 'another-token-of-a-length';
const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

interface Gate {
	readonly child: ChildProcess;
	/** What it has said to PID 1 so far. */
	readonly heard: Message[];
	/** Lines of its log. */
	readonly log: () => string;
	/** Reads what it has said meanwhile, and answers as PID 1 does. */
	turn(): void;
	tell(kind: string, id?: number, payload?: string, fds?: readonly number[]): void;
	status(): string;
	/** PID 1's ends of connections. */
	readonly connections: number[];
	doors: readonly Door[];
	/** How a request for a connection is answered. */
	answer: (id: number) => void;
}

const gates: Gate[] = [];
const others: {destroy(): void}[] = [];
const servers: Server[] = [];

afterEach(() => {
	for (const {child, connections} of gates.splice(0)) {
		child.kill('SIGKILL');
		connections.forEach(sys.close);
	}
	for (const each of others.splice(0)) each.destroy();
	for (const each of servers.splice(0)) each.close();
});

/** `port`: where it is to listen. */
async function start(...doors: readonly Door[]): Promise<Gate> {
	const ends = new Int32Array(2);
	sys.socketPair(ends, SOCK_SEQPACKET);
	const [own = -1, theirs = -1] = ends;
	const child = spawn(ARCHON, [], {argv0: 'archon.gate', stdio: ['ignore', 'pipe', 'pipe', theirs]});
	sys.close(theirs);
	let said = '';
	child.stderr?.on('data', data => (said += String(data)));
	const room = new Uint8Array(64 << 10);
	const gate: Gate = {
		child, heard: [], log: () => said, connections: [], doors,
		tell: (kind, id = 0, payload = '', fds = []) => void sys.send(own, encodeMessage(kind, id, bytes(payload)), fds, MSG_DONTWAIT),
		status: () => {
			gate.turn();
			return text(gate.heard.findLast(({kind}) => kind === STATUS)?.payload ?? new Uint8Array());
		},
		answer(id) {
			const pair = new Int32Array(2);
			sys.socketPair(pair, SOCK_STREAM);
			const [one = -1, other = -1] = pair;
			// As PID 1 confirms that it has limited the rights.
			sys.write(one, bytes('Ok\n'));
			gate.tell(CONNECTED, id, '', [other]);
			sys.close(other);
			gate.connections.push(one);
		},
		turn() {
			for (let count = sys.receive(own, room, newAncillary()); count > 0; count = sys.receive(own, room, newAncillary())) {
				const message = decodeMessage(room.slice(0, count)) ?? expect.fail();
				gate.heard.push(message);
				if (message.kind === RENEW) gate.tell(DOORS, 0, JSON.stringify(gate.doors));
				if (message.kind === CONNECT) gate.answer(message.id);
			}
		},
	};
	gates.push(gate);
	gate.tell(RESET);
	gate.tell(DOORS, 0, JSON.stringify(doors));
	await expect.poll(gate.status).toMatch(/listen/);
	return gate;
}

/** Below those that the kernel gives to clients (ip_local_port_range). */
let nextPort = 10_000 + (process.pid % 10_000);
function door(tokens: readonly string[], port = nextPort++): Door {
	const remote = {host: '127.0.0.1', port, tokenFile: '/x', grant: {role: 'observe', services: null}} as const;
	return {id: doorId(remote), host: '127.0.0.1', port, tokens};
}

interface Visit {
	readonly socket: Socket;
	said(): string;
	readonly ended: Promise<string>;
}

/** `from`: the address that it comes from. */
function visit(port: number, words: string | Uint8Array = '', from = '127.0.0.1'): Visit {
	const socket = connectTcp({port, host: '127.0.0.1', localAddress: from});
	let said = '';
	socket.on('data', data => (said += data.toString('latin1')));
	const ended = new Promise<string>(resolve => {
		socket.on('error', () => resolve(said));
		socket.on('close', () => resolve(said));
	});
	if (words.length > 0) socket.write(words);
	others.push(socket);
	return {socket, said: () => said, ended};
}

/** Answers for PID 1 until the promise is there. */
async function meanwhile<T>(gate: Gate, promise: Promise<T>): Promise<T> {
	let isDone = false;
	void promise.finally(() => (isDone = true));
	await expect.poll(() => {
		gate.turn();
		return isDone;
	}, {timeout: 30_000, interval: 5}).toBe(true);
	return promise;
}

async function until(gate: Gate, holds: () => boolean): Promise<void> {
	await expect.poll(() => {
		gate.turn();
		return holds();
	}, {timeout: 30_000, interval: 5}).toBe(true);
}

const kinds = ({heard}: Gate): readonly string[] => [...new Set(heard.map(({kind}) => kind))].sort();

describe('before the token was right', () => {
	test('nothing that a client says reaches PID 1, whatever it is', async () => {
		const here = door([TOKEN, OTHER]);
		const gate = await start(here);
		const {between} = random(20_251_129);
		const draw = (count: number): number => between(0, count - 1);
		const pieces = ['Token,', 'Token', ',', '\n', '\r\n', '"', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), '@1,', 'Status\n', 'GET / HTTP/1.1\r\n', '\0', 'é', 'x'.repeat(500)];
		const visits = Array.from({length: 300}, (_, i) => {
			const words = Array.from({length: 1 + draw(6)}, () => (draw(4) === 0 ? String.fromCharCode(...Array.from({length: draw(40)}, () => draw(256))) : pieces[draw(pieces.length)])).join('');
			const each = visit(here.port, Buffer.from(words, 'latin1'), `127.${1 + (i >> 7)}.${i & 127}.1`);
			each.socket.end();
			return each;
		});
		const answers = await meanwhile(gate, Promise.all(visits.map(({ended}) => ended)));
		for (const answer of answers) expect(answer).toMatch(/^$|^Error,"[^"]+"\n$/);
		expect(kinds(gate).filter(kind => ![RENEW, RESET, STATUS].includes(kind))).toEqual([]);
		for (const {kind, payload} of gate.heard) if (kind !== STATUS) expect(payload).toHaveLength(0);
		expect(gate.log().split('\n').length).toBeLessThanOrEqual(22);
		// And it serves.
		const good = visit(here.port, `Token,${OTHER}\r\nhello\n`, '127.9.9.9');
		await until(gate, () => good.said() === 'Ok\n');
		expect(gate.heard.filter(({kind}) => kind === CONNECT).map(({payload}) => text(payload))).toEqual([here.id]);
		const room = new Uint8Array(100);
		await until(gate, () => sys.read(gate.connections[0] ?? -1, room) === 6);
		expect(text(room.subarray(0, 6))).toBe('hello\n');
	});

	test('a token of another door does not open this one', async () => {
		const [one, other] = [door([TOKEN]), door([OTHER])];
		const gate = await start(one, other);
		expect(await meanwhile(gate, visit(one.port, `Token,${OTHER}\n`, '127.1.0.1').ended)).toBe('Error,"wrong token"\n');
		expect(kinds(gate)).not.toContain(CONNECT);
		const good = visit(other.port, `Token,"${OTHER}"\n`, '127.1.0.2');
		await until(gate, () => good.said() === 'Ok\n');
	});

	test('what is wrong again and again is answered later each time, and what is right at once', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const order: string[] = [];
		// As many as wait in time, and more than may be here from one address.
		const bad = Array.from({length: 12}, () => visit(here.port, 'Token,wrong-wrong-wrong-wrong\n', '127.1.0.1').ended.then(said => order.push(said)));
		await until(gate, () => order.includes('Error,"wrong token"\n'));
		const good = visit(here.port, `Token,${TOKEN}\n`, '127.1.0.1');
		await until(gate, () => good.said() === 'Ok\n');
		expect(order.length).toBeLessThan(12);
		await meanwhile(gate, Promise.all(bad));
		await until(gate, () => /a client at 127\.1\.0\.1 was refused: it has a wrong token\n.*\(2 times\)\n.*\(4 times\)/.test(gate.log()));
	});

	test('clients are few: of one address, and together, where who waits for the longest makes room', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const same = Array.from({length: 9}, () => visit(here.port, '', '127.1.0.1'));
		expect(await Promise.race(same.map(({ended}, i) => ended.then(() => i)))).toBe(0);
		const many = Array.from({length: 64}, (_, i) => visit(here.port, '', `127.2.0.${i + 1}`));
		await Promise.all(same.map(({ended}) => ended));
		const good = visit(here.port, `Token,${TOKEN}\n`, '127.3.0.1');
		await until(gate, () => good.said() === 'Ok\n');
		await many[0]?.ended;
		expect(many.slice(1).every(({socket}) => !socket.destroyed)).toBe(true);
	});

	test('who says nothing, or too much, is told so', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const silent = visit(here.port, 'Tok', '127.1.0.1').ended;
		expect(await meanwhile(gate, visit(here.port, 'x'.repeat(5000), '127.1.0.2').ended)).toBe('Error,"the first line is too long"\n');
		expect(await meanwhile(gate, silent)).toBe('Error,"no token came within 10 s"\n');
	});
});

describe('after it', () => {
	async function enter(gate: Gate, port: number, from: string, token = TOKEN): Promise<Visit> {
		const each = visit(port, `Token,${token}\n`, from);
		await until(gate, () => each.said() === 'Ok\n');
		return each;
	}

	test('bytes go both ways, and neither end is read faster than the other takes them', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const client = await enter(gate, here.port, '127.1.0.1');
		const [archon = -1] = gate.connections;
		client.socket.pause();
		const block = new Uint8Array(64 << 10).fill(65);
		const fill = (): number => {
			let sent = 0;
			for (let count = sys.write(archon, block); count > 0; count = sys.write(archon, block)) sent += count;
			return sent;
		};
		let sent = 0;
		// Until nothing fits any more for as long as the gate has time to make room.
		for (let quiet = 0; quiet < 20;) {
			const more = fill();
			quiet = more === 0 ? quiet + 1 : 0;
			sent += more;
			await new Promise(resolve => setImmediate(resolve));
		}
		const memory = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${gate.child.pid}/status`, 'utf8'))?.[1]);
		expect(memory).toBeLessThan(8 << 10);
		client.socket.resume();
		await until(gate, () => client.said().length === 3 + sent);
		expect(client.said()).toMatch(/^Ok\nA+$/);
		// The other way.
		const big = 'B'.repeat(1 << 20);
		client.socket.write(big);
		let got = 0;
		const room = new Uint8Array(64 << 10);
		await until(gate, () => {
			for (let count = sys.read(archon, room); count > 0; count = sys.read(archon, room)) got += count;
			return got === big.length;
		});
	});

	test('who ends its requests still gets answers, and the end of either is the end of both', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const half = await enter(gate, here.port, '127.1.0.1');
		half.socket.end();
		const room = new Uint8Array(10);
		await until(gate, () => sys.read(gate.connections[0] ?? -1, room) === 0);
		sys.write(gate.connections[0] ?? -1, bytes('answer\n'));
		sys.close(gate.connections[0] ?? -1);
		expect(await half.ended).toBe('Ok\nanswer\n');
		const other = await enter(gate, here.port, '127.1.0.2');
		other.socket.resetAndDestroy();
		await until(gate, () => [0, -ERRNO.ECONNRESET].includes(sys.read(gate.connections[1] ?? -1, room)));
	});

	test('PID 1 may refuse, and what it says is said', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		gate.answer = id => gate.tell(REFUSED, id, 'no "reason"');
		expect(await meanwhile(gate, visit(here.port, `Token,${TOKEN}\n`, '127.1.0.1').ended)).toMatch(/^Error,"no .*reason.*"\n$/);
	});

	test('a token that is gone ends who came with it; doors open and close', async () => {
		const [one, two] = [door([TOKEN, OTHER]), door([TOKEN])];
		const gate = await start(one, two);
		expect(gate.status()).toBe(`listening at 127.0.0.1:${one.port}; listening at 127.0.0.1:${two.port}`);
		const [old, fresh, leaving] = [await enter(gate, one.port, '127.1.0.1'), await enter(gate, one.port, '127.1.0.2', OTHER), await enter(gate, two.port, '127.1.0.3')];
		gate.doors = [{...one, tokens: [OTHER]}];
		gate.tell(DOORS, 0, JSON.stringify(gate.doors));
		await Promise.all([old.ended, leaving.ended]);
		expect(fresh.socket.destroyed).toBe(false);
		await expect.poll(gate.status).toBe(`listening at 127.0.0.1:${one.port}`);
		expect(await meanwhile(gate, visit(one.port, `Token,${TOKEN}\n`, '127.1.0.4').ended)).toBe('Error,"wrong token"\n');
		await new Promise<void>(resolve => connectTcp({port: two.port, host: '127.0.0.1'}).on('error', () => resolve()));
		gate.doors = [{...one, tokens: []}];
		gate.tell(DOORS, 0, JSON.stringify(gate.doors));
		await fresh.ended;
		await expect.poll(gate.status).toMatch(/without a token, see the log$/);
	});

	test('a port that is taken is told, and listened at as soon as it is free', async () => {
		const here = door([TOKEN]);
		const squatter = createServer().listen(here.port, '127.0.0.1');
		servers.push(squatter);
		await new Promise(resolve => squatter.once('listening', resolve));
		const gate = await start(here);
		expect(gate.status()).toBe(`cannot listen at 127.0.0.1:${here.port}: address already in use`);
		await expect.poll(gate.log).toBe(`cannot listen at 127.0.0.1:${here.port}: address already in use; trying again\n`);
		squatter.close();
		await until(gate, () => gate.status() === `listening at 127.0.0.1:${here.port}`);
		await enter(gate, here.port, '127.1.0.1');
	});

	test('another instance of PID 1 finds it as it was', async () => {
		const here = door([TOKEN]);
		const gate = await start(here);
		const client = await enter(gate, here.port, '127.1.0.1');
		gate.heard.length = 0;
		gate.tell(RESET);
		gate.tell(DOORS, 0, JSON.stringify([here]));
		await expect.poll(gate.status).toBe(`listening at 127.0.0.1:${here.port}`);
		expect(client.socket.destroyed).toBe(false);
		await enter(gate, here.port, '127.1.0.2');
	});
});
