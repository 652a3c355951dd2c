/** The machine of a pool: one event in, a new state and effects out. */
import {nearest} from '../../../core/nearest.ts';
import {signalName} from '../../../core/signal-numbers.ts';
import type {Instant} from '../../../core/time.ts';
import type {Effect} from './effect.ts';
import type {Event} from './event.ts';
import {crashOf} from './life.ts';
import type {Plan} from './plan.ts';
import {BEGIN, failure, isOpen} from './run.ts';
import {
	CLIENTS_MAX, nodeTables, ownerTables, pathTables, peerTables, type Pool, type RunState, runTables,
} from './state.ts';
import {blame, crashed, end, enqueue, settle} from './tree.ts';
import {Turn} from './turn.ts';
import type {NodeMessage} from './wire.ts';

export {createPool, nextDeadline, type Pool} from './state.ts';

/** Commands that are named to who asks for one that is not there. */
const NAMED_MAX = 12;

/** One step. It is pure: the given state stays as it was, also when this throws because of a bug. */
export function step(pool: Pool, event: Event, now: Instant): readonly [Pool, readonly Effect[]] {
	const turn = new Turn(pool, now);
	const handle = OWNERS[event.kind] as (turn: Turn, event: Event) => void;
	handle(turn, event);
	// The first event starts the root, and in a stop the root is the last to end.
	const {stage, next} = turn.pool;
	if (stage !== 'running' || next !== null || turn.node(0).phase.kind === 'down') turn.toExamine.add(0);
	settle(turn);
	turn.tellChanges();
	conclude(turn);
	return [turn.pool, turn.effects];
}

type Handlers = {readonly [K in Event['kind']]: (turn: Turn, event: Extract<Event, {kind: K}>) => void};

const OWNERS: Handlers = {
	tick,
	spawned: (turn, {pid}) => turn.move(0, {kind: 'spawned', pid}),
	refused: (turn, {why}) => turn.move(0, {kind: 'refused', why}),
	registered,
	said(turn, {peer, message}) {
		const id = peerTables.read(turn.pool.peers, peer)?.node;
		if (id !== undefined) said(turn, id, message);
	},
	closed(turn, {peer, why}) {
		const id = peerTables.read(turn.pool.peers, peer)?.node;
		if (id !== undefined) turn.move(id, {kind: 'closed', why});
	},
	exited(turn, {pid, status, signal}) {
		const owner = ownerTables.read(turn.pool.owners, pid);
		if (!owner) return;
		if ('run' in owner) {
			turn.moveRun(owner.run, {kind: 'exited', pid, status: signal === null ? status : 128 + signal});
		} else {
			const how = signal !== null ? signalName(signal) : status !== null ? `exit status ${status}` : 'how is not known';
			turn.move(owner.node, {kind: 'exited', pid, how});
		}
	},
	loaded(turn, {peer, paths}) {
		const id = peerTables.read(turn.pool.peers, peer)?.node;
		if (id !== undefined) turn.load(id, paths);
	},
	changed,
	asked,
	gone: (turn, {run}) => turn.moveRun(run, {kind: 'gone'}),
	runner(turn, {run, pid}) {
		// A worker that makes the socket before it forks is not to be taken for its runner.
		const isKnown = ownerTables.read(turn.pool.owners, pid) !== undefined;
		const state = turn.run(run);
		if (!state) {
			if (!isKnown) turn.signal(pid, 9, true);
			return;
		}
		if (state.phase.kind === 'called') turn.write({...turn.node(state.node), unanswered: 0});
		turn.moveRun(run, {kind: 'runner', pid: isKnown ? null : pid});
	},
	begun(turn, {run, pid}) {
		const owner = ownerTables.read(turn.pool.owners, pid);
		if (owner && !('run' in owner && owner.run === run)) turn.moveRun(run, {kind: 'garbled', why: `said that its command is process ${pid}`});
		else turn.moveRun(run, {kind: 'begun', pid});
	},
	done: (turn, {run, status}) => turn.moveRun(run, {kind: 'done', status}),
	garbled: (turn, {run, why}) => turn.moveRun(run, {kind: 'garbled', why}),
	restart(turn, {node, by}) {
		const id = node === null ? 0 : turn.pool.plan.byName.get(node);
		if (id === undefined) return turn.log('warn', `pool ${turn.pool.spec.name} has no node ${node}: ${by} restarts nothing`);
		restart(turn, id, by);
	},
	plan(turn, {spec}) {
		if (turn.pool.stage !== 'running') return;
		turn.emit({kind: 'restarted', node: turn.place(0).name, why: 'its config was read again'});
		turn.set({next: spec});
	},
	stop(turn) {
		if (turn.pool.stage !== 'running') return;
		turn.set({stage: 'stopping', next: null, batch: null});
		for (const {run} of runTables.all(turn.pool.runs)) {
			turn.moveRun(run, {kind: 'refuse', answer: failure(`pool ${turn.pool.spec.name} is stopping`)});
			turn.moveRun(run, {kind: 'end'});
		}
	},
};

