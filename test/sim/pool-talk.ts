/**
 * Conversations with the machine of a pool, byte by byte: workers, runners and clients that write what no peer of the protocol would, in
 * pieces of any size, as a pool's hands would read them.
 */
import type {Effect} from '../../src/features/pools/core/effect.ts';
import type {Event, Peer, Run} from '../../src/features/pools/core/event.ts';
import {rows} from '../../src/features/pools/core/view.ts';
import {createPool, nextDeadline, type Pool, step} from '../../src/features/pools/core/pool.ts';
import type {PoolSpec} from '../../src/features/pools/core/spec.ts';
import {
	cutMessages, type Cutter, formatAsk, formatOrder, MESSAGE_MAX, readClient, readNode, readRegistration, readRunner,
} from '../../src/features/pools/core/wire.ts';
import {type Random, random} from './random.ts';

const SPEC: PoolSpec = {
	name: 'app', command: ['worker'], delay: 300, killCommandsOnRestart: false, restart: 'on-change', envPass: [], bootTimeout: 30_000,
	root: {
		name: 'boot', action: 'x', commands: [{name: 'rake', aliases: ['r'], action: 'y'}],
		nodes: [{name: 'dev', action: null, nodes: [], commands: [{name: 'console', aliases: [], action: null}]}, {name: 'test', action: null, nodes: [], commands: []}],
	},
};

