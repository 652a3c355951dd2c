/** One step of a pool while it is being made: the state as it becomes, and the effects so far. */
import {SIG, type SignalNumber} from '../../../core/signal-numbers.ts';
import type {Instant} from '../../../core/time.ts';
import type {Effect, Level} from './effect.ts';
import type {Peer, Run} from './event.ts';
import {type News, peerOf, pidOf, pidsOf, statusOf, crashOf, transition} from './life.ts';
import type {Place} from './plan.ts';
import {type Answer, failure, hasBegun, isOpen, runPidsOf, type RunNews, runTransition} from './run.ts';
import {
	FILES_MAX, type Node, nodeTables, type Owner, ownerTables, pathTables, peerTables, type Pool, type RunState, runTables,
} from './state.ts';
import {reasonOf} from './rows.ts';
import {PATH_MAX} from './wire.ts';

const isSame = (one: Owner | undefined, other: Owner): boolean =>
	one !== undefined && ('run' in one ? 'run' in other && one.run === other.run : 'node' in other && one.node === other.node);

/** How often a run waits for its node again after that has ended in the middle. */
const TRIES_MAX = 2;

export class Turn {
	pool: Pool;
	readonly now: Instant;
	readonly effects: Effect[] = [];
	/** Nodes to which a change may matter. A Set is iterated in order of insertion, including items that are added meanwhile. */
	readonly toExamine = new Set<number>();
	/** The nodes that this step has changed, as they were before it. */
	private readonly before = new Map<number, Node>();

	constructor(pool: Pool, now: Instant) {
		this.pool = pool;
		this.now = now;
	}

	emit(effect: Effect): void {
		this.effects.push(effect);
	}

	log(level: Level, text: string): void {
		this.emit({kind: 'log', level, text});
	}

	node(id: number): Node {
		const node = nodeTables.read(this.pool.nodes, id);
		if (!node) throw new Error(`no node ${id}`);
		return node;
	}

	place(id: number): Place {
		return this.pool.plan.places[id]!;
	}

	set(change: Partial<Pool>): void {
		this.pool = {...this.pool, ...change};
	}

	write(node: Node): void {
		const {nodes} = this.pool;
		const before = nodeTables.read(nodes, node.id);
		if (before && !this.before.has(node.id)) this.before.set(node.id, before);
		this.set({nodes: nodeTables.write(nodes, node)});
	}

	/** What news mean for a node, and all that follows from its next phase. */
	move(id: number, news: News): void {
		const before = this.node(id);
		const {spec} = this.pool;
		const {name} = this.place(id);
		const life = {name, failures: before.failures, bootTimeout: spec.bootTimeout, retries: spec.restart === 'always'};
		const {phase, failures = before.failures, effects = [], isSurprise} = transition(before.phase, news, life, this.now);
		if (isSurprise && news.kind === 'registered') {
			return this.expel(news.peer, news.pid, `registered as ${name}, which has a process or waits for none`);
		}
		if (phase === before.phase) return;
		const isNew = phase.kind === 'asked' || (phase.kind === 'booting' && before.phase.kind !== 'asked');
		// The files of a boot are told again in the next one, and until then only those of a crash matter.
		const isPast = isNew || (phase.kind === 'down' && before.phase.kind !== 'down');
		if (isPast) this.forget(id);
		const node = this.node(id);
		this.write({
			...node, phase, failures, ...isNew && {can: [], unanswered: 0},
			...before.phase.kind === 'ready' && phase.kind !== 'ready' && {child: null, call: null},
			since: statusOf(phase) === statusOf(before.phase) ? node.since : this.now,
		});
		if (phase.kind === 'ready') this.keepEarlier(id, pathTables.empty);
		if (phase.kind === 'crashed' && phase.from === null) this.load(id, [...pathTables.all(node.earlier)]);
		this.own(pidsOf(before.phase), pidsOf(phase), pid => ({pid, node: id}), news.kind === 'registered');
		this.bind(id, peerOf(before.phase), peerOf(phase), news.kind === 'closed');
		this.effects.push(...effects);
		const ready = Number(phase.kind === 'ready') - Number(before.phase.kind === 'ready');
		if (ready !== 0) this.set({ready: this.pool.ready + ready});
		if (phase.kind === 'ending' && before.phase.kind !== 'ending') this.leave(node);
		this.examineAround(id, phase.kind !== before.phase.kind || phase.kind === 'crashed');
	}

