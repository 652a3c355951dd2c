/**
 * Dependencies that were made while archon runs: what happens to their targets has them act. They may act on each other in a circle,
 * which the rate of each bounds; an order of starts has no circle.
 */
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import {exitStatus, type Outcome} from '../../../core/outcome.ts';
import type {Id} from '../../../core/ids.ts';
import {read} from '../../../core/service-table.ts';
import {entryOf, find, type State} from '../../../core/state.ts';
import {describeOutcome, statusNameOf} from '../../../core/status.ts';
import {NEVER} from '../../../core/time.ts';
import type {Change, Turn} from '../../../core/turn.ts';
import {endOf} from '../../events/core.ts';
import {type Kept, keptOf, NAME, NO_DOING, NOTHING} from '../../monitor/core/kept.ts';
import {add as addRule, remove as removeRule} from '../../monitor/core/rules.ts';
import {type Dependency, DEPENDENCIES_MAX, type Occasion, targetText, type Terms} from './dependency.ts';

/** What of a turn acting takes. */
export type Acting = Pick<Turn, 'state' | 'raise' | 'emit' | 'now'>;

type Variables = Readonly<Record<string, string>>;

/** Changes what is kept. */
export function keep(turn: Turn, after: Kept): void {
	if (after !== keptOf(turn.state)) turn.state = {...turn.state, slices: {...turn.state.slices, [NAME]: after}};
}

/** Adds a dependency; one that is not possible any more is left out, as its client was told before. */
export function depend(turn: Turn, {terms, lasts, process}: Extract<Event, {kind: 'depend'}>): void {
	const kept = keptOf(turn.state) ?? NOTHING;
	if (kept.dependencies.length >= DEPENDENCIES_MAX || !find(turn.state, terms.dependent) || cycleOf(turn.state, terms)) return;
	const id = kept.nextDependency;
	const {target} = terms;
	let [after, rule]: [Kept, number | null] = [kept, null];
	if (target.kind === 'monitor') {
		rule = kept.rules.find(({name}) => name === target.name)?.id ?? null;
		if (rule === null) return;
	} else if (target.kind === 'match' || (target.kind === 'pid' && process)) {
		rule = kept.next;
		const to = target.kind === 'match' ? target.match : process;
		if (to) after = addRule(kept, {name: `deps ${id}`, origin: 'deps', on: NO_DOING, to}, turn.now);
	}
	const until = lasts === null ? NEVER : turn.now + lasts;
	const dependency: Dependency = {...terms, id, rule, until, times: 0};
	keep(turn, scheduled({...after, nextDependency: id + 1, dependencies: [...after.dependencies, dependency]}));
	if (addOrder(turn, dependency)) turn.recount();
	look(turn);
}

/** Takes dependencies away, with the rules that were there for them. */
export function undepend(turn: Turn, ids: readonly number[]): void {
	const kept = keptOf(turn.state);
	if (!kept) return;
	const after = without(kept, ({id}) => ids.includes(id));
	if (after === kept) return;
	keep(turn, after);
	let isOrdered = false;
	for (const each of kept.dependencies) if (ids.includes(each.id)) isOrdered = removeOrder(turn, each) || isOrdered;
	if (isOrdered) turn.recount();
	look(turn);
}

/** What is kept without some dependencies, and without the rules that were there for them. */
export function without(kept: Kept, isMeant: (each: Dependency) => boolean): Kept {
	const gone = kept.dependencies.filter(isMeant);
	if (gone.length === 0) return kept;
	const own = new Set(kept.rules.filter(({origin}) => origin === 'deps').map(({id}) => id));
	const rules = gone.flatMap(({rule}) => (rule !== null && own.has(rule) ? [rule] : []));
	const left = kept.dependencies.filter(each => !gone.includes(each));
	return scheduled({...removeRule(kept, rules), dependencies: left});
}

const scheduled = (kept: Kept): Kept => ({...kept, dueAt: Math.min(NEVER, ...kept.dependencies.map(({until}) => until))});

