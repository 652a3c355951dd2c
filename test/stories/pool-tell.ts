/**
 * Tells the machine of a pool a story and writes down what it asks of its hands: polite workers, which register, boot and fork at once and
 * end at the first signal, but for the characters that the story names.
 */
import {SIG, signalName} from '../../src/core/signal-numbers.ts';
import type {Effect} from '../../src/features/pools/core/effect.ts';
import type {Event, Peer, Run} from '../../src/features/pools/core/event.ts';
import {createPool, nextDeadline, type Pool, step} from '../../src/features/pools/core/pool.ts';
import {rows} from '../../src/features/pools/core/view.ts';
import {BOOT_TIMEOUT, DELAY, type PlanCommand, type PlanNode, type PoolSpec} from '../../src/features/pools/core/spec.ts';
import type {Capability} from '../../src/features/pools/core/wire.ts';

/** What a node's worker is like. */
export interface Traits {
	/** Does not register. */
	mute?: boolean;
	/** Registers, and does not come to the end of its action. */
	slow?: boolean;
	/** Its action fails with this text. */
	crash?: string | null;
	/** Ends by SIGKILL only. */
	deaf?: boolean;
	/** Does not obey `C:`. */
	idle?: boolean;
	/** Runners do not begin. */
	lazy?: boolean;
	/** Says `K:`. */
	can?: readonly Capability[];
	/** Files that it loads while it boots. */
	loads?: readonly string[];
}

/** `boot > a > rake (r), b > test`, as a tree: names with a list are nodes, those with text in it are commands. */
export interface Tree {
	readonly [name: string]: Tree | readonly string[];
}

export function planOf(tree: Tree): PlanNode {
	const node = (name: string, members: Tree): PlanNode => {
		const entries = Object.entries(members);
		return {
			name, action: null,
			nodes: entries.flatMap(([each, value]) => (isCommand(value) ? [] : [node(each, value)])),
			commands: entries.flatMap(([each, value]): PlanCommand[] => (isCommand(value) ? [{name: each, aliases: value, action: null}] : [])),
		};
	};
	const [[name, members] = ['boot', {}]] = Object.entries(tree);
	return node(name, members as Tree);
}

const isCommand = (value: Tree | readonly string[]): value is readonly string[] => Array.isArray(value);

export function specOf(tree: Tree, more: Partial<PoolSpec> = {}): PoolSpec {
	return {
		name: 'app', command: ['worker'], root: planOf(tree), delay: DELAY, killCommandsOnRestart: false, restart: 'on-change', envPass: [],
		bootTimeout: BOOT_TIMEOUT, ...more,
	};
}

interface Process {
	readonly pid: number;
	readonly name: string;
	readonly peer: Peer;
	readonly parent: number;
	readonly run?: Run;
}

export class PoolStory {
	pool: Pool;
	now = 0;
	readonly processes = new Map<number, Process>();
	readonly traits: Record<string, Traits>;
	private pids = 100;
	private peers = 0;
	private runs = 0;
	private trace: string[] = [];
	private readonly inbox: Event[] = [];
	private readonly tracked = new Set<number>();
	private readonly awaited = new Map<Peer, Run>();
	private readonly runners = new Map<Run, number>();
	/** Of each client: what it was told, in order. */
	readonly answers = new Map<Run, string[]>();

	constructor(tree: Tree, traits: Record<string, Traits> = {}, more: Partial<PoolSpec> = {}) {
		this.traits = traits;
		this.pool = createPool(specOf(tree, more));
		this.hear({kind: 'tick'});
	}

	/** What was asked of the hands since the last look, one line each. */
	lines(): string {
		return this.trace.splice(0).join('\n');
	}

	/** `boot 101 ready, a crashed: SyntaxError`. */
	rows(): string {
		return rows(this.pool).map(({node, pid, status, why}) => `${node}${pid === null ? '' : ` ${pid}`} ${status}${why === null ? '' : `: ${why}`}`).join(', ');
	}

	pid(name: string): number {
		return rows(this.pool).find(({node}) => node === name)?.pid ?? NaN;
	}

	hear(...events: readonly Event[]): this {
		this.inbox.push(...events);
		for (let event = this.inbox.shift(); event; event = this.inbox.shift()) {
			const [pool, effects] = step(this.pool, event, this.now);
			this.pool = pool;
			for (const effect of effects) this.perform(effect);
		}
		return this;
	}

	/** Time passes, and a tick is heard whenever something is due. */
	wait(millis: number): this {
		const until = this.now + millis;
		for (let due = nextDeadline(this.pool); due <= until; due = nextDeadline(this.pool)) {
			this.now = Math.max(this.now, due);
			this.hear({kind: 'tick'});
		}
		this.now = until;
		return this;
	}

	/** A node's process is killed by somebody. */
	dies(name: string, signal: number = SIG.KILL): this {
		this.end(this.pid(name), null, signal);
		return this.hear();
	}

	/** A node says that its action has ended well. */
	boots(name: string): this {
		return this.hear({kind: 'said', peer: this.peer(name), message: {kind: 'booted'}});
	}

	peer(name: string): Peer {
		return this.processes.get(this.pid(name))?.peer ?? -1;
	}

	/** A client asks for a command; its number. */
	asks(command: string): Run {
		const run = ++this.runs;
		this.answers.set(run, []);
		this.hear({kind: 'asked', run, clientPid: 9000 + run, argc: 0, command});
		return run;
	}

