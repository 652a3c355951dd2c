/**
 * All services together: one event in, a new state and effects out. After every event the whole settles: a service that
 * is to run and whose needs are met is spawned, one that has to stop and has no stopping dependents is terminated, until
 * nothing changes any more. Only entries that the event can affect are examined.
 */
import {byNeed} from './by-need.ts';
import {cannotStart, endsContainer} from './blame.ts';
import type {Effect} from './effect.ts';
import {alone, enter, judgeContainer, shutdown, sweep, tickStage} from './ending.ts';
import type {Entry} from './entry.ts';
import type {Event} from './event.ts';
import {commandsOf} from '../features/reactions/core/feature.ts';
import {awaitsActions, isCause} from './stage.ts';
import {tell, tellOfChange, tellOfLists, tellOfRest, tellOfTest, wakeFeatures} from './features.ts';
import {mayAwaitPort} from '../features/ports/core/part.ts';
import {kill, terminate, transition, undo, withdraw} from './lifecycle.ts';
import {isPreparing} from './phase.ts';
import {add, auto, forget, reload, remove, signal, stop} from './requests.ts';
import {adopt, resume, stall} from './resume.ts';
import {due, read} from './service-table.ts';
import {failStart, onLate, restart, restartWithNeed, spawn, start, startForFailures, restartsDependents, waivers} from './starting.ts';
import {isWanted, livingRivals, type State} from './state.ts';
import type {Instant} from './time.ts';
import {type Change, Turn} from './turn.ts';
import {onNews} from './news.ts';

/** One step. It is pure: the given state stays as it was, also when this throws because of a bug. */
export function step(state: State, event: Event, now: Instant): readonly [State, readonly Effect[]] {
	const turn = new Turn(state, now, onChange);
	dispatch(turn, event);
	settle(turn);
	return [turn.state, turn.effects];
}

function onChange(change: Change, turn: Turn): void {
	judgeContainer(turn, change);
	startForFailures(turn, change);
	tellOfChange(turn, change);
}

type Handlers = {readonly [K in Event['kind']]: (turn: Turn, event: Extract<Event, {kind: K}>) => void};

const reconfiguring = byNeed(() => import('./reconfigure.ts'));
const ruling = byNeed(() => import('./rulings.ts'));
const remembering = byNeed(() => import('./remembering.ts'));
const listing = byNeed(() => import('../features/manifest/core/enlist.ts'));
const acting = byNeed(() => import('../features/reactions/core/act.ts'));
const porting = byNeed(() => import('../features/ports/core/table.ts'));
const monitoring = byNeed(() => import('../features/monitor/core/watching.ts'));
const depending = byNeed(() => import('../features/deps/core/deps.ts'));
const scheduling = byNeed(() => import('../features/schedule/core/timing.ts'));
const listening = byNeed(() => import('../features/sockets/core/lazy.ts'));

/** The owner of each kind of event. */
const OWNERS: Handlers = {
	boot(turn, {adopted = [], remembered}) {
		if (remembered) remembering().remember(turn, remembered);
		enter(turn, {kind: 'running'});
		adopt(turn, adopted);
		if (remembered) remembering().adoptForeign(turn, adopted);
	},
	resumed(turn, {found}) {
		resume(turn, found);
		tell(turn, 'resumed');
	},
	news: (turn, {id, run, news}) => onNews(turn, id, run, news),
	start: whileRunning((turn, {ids}) => start(turn, ids)),
	restart: whileRunning((turn, {ids}) => restart(turn, ids)),
	reconfigure: whileRunning((turn, event) => reconfiguring().reconfigure(turn, event)),
	add: whileRunning((turn, {service}) => add(turn, service)),
	auto: (turn, {ids}) => auto(turn, ids),
	rule: (turn, event) => ruling().rule(turn, event),
	enlist: whileRunning((turn, event) => listing().enlist(turn, event)),
	delist: (turn, event) => listing().delist(turn, event),
	reconcile: whileRunning(tellOfLists),
	tested: tellOfTest,
	triggered: (turn, {since}) => tell(turn, 'triggered', since),
	fire: whileRunning((turn, {ids}) => ruling().fire(turn, ids)),
	monitor: (turn, event) => monitoring().monitor(turn, event),
	depend: whileRunning((turn, event) => depending().depend(turn, event)),
	undepend: (turn, {ids}) => depending().undepend(turn, ids),
	placed: (turn, event) => depending().placed(turn, event),
	'run-now': whileRunning((turn, {ids}) => scheduling().runNow(turn, ids)),
	activate: whileRunning((turn, event) => listening().activate(turn, event)),
	idle: whileRunning((turn, event) => listening().rest(turn, event)),
	clock: (turn, {epoch}) => scheduling().setClock(turn, epoch),
	act(turn, event) {
		if (turn.state.stage.kind === 'running' || isCause(turn.state.stage, event.about)) acting().act(turn, event);
	},
	acted: turn => acting().acted(turn),
	'hold-port': (turn, event) => porting().onPort(turn, event),
	'free-port': (turn, event) => porting().onPort(turn, event),
	'port-busy': (turn, event) => porting().onPort(turn, event),
	stop, signal,
	reload: (turn, {ids}) => reload(turn, ids),
	remove: (turn, {id}) => remove(turn, id),
	shutdown: (turn, {why, status = 0, reboots, cause}) => shutdown(turn, status, why, reboots, cause),
	alone,
	stalled: (turn, {millis}) => stall(turn, millis),
	tick,
};

