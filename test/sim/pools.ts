/**
 * A world for the machine of a pool: a random tree, workers that are slow, deaf, hung, hostile or dying, files that change, clients that come
 * and go, people who restart and reconfigure. After each step its promises are looked at; in the end there is peace, and all must be ready.
 */
import {SIG} from '../../src/core/signal-numbers.ts';
import type {Effect} from '../../src/features/pools/core/effect.ts';
import type {Event, Peer, Run} from '../../src/features/pools/core/event.ts';
import {peerOf, pidsOf} from '../../src/features/pools/core/life.ts';
import {createPool, nextDeadline, type Pool, step} from '../../src/features/pools/core/pool.ts';
import {rows} from '../../src/features/pools/core/view.ts';
import type {PlanNode, PoolSpec} from '../../src/features/pools/core/spec.ts';
import {nodeTables} from '../../src/features/pools/core/state.ts';
import {type Random, random} from './random.ts';

/** What came of one world. */
export interface Report {
	readonly trace: readonly string[];
	readonly steps: number;
	readonly boots: number;
	readonly answers: number;
}

interface Process {
	readonly pid: number;
	readonly kind: 'node' | 'wrapper' | 'runner' | 'command';
	readonly name: string;
	readonly parent: number;
	readonly peer: Peer;
	readonly run: Run;
	hung: boolean;
	deaf: boolean;
	registered: boolean;
}

/** How long the chaos lasts, and the peace after it, in ms. */
const [CHAOS, PEACE] = [40_000, 400_000];

export function live(seed: number, isTold = false): Report {
	return new World(seed, isTold).live();
}

class World {
	private readonly draw: Random;
	private readonly trace: string[] = [];
	private readonly isTold: boolean;
	private pool: Pool;
	private now = 0;
	private isPeace = false;
	private steps = 0;
	private boots = 0;
	private pids = 1000;
	private numbers = 0;
	private readonly processes = new Map<number, Process>();
	private readonly tracked = new Set<number>();
	private readonly peers = new Map<Peer, 'open' | 'shut'>();
	private readonly awaited = new Map<Peer, Run>();
	private readonly runners = new Map<Run, number>();
	/** The clients that have no status yet. */
	private readonly open = new Set<Run>();
	private readonly answered = new Set<Run>();
	private readonly agenda: {readonly at: number; readonly order: number; readonly act: () => void}[] = [];
	private inbox: Event[] = [];
	private isOver = false;
	private readonly deadly: number;

	constructor(seed: number, isTold: boolean) {
		this.draw = random(seed);
		this.isTold = isTold;
		this.deadly = this.draw.pick([0, 0.02, 0.1, 0.3]);
		this.pool = createPool(this.spec());
	}

	live(): Report {
		this.hear({kind: 'tick'});
		for (let at = 0; at < CHAOS; at += this.draw.between(1, 2500)) this.at(at, () => this.disturb());
		this.until(CHAOS);
		this.isPeace = true;
		for (const run of this.open) if (this.draw.chance(0.2)) this.leave(run);
		this.until(CHAOS + PEACE);
		this.atRest();
		for (const {status, node} of rows(this.pool)) if (status === 'crashed') this.hear({kind: 'restart', node, by: 'a person'});
		this.until(this.now + PEACE);
		this.promise(rows(this.pool).every(({status}) => status === 'ready'), `all are ready: ${JSON.stringify(rows(this.pool))}`);
		this.hear({kind: 'stop'});
		this.until(this.now + 60_000);
		this.promise(this.isOver && this.open.size === 0, 'it stops');
		const left = [...this.processes.values()].filter(({kind, registered}) => kind === 'node' && registered);
		this.promise(left.length === 0, `no node is left: ${JSON.stringify(left)}`);
		this.promise(nextDeadline(this.pool) === Infinity, 'a pool that is over waits for nothing');
		return {trace: this.trace, steps: this.steps, boots: this.boots, answers: this.answered.size};
	}