	/** What a node does not finish any more. */
	private leave({id, call}: Node): void {
		if (call !== null) this.requeue(call);
		if (!this.pool.spec.killCommandsOnRestart) return;
		for (const {run, nodeName} of runTables.all(this.pool.runs)) if (nodeName === this.place(id).name) this.moveRun(run, {kind: 'end'});
	}

	private requeue(run: Run): void {
		const {tries = 0} = this.run(run) ?? {};
		const answer = failure('its node has ended each time that it was to start the command');
		this.moveRun(run, tries < TRIES_MAX ? {kind: 'requeue'} : {kind: 'refuse', answer});
		const state = this.run(run);
		if (state?.phase.kind !== 'queued') return;
		const node = this.node(state.node);
		this.write({...node, queue: [run, ...node.queue]});
		this.set({runs: runTables.write(this.pool.runs, {...state, tries: state.tries + 1})});
	}

	/** It and those beside it are looked at; `all`: its child nodes, too. */
	examineAround(id: number, all: boolean): void {
		const {parent, children} = this.place(id);
		this.toExamine.add(id);
		if (parent !== null) this.toExamine.add(parent);
		if (all) for (const child of children) this.toExamine.add(child);
	}

	/** Keeps the files that no node above has loaded. */
	load(id: number, paths: readonly string[]): void {
		const node = this.node(id);
		const isOver = node.phase.kind === 'ending' && node.phase.then.kind === 'boot';
		if (isOver) return;
		let {files} = node;
		const add: string[] = [];
		for (const path of paths) {
			if (!path.startsWith('/') || path.length > PATH_MAX || this.isKnown(node, files, path)) continue;
			if (this.pool.files + add.length >= FILES_MAX) {
				if (!this.pool.isFull) this.log('warn', `the nodes have loaded ${FILES_MAX} files: changes of further ones are not seen`);
				this.set({isFull: true});
				break;
			}
			files = pathTables.write(files, path);
			add.push(path);
		}
		if (add.length === 0) return;
		this.write({...this.node(id), files});
		this.set({files: this.pool.files + add.length});
		this.emit({kind: 'files', node: this.place(id).name, add});
	}

	private isKnown(node: Node, files: Node['files'], path: string): boolean {
		if (pathTables.read(files, path) !== undefined) return true;
		for (let {parent} = this.place(node.id); parent !== null; {parent} = this.place(parent)) {
			if (pathTables.read(this.node(parent).files, path) !== undefined) return true;
		}
		return false;
	}

	forget(id: number): void {
		const node = this.node(id);
		if (node.files.size > 0) {
			this.emit({kind: 'forget', node: this.place(id).name});
			this.set({files: this.pool.files - node.files.size, isFull: false});
		}
		if (node.files.size > 0 || node.isStale) this.write({...node, files: pathTables.empty, isStale: false});
		if (node.files.size > 0) this.keepEarlier(id, node.files);
	}

	private keepEarlier(id: number, files: Node['files']): void {
		const node = this.node(id);
		if (node.earlier.size + files.size === 0) return;
		const others = this.pool.earlier - node.earlier.size;
		const earlier = others + files.size > FILES_MAX ? pathTables.empty : files;
		this.write({...node, earlier});
		this.set({earlier: others + earlier.size});
	}

	run(run: Run): RunState | undefined {
		return runTables.read(this.pool.runs, run);
	}

