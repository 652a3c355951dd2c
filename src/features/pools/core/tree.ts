/**
 * The nodes of a pool together: who is asked for, who ends first, who has a crash from above, and what each ready node is told next. After
 * every event the whole settles; only nodes that the event can affect are looked at.
 */
import type {Peer} from './event.ts';
import {crashOf, type Phase} from './life.ts';
import {failure} from './run.ts';
import {type Node, treeOf, nodeTables, runTables} from './state.ts';
import type {Turn} from './turn.ts';

/** Orders in a row that a node may leave unanswered before it is ended; more where a node below it works. */
const [UNANSWERED_MAX, UNANSWERED_MOST] = [3, 8];

/** Looks at all nodes that a change may affect, until nothing changes any more. */
export function settle(turn: Turn): void {
	do {
		for (const id of turn.toExamine) {
			turn.toExamine.delete(id);
			examine(turn, turn.node(id));
		}
	} while (replan(turn));
}

/** Ends a node and all below it; it is booted again then unless the pool stops. */
export function end(turn: Turn, id: number): void {
	turn.move(id, {kind: 'end', since: turn.now});
}

/** Counts an order that a node has not obeyed in time. */
export function blame(turn: Turn, id: number): void {
	const node = turn.node(id);
	turn.write({...node, unanswered: node.unanswered + 1});
	const isOfUse = turn.place(id).children.some(child => turn.node(child).phase.kind === 'ready');
	const max = isOfUse ? UNANSWERED_MOST : UNANSWERED_MAX;
	if (node.phase.kind === 'ready' && node.unanswered + 1 >= max) {
		turn.move(id, {kind: 'fault', why: `it has not answered ${max} orders in a row`});
	}
}

const isRunning = ({pool: {stage, next}}: Turn): boolean => stage === 'running' && next === null;

const isAtRest = ({kind}: Phase): boolean => kind === 'down' || kind === 'crashed';

function examine(turn: Turn, {id, phase, queue}: Node): void {
	const {parent, children} = turn.place(id);
	if (parent === null) {
		if (!isRunning(turn) && phase.kind !== 'down' && phase.kind !== 'ending') return end(turn, id);
		if (isRunning(turn) && phase.kind === 'down') return turn.move(id, {kind: 'turn', isRoot: true});
	} else if (followParent(turn, id, phase, parent)) {
		return;
	}
	const crash = crashOf(phase);
	if (crash !== null && queue.length > 0) {
		for (const run of queue) turn.moveRun(run, {kind: 'refuse', answer: crashed(crash)});
	}
	if (phase.kind === 'ending' && phase.signalled === null && children.every(child => isAtRest(turn.node(child).phase))) {
		return turn.move(id, {kind: 'alone'});
	}
	if (phase.kind === 'ready') order(turn, id);
}

/** What a client of a crashed node is told, as upstream does: the text is the command's output. */
export const crashed = (text: string) =>
	({pid: 0, text: text.endsWith('\n') ? text : `${text}\n`, on: 'stdio', status: 1} as const);

/** What is above a node decides whether it may be; whether it has changed by that. */
function followParent(turn: Turn, id: number, phase: Phase, parent: number): boolean {
	const above = turn.node(parent).phase;
	if (phase.kind === 'ending') return false;
	if (above.kind === 'crashed' && (phase.kind === 'down' || phase.kind === 'crashed')) {
		const from = above.from ?? turn.place(parent).name;
		if (phase.kind === 'crashed' && phase.from === from && phase.text === above.text) return false;
		turn.move(id, {kind: 'inherit', crash: {text: above.text, from}});
		if (phase.kind === 'crashed' && phase.from === null) turn.move(id, {kind: 'end', since: turn.now});
		return true;
	}
	if (phase.kind === 'crashed' && phase.from !== null) {
		turn.move(id, {kind: 'inherit', crash: null});
		return true;
	}
	if (phase.kind === 'down' || above.kind === 'ready') return false;
	turn.move(id, {kind: 'end', since: above.kind === 'ending' ? above.since : turn.now});
	return true;
}

/** Tells a ready node what it has to make next: a child node, and a runner. Neither waits for the other. */
function order(turn: Turn, id: number): void {
	const {phase, child, call} = turn.node(id);
	if (phase.kind !== 'ready' || phase.peer === null || !isRunning(turn)) return;
	if (child === null || turn.node(child).phase.kind !== 'asked') boot(turn, id, phase.peer);
	if (call === null || turn.run(call)?.phase.kind !== 'called') startRun(turn, id, phase.peer);
}

function boot(turn: Turn, id: number, peer: Peer): void {
	const child = turn.place(id).children.find(each => turn.node(each).phase.kind === 'down') ?? null;
	const node = turn.node(id);
	if (node.child !== child) turn.write({...node, child});
	if (child === null) return;
	turn.emit({kind: 'send', peer, message: {kind: 'boot', node: turn.place(child).name}});
	turn.move(child, {kind: 'turn', isRoot: false});
}

function startRun(turn: Turn, id: number, peer: Peer): void {
	const node = turn.node(id);
	const [run = null] = node.queue;
	if (node.call !== run) turn.write({...node, call: run});
	if (run === null) return;
	const command = turn.run(run)?.command ?? '';
	turn.emit({kind: 'watchRun', peer, run});
	const text = turn.pool.plan.offers.get(command)?.action ?? '';
	if (node.can.includes('A')) turn.emit({kind: 'send', peer, message: {kind: 'action', text}});
	turn.emit({kind: 'send', peer, message: {kind: 'run', command}});
	turn.moveRun(run, {kind: 'called'});
}

/** The plan that waits for the end of the one in force takes its place; whether it has. */
function replan(turn: Turn): boolean {
	const {pool: {next, stage, nodes: old}} = turn;
	if (next === null || stage !== 'running' || turn.node(0).phase.kind !== 'down') return false;
	turn.tellChanges();
	turn.forgetChanges();
	for (const {id} of turn.pool.plan.places) turn.forget(id);
	turn.forgetChanges();
	const waiting = turn.pool.plan.places.flatMap(({id}) => nodeTables.read(old, id)!.queue);
	turn.set({...treeOf(next, turn.now), next: null});
	turn.emit({kind: 'planned'});
	for (const run of waiting) enqueue(turn, run);
	turn.toExamine.add(0);
	return true;
}

/** Has a run wait for the node of its command, which is looked up in the plan in force. */
export function enqueue(turn: Turn, run: number): void {
	const state = turn.run(run);
	if (!state) return;
	const {plan, runs} = turn.pool;
	const offer = plan.offers.get(state.command);
	if (!offer) {
		// Its old node is gone.
		turn.set({runs: runTables.write(runs, {...state, node: 0})});
		return turn.moveRun(run, {kind: 'refuse', answer: unknown(state.command)});
	}
	const node = turn.node(offer.node);
	turn.set({runs: runTables.write(runs, {...state, node: offer.node, nodeName: turn.place(offer.node).name})});
	turn.write({...node, queue: [...node.queue, run]});
	turn.toExamine.add(offer.node);
}

/** The answer about a command that the plan in force does not have. */
const unknown = (command: string) => failure(`${JSON.stringify(command)} is no command of the new plan`, 127);