	private atRest(): void {
		this.promise(this.open.size === 0, `each client has its status: ${[...this.open].join()} have none`);
		this.promise(this.pool.runs.size === 0 && this.pool.open === 0, 'no run is left');
		// What has failed by its own word waits for a change; everything else was tried again.
		const own = new Set(rows(this.pool).filter(({status, why}) => status === 'crashed' && why!.endsWith(' failed')).map(({node}) => node));
		for (const {node, status} of rows(this.pool)) this.promise(status === 'ready' || own.has(node), `${node} is ${status} at rest`);
		const known = new Set([...this.processes.values()].map(({pid}) => pid));
		for (const {id} of this.pool.plan.places) {
			for (const pid of pidsOf(nodeTables.read(this.pool.nodes, id)!.phase)) this.promise(known.has(pid), `process ${pid} is not there`);
		}
	}

	private spec(): PoolSpec {
		const {draw} = this;
		let count = 0;
		let commands = 0;
		const node = (depth: number): PlanNode => {
			const name = count++ === 0 ? 'boot' : `n${count}`;
			return {
				name, action: draw.chance(0.3) ? `run ${name}` : null,
				commands: Array.from({length: draw.between(0, 2)}, () => ({name: `c${++commands}`, aliases: draw.chance(0.5) ? [`a${commands}`] : [], action: null})),
				nodes: Array.from({length: depth < 4 && count < 12 ? draw.between(0, 3) : 0}, () => node(depth + 1)),
			};
		};
		return {
			name: 'app', command: ['worker'], root: node(0), delay: draw.pick([0, 100, 300]), killCommandsOnRestart: draw.chance(0.3),
			restart: draw.pick(['on-change', 'always']), envPass: [], bootTimeout: draw.pick([3000, 30_000]),
		};
	}

	/** Something happens that is not the pool's own doing. */
	private disturb(): void {
		const {draw} = this;
		const processes = [...this.processes.values()];
		const {plan} = this.pool;
		const names = plan.places.map(({name}) => name) as [string, ...string[]];
		const process = processes[draw.between(0, processes.length - 1)];
		switch (draw.between(0, 9)) {
			case 0: return process && this.end(process.pid, null, draw.pick([SIG.KILL, SIG.TERM, SIG.SEGV]));
			case 1: return process && this.end(process.pid, draw.between(0, 3), null);
			case 2: return void (process && !draw.chance(0.5) && (process.hung = true));
			case 3: return this.hear({kind: 'restart', node: draw.chance(0.2) ? null : draw.pick([...names, 'nope']), by: 'a person'});
			case 4: return this.hear({kind: 'changed', paths: draw.some(names, 0.2).map(name => `/srv/${name}.py`)});
			case 5: {
				const peer = [...this.peers].filter(([, state]) => state === 'open').map(([each]) => each)[0];
				if (peer === undefined) return;
				this.peers.set(peer, 'shut');
				return this.hear({kind: 'closed', peer, why: draw.chance(0.5) ? null : 'said "x"'});
			}
			case 6: {
				const run = [...this.open][draw.between(0, this.open.size - 1)];
				if (run !== undefined) this.leave(run);
				return;
			}
			case 7: {
				if (draw.chance(0.2)) this.hear({kind: 'plan', spec: this.spec()});
				return;
			}
			default: {
				const words = ['nope', ...plan.offers.keys()] as const;
				for (let i = draw.between(1, 6); i > 0; i--) {
					const run = ++this.numbers;
					this.open.add(run);
					this.hear({kind: 'asked', run, clientPid: run, argc: 0, command: draw.pick(words)});
				}
			}
		}
	}

	/** A client dies, and so does its command. */
	private leave(run: Run): void {
		this.hear({kind: 'gone', run});
		const isBegun = this.runners.has(run);
		this.at(this.now + 2000, () => {
			const left = [...this.processes.values()].filter(each => each.run === run && each.kind === 'command');
			this.promise(!isBegun || left.length === 0, `a command outlives client ${run}`);
		});
	}

