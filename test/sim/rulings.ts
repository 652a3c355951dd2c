/** What must be true of rules after every step: each is obeyed in its order, and what somebody has said holds until it is taken back. */
import type {Entry} from '../../src/core/entry.ts';
import type {Event} from '../../src/core/event.ts';
import type {Id} from '../../src/core/ids.ts';
import {entries, entryOf, type State} from '../../src/core/state.ts';
import {type Decider, DECIDERS, wanted} from '../../src/core/wanted.ts';
import {told} from './rules.ts';

/** What each decider has said last of a service: the world remembers it, to see whether the core does. */
export type Asked = Map<Id, Map<Decider, boolean>>;

/** Events by which an operator's start or stop may come or go; of a reload that the service's config has changed. */
const OF_OPERATORS: ReadonlySet<Event['kind']> = new Set(['start', 'stop', 'restart', 'auto', 'reconfigure', 'add']);

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

export function checkRules(before: State, event: Event, state: State, asked: Asked): void {
	remember(event, before, asked);
	for (const entry of entries(state)) {
		const {service: {name, test}, phase, desired, id} = entry;
		const was = entryOf(before, id);
		if (was === entry && before.stage === state.stage && event.kind !== 'rule') continue;
		const [verdict, first] = [wanted(entry, state.stage), told({...entry, stage: state.stage.kind})];
		promise(verdict.by === first.by && verdict.runs === first.runs, `${name} is ruled by ${verdict.by}, and the first rule is ${first.by}`);
		promise(desired !== 'due' || phase.kind !== 'down' || state.stage.kind !== 'running', `${name} is at rest, and its run is still due`);
		promise(entry.leaving || verdict.runs, `${name} is not to run, and does not leave`);
		promise(!entry.leaving || entry.restartPending || !verdict.runs, `${name} is to run, and leaves`);
		if (was?.service.name === name) checkOperator(was, entry, event);
		for (const decider of DECIDERS) {
			// Tests answer by themselves.
			if (decider === 'test') promise(!entry.rulings.test || test !== null, `${name} has no test, and that has said something`);
			if (decider === 'action') promise(entry.rulings.action?.runs !== true, `an action has ${name} run for ever`);
			// Actions are what comes of other events as well (reactions.ts).
			if (decider === 'test' || decider === 'action') continue;
			const [has, said] = [entry.rulings[decider]?.runs, asked.get(id)?.get(decider)];
			promise(has === said, `${name} has ${has} from its ${decider}, which has said ${said}`);
		}
	}
}

/**
 * An operator's start or stop holds; what conflicts with a service that is started is stopped as by one. What a client has made
 * was not started by an operator, and an action may stop it, until one starts it.
 */
function checkOperator(was: Entry, {desired, rivals, service: {name, isLazy, origin}}: Entry, {kind}: Event): void {
	if (was.desired === desired || OF_OPERATORS.has(kind)) return;
	// To start what is lazy is to start it until it is idle.
	if (kind === 'idle' && isLazy && desired === 'auto') return;
	if ((origin === 'run' || origin === 'daemon') && was.desired !== 'stop' && desired !== 'stop') return;
	const isOperators = [was.desired, desired].some(each => each === 'start' || each === 'stop');
	promise(!isOperators || rivals.length > 0, `${name} was asked to ${was.desired}, and ${kind} made that ${desired}`);
}

function remember(event: Event, before: State, asked: Asked): void {
	// An id may be another service's by now.
	for (const id of [...asked.keys()]) if (!entryOf(before, id)) asked.delete(id);
	if (event.kind !== 'rule') return;
	for (const {id, ruling} of event.rulings) {
		if (!entryOf(before, id)) continue;
		note(asked, id, event.rule, ruling?.runs);
	}
}

function note(asked: Asked, id: Id, decider: Decider, runs: boolean | undefined): void {
	const known = asked.get(id) ?? new Map<Decider, boolean>();
	if (runs === undefined) known.delete(decider);
	else known.set(decider, runs);
	asked.set(id, known);
}