/** What is watched is another thing now. */
export function look(turn: Acting): void {
	const kept = keptOf(turn.state);
	if (kept) turn.emit({kind: 'watch-strangers', kept});
}

// ── What they look at ────────────────────────────────────────────────────────────────────────────

/** By the name of their target; made once for each list of them, as each change of a service asks for it. */
const services = new WeakMap<readonly Dependency[], ReadonlyMap<string, readonly Dependency[]>>();

function byService(list: readonly Dependency[]): ReadonlyMap<string, readonly Dependency[]> {
	const known = services.get(list);
	if (known) return known;
	const found = Map.groupBy(list.filter(({target}) => target.kind === 'service'), ({target}) => targetText(target));
	services.set(list, found);
	return found;
}

/** A service is in another phase. */
export function changed(own: Kept, {before, after}: Change, turn: Acting): Kept {
	const {name} = after.service;
	const meant = byService(own.dependencies).get(name);
	if (!meant) return own;
	const outcome = endOf(before.phase, after);
	const occasions = occasionsOf(before, after, outcome);
	if (occasions.size === 0) return own;
	const status = statusNameOf(after);
	return act(own, turn, meant.filter(({on}) => occasions.has(on)), ({on}) => ({
		why: outcome && (on === 'exit' || on === 'fail') ? `${name} has ended: ${describeOutcome(outcome)}` : `${name} is ${status}`,
		variables: outcomeVariables(outcome),
	}));
}

function occasionsOf(before: Entry, after: Entry, outcome: Outcome | null): ReadonlySet<Occasion> {
	const found = new Set<Occasion>();
	if (outcome) found.add('exit');
	const isReady = ({phase}: Entry): boolean =>
		(phase.kind === 'up' ? phase.isReady : phase.kind === 'done' || (phase.kind === 'down' && phase.cause === 'completed'));
	if (isReady(after) && !isReady(before)) found.add('ready');
	const [was, is] = [statusNameOf(before), statusNameOf(after)];
	if (was !== is) found.add('change');
	const hasEndedBadly = outcome !== null && exitStatus(outcome) !== 0 && after.ends.length > before.ends.length;
	if (hasEndedBadly || (was !== is && (is === 'failed' || is === 'unhealthy' || is === 'backoff'))) found.add('fail');
	return found;
}

/** The rule of `monitor` has met a process, or one of its processes has ended. */
export function heard(
	own: Kept, turn: Acting, rule: number,
	what: {readonly occasions: ReadonlySet<Occasion>; readonly why: string; readonly variables: Variables},
): Kept {
	return act(own, turn, own.dependencies.filter(each => each.rule === rule && what.occasions.has(each.on)), () => what);
}

/** Something has become of a path or a port that is looked at. */
export function placed(turn: Turn, {place, sign}: Extract<Event, {kind: 'placed'}>): void {
	const kept = keptOf(turn.state);
	if (!kept) return;
	const meant = kept.dependencies.filter(({target, on}) =>
		(target.kind === 'path' || target.kind === 'port') && targetText(target) === place && (on === 'change' || on === sign));
	keep(turn, act(kept, turn, meant, () => ({why: `${place} ${SIGNS[sign]}`, variables: {}})));
}

const SIGNS = {ready: 'is there', exit: 'is gone', change: 'has changed'} as const;

/** The variables that tell a command how a process has ended. */
export const outcomeVariables = (outcome: Outcome | null): Variables => (outcome === null ? {}
	: {ARCHON_EXIT_CODE: String(exitStatus(outcome)), ...outcome.kind === 'signal' && {ARCHON_SIGNAL: String(outcome.signal)}});

