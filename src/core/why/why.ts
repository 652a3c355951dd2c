/**
 * Why a service is as it is: what is wanted of it and by whom, the chain of services down to the one that everything waits
 * for, what comes next, and what a person can do about it. Pure; it is computed where somebody asks.
 */
import {mayAwaitPort} from '../../features/ports/core/part.ts';
import {awaitedPort} from '../../features/ports/core/table.ts';
import {rootOf} from '../blame.ts';
import type {Edge, Entry} from '../entry.ts';
import type {Id} from '../ids.ts';
import {entries, entryOf, holds, isAwaited, isFailedNeed, isGoingDown, isHelper, isToRun, livingRivals, type State} from '../state.ts';
import {lastEnd, statusNameOf} from '../status.ts';
import type {Status} from '../statuses.ts';
import type {Instant} from '../time.ts';
import {decisionOf, type Rule, wanted} from '../wanted.ts';
import {type Advice, adviceFor} from './advice.ts';
import {causeOf, type Next, nextOf} from './causes.ts';

export interface Why {
	readonly entry: Entry;
	readonly wanted: Wanted;
	/** From the service itself to the root of it all; each is what the one before waits for. */
	readonly chain: readonly Link[];
	/** The last of the chain. */
	readonly root: Entry;
	/** What comes next by itself, of the service and of the root. */
	readonly next: readonly (Next & {readonly name: string})[];
	/** The services that wait for it, by their names. */
	readonly waiting: readonly string[];
	readonly advice: readonly Advice[];
}

export interface Wanted {
	readonly runs: boolean;
	readonly by: Rule;
	readonly why: string;
	/** When a test, hitlist or manifest said so last; null: it is not one of these that speaks. */
	readonly at: Instant | null;
}

export interface Link {
	readonly name: string;
	readonly status: Status;
	readonly why: string;
}

/** How many links are told at most, from either end, and how many names in one sentence. */
const [LINKS_MAX, NAMES_MAX] = [10, 5];

/** Why this service is as it is. */
export function why(state: State, entry: Entry): Why {
	const path = pathFrom(state, entry);
	const root = path.at(-1)?.entry ?? entry;
	const links = path.map(({entry: each, text}): Link => ({name: each.service.name, status: statusNameOf(each), why: text}));
	const chain = links.length <= 2 * LINKS_MAX ? links : [...links.slice(0, LINKS_MAX), ...links.slice(-LINKS_MAX)];
	const subjects = root === entry ? [entry] : [entry, root];
	return {
		entry, chain, root, wanted: wantedOf(state, entry),
		next: subjects.flatMap(each => nextOf(each).map(next => ({...next, name: each.service.name}))),
		waiting: waitingFor(state, entry), advice: adviceFor(root),
	};
}

/** The services that are not as they should be and that wait for no other: what is wrong with the whole. */
export function troubles(state: State): readonly Entry[] {
	return [...entries(state)].filter(entry => {
		const {phase} = entry;
		if (isHelper(entry) && phase.kind !== 'up') return true;
		if (phase.kind === 'stopping') return true;
		return isAwaited(entry) && (phase.kind !== 'waiting' || pathFrom(state, entry).length === 1);
	});
}

// ── The chain ────────────────────────────────────────────────────────────────────────────────────

interface Step {
	readonly entry: Entry;
	readonly text: string;
}

/** What an entry waits for, and that for something else, and so on; no service twice. */
function pathFrom(state: State, first: Entry): readonly Step[] {
	const path: Step[] = [];
	const seen = new Set<Id>();
	for (let entry: Entry | undefined = first; entry && !seen.has(entry.id);) {
		seen.add(entry.id);
		const {text, next}: Wait = waitOf(state, entry) ?? {text: causeOf(entry), next: undefined};
		path.push({entry, text});
		entry = next;
	}
	return path;
}

interface Wait {
	readonly text: string;
	readonly next: Entry | undefined;
}

/** What another service has to do with it; null: it is as it is for a reason of its own. */
function waitOf(state: State, entry: Entry): Wait | null {
	const {phase, leaving} = entry;
	if (phase.kind === 'waiting') return waitForNeeds(state, entry);
	if ((phase.kind === 'up' || phase.kind === 'starting' || phase.kind === 'done') && leaving && entry.stoppingDependents > 0) {
		const others = ofEdges(state, entry.dependents).map(({need}) => need).filter(isGoingDown);
		return {text: `it is to stop, after ${listed(others.map(nameOf))}, which ${needs(others)} it`, next: others[0]};
	}
	// It has failed without a start of its own: what it needs has.
	const isUnstarted = phase.kind === 'down' && phase.cause === 'failed' && entry.blame !== null && !entry.outcome;
	const root = isUnstarted ? rootOf(state.table, entry) : entry;
	return root === entry ? null : {text: `it could not start: ${lastEnd(entry)}`, next: root};
}

