/** Does what an act asks for, as far as its cause has not acted too often, and as operators and deciders let it. */
import type {Act, Action} from '../../../core/action.ts';
import {begin, isInTheWay, yieldTo} from '../../../core/demand.ts';
import type {Entry} from '../../../core/entry.ts';
import type {Id} from '../../../core/ids.ts';
import {isAlive} from '../../../core/phase.ts';
import {reload, signal} from '../../../core/requests.ts';
import {read} from '../../../core/service-table.ts';
import {signalName} from '../../../core/signal-numbers.ts';
import {entries, find, isHelper, isToRun, isUnderWay} from '../../../core/state.ts';
import type {Turn} from '../../../core/turn.ts';
import {decisionOf, withRuling} from '../../../core/wanted.ts';
import {type Reactions, reactions} from './feature.ts';
import {draw, type Verdict, withPace} from './pace.ts';

/** How many buckets are kept of one service, and of causes that are about no service. */
const [PACES_OF_ONE, PACES_OF_ALL] = [8, 256];

/** An act under way. */
interface Doing extends Act {
	readonly turn: Turn;
	readonly entry: Entry | undefined;
}

export function act(turn: Turn, what: Act): void {
	const entry = what.about === null ? undefined : read(turn.state.table, what.about);
	// What it is about is not there any more.
	if ((what.about !== null && !entry) || what.actions.length === 0) return;
	const verdict = take(turn, what, entry);
	if (verdict === 'suspended') say(turn, 'warn', `suspended: ${what.by} acts too often; from now on it acts at most every 6s`);
	if (verdict === 'resumed') say(turn, 'info', `${what.by} goes on`);
	if (verdict === 'suspended' || verdict === 'left-out') return;
	const doing: Doing = {...what, turn, entry};
	const isEnding = turn.state.stage.kind !== 'running';
	// Nothing is started, stopped or signalled by actions in a shutdown.
	for (const action of what.actions) if (!isEnding || action.kind === 'run' || action.kind === 'alert') perform(doing, action);
}

/** One of the commands has come to its end. */
export const acted = (turn: Turn): void => count(turn, -1);

function count(turn: Turn, more: 1 | -1): void {
	const own = turn.state.slices[reactions.name] as Reactions;
	const commands = Math.max(0, own.commands + more);
	if (commands !== own.commands) turn.state = {...turn.state, slices: {...turn.state.slices, [reactions.name]: {...own, commands}}};
}

/** Takes a token of its bucket: that of the service that it is about, or of the whole. */
function take(turn: Turn, {by}: Act, entry: Entry | undefined): Verdict {
	const own = turn.state.slices[reactions.name] as Reactions;
	const paces = entry?.paces ?? own.paces;
	const [pace, verdict] = draw(Object.hasOwn(paces, by) ? paces[by] : undefined, turn.now);
	const after = withPace(paces, by, pace, turn.now, entry ? PACES_OF_ONE : PACES_OF_ALL);
	if (entry) turn.put({...entry, paces: after});
	else turn.state = {...turn.state, slices: {...turn.state.slices, [reactions.name]: {...own, paces: after}}};
	return verdict;
}

function perform(doing: Doing, action: Action): void {
	const {turn, by, why, entry} = doing;
	switch (action.kind) {
		case 'run': {
			const about = entry ? {id: entry.id, service: entry.service} : null;
			const {command, timeout, bounds} = action;
			count(turn, 1);
			return turn.emit({kind: 'run', by, about, command, timeout, environment: variablesOf(doing), ...bounds && {bounds}});
		}
		case 'alert': {
			const about = entry?.service.name ?? null;
			return turn.emit({kind: 'alert', by, about, why, text: action.text, variables: variablesOf(doing)});
		}
		default: {
			const ids = action.names.length === 0 ? [entry?.id ?? -1] : idsOf(turn, action.names);
			for (const id of ids) {
				const target = read(turn.state.table, id);
				if (!target || isHelper(target) || target.retired) continue;
				if (action.kind === 'signal') send(doing, target, action.signal);
				else VERBS[action.kind](doing, target);
			}
		}
	}
}

function variablesOf({why, entry, variables}: Doing): Readonly<Record<string, string>> {
	return {...entry && {ARCHON_SERVICE: entry.service.name}, ARCHON_REASON: why, ...variables};
}