	/** The runner of a run; NaN: it has none. */
	runner(run: Run): number {
		return this.runners.get(run) ?? NaN;
	}

	/** All processes of a run end without a word. */
	loses(run: Run, signal: number = SIG.KILL, which: 'runner' | 'command' = 'runner'): this {
		this.end(this.runner(run) + (which === 'runner' ? 0 : 1), null, signal);
		return this.hear();
	}

	changes(...paths: readonly string[]): this {
		return this.hear({kind: 'changed', paths});
	}

	private note(text: string): void {
		this.trace.push(`${(this.now / 1000).toFixed(2).padStart(6)}  ${text}`);
	}

	private end(pid: number, status: number | null, signal: number | null): void {
		const process = this.processes.get(pid);
		if (!process) return;
		this.processes.delete(pid);
		if (process.peer !== 0) this.inbox.push({kind: 'closed', peer: process.peer, why: null});
		if (this.tracked.delete(pid)) this.inbox.push({kind: 'exited', pid, status, signal});
	}

	/** A runner tells the status of its command, and ends. */
	private report(pid: number, signal: number): void {
		const {run, parent = 0} = this.processes.get(pid) ?? {};
		this.end(pid, null, signal);
		if (run === undefined || !this.processes.has(parent) || this.runner(run) !== parent) return;
		this.inbox.push({kind: 'done', run, status: 128 + signal});
		this.end(parent, 0, null);
	}

	private fork(name: string, parent: number): void {
		const [pid, peer] = [++this.pids, ++this.peers];
		const {mute, slow, crash, can, loads} = this.traits[name] ?? {};
		this.processes.set(pid, {pid, name, peer, parent});
		if (parent === 0) {
			this.tracked.add(pid);
			this.inbox.push({kind: 'spawned', pid});
		}
		if (mute) return;
		this.inbox.push({kind: 'registered', peer, pid, parent, name});
		if (can) this.inbox.push({kind: 'said', peer, message: {kind: 'capable', of: can}});
		if (loads) this.inbox.push({kind: 'loaded', peer, paths: loads});
		if (crash) this.inbox.push({kind: 'said', peer, message: {kind: 'failed', text: crash}});
		else if (!slow) this.inbox.push({kind: 'said', peer, message: {kind: 'booted'}});
	}

	private perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn':
				this.note('spawn');
				return this.fork(this.pool.plan.places[0]!.name, 0);
			case 'send': return this.order(effect);
			case 'watchRun': return void this.awaited.set(effect.peer, effect.run);
			case 'signal': {
				const {pid, signal, group} = effect;
				const process = this.processes.get(pid);
				this.note(`${signalName(signal)} to ${process?.name ?? 'process'} ${pid}${group ? ' and its group' : ''}`);
				if (signal !== SIG.KILL && this.traits[process?.name ?? '']?.deaf) return;
				this.report(pid, signal);
				// A command is its runner's next process.
				if (group) this.end(pid + 1, null, signal);
				return;
			}
			case 'drop': return;
			case 'track':
				if (this.processes.has(effect.pid)) this.tracked.add(effect.pid);
				else this.inbox.push({kind: 'exited', pid: effect.pid, status: null, signal: null});
				return;
			case 'hand': {
				const runner = this.runner(effect.run);
				const {name = '', run = 0} = this.processes.get(runner) ?? {};
				if (this.traits[name]?.lazy) return;
				const pid = ++this.pids;
				this.processes.set(pid, {pid, name, peer: 0, parent: runner, run});
				this.inbox.push({kind: 'begun', run: effect.run, pid});
				return;
			}
			case 'answer': {
				const {run, pid, text, on, status} = effect;
				const words = [pid === null ? '' : `pid ${pid}`, text === null ? '' : `${on}: ${text.trim()}`, status === null ? '' : `status ${status}`];
				const told = words.filter(word => word !== '').join(', ');
				this.answers.get(run)?.push(told);
				return this.note(`client ${run}: ${told}`);
			}
			case 'changed': {
				const {node, status, pid, why} = effect;
				return this.note(`${node} is ${status}${pid === null ? '' : ` (${pid})`}${why === null ? '' : `: ${why}`}`);
			}
			case 'files': return this.note(`watch ${effect.add.join(' ')} for ${effect.node}`);
			case 'forget': return this.note(`forget the files of ${effect.node}`);
			case 'restarted': return this.note(`restart of ${effect.node}: ${effect.why}`);
			case 'log':
				if (effect.level !== 'info') this.note(`${effect.level}: ${effect.text}`);
				return;
			case 'command': return;
			case 'planned':
			case 'ready':
			case 'over': return this.note(effect.kind);
		}
	}

	private order({peer, message}: Extract<Effect, {kind: 'send'}>): void {
		const process = [...this.processes.values()].find(each => each.peer === peer);
		if (!process) return;
		const {name, pid} = process;
		if (message.kind === 'action') return this.note(`${name}: A:${message.text}`);
		if (message.kind === 'boot') {
			this.note(`${name}: S:${message.node}`);
			return this.fork(message.node, pid);
		}
		this.note(`${name}: C:${message.command}`);
		const run = this.awaited.get(peer);
		if (run === undefined || this.traits[name]?.idle) return;
		const runner = ++this.pids;
		this.runners.set(run, runner);
		this.processes.set(runner, {pid: runner, name: message.command, peer: 0, parent: pid, run});
		this.inbox.push({kind: 'runner', run, pid: runner});
	}
}