/** What a stream has of bytes that are no message yet, and what it has become. */
interface Stream {
	readonly cutter: Cutter;
	/** Descriptors that came with the bytes. */
	descriptors: number;
	isRegistered: boolean;
	readonly pid: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const decode = (bytes: Uint8Array, from: number, to: number): string => decoder.decode(bytes.subarray(from, to));

/** The most that was kept at one time in one conversation. */
export interface Kept {
	readonly bytes: number;
	readonly peers: number;
	readonly runs: number;
	readonly events: number;
	readonly booted: number;
	/** Clients with a status, and with a pid before it. */
	readonly answered: number;
	readonly begun: number;
}

/** One conversation. It throws where the machine does, and where a promise is broken. */
export function talk(seed: number): Kept {
	const draw = random(seed);
	let pool: Pool = createPool(SPEC);
	let now = 0;
	let numbers = 0;
	let pids = 1000;
	let [bytes, peers, runs, events, booted, answered, begun] = [0, 0, 0, 0, 0, 0, 0];
	const nodes = new Map<Peer, Stream>();
	const clients = new Map<Run, Stream>();
	const runners = new Map<Run, Stream>();
	const awaited = new Map<Peer, Run>();
	const open = new Set<Run>();
	const tracked = new Set<number>();
	const inbox: Event[] = [];

	const stream = (): Stream => ({cutter: cutMessages(decode), descriptors: 0, isRegistered: false, pid: ++pids});
	const fail = (what: string): never => {
		throw new Error(`conversation ${seed}: ${what}`);
	};

	function hear(...given: readonly Event[]): void {
		inbox.push(...given);
		for (let event = inbox.shift(); event; event = inbox.shift()) {
			if (event.kind === 'asked') open.add(event.run);
			const [after, effects] = step(pool, event, now);
			pool = after;
			events++;
			effects.forEach(perform);
			if (events > 20_000) fail('it does not come to rest');
		}
		peers = Math.max(peers, pool.peers.size);
		runs = Math.max(runs, pool.runs.size);
		if (pool.open !== open.size) fail(`${pool.open} runs are open, of ${open.size} clients`);
	}

	function perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn': {
				const pid = ++pids;
				tracked.add(pid);
				return void inbox.push({kind: 'spawned', pid});
			}
			case 'drop':
				if (!nodes.delete(effect.peer)) fail('a connection is dropped that is not open');
				return;
			case 'watchRun': return void awaited.set(effect.peer, effect.run);
			case 'send':
				if (!nodes.has(effect.peer)) fail('a closed connection is told something');
				if (formatOrder(effect.message).indexOf('\0') !== formatOrder(effect.message).length - 1) fail('an order is not one message');
				if (effect.message.kind === 'run' && draw.chance(0.7)) fork(effect.peer);
				return;
			case 'hand':
				if (draw.chance(0.7)) inbox.push({kind: 'begun', run: effect.run, pid: ++pids});
				return;
			case 'signal':
				// All of them end at once, but for some that no signal reaches.
				if (tracked.has(effect.pid) && draw.chance(0.9)) inbox.push(exit(effect.pid));
				return;
			case 'track': return void tracked.add(effect.pid);
			case 'changed':
				if (effect.status === 'ready') booted++;
				return;
			case 'answer': {
				if (!open.has(effect.run)) fail(`client ${effect.run} is told something after its status`);
				if (effect.pid) begun++;
				if (effect.status === null) return;
				if (effect.status < 0 || effect.status > 255) fail('a status is no exit status');
				answered++;
				open.delete(effect.run);
				clients.delete(effect.run);
				runners.delete(effect.run);
				return;
			}
			default:
		}
	}

	function fork(node: Peer): void {
		const run = awaited.get(node);
		if (run === undefined) return;
		awaited.delete(node);
		runners.set(run, stream());
		inbox.push({kind: 'runner', run, pid: draw.pick([++pids, pids, pids, 1001, 1])});
	}

	const exit = (pid: number): Event => {
		tracked.delete(pid);
		return {kind: 'exited', pid, status: draw.pick([null, 0, 1]), signal: draw.pick([null, 9])};
	};

	function shut(peer: Peer, why: string | null): void {
		if (nodes.delete(peer)) hear({kind: 'closed', peer, why});
	}

	/** What the hands do with bytes on a NODE. */
	function onNode(peer: Peer, given: Uint8Array): void {
		const at = nodes.get(peer);
		if (!at) return;
		const parts = at.cutter.push(given);
		bytes = Math.max(bytes, at.cutter.pending());
		if (parts === null) return at.isRegistered ? shut(peer, 'said too much') : void nodes.delete(peer);
		for (const part of parts) {
			if (!nodes.has(peer)) return;
			if (!at.isRegistered) {
				const read = readRegistration(part);
				if (!read.ok) return void nodes.delete(peer);
				at.isRegistered = true;
				hear({...read.value, peer, pid: at.pid});
			} else {
				const read = readNode(part);
				if (!read.ok) return shut(peer, read.error);
				hear({kind: 'said', peer, message: read.value});
			}
		}
	}

	function onClient(run: Run, given: Uint8Array): void {
		const at = clients.get(run);
		const parts = at?.cutter.push(given);
		if (!at || parts === null) {
			if (open.has(run)) hear({kind: 'gone', run});
			return void clients.delete(run);
		}
		for (const part of parts ?? []) {
			const read = readClient(part);
			if (!read.ok || (read.value.kind === 'asked' && at.isRegistered)) {
				clients.delete(run);
				if (open.has(run)) hear({kind: 'gone', run});
				return;
			}
			if (read.value.kind !== 'asked') continue;
			at.isRegistered = true;
			hear({kind: 'asked', run, clientPid: read.value.pid, argc: read.value.argc, command: read.value.command});
		}
	}

	function onRunner(run: Run, given: Uint8Array): void {
		const at = runners.get(run);
		const parts = at?.cutter.push(given);
		if (parts === null) return hear({kind: 'garbled', run, why: 'said too much'});
		for (const part of parts ?? []) {
			const read = readRunner(part);
			hear(read.ok ? {...read.value, run} : {kind: 'garbled', run, why: read.error});
		}
	}

	const rest = (millis: number): void => {
		const until = now + millis;
		for (let due = nextDeadline(pool); due <= until; due = nextDeadline(pool)) {
			now = Math.max(now, due);
			hear({kind: 'tick'});
		}
		now = until;
	};

	hear({kind: 'tick'});
	const rude = draw.pick([0.02, 0.2, 0.5]);
	const most = draw.between(4, 40);
	for (let turn = 0; turn < most; turn++) {
		const choice = turn < 2 && draw.chance(0.7) ? 1 : draw.between(0, 11);
		const all = [...nodes.keys()];
		const peer = all[draw.between(0, all.length - 1)];
		if (choice <= 1 || nodes.size === 0) nodes.set(++numbers, stream());
		if (choice <= 6 && peer !== undefined) for (const piece of pieces(draw, nodeBytes(draw, pool, nodes.get(peer)!, rude))) onNode(peer, piece);
		if (choice === 7) {
			const run = ++numbers;
			clients.set(run, stream());
			for (const piece of pieces(draw, clientBytes(draw))) onClient(run, piece);
		}
		if (choice === 8) {
			for (const node of [...awaited.keys()]) if (nodes.has(node)) fork(node);
			hear();
		}
		if (choice === 9) for (const run of [...runners.keys()]) onRunner(run, runnerBytes(draw, pids));
		if (choice === 10) rest(draw.pick([1, 100, 1000, 6000, 40_000]));
		if (choice === 11) {
			const pid = [...tracked][draw.between(0, tracked.size - 1)];
			const run = [...clients.keys()][draw.between(0, clients.size - 1)];
			if (draw.chance(0.3) && pid !== undefined) hear(exit(pid));
			else if (draw.chance(0.3) && peer !== undefined) shut(peer, null);
			else if (run !== undefined && open.has(run)) hear({kind: 'gone', run});
			else if (peer !== undefined) hear({kind: 'loaded', peer, paths: ['/srv/a.py', 'b', `/${draw.next()}`]}, {kind: 'changed', paths: ['/srv/a.py']});
		}
	}
	// Who does not speak any more does not keep anybody waiting.
	rest(600_000);
	if (pool.stage === 'running') hear({kind: 'stop'});
	rest(600_000);
	for (const pid of [...tracked]) hear(exit(pid));
	rest(600_000);
	if (pool.stage !== 'over') fail('it does not stop');
	if (open.size > 0) fail(`clients ${[...open].join()} have no status`);
	if (pool.peers.size > 0) fail('connections are left');
	return {bytes, peers, runs, events, booted, answered, begun};
}