/** Requests to start are ignored before boot and in a shutdown. */
function whileRunning<E>(handle: (turn: Turn, event: E) => void): (turn: Turn, event: E) => void {
	return (turn, event) => {
		if (turn.state.stage.kind === 'running') handle(turn, event);
	};
}

function dispatch(turn: Turn, event: Event): void {
	const handle = OWNERS[event.kind] as (turn: Turn, event: Event) => void;
	handle(turn, event);
}

/** Examines all entries that a change may affect, until nothing changes any more. */
function settle(turn: Turn): void {
	let raised: readonly Event[];
	do {
		drain(turn);
		tellOfRest(turn);
		raised = turn.raised.splice(0);
		for (const event of raised) dispatch(turn, event);
	} while (turn.toExamine.size > 0 || raised.length > 0);
	const {stage, living} = turn.state;
	if (stage.kind === 'stopping' && living === 0 && !(awaitsActions(stage) && commandsOf(turn.state) > 0)) sweep(turn, stage);
}

function drain(turn: Turn): void {
	const {toRestart, toExamine} = turn;
	do {
		for (const id of toRestart) {
			toRestart.delete(id);
			restartWithNeed(turn, id);
		}
		// A Set is iterated in order of insertion, including items that are added meanwhile.
		for (const id of toExamine) {
			toExamine.delete(id);
			const entry = read(turn.state.table, id);
			if (entry) examine(turn, entry);
		}
	} while (toRestart.size > 0);
}

function examine(turn: Turn, entry: Entry): void {
	const {phase} = entry;
	const {stage} = turn.state;
	const wanted = isWanted(entry, stage);
	switch (phase.kind) {
		case 'down': {
			if (entry.retired) return forget(turn, entry);
			const fresh = phase.cause === 'new' || phase.cause === 'stopped';
			if (wanted && (fresh || entry.restartPending)) turn.awaitNeeds({...entry, restartPending: false});
			return;
		}
		case 'waiting':
			if (!wanted) return turn.write({...entry, phase: {kind: 'down', cause: 'stopped'}, restartPending: false});
			if (entry.restartPending) return turn.write({...entry, restartPending: false});
			if (entry.failedNeeds > 0 && endsContainer(entry.service)) return failStart(turn, entry, cannotStart(turn.state.table, entry));
			if (entry.failedNeeds > 0 !== phase.isBlocked) return turn.write({...entry, phase: {...phase, isBlocked: entry.failedNeeds > 0}});
			if (livingRivals(turn.state.table, entry).length > 0) return;
			if (mayAwaitPort(entry.service) && porting().awaitedPort(turn.state, entry)) return;
			if (entry.unmetNeeds === 0 || entry.unmetNeeds === waivers(turn, entry)) spawn(turn, entry);
			return;
		case 'backoff':
			if (!wanted) return turn.write({...entry, phase: {kind: 'down', cause: 'stopped'}, restartPending: false});
			if (entry.restartPending) turn.awaitNeeds({...entry, restartPending: false, ends: []});
			return;
		case 'starting':
		case 'up': {
			const [force, scale] = stage.kind === 'stopping' ? [stage.force, stage.scale] : [0, 1];
			if (!entry.leaving || (entry.stoppingDependents > 0 && force < 2) || restartsDependents(turn, entry)) return;
			return turn.apply(entry, force === 3 ? kill(entry, phase, turn.now) : terminate(entry, phase, turn.now, scale));
		}
		case 'done': {
			const [force, scale] = stage.kind === 'stopping' ? [stage.force, stage.scale] : [0, 1];
			if (!entry.leaving || (entry.stoppingDependents > 0 && force < 2) || restartsDependents(turn, entry)) return;
			return turn.apply(entry, force === 3 ? withdraw() : undo(entry, turn.nextRun(), turn.now, scale));
		}
		case 'spawning':
			// Its process has not been started.
			if (isPreparing(phase) && entry.leaving) turn.apply(entry, withdraw());
			return;
		case 'stopping':
			return; // It waits for the news of its end.
	}
}

/** Time has passed. */
function tick(turn: Turn): void {
	for (let entry = due(turn.state.table, turn.now); entry; entry = due(turn.state.table, turn.now)) {
		if (entry.timing && entry.timing.at <= turn.now) {
			scheduling().onDue(turn, entry, entry.timing);
			continue;
		}
		if (entry.phase.kind === 'waiting') onLate(turn, entry);
		else if ('run' in entry.phase) onNews(turn, entry.id, entry.phase.run, {kind: 'timeout'});
		else turn.apply(entry, transition(entry, {kind: 'timeout'}, turn.now, 0));
		const after = read(turn.state.table, entry.id);
		if (after && after.phase === entry.phase) throw new Error(`${after.service.name} missed its deadline`);
	}
	tickStage(turn);
	wakeFeatures(turn);
}