	private at(at: number, act: () => void): void {
		this.agenda.push({at, order: ++this.numbers, act});
	}

	private soon(act: () => void, most = 200): void {
		this.at(this.now + this.draw.between(0, most), act);
	}

	private until(end: number): void {
		for (;;) {
			let next = this.agenda[0];
			for (const each of this.agenda) if (!next || each.at < next.at || (each.at === next.at && each.order < next.order)) next = each;
			const due = nextDeadline(this.pool);
			const at = Math.min(next?.at ?? Infinity, due);
			if (at > end) break;
			this.now = Math.max(this.now, at);
			if (next && next.at <= due) {
				this.agenda.splice(this.agenda.indexOf(next), 1);
				next.act();
			} else {
				this.hear({kind: 'tick'});
				this.promise(nextDeadline(this.pool) > this.now, 'a tick leaves nothing due');
			}
		}
		this.now = end;
	}

	private hear(event: Event): void {
		this.inbox.push(event);
		if (this.inbox.length > 1) return;
		for (let at = 0; at < this.inbox.length; at++) {
			const each = this.inbox[at]!;
			if (this.isTold) this.trace.push(`${(this.now / 1000).toFixed(3)} ${JSON.stringify(each)}`);
			const [pool, effects] = step(this.pool, each, this.now);
			this.pool = pool;
			this.steps++;
			for (const effect of effects) this.perform(effect);
			this.look();
			this.promise(this.inbox.length < 10_000, 'it comes to rest');
		}
		this.inbox = [];
	}

	/** What is true after each step. */
	private look(): void {
		const {pool} = this;
		let [ready, files, earlier] = [0, 0, 0];
		const seen = new Set<number>();
		for (const {id, name} of pool.plan.places) {
			const {phase, files: own, earlier: before, queue} = nodeTables.read(pool.nodes, id)!;
			ready += Number(phase.kind === 'ready');
			files += own.size;
			earlier += before.size;
			for (const pid of pidsOf(phase)) {
				this.promise(!seen.has(pid), `process ${pid} is two nodes`);
				seen.add(pid);
			}
			const peer = peerOf(phase);
			this.promise(peer === null || this.peers.get(peer) === 'open', `the connection of ${name} is open`);
			this.promise(queue.length <= pool.open, 'no queue has more than the clients');
		}
		this.promise(pool.ready === ready && pool.files === files && pool.earlier === earlier, 'what is counted is true');
		this.promise(pool.open === this.open.size, `${pool.open} runs are open, of ${this.open.size} clients`);
		this.promise(pool.peers.size <= pool.plan.places.length, 'no connection is kept for nothing');
		this.promise(pool.owners.size <= 2 * (pool.plan.places.length + pool.runs.size), 'no process is kept for nothing');
	}

	private promise(isKept: boolean, what: string): void {
		if (!isKept) throw new Error(`at ${this.now}: ${what}\n${this.trace.slice(-60).join('\n')}`);
	}

	private end(pid: number, status: number | null, signal: number | null): void {
		const process = this.processes.get(pid);
		if (!process) return;
		this.processes.delete(pid);
		const {peer} = process;
		// A child that has kept its parent's end of the socket keeps the connection open.
		if (process.kind === 'node' && process.registered && this.peers.get(peer) === 'open' && this.draw.chance(0.8)) {
			this.soon(() => this.shut(peer), 3);
		}
		if (this.tracked.delete(pid)) this.soon(() => this.hear({kind: 'exited', pid, status, signal}), 3);
		if (process.kind === 'command') {
			const runner = this.processes.get(process.parent);
			if (runner && !runner.hung) {
				this.soon(() => {
					if (!this.processes.has(runner.pid) || runner.hung) return;
					if (this.draw.chance(this.isPeace ? 1 : 0.9)) this.hear({kind: 'done', run: process.run, status: signal === null ? status ?? 0 : 128 + signal});
					this.end(runner.pid, 0, null);
				});
			}
		}
	}