/** Time has passed. */
function tick(turn: Turn): void {
	const {now} = turn;
	for (let node = nodeTables.due(turn.pool.nodes, now); node; node = nodeTables.due(turn.pool.nodes, now)) {
		const {phase, id} = node;
		turn.move(id, {kind: 'due'});
		if (turn.node(id).phase === phase) throw new Error(`node ${turn.place(id).name} missed its deadline`);
		const {parent} = turn.place(id);
		if (phase.kind === 'asked' && parent !== null) blame(turn, parent);
	}
	for (let state = runTables.due(turn.pool.runs, now); state; state = runTables.due(turn.pool.runs, now)) {
		const {run, node, phase} = state;
		turn.moveRun(run, {kind: 'due'});
		if (turn.run(run)?.phase === phase) throw new Error(`run ${run} missed its deadline`);
		// What it says from now on could be meant for this run or for the next one.
		if (phase.kind === 'called' && turn.node(node).phase.kind === 'ready') {
			turn.move(node, {kind: 'fault', why: `it did not start ${state.command} within 5 s`});
		}
		if (phase.kind === 'handed' && phase.runner === null) accuse(turn, state, phase.deadline - BEGIN);
	}
	if (turn.pool.batch && turn.pool.batch.at <= now) restartStale(turn);
}

/** The runner of a run is not known, and so it may be the node itself that has what the client gave, and does nothing with it. */
function accuse(turn: Turn, {nodeName, command}: RunState, handedAt: Instant): void {
	const id = turn.pool.plan.byName.get(nodeName);
	const phase = id === undefined ? null : turn.node(id).phase;
	if (id === undefined || phase?.kind !== 'ready' || phase.since > handedAt) return;
	turn.move(id, {kind: 'fault', why: `it did not begin ${command} within 10 s`});
}

function registered(turn: Turn, {peer, pid, parent, name}: Extract<Event, {kind: 'registered'}>): void {
	const {plan, owners, stage} = turn.pool;
	// Workers call the root `boot` whatever the plan does.
	const id = plan.byName.get(name) ?? (name === '' || name === 'boot' ? 0 : undefined);
	if (id === undefined) return turn.expel(peer, pid, `registered as ${JSON.stringify(name.slice(0, 255))}, which is no node of the plan`);
	const {parent: above} = plan.places[id]!;
	const owner = ownerTables.read(owners, pid);
	if (owner && !('node' in owner && owner.node === 0 && id === 0)) {
		return turn.expel(peer, pid, `registered as ${name}, but is another process of the pool`);
	}
	const phase = turn.node(above ?? 0).phase;
	const isDue = above === null ? phase.kind === 'asked' : phase.kind === 'ready' && phase.pid === parent;
	if (!isDue) return turn.expel(peer, pid, `registered as ${name}, which was not asked for`);
	if (stage !== 'running') return turn.expel(peer, pid, `registered as ${name} while the pool stops`);
	turn.move(id, {kind: 'registered', peer, pid});
	if (above !== null) turn.write({...turn.node(above), unanswered: 0});
}

function said(turn: Turn, id: number, message: NodeMessage): void {
	const node = turn.node(id);
	switch (message.kind) {
		case 'capable': {
			if (node.phase.kind !== 'booting' || node.can.length > 0) return turn.move(id, {kind: 'fault', why: 'it said K: twice, or too late'});
			turn.write({...node, can: message.of});
			const {peer} = node.phase;
			const text = turn.place(id).action ?? '';
			if (message.of.includes('A') && peer !== null) turn.emit({kind: 'send', peer, message: {kind: 'action', text}});
			return;
		}
		case 'died': {
			if (!node.can.includes('D')) return turn.move(id, {kind: 'fault', why: 'it said D: without K:D'});
			const owner = ownerTables.read(turn.pool.owners, message.pid);
			// It is a hint: the process is ended if it still runs.
			if (!owner || 'run' in owner || turn.place(owner.node).parent !== id) return;
			return turn.move(owner.node, {kind: 'fault', why: 'the node above it says that it has ended'});
		}
		case 'feature':
			if (!node.can.includes('F')) return turn.move(id, {kind: 'fault', why: 'it said F: without K:F'});
			return turn.load(id, [message.path]);
		case 'booted': return turn.move(id, {kind: 'booted'});
		case 'failed': return turn.move(id, {kind: 'failed', text: message.text});
	}
}

