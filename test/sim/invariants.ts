/** What must be true after every step and of every effect, whatever the world does. Each in one sentence. */
import type {Entry} from '../../src/core/entry.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Hook} from '../../src/core/event.ts';
import type {Id, Run} from '../../src/core/ids.ts';
import type {Scope} from '../../src/core/outcome.ts';
import {isAlive, isPreparing} from '../../src/core/phase.ts';
import type {Service} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {type Instant, NEVER} from '../../src/core/time.ts';
import {countAwaited, entries, entryOf, find, holds, isFailedNeed, isToRun, type State} from '../../src/core/state.ts';
import {nextDeadline} from '../../src/core/whole.ts';
import {deadlineOf, entries as allOf} from '../../src/core/service-table.ts';
import {statusNameOf} from '../../src/core/status.ts';
import {eventsOfChange} from '../../src/features/events/core.ts';
import {matches} from '../../src/core/restart.ts';
import {decisionOf} from '../../src/core/wanted.ts';
import type {Process, World} from './world.ts';
import {partOf} from '../../src/core/features.ts';
import {idle} from '../../src/features/idle/core.ts';
import {progress} from '../../src/features/progress/core.ts';
import {runTest} from '../../src/features/run-test/core/feature.ts';
import {isAsking} from '../../src/features/run-test/core/part.ts';
import {awaitsPort} from '../../src/features/ports/core/feature.ts';
import {isPlanning} from '../../src/features/schedule/core/feature.ts';
import {isListening, sockets} from '../../src/features/sockets/core/feature.ts';

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

const runOf = ({phase}: Entry): Run | null => ('run' in phase ? phase.run : null);

/** Lives, and not for long. */
const isGoingDown = ({phase, leaving}: Entry): boolean => phase.kind === 'stopping' || (leaving && isAlive(phase));

/** What the core keeps in passing must equal what can be told from scratch. */
export function checkState(state: State): void {
	let [living, held] = [0, 0];
	let deadline: Instant = Math.min('deadline' in state.stage ? state.stage.deadline : NEVER, partOf(state, progress).reportAt, partOf(state, runTest).next);
	deadline = Math.min(deadline, ...Object.values(partOf(state, sockets).resting ?? {}));
	promise((partOf(state, progress).reportAt !== NEVER) === (state.stage.kind === 'stopping'), 'who is awaited is told while services end');
	for (const entry of entries(state)) {
		const {service: {name}} = entry;
		let [unmet, lost, stoppingDependents] = [0, 0, 0];
		for (const edge of entry.needs) {
			const need = entryOf(state, edge.id);
			if (need && !holds(need, edge)) unmet++;
			if (need && isFailedNeed(need, edge)) lost++;
		}
		for (const {id} of entry.dependents) {
			const dependent = entryOf(state, id);
			if (dependent && isGoingDown(dependent)) stoppingDependents++;
		}
		promise(unmet === entry.unmetNeeds, `${name} counts ${entry.unmetNeeds} unmet needs of ${unmet}`);
		promise(lost === entry.failedNeeds, `${name} counts ${entry.failedNeeds} lost needs of ${lost}`);
		promise(stoppingDependents === entry.stoppingDependents, `${name} counts ${entry.stoppingDependents} stopping dependents of ${stoppingDependents}`);
		promise(find(state, name) === entry, `${name} is not found by its name`);
		checkConflicts(entry, state);
		checkRest(entry, state);
		if (isAlive(entry.phase)) living++;
		if (entry.phase.kind === 'done') held++;
		deadline = Math.min(deadline, deadlineOf(entry));
	}
	const awaited = countAwaited(state.table);
	promise(awaited === state.awaited, `${state.awaited} are counted as awaited of ${awaited}`);
	promise(held === state.held, `${state.held} are counted as to be undone, of ${held}`);
	promise(living === state.living, `${state.living} are counted alive of ${living}`);
	checkIdleness(state);
	promise(deadline === nextDeadline(state), `the next deadline is ${nextDeadline(state)}, not ${deadline}`);
}