	private shut(peer: Peer): void {
		if (this.peers.get(peer) !== 'open') return;
		this.peers.set(peer, 'shut');
		this.hear({kind: 'closed', peer, why: null});
	}

	private make(kind: Process['kind'], name: string, parent: number, run: Run = 0): Process {
		const isNode = kind === 'node';
		const process = {
			pid: ++this.pids, kind, name, parent, run, peer: isNode ? ++this.numbers : 0, registered: false,
			hung: !this.isPeace && this.draw.chance(this.deadly / 4), deaf: !this.isPeace && this.draw.chance(0.1),
		};
		this.processes.set(process.pid, process);
		return process;
	}

	/** A worker lives: it registers, loads, and is ready, unless something is wrong with it. */
	private run(process: Process): void {
		const {draw} = this;
		const {pid, peer, name, parent} = process;
		const isBad = (): boolean => !this.isPeace && draw.chance(this.deadly);
		const alive = (act: () => void) => () => {
			if (this.processes.has(pid) && !process.hung) act();
		};
		this.at(this.now + (isBad() ? draw.between(0, 12_000) : draw.between(0, 50)), alive(() => {
			if (isBad()) return this.end(pid, 1, null);
			process.registered = true;
			this.peers.set(peer, 'open');
			this.boots++;
			this.hear({kind: 'registered', peer, pid, parent: this.processes.get(parent)?.kind === 'node' ? parent : 0, name: isBad() ? 'nope' : name});
			const says = (event: Event) => alive(() => this.peers.get(peer) === 'open' && this.hear(event));
			if (draw.chance(0.5)) this.soon(says({kind: 'said', peer, message: {kind: 'capable', of: draw.some(['A', 'D', 'E', 'F'], 0.5)}}), 5);
			const boot = isBad() ? draw.between(0, 40_000) : draw.between(5, 500);
			const paths = [`/srv/${name}.py`, ...draw.some(['/srv/boot.py', '/srv/n2.py', '/srv/x.py'], 0.3)];
			this.at(this.now + draw.between(0, boot), says({kind: 'loaded', peer, paths}));
			const isCrashed = isBad();
			this.at(this.now + boot, says({kind: 'said', peer, message: isCrashed ? {kind: 'failed', text: `${name} failed`} : {kind: 'booted'}}));
			if (isCrashed) this.at(this.now + boot + 10, alive(() => this.end(pid, 1, null)));
			if (isBad()) this.soon(says({kind: 'said', peer, message: {kind: 'died', pid: this.pids}}), 5000);
			if (isBad()) this.soon(says({kind: 'said', peer, message: {kind: 'feature', path: '/srv/late.py'}}), 5000);
		}));
	}