function act(
	own: Kept, turn: Acting, meant: readonly Dependency[],
	tell: (each: Dependency) => {readonly why: string; readonly variables: Variables},
): Kept {
	if (meant.length === 0) return own;
	for (const each of meant) {
		const entry = find(turn.state, each.dependent);
		if (!entry || each.actions.length === 0) continue;
		const {why, variables} = tell(each);
		turn.raise({
			kind: 'act', by: `deps ${each.id}`, about: entry.id, why, actions: each.actions,
			variables: {ARCHON_EVENT: each.on, ARCHON_SERVICE: each.dependent, ARCHON_TARGET: targetText(each.target), ...variables},
		});
	}
	return {...own, dependencies: own.dependencies.map(each => (meant.includes(each) ? {...each, times: each.times + 1} : each))};
}

// ── The order of starts ──────────────────────────────────────────────────────────────────────────

/** The services through which a service would wait for itself, from it to it; null: there is no such circle. */
export function cycleOf(state: State, {dependent, target, order}: Terms): readonly string[] | null {
	const from = find(state, dependent);
	const to = target.kind === 'service' && order === 'start' ? find(state, target.name) : undefined;
	if (!from || !to) return null;
	/** From where each was reached. */
	const reached = new Map<Id, Id | null>([[to.id, null]]);
	for (const [id] of reached) {
		if (id === from.id) return pathTo(state, from, reached);
		for (const edge of entryOf(state, id)?.needs ?? []) if (!reached.has(edge.id)) reached.set(edge.id, id);
	}
	return null;
}

function pathTo(state: State, from: Entry, reached: ReadonlyMap<Id, Id | null>): readonly string[] {
	const names: string[] = [];
	for (let id: Id | null = from.id; id !== null; id = reached.get(id) ?? null) names.push(entryOf(state, id)?.service.name ?? '?');
	return [from.service.name, ...names.toReversed()];
}

/** False: nothing has changed. */
function addOrder(turn: Turn, {dependent, target, order}: Dependency): boolean {
	const from = find(turn.state, dependent);
	const to = target.kind === 'service' && order === 'start' ? find(turn.state, target.name) : undefined;
	if (!from || !to || from.needs.some(({id}) => id === to.id)) return false;
	const condition = to.service.type === 'oneshot' ? 'service_completed_successfully' : 'service_healthy';
	const edge = {condition, strength: 'order', restart: false, timeout: Infinity} as const;
	turn.put({...from, needs: [...from.needs, {...edge, id: to.id}]});
	const need = read(turn.state.table, to.id);
	if (need) turn.put({...need, dependents: [...need.dependents, {...edge, id: from.id}]});
	return true;
}

/** What the config says as well, or another dependency, stays. */
function removeOrder(turn: Turn, {dependent, target, order}: Dependency): boolean {
	const from = find(turn.state, dependent);
	const to = target.kind === 'service' && order === 'start' ? find(turn.state, target.name) : undefined;
	if (!from || !to) return false;
	const isHeld = from.service.needs.some(({name}) => name === to.service.name) || keptOf(turn.state)?.dependencies.some(each =>
		each.order === 'start' && each.dependent === dependent && targetText(each.target) === targetText(target));
	if (isHeld) return false;
	turn.put({...from, needs: from.needs.filter(({id}) => id !== to.id)});
	const need = read(turn.state.table, to.id);
	if (need) turn.put({...need, dependents: need.dependents.filter(({id}) => id !== from.id)});
	return true;
}

/** Another config is in force, which knows nothing of them: they are laid over its edges, but for those that make a circle with it. */
export function reorder(turn: Turn): void {
	const kept = keptOf(turn.state);
	const circular: number[] = [];
	for (const each of kept?.dependencies ?? []) {
		const cycle = cycleOf(turn.state, each);
		if (cycle) {
			circular.push(each.id);
			turn.emit({kind: 'say', level: 'warn', text: `deps ${each.id} is dropped: ${cycleText(cycle)} with this config`});
		} else addOrder(turn, each);
	}
	if (kept && circular.length > 0) keep(turn, without(kept, ({id}) => circular.includes(id)));
}

/** As in `web -> db -> web is a circle`. */
export const cycleText = (names: readonly string[]): string => `${names.join(' -> ')} is a circle`;