/** Who hears the events of services, and nothing else, knows the status of each but while its process is being made. */
export function checkEvents(told: Map<Id, string>, effects: readonly Effect[], state: State): void {
	for (const effect of effects) {
		if (effect.kind === 'forgotten') told.delete(effect.entry.id);
		if (effect.kind !== 'changed') continue;
		const {before, after} = effect;
		eventsOfChange(before, after, id => entryOf(state, id), ({from, to}) => {
			promise(from === statusNameOf(before) && to === statusNameOf(after), `${after.service.name} went from ${from} to ${to}, and did not`);
			told.set(after.id, to);
		});
	}
	for (const effect of effects) {
		const entry = effect.kind === 'changed' ? entryOf(state, effect.after.id) : undefined;
		if (!entry || entry.phase.kind === 'spawning') continue;
		const status = told.get(entry.id) ?? 'stopped';
		promise(status === statusNameOf(entry), `${entry.service.name} is ${statusNameOf(entry)}, and ${status} by its events`);
	}
}

/** Conflicts are mutual, and of services that conflict one has a process at most, but for a new config that makes them conflict. */
function checkConflicts(entry: Entry, state: State): void {
	for (const id of entry.rivals) {
		const rival = entryOf(state, id);
		promise(rival?.rivals.includes(entry.id) === true, `${entry.service.name} conflicts with one that knows nothing of it`);
		if (!rival || !isAlive(rival.phase) || !isAlive(entry.phase)) continue;
		promise(entry.leaving || rival.leaving, `${entry.service.name} and ${rival.service.name} conflict, and both are to run`);
	}
}

/** Where nothing runs and nothing will start by itself, that was told, and the container ends unless it is to stay. */
function checkIdleness(state: State): void {
	const {stage, living, held, settings: {whenIdle}} = state;
	if (stage.kind !== 'running' || living > held || nextDeadline(state) !== NEVER) return;
	if (isAsking(state) || isPlanning(state) || isListening(state) || awaitsPort(state)) return;
	promise(partOf(state, idle).isLogged, 'no service runs, and no line says so');
	const list = [...entries(state)].filter(({service: {origin}}) => origin === 'config' || origin === 'manifest');
	const isKept = list.some(entry => entry.desired === 'stop' || decisionOf(entry)?.ruling.runs === false);
	const hasFailed = list.some(({phase}) => phase.kind === 'down' && phase.cause === 'failed');
	promise(isKept || whenIdle !== 'failed' || !hasFailed, 'what has failed leaves nothing that runs, and the container sits there');
	promise(isKept || whenIdle !== 'always', 'nothing runs, and the container sits there');
}

/** What has come to rest by itself: whether it has failed is told by its end alone, and the container ends with it where it must. */
function checkRest({phase, outcome, blame, service, failedNeeds}: Entry, {stage}: State): void {
	if (phase.kind === 'waiting') {
		promise(phase.isBlocked === failedNeeds > 0, `${service.name} does not know that it waits in vain`);
		promise(failedNeeds === 0 || !(service.essential || service.onFailed === 'shutdown'), `${service.name} waits in vain, and the container with it`);
	}
	if (phase.kind === 'done') promise(stage.kind !== 'running' || !service.essential, `${service.name} is done, and the container lives on`);
	if (phase.kind !== 'down' || phase.cause === 'new' || phase.cause === 'stopped' || phase.cause === 'skipped') return;
	const {name, essential, onFailed, restart: {success}} = service;
	const hasFailed = phase.cause === 'failed';
	if (!hasFailed) promise(outcome !== null && blame === null && matches(success, outcome), `${name} has ended badly and not failed`);
	const isFatal = essential || (hasFailed && onFailed === 'shutdown');
	promise(stage.kind !== 'running' || !isFatal, `${name} is ${phase.cause}, and the container lives on`);
}

export function checkSpawn(world: World, id: Id, service: Service): void {
	const others = world.processes.filter(process => process.service.name === service.name && (!process.outcome || process.survivors));
	promise(others.length === 0, `${service.name} is started while a process of its last run lives`);
	const last = world.processes.findLast(process => process.id === id && process.service.name === service.name);
	promise(!last || last.isFinished || last.service.hooks.postStop.length === 0, `${service.name} is started before its post_stop`);
	promise(!last?.isDone, `${service.name} is started again without having been undone`);
	promise(world.state.stage.kind === 'running', `${service.name} is started during ${world.state.stage.kind}`);
	const entry = entryOf(world.state, id);
	promise(!entry || isToRun(entry), `${service.name} is started, and is not to run`);
	for (const rival of entry?.rivals ?? []) {
		const alive = world.processes.find(process => process.id === rival && (!process.outcome || process.survivors));
		promise(alive === undefined, `${service.name} is started while ${alive?.service.name}, which conflicts with it, lives`);
	}
	// Where conditions or pre_start come first, that is when they must hold.
	const isLater = (service.hooks.preStart.length > 0 || service.onlyIf !== null) && entry?.phase.kind === 'spawning' && !isPreparing(entry.phase);
	for (const need of isLater ? [] : entry?.needs ?? []) {
		if (need.strength !== 'hard') continue;
		const entry = entryOf(world.state, need.id);
		const latest = world.processes.findLast(process => process.service.name === entry?.service.name);
		const success = latest?.outcome != null && matches(latest.service.restart.success, latest.outcome);
		const alive = latest?.reported === false;
		const met = {
			service_completed_successfully: success, service_started: success || alive,
			service_healthy: success || (alive && latest.isReady && latest.isForked),
		}[need.condition];
		const isSkipped = entry?.phase.kind === 'down' && entry.phase.cause === 'skipped' && entry.service.onlyIf?.otherwise === 'satisfied';
		promise(met || isSkipped, `${service.name} is started before its need ${entry?.service.name} holds`);
	}
}