	private perform(effect: Effect): void {
		if (this.isTold) this.trace.push(`    ${JSON.stringify(effect)}`);
		const {draw} = this;
		switch (effect.kind) {
			case 'spawn': {
				this.clear(this.pool.plan.places[0]!.name);
				if (!this.isPeace && draw.chance(this.deadly / 2)) return this.soon(() => this.hear({kind: 'refused', why: 'no such file'}), 20);
				this.soon(() => {
					const isWrapped = draw.chance(0.2);
					const first = this.make(isWrapped ? 'wrapper' : 'node', 'boot', 0);
					this.tracked.add(first.pid);
					this.hear({kind: 'spawned', pid: first.pid});
					this.run(isWrapped ? this.make('node', 'boot', first.pid) : first);
				}, 5);
				return;
			}
			case 'send': return this.obey(effect);
			case 'watchRun': {
				this.promise(this.peers.get(effect.peer) === 'open', 'a closed connection is told nothing');
				this.promise(!this.awaited.has(effect.peer), 'the next descriptor of a connection is for one run');
				return void this.awaited.set(effect.peer, effect.run);
			}
			case 'signal': {
				const {pid, signal, group} = effect;
				this.promise(pid > 1000, `process ${pid} is not the pool's`);
				const hit = (process: Process | undefined): void => {
					if (!process || (signal !== SIG.KILL && (process.deaf || process.hung))) return;
					// It does nothing any more, though its end takes a moment.
					if (signal === SIG.KILL) process.hung = true;
					this.soon(() => this.end(process.pid, null, signal), 20);
				};
				hit(this.processes.get(pid));
				if (group) for (const process of this.processes.values()) if (process.parent === pid && process.kind === 'command') hit(process);
				return;
			}
			case 'drop':
				this.promise(this.peers.get(effect.peer) === 'open', 'a connection is dropped once');
				return void this.peers.set(effect.peer, 'shut');
			case 'track':
				if (this.processes.has(effect.pid)) this.tracked.add(effect.pid);
				else this.soon(() => this.hear({kind: 'exited', pid: effect.pid, status: null, signal: null}), 3);
				return;
			case 'hand': return this.begin(effect.run);
			case 'answer': {
				const {run, status} = effect;
				this.promise(!this.answered.has(run), `client ${run} is told something after its status`);
				if (status === null) return;
				this.promise(this.open.delete(run), `client ${run} is told its status once`);
				return void this.answered.add(run);
			}
			case 'over':
				this.isOver = true;
				return;
			default:
		}
	}

	/** Before a node is made, nothing is left of it and of what was below it. */
	private clear(name: string): void {
		const {plan} = this.pool;
		const below = (id: number): readonly number[] => [id, ...plan.places[id]!.children.flatMap(below)];
		const names = new Set(below(plan.byName.get(name) ?? 0).map(id => plan.places[id]!.name));
		for (const {kind, name: each, registered, peer, pid} of this.processes.values()) {
			const isLeft = kind === 'node' && registered && names.has(each) && this.peers.get(peer) === 'open';
			this.promise(!isLeft, `${name} is made while ${each} has process ${pid}`);
		}
	}

	private obey({peer, message}: Extract<Effect, {kind: 'send'}>): void {
		this.promise(this.peers.get(peer) === 'open', 'a closed connection is told nothing');
		if (message.kind === 'boot') this.clear(message.node);
		const parent = [...this.processes.values()].find(each => each.peer === peer && each.kind === 'node');
		if (!parent || message.kind === 'action') return;
		const run = this.awaited.get(peer);
		this.soon(() => {
			if (!this.processes.has(parent.pid) || parent.hung) return;
			if (!this.isPeace && this.draw.chance(this.deadly / 2)) return;
			if (message.kind === 'boot') return this.run(this.make('node', message.node, parent.pid));
			if (run === undefined) return;
			const runner = this.make('runner', message.command, parent.pid, run);
			if (runner.hung || this.peers.get(peer) !== 'open') return this.end(runner.pid, 1, null);
			this.runners.set(run, runner.pid);
			this.awaited.delete(peer);
			this.hear({kind: 'runner', run, pid: this.draw.chance(0.05) ? parent.pid : runner.pid});
		}, 50);
	}

	/** A runner makes its command, which ends some time. */
	private begin(run: Run): void {
		const runner = this.processes.get(this.runners.get(run) ?? 0);
		this.soon(() => {
			if (!runner || runner.hung || !this.processes.has(runner.pid)) return;
			if (!this.isPeace && this.draw.chance(this.deadly / 2)) return this.hear({kind: 'garbled', run, why: 'said "x"'});
			const command = this.make('command', runner.name, runner.pid, run);
			this.hear({kind: 'begun', run, pid: command.pid});
			this.at(this.now + this.draw.between(0, 20_000), () => this.end(command.pid, this.draw.between(0, 255), null));
		}, 100);
	}
}