	/** What news mean for a run; those of one that is over mean nothing. */
	moveRun(run: Run, news: RunNews): void {
		const before = this.run(run);
		if (!before) return;
		const {phase, answer, effects = []} = runTransition(before.phase, news, run, this.now);
		if (phase === before.phase && !answer && effects.length === 0) return;
		const {runs, open} = this.pool;
		const since = hasBegun(phase) && !hasBegun(before.phase) ? this.now : before.since;
		this.set({runs: phase.kind === 'over' ? runTables.erase(runs, run) : runTables.write(runs, {...before, since, phase})});
		if (isOpen(before.phase) && !isOpen(phase)) this.set({open: open - 1});
		if (before.phase.kind === 'queued' && phase.kind !== 'queued') this.unqueue(before);
		this.own(runPidsOf(before.phase), runPidsOf(phase), pid => ({pid, run}), true);
		const can = this.pool.plan.places[before.node] && this.node(before.node).can;
		for (const effect of effects) this.emit(effect.kind === 'hand' ? {...effect, hasEnv: can?.includes('E') ?? false} : effect);
		if (answer) this.answer(run, answer);
		const {nodeName: node, command, client} = before;
		if (phase.kind === 'running' && before.phase.kind !== 'running') {
			this.emit({kind: 'command', run, node, command, client, pid: phase.pid, status: null});
		}
		if (hasBegun(before.phase) && !hasBegun(phase)) {
			this.emit({kind: 'command', run, node, command, client, pid: null, status: answer?.status ?? null});
		}
		if (before.phase.kind === 'called' && phase.kind !== 'called') this.toExamine.add(before.node);
	}

	answer(run: Run, {pid = null, text = null, on = 'stderr', status = null}: {[K in keyof Answer]: Answer[K] | null}): void {
		this.emit({kind: 'answer', run, pid: pid ?? null, text: text ?? null, on: on ?? 'stderr', status: status ?? null});
	}

	private unqueue({run, node: id}: RunState): void {
		const node = this.node(id);
		this.write({...node, queue: node.queue[0] === run ? node.queue.slice(1) : node.queue.filter(each => each !== run)});
	}

	/** A process that has no place here. */
	expel(peer: Peer, pid: number, why: string): void {
		this.log('warn', `process ${pid} ${why}: it is killed`);
		this.emit({kind: 'drop', peer});
		this.emit({kind: 'signal', pid, signal: SIG.KILL, group: false});
	}

	signal(pid: number, signal: SignalNumber, group: boolean): void {
		this.emit({kind: 'signal', pid, signal, group});
	}

	/** Keeps whose processes they are. */
	private own(before: readonly number[], after: readonly number[], ownerOf: (pid: number) => Owner, isTracked: boolean): void {
		let {owners} = this.pool;
		for (const pid of before) {
			// A worker may have named a process as its own that is another's by now.
			if (!after.includes(pid) && isSame(ownerTables.read(owners, pid), ownerOf(pid))) owners = ownerTables.erase(owners, pid);
		}
		for (const pid of after) {
			if (before.includes(pid)) continue;
			owners = ownerTables.write(owners, ownerOf(pid));
			if (isTracked) this.emit({kind: 'track', pid});
		}
		if (owners !== this.pool.owners) this.set({owners});
	}

	private bind(node: number, before: Peer | null, after: Peer | null, isClosed: boolean): void {
		if (before === after) return;
		let {peers} = this.pool;
		if (before !== null) {
			peers = peerTables.erase(peers, before);
			if (!isClosed) this.emit({kind: 'drop', peer: before});
		}
		if (after !== null) peers = peerTables.write(peers, {peer: after, node});
		this.set({peers});
	}

	/** Tells of each node that is seen to be another than before the step. */
	tellChanges(): void {
		for (const [id, {phase: before}] of this.before) {
			const {phase} = this.node(id);
			const [status, pid, why] = [statusOf(phase), pidOf(phase), crashOf(phase)];
			if (status === statusOf(before) && pid === pidOf(before) && why === crashOf(before)) continue;
			this.emit({kind: 'changed', node: this.place(id).name, status, pid, why: why === null ? null : reasonOf(why)});
		}
	}

	/** The plan has changed, and with it what each number means. */
	forgetChanges(): void {
		this.before.clear();
		this.toExamine.clear();
	}
}