/** The same bytes, cut anywhere. */
function pieces(draw: Random, text: Uint8Array): readonly Uint8Array[] {
	if (draw.chance(0.6) || text.length > 10_000) return [text];
	const size = draw.between(1, 9);
	return Array.from({length: Math.ceil(text.length / size)}, (_, at) => text.subarray(at * size, (at + 1) * size));
}

function nodeBytes(draw: Random, pool: Pool, at: Stream, rude: number): Uint8Array {
	const root = rows(pool)[0]?.pid ?? 0;
	const parent = !draw.chance(rude) ? root : draw.pick([0, at.pid - 1, 1001]);
	const name = draw.chance(rude) ? draw.pick(['boot', 'dev', 'test', '', 'nope', 'a:b']) : root === 0 ? 'boot' : draw.pick(['dev', 'test']);
	const good = [`P:${at.pid}:${parent}:${name}\0\0`, 'R:OK\0', 'R:Traceback\n  x\0', 'K:A,D,E\0', 'K:F\0', `D:${at.pid + 1}\0`, 'F:/srv/a.py\0', '\0\0'];
	if (!at.isRegistered && !draw.chance(rude)) return encoder.encode(`${good[0]}${draw.chance(0.5) ? 'K:A,D,E,F\0' : ''}${draw.chance(0.8) ? 'R:OK\0' : ''}`);
	if (at.isRegistered && !draw.chance(rude)) return encoder.encode('R:OK\0');
	if (draw.chance(0.6)) return encoder.encode(good[draw.between(1, good.length - 1)] ?? '');
	return draw.chance(0.02) ? large(draw) : noise(draw);
}

function clientBytes(draw: Random): Uint8Array {
	const word = draw.pick(['rake', 'r', 'console', 'rake', 'r', 'console', 'nope', '', 'x'.repeat(300)]);
	if (draw.chance(0.8)) return encoder.encode(formatAsk(draw.between(0, 3), draw.between(0, 9999), word, draw.chance(0.2)));
	return draw.chance(0.02) ? large(draw) : noise(draw);
}

function runnerBytes(draw: Random, pid: number): Uint8Array {
	if (draw.chance(0.2)) return noise(draw);
	return encoder.encode(draw.pick([`P:${pid + 1}:7:\0`, 'P:1001:7:\0', '0\0', '7\0', '255\0', '256\0', `P:${pid + 1}:7:\x003\0`]));
}

const noise = (draw: Random): Uint8Array =>
	Uint8Array.from({length: draw.between(1, 60)}, () => draw.pick([0, 0, 58, 80, 82, 75, 84, 48, 49, draw.between(0, 255)]));

const large = (draw: Random): Uint8Array => {
	const bytes = new Uint8Array(MESSAGE_MAX + draw.between(-2, 5000)).fill(97);
	if (draw.chance(0.5)) bytes.set([82, 58]);
	bytes[bytes.length - 1] = draw.pick([0, 97]);
	return bytes;
};