/** A service has failed for good: what it names is to run, unless an operator or a decider does not let it. */
export function checkFailure({service, phase}: Entry, {stage, table}: State): void {
	if (phase.kind !== 'down' || phase.cause !== 'failed' || stage.kind !== 'running') return;
	for (const entry of allOf(table)) {
		if (!service.onFailure.includes(entry.service.name) || entry.rivals.length > 0 || entry.retired) continue;
		const {desired} = entry;
		const isLet = desired !== 'stop' && isToRun({...entry, desired: desired === 'auto' ? 'due' : desired});
		promise(!isLet || desired !== 'auto' || entry.phase.kind !== 'down', `${service.name} has failed, and ${entry.service.name} is not started`);
	}
}

/** Conditions are asked for once before each start, when all that a start takes is there. */
export function checkExamination(world: World, id: Id, service: Service, run: Run): void {
	promise(world.process(run) === undefined, `the conditions of ${service.name} are examined when it has been started`);
	if (!entryOf(world.state, id)?.leaving) checkSpawn(world, id, service);
}

export function checkProbe(process: Process | undefined): void {
	promise(process !== undefined && !process.reported, 'a run is looked at that has ended');
	promise(process?.helpers === 0, `${process?.service.name} is looked at while a look is under way`);
}

export function checkHook(hook: Hook, process: Process | undefined): void {
	switch (hook) {
		case 'pre_start':
		case 'down': return promise(process === undefined, `${hook} is run beside a process`);
		case 'post_stop': return promise(process?.reported === true && !process.survivors, 'post_stop is run before all has ended');
		default: promise(process !== undefined && !process.reported, 'a hook is run for a run that has ended');
	}
}

export function checkSignal(
	world: World, process: Process | undefined, {pid, signal, to}: {pid: number; signal: number; to: Scope},
): void {
	promise(process?.pid === pid, `signal ${signal} goes to pid ${pid}, which no run has`);
	if (!process) return;
	const {service: {name}} = process;
	// A group outlives its leader, and its number is not given away while it does.
	promise(!process.reported || to !== 'main', `${name} is sent signal ${signal} after its pid ${pid} was reaped`);
	const {stage} = world.state;
	if (signal !== SIG.TERM || process.reported || (stage.kind === 'stopping' && stage.force > 1)) return;
	// Its end began before, with its commands pre_stop.
	if (entryOf(world.before, process.id)?.phase.kind === 'stopping') return;
	// What has failed is ended at once, whatever needs it.
	const phase = entryOf(world.state, process.id)?.phase;
	if (phase?.kind === 'stopping' && !phase.isRequested) return;
	// Before a shutdown a dependent may be told to leave in the very step in which this one was, but later.
	const judged = world.stage === 'stopping' ? world.state : world.before;
	const holding = (entryOf(world.state, process.id)?.dependents ?? []).flatMap(({id}) => {
		const entry = entryOf(judged, id);
		const after = entryOf(world.state, id);
		if (!entry || !after || !isGoingDown(entry) || !isGoingDown(after)) return [];
		// Another run of it has begun in this very step, and was sent away later.
		if (runOf(entry) !== runOf(after)) return [];
		// Called back by a start in this very step, it may have been sent away again, but later.
		return entry.desired === after.desired || entry.phase.kind === 'stopping' ? [entry.service.name] : [];
	});
	promise(holding.length === 0, `${name} is asked to end before its dependent ${holding[0]}, which is ending too`);
}
