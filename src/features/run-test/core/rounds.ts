/**
 * Which tests are asked when, and what their answers mean. A round asks all of them, in the order of their ids: at boot and when a
 * trigger asks for it. Those with an interval are asked one after the other, evenly over it, so that they never begin together.
 */
import {hasEnded} from '../../../core/demand.ts';
import type {Event} from '../../../core/event.ts';
import type {Reconfigured, View} from '../../../core/feature.ts';
import type {Id} from '../../../core/ids.ts';
import {entries, entryOf, type State} from '../../../core/state.ts';
import {type Millis, NEVER} from '../../../core/time.ts';
import {type Ruling, UNASKED} from '../../../core/wanted.ts';
import {type Answer, describeAnswer} from './answer.ts';
import {type Asked, type Group, RUNNING_MAX, type RunTests} from './part.ts';

/** How many services a reload may have asked one by one; for more there is a round. */
const QUEUE_MAX = 64;

/** The services that have a test, in order; and those of each interval. */
interface Index {
	readonly all: readonly Id[];
	readonly intervals: ReadonlyMap<Millis, readonly Id[]>;
}

/** A config has its own map of names, by which its index is known. */
const indices = new WeakMap<State['names'], Index>();

function indexOf(state: State): Index {
	const known = indices.get(state.names);
	if (known) return known;
	const all: Id[] = [];
	const intervals = new Map<Millis, Id[]>();
	for (const {id, service: {test}, retired} of entries(state)) {
		if (!test || retired) continue;
		all.push(id);
		if (test.interval === null) continue;
		const same = intervals.get(test.interval);
		if (same) same.push(id);
		else intervals.set(test.interval, [id]);
	}
	for (const ids of [all, ...intervals.values()]) ids.sort((one, other) => one - other);
	const index = {all, intervals};
	indices.set(state.names, index);
	return index;
}

/** The first that is not before `from`. */
function firstFrom(ids: readonly Id[], from: Id): Id | undefined {
	let [low, high] = [0, ids.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((ids[middle] ?? 0) < from) low = middle + 1;
		else high = middle;
	}
	return ids[low];
}

/** archon begins: all tests are asked. */
export const begin = (own: RunTests, view: View): RunTests => go({...own, round: {from: 0, revives: false}}, view);

/** All tests are asked, also those that run, for they began before; those that began with the reload of this trigger did not. */
export function trigger(own: RunTests, view: View, since = own.last): RunTests {
	const isNew = ({number}: Asked): boolean => number > since;
	const running = own.running.map(each => (isNew(each) ? {...each, isDue: false, revives: true} : each));
	const asked = running.filter(isNew).map(({id}) => id);
	return go({...own, running, round: {from: 0, revives: true, asked}, queue: [], isTriggered: true}, view);
}

/** Another config: new tests, changed ones and those of what is started again are asked; tests that are gone have no say. */
export function renew(own: RunTests, view: View, {started, retested}: Reconfigured): RunTests {
	const {state} = view;
	const ids = new Set([...retested, ...started]);
	const fresh: Id[] = [];
	const gone: Id[] = [];
	for (const id of ids) (entryOf(state, id)?.service.test ? fresh : gone).push(id);
	const silenced = gone.filter(id => entryOf(state, id)?.rulings.test);
	if (silenced.length > 0) view.raise({kind: 'rule', rule: 'test', revive: false, rulings: silenced.map(id => ({id, ruling: null}))});
	const queue = new Set([...own.queue.filter(id => !ids.has(id)), ...fresh]);
	const isMany = queue.size > QUEUE_MAX;
	return go({
		...own,
		round: isMany ? {from: 0, revives: own.round?.revives ?? false} : own.round, queue: isMany ? [] : [...queue],
		running: own.running.filter(({id}) => !ids.has(id)),
		groups: groupsFor(state, view.now, own.groups),
	}, view);
}

/** archon was re-executed: what had begun is asked again. */
export function resume(own: RunTests, view: View): RunTests {
	for (const asked of own.running) ask(asked, view);
	return own;
}

/** What each interval's tests begin with; those that were there before go on. */
function groupsFor(state: State, now: number, before: readonly Group[] = []): readonly Group[] {
	const known = new Map(before.map(group => [group.interval, group]));
	return [...indexOf(state).intervals].map(([interval, ids]): Group => {
		const first = now + interval / ids.length;
		const group = known.get(interval);
		return {interval, from: group?.from ?? 0, at: Math.min(first, group?.at ?? first)};
	});
}

/** A test has ended. The answer of one that is not awaited any more means nothing. */
export function hear(own: RunTests, {id, number, answer}: Extract<Event, {kind: 'tested'}>, view: View): RunTests {
	const asked = own.running.find(each => each.number === number && each.id === id);
	if (!asked) return own;
	judge(asked, answer, view);
	return go({...own, running: own.running.filter(each => each !== asked)}, view);
}