/** The first change arms the restart, which is for all that come until then. */
function changed(turn: Turn, {paths}: Extract<Event, {kind: 'changed'}>): void {
	if (turn.pool.stage !== 'running') return;
	for (const path of paths) {
		let isFresh = false;
		for (const {id} of turn.pool.plan.places) {
			const node = turn.node(id);
			if (node.isStale || node.files.size === 0 || pathTables.read(node.files, path) === undefined) continue;
			turn.write({...node, isStale: true});
			isFresh = true;
		}
		const {batch, spec: {delay}} = turn.pool;
		if (isFresh) turn.set({batch: batch ? {...batch, more: batch.more + 1} : {at: turn.now + delay, path, more: 0}});
	}
}

/** Restarts the nodes that have loaded what has changed, and all below them. */
function restartStale(turn: Turn): void {
	const {batch, plan} = turn.pool;
	turn.set({batch: null});
	const covered = new Set<number>();
	for (const {id, parent} of plan.places) {
		const node = turn.node(id);
		const isBelow = parent !== null && covered.has(parent);
		if (!isBelow && !node.isStale) continue;
		covered.add(id);
		if (node.isStale) turn.write({...node, isStale: false});
		if (!isBelow && batch) restart(turn, id, `${batch.path} changed${batch.more > 0 ? `, and ${batch.more} more` : ''}`);
	}
}

/** Restarts a node and all below it. Where the crash of one above stops it, that one restarts. */
function restart(turn: Turn, id: number, why: string): void {
	if (turn.pool.stage !== 'running') return;
	const {phase} = turn.node(id);
	const from = phase.kind === 'crashed' && phase.from !== null ? turn.pool.plan.byName.get(phase.from) ?? id : id;
	turn.emit({kind: 'restarted', node: turn.place(from).name, why});
	turn.log('info', `node ${turn.place(from).name} restarts: ${why}`);
	end(turn, from);
}

function asked(turn: Turn, {run, clientPid, command}: Extract<Event, {kind: 'asked'}>): void {
	const {plan, spec, stage, open, runs} = turn.pool;
	if (turn.run(run)) return;
	if (stage !== 'running') return turn.answer(run, failure(`pool ${spec.name} is stopping`));
	if (open >= CLIENTS_MAX) return turn.answer(run, failure(`pool ${spec.name} has ${CLIENTS_MAX} clients already`));
	const offer = plan.offers.get(command);
	if (!offer) return turn.answer(run, unknownCommand(command, plan.offers));
	const crash = crashOf(turn.node(offer.node).phase);
	if (crash !== null) return turn.answer(run, crashed(crash));
	const {name: nodeName} = turn.place(offer.node);
	const {node, name} = offer;
	const state: RunState = {run, node, nodeName, command: name, client: clientPid, tries: 0, since: turn.now, phase: {kind: 'queued'}};
	turn.set({open: open + 1, runs: runTables.write(runs, state)});
	enqueue(turn, run);
}

function unknownCommand(command: string, offers: Plan['offers']): ReturnType<typeof failure> {
	const near = nearest(command, offers.keys());
	const names = [...new Set([...offers.values()].map(({name}) => name))];
	const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '';
	const there = names.length === 0 ? 'this pool has none' : `there are ${names.slice(0, NAMED_MAX).join(', ')}${more}`;
	const hint = near === null ? there : `did you mean ${near}?`;
	return failure(`there is no command ${JSON.stringify(command.slice(0, 255))}: ${hint}`, 127);
}

/** What is true of the whole once nothing moves. */
function conclude(turn: Turn): void {
	const {stage, ready, wasReady, plan, nodes, runs, open} = turn.pool;
	if (!wasReady && ready === plan.places.length) {
		turn.set({wasReady: true});
		turn.emit({kind: 'ready'});
	}
	if (stage !== 'stopping' || open > 0 || nodeTables.read(nodes, 0)?.phase.kind !== 'down') return;
	for (const {run, phase} of runTables.all(runs)) if (!isOpen(phase)) turn.moveRun(run, {kind: 'end'});
	turn.set({stage: 'over'});
	turn.emit({kind: 'over'});
}