function waitForNeeds(state: State, entry: Entry): Wait | null {
	const {phase} = entry;
	const waived = phase.kind === 'waiting' ? phase.waived : [];
	const unmet = ofEdges(state, entry.needs).filter(({need, edge}) => !holds(need, edge) && !waived.includes(need.id));
	// One that has failed for good is what it really waits for; then one that itself waits.
	const [first] = [...unmet].sort((one, other) => weightOf(other) - weightOf(one));
	const rivals = livingRivals(state.table, entry);
	const port = !first && rivals.length === 0 && mayAwaitPort(entry.service) ? awaitedPort(state, entry) : null;
	if (port) return {text: `it starts when port ${port.port} is free, which is held by ${port.by}`, next: undefined};
	if (!first && rivals.length === 0) return null;
	const awaited = unmet.map(({need, edge}) => `${nameOf(need)} to ${CONDITIONS[edge.condition]}${STRENGTHS[edge.strength]}`);
	const texts = [
		...awaited.length > 0 ? [`it needs ${listed(awaited)}`] : [],
		...rivals.length > 0 ? [`it starts after the end of ${listed(rivals.map(nameOf))}, with which it conflicts`] : [],
	];
	return {text: texts.join('; '), next: first?.need ?? rivals[0]};
}

const CONDITIONS = {
	service_started: 'be started', service_healthy: 'be ready', service_completed_successfully: 'have completed',
} as const;
const STRENGTHS = {hard: '', soft: ' or to have failed', order: ' or to be at rest'} as const;

interface Need {
	readonly need: Entry;
	readonly edge: Edge;
}

const ofEdges = (state: State, edges: readonly Edge[]): readonly Need[] => edges.flatMap(edge => {
	const need = entryOf(state, edge.id);
	return need ? [{need, edge}] : [];
});

const weightOf = ({need, edge}: Need): number =>
	(isFailedNeed(need, edge) ? 4 : 0) + (need.phase.kind === 'down' ? 2 : 0) + (need.phase.kind === 'backoff' ? 1 : 0);

const needs = ({length}: readonly Entry[]): string => (length === 1 ? 'needs' : 'need');

const nameOf = ({service: {name}}: Entry): string => name;

/** `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
	const more = names.length - NAMES_MAX;
	if (more > 0) return `${names.slice(0, NAMES_MAX).join(', ')} and ${more} more`;
	return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Those that need it, directly, and wait. */
const waitingFor = (state: State, entry: Entry): readonly string[] => [...new Set(ofEdges(state, entry.dependents)
	.filter(({need, edge}) => need.phase.kind === 'waiting' && !holds(entry, edge)).map(({need}) => nameOf(need)))];

// ── What is wanted ───────────────────────────────────────────────────────────────────────────────

function wantedOf(state: State, entry: Entry): Wanted {
	const {runs, by} = wanted(entry, state.stage);
	const decision = decisionOf(entry, state.stage);
	return {runs, by, why: decision?.text ?? reasonOf(state, entry, by, runs), at: decision?.ruling.at ?? null};
}

/** Why a rule that is not a decider's wants it to run, or not. */
function reasonOf(state: State, entry: Entry, by: Rule, runs: boolean): string {
	const {stage} = state;
	switch (by) {
		case 'archon': return runs ? 'the config needs this helper of archon\'s own' : 'archon has not begun';
		case 'shutdown': return `archon is shutting down${'why' in stage ? `: ${stage.why}` : ''}`;
		case 'client': return `a client started it (archonctl ${entry.service.origin})`;
		case 'failure': return whyTriggered(entry);
		case 'schedule': return 'a run for its schedule is under way';
		case 'connection': return 'a connection to its sockets started it';
		case 'operator': return runs ? whyStarted(entry) : whyStopped(state, entry);
		case 'dependents': return whyNeeded(state, entry);
		default:
			if (entry.retired) return 'the config does not have it any more';
			if (entry.service.origin === 'manifest') return 'its manifest has not been read yet';
			if (runs) return 'its config starts it with archon';
			if (entry.service.isLazy) return 'the next connection to its sockets starts it';
			return entry.service.schedule?.action === 'run' ? 'its schedule says when' : 'its config has autostart: false';
	}
}

function whyTriggered({trigger}: Entry): string {
	const failed = trigger?.['ARCHON_FAILED_SERVICE'];
	return failed ? `${failed} has failed, and names it in on_failure` : `an action started it: ${trigger?.['ARCHON_REASON']}`;
}

const whyStarted = ({restartPending}: Entry): string =>
	(restartPending ? 'it was restarted on request, or with a service that it needs' : 'it was started on request');

function whyStopped(state: State, {rivals}: Entry): string {
	const winners = rivals.flatMap(id => {
		const rival = entryOf(state, id);
		return rival && isToRun(rival) ? [rival] : [];
	});
	const rival = winners.length === 0 ? '' : `, or as ${listed(winners.map(nameOf))}, with which it conflicts, was started`;
	return `it was stopped on request${rival}`;
}

function whyNeeded(state: State, {dependents}: Entry): string {
	const all = ofEdges(state, dependents).filter(({edge}) => edge.strength !== 'order').map(({need}) => need);
	const running = all.filter(isToRun);
	if (running.length > 0) return `${listed(running.map(nameOf))} ${needs(running)} it`;
	return `${listed(all.map(nameOf))} ${all.length === 1 ? 'has' : 'have'} needed it`;
}