function judge({id, isDue, revives}: Asked, answer: Answer, view: View): void {
	const entry = entryOf(view.state, id);
	if (!entry?.service.test || entry.retired) return;
	const {name} = entry.service;
	const before = entry.rulings.test;
	const ruling = rulingOf(answer, before, entry.phase.kind !== 'down');
	view.raise({kind: 'rule', rule: 'test', revive: revives && !ruling.isOpen, rulings: [{id, ruling}]});
	const isNews = ruling.isOpen ? before?.why !== ruling.why : before?.runs !== ruling.runs || before.isOpen;
	const said = describeAnswer(answer);
	if (isNews || !isDue) view.emit({kind: 'tested', name, reason: said});
	// What it says first is seen by what becomes of its service; a no would not be.
	if (!isNews || (ruling.runs && before?.why === UNASKED)) return;
	if (ruling.isOpen) view.emit({kind: 'say', level: 'warn', text: `the test of ${name}: ${said}; ${name} stays as it is`});
	else view.emit({kind: 'say', level: 'info', text: `the test of ${name} says ${said}`});
}

/** Where there is no answer the service stays as it is: as the last one has it, or else as it runs or not. */
function rulingOf({verdict, why}: Answer, before: Ruling | undefined, isUp: boolean): Omit<Ruling, 'at'> {
	if (verdict === 'yes' || verdict === 'no') return {runs: verdict === 'yes', why};
	return {runs: before?.runs ?? isUp, why, isOpen: true};
}

const ask = ({id, number}: Asked, view: View): void => {
	const service = entryOf(view.state, id)?.service;
	if (service?.test) view.emit({kind: 'run-test', id, number, service, test: service.test});
};

/** Begins as many tests as may run, and ends the round when its last one has answered. */
export function go(own: RunTests, view: View): RunTests {
	const {now, state} = view;
	const index = indexOf(state);
	const running = [...own.running];
	let {round, queue, groups, last, isTriggered} = own;
	const isBusy = (id: Id): boolean => running.some(each => each.id === id);
	const start = (id: Id, isDue: boolean, revives: boolean): void => {
		const asked = {id, number: ++last, isDue, revives};
		running.push(asked);
		ask(asked, view);
	};

	while (running.length < RUNNING_MAX) {
		const queued = queue.find(id => !isBusy(id));
		if (queued !== undefined) {
			queue = queue.filter(id => id !== queued);
			if (entryOf(state, queued)?.service.test) start(queued, false, round?.revives ?? false);
			continue;
		}
		const id = round ? firstFrom(index.all, round.from) : undefined;
		if (!round || id === undefined) break;
		round = {...round, from: id + 1};
		if (round.asked?.includes(id)) continue;
		// It began before the round, and is asked once more.
		if (isBusy(id)) queue = [...queue, id];
		else start(id, false, round.revives);
	}
	const isAsked = !round || firstFrom(index.all, round.from) === undefined;
	const isDone = isAsked && queue.length === 0 && running.every(({isDue}) => isDue);
	if (round && isDone) {
		if (round.revives) reviveOthers(view);
		round = null;
		groups = groupsFor(state, now);
	}
	if (!round && queue.length === 0) groups = groups.map(group => goOn(group, index, running, start, now));
	if (isTriggered && isDone) {
		isTriggered = false;
		view.emit({kind: 'triggered', feature: 'run-test'});
	}
	const isFull = round !== null || queue.length > 0 || running.length >= RUNNING_MAX;
	const next = isFull ? NEVER : groups.reduce((least, {at}) => Math.min(least, at), NEVER);
	return {round, queue, running, groups, next, last, isTriggered};
}

/** Asks those of an interval whose time has come. Where they take longer than it is, the next is asked as soon as it can be. */
function goOn(
	{interval, from, at}: Group, {intervals}: Index, running: readonly Asked[], start: (id: Id, isDue: boolean, revives: boolean) => void,
	now: number,
): Group {
	const ids = intervals.get(interval) ?? [];
	const [first] = ids;
	if (first === undefined) return {interval, from, at: NEVER};
	while (at <= now && running.length < RUNNING_MAX) {
		const id = firstFrom(ids, from) ?? first;
		if (!running.some(each => each.id === id)) start(id, true, false);
		from = id + 1;
		at = Math.max(at + interval / ids.length, now);
	}
	return {interval, from, at};
}

/** What has no test and has failed is tried again as well. */
function reviveOthers(view: View): void {
	const rulings = [...entries(view.state)].flatMap(entry => {
		const {id, service: {test, origin}} = entry;
		return hasEnded(entry) && !test && (origin === 'config' || origin === 'command') ? [{id, ruling: null}] : [];
	});
	if (rulings.length > 0) view.raise({kind: 'rule', rule: 'test', revive: true, rulings});
}