/** Each service that a name means, once; without those that are not there any more. */
function idsOf(turn: Turn, names: readonly string[]): ReadonlySet<number> {
	const ids = new Set<number>();
	for (const name of names) {
		const named = find(turn.state, name);
		if (named) {
			ids.add(named.id);
			continue;
		}
		for (const {id, service} of entries(turn.state)) {
			if (service.groups.includes(name) || service.name.replace(/:\d+$/, '') === name) ids.add(id);
		}
	}
	return ids;
}

const VERBS = {
	/** It runs until it is at rest again; what it conflicts with stops, or is waited for where it is not to be stopped. */
	start(doing: Doing, entry: Entry): void {
		const {turn, by, why, variables} = doing;
		const unruled: Entry = {...entry, rulings: withRuling(entry.rulings, 'action', null)};
		// What a client has made runs as that wants it.
		const free: Entry = isOfClient(entry) && entry.desired === 'auto' ? {...unruled, desired: 'start'} : unruled;
		const after: Entry = isToRun(free) || free.desired === 'stop' ? free : {...free, desired: 'due'};
		if (!isToRun(after)) return refuse(doing, 'starting', after);
		if (after.phase.kind !== 'down') return turn.write(after);
		tell(doing, `starting ${entry.service.name}`);
		for (const rival of entry.rivals) clear(doing, rival);
		begin(turn, after, {...variables['ARCHON_EVENT'] && {ARCHON_EVENT: variables['ARCHON_EVENT']}, ARCHON_REASON: `${why} (${by})`});
	},
	/** It stays stopped until it is started, or given back to its config. An operator's start is not undone. */
	stop(doing: Doing, entry: Entry): void {
		const {turn, by, why} = doing;
		if (!isToRun(entry)) return;
		if (entry.desired === 'start' && !isOfClient(entry)) return refuse(doing, 'stopping', entry);
		const rulings = withRuling(entry.rulings, 'action', {runs: false, why: `${why}, ${by}`, at: turn.now});
		const after: Entry = {...entry, desired: 'auto', rulings, restartPending: false, stop: entry.service.stop};
		if (isToRun(after)) return refuse(doing, 'stopping', after);
		tell(doing, `stopping ${entry.service.name}`);
		turn.write(after);
	},
	restart(doing: Doing, entry: Entry): void {
		if (!isUnderWay(entry.phase) || entry.leaving) return;
		tell(doing, `restarting ${entry.service.name}`);
		doing.turn.write({...entry, restartPending: true});
	},
	reload(doing: Doing, entry: Entry): void {
		const {id, phase, service: {name}, leaving} = entry;
		if ((phase.kind !== 'up' && phase.kind !== 'starting') || leaving) return;
		if (!entry.service.reload) return say(doing.turn, 'warn', `not reloading ${name}: it has no reload (${doing.by})`);
		tell(doing, `reloading ${name}`);
		reload(doing.turn, [id]);
	},
} as const;

/** Whether a client has made it, whose start is no word of an operator. */
const isOfClient = ({service: {origin}}: Entry): boolean => origin === 'run' || origin === 'daemon';

/** What conflicts with a service that is started stops by the same action, but for a run that is due: that is over. */
function clear(doing: Doing, id: Id): void {
	const rival = read(doing.turn.state.table, id);
	if (!rival || !isInTheWay(rival)) return;
	if (rival.desired === 'due') yieldTo(doing.turn, id);
	else VERBS.stop(doing, rival);
}

function send(doing: Doing, {id, phase, service: {name}}: Entry, number: Extract<Action, {kind: 'signal'}>['signal']): void {
	if (!isAlive(phase) || !('pid' in phase)) return;
	tell(doing, `sending ${signalName(number)} to ${name}`);
	signal(doing.turn, {kind: 'signal', id, signal: number});
}

/** Who forbids it is told. */
function refuse({turn, by}: Doing, verb: string, entry: Entry): void {
	const why = decisionOf(entry)?.text ?? (entry.desired === 'start' ? 'it was started on request' : 'it was stopped on request');
	say(turn, 'info', `not ${verb} ${entry.service.name}: ${why} (${by})`);
}

const tell = ({turn, why, by}: Doing, what: string): void => say(turn, 'info', `${what}: ${why} (${by})`);

const say = (turn: Turn, level: 'info' | 'warn', text: string): void => turn.emit({kind: 'say', level, text});
