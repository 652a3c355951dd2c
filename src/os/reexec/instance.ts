/** One instance of archon: what the last one left to it, and what it writes down for the next. */
import {changes, EMPTY, read} from '../../core/service-table.ts';
import {hasSameBody, readAll, writeBody, writeProgress, writeStandard, writeWhole} from '../../core/serialize.ts';
import type {Id, Run} from '../../core/ids.ts';
import type {Adopted} from '../../core/outcome.ts';
import {entries, find, type State} from '../../core/state.ts';
import {claimOf, isBelieved} from '../reap/claims.ts';
import {now} from '../clock.ts';
import {type Cause, describeCause, type Reexec, MEMORY_START, openReexec} from './reexec.ts';
import {lastingFds} from './inherited.ts';
import {type Handoff, HANDOFF_SIZE, oblivion, openHandoff, SMALL_HANDOFF_SIZE} from './handoff.ts';
import {runTagged} from '../reap/run-tag.ts';
import {children, statOf} from '../reap/procfs.ts';
import {sys} from '../sys.ts';

export interface Instance {
	/** Null where no memory outlives archon: then this instance is its only one. */
	readonly reexec: Reexec | null;
	readonly handoff: Handoff;
	/** What the previous instance was about; null: there was none, or nothing can be made of what it wrote. */
	readonly past: Past | null;
	/** What is wrong with what the previous instance wrote; null: nothing. */
	readonly damage: string | null;
	/** Descriptors that the previous instance kept, where nothing else is known of them. */
	readonly inheritedFds: readonly number[];
	/** How the previous instance ended: `archon crashed with SIGSEGV`; empty: there was none. */
	readonly story: string;
	/** archon has ended too often: only what keeps services running is done until SIGHUP asks for more. */
	readonly isDegraded: boolean;
	/** The previous instance was told to read the config, and left it to this one. */
	readonly rereads: boolean;
	/** The previous instance has ended all services to begin again: nothing is left but the text of its config (`keeps`). */
	readonly isRebooted: boolean;
}

export interface Past {
	readonly state: State;
	/** What `leave` was given. */
	readonly options: string;
}

/** This many bad ends within this many milliseconds are too often. */
const OFTEN = 5;
const LATELY = 60_000;
/** More than OFTEN within this many milliseconds: the next instance rests before it goes on. */
const HASTE = 3000;
const REST = 500;

const NOTHING = {past: null, damage: null, inheritedFds: [], story: '', isDegraded: false, rereads: false, isRebooted: false} as const;

/** The key under which an instance writes why it reboots. */
export const REBOOT = 'reboot';

/** `keeps`: keys that outlive a reboot. */
export function startInstance(keeps: readonly string[]): Instance {
	const reexec = openReexec(MEMORY_START + HANDOFF_SIZE, MEMORY_START + SMALL_HANDOFF_SIZE);
	if (typeof reexec === 'number') {
		return {...NOTHING, reexec: null, handoff: oblivion()};
	}
	const {memory, reexecutions, causes} = reexec;
	const isFirst = reexecutions === 0;
	const handoff = openHandoff(memory, MEMORY_START, isFirst, sys.releaseMemory, sys.memorySize() - MEMORY_START);
	if (isFirst) return {...NOTHING, reexec, handoff};
	if (handoff.past.has(REBOOT)) {
		handoff.forget(keeps);
		return {...NOTHING, reexec, handoff, inheritedFds: lastingFds(), isRebooted: true};
	}
	const state = handoff.damage === null ? readState(handoff.past) : null;
	const options = handoff.past.get('options');
	const past = state && options !== undefined && isJson(options) ? {state, options} : null;
	const cause = causes.at(-1);
	return {
		reexec, handoff, past,
		damage: past ? null : handoff.damage ?? 'it is incomplete',
		inheritedFds: past ? [] : lastingFds(),
		story: `archon ${cause ? describeCause(cause) : 'was re-executed'}`,
		isDegraded: isDegradedFrom(handoff, causes),
		rereads: handoff.past.get('reread') === 'yes',
		isRebooted: false,
	};
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

/** Once degraded it stays so, until it is told to forgive. */
function isDegradedFrom(handoff: Handoff, causes: readonly Cause[]): boolean {
	const forgiven = Number(handoff.past.get('forgiven') ?? 0);
	const bad = causes.filter(({kind, at}) => kind !== 'upgrade' && at > Math.max(forgiven, now() - LATELY));
	const isDegraded = bad.length >= OFTEN || handoff.past.get('degraded') === 'yes';
	if (isDegraded) handoff.put('degraded', 'yes');
	if (bad.filter(({at}) => at > now() - HASTE).length > OFTEN) sys.sleep(REST);
	return isDegraded;
}

/** The next instance is not degraded, whatever happened before it, and reads the config. */
export function forgive(handoff: Handoff): void {
	handoff.put('forgiven', String(now()));
	handoff.delete('degraded');
	handoff.put('reread', 'yes');
}

function readState(past: Handoff['past']): State | null {
	const part = (kind: string): ReadonlyMap<Id, string> => new Map([...past].flatMap(([key, text]) =>
		(key.startsWith(`${kind} `) ? [[Number(key.slice(kind.length + 1)), text]] : [])));
	const [whole, standard] = [past.get('whole'), past.get('standard')];
	return whole === undefined || standard === undefined ? null : readAll({whole, standard, bodies: part('body'), progress: part('progress')});
}

/** What of a state is neither an entry nor told from them (core/serialize.ts). */
const WHOLE = ['settings', 'stage', 'runs', 'bucket', 'transients', 'slices'] as const;

/** Writes down in what the one state differs from the other; null: there is no other yet. */
export function record(handoff: Handoff, before: State | null, after: State): void {
	// What the previous instance wrote by another standard is written again in the same turn.
	if (!before) handoff.put('standard', writeStandard());
	changes(before?.table ?? EMPTY, after.table, (id, entry) => {
		if (!entry) {
			handoff.delete(`body ${id}`);
			handoff.delete(`progress ${id}`);
			return;
		}
		const old = before ? read(before.table, id) : undefined;
		if (!old || !hasSameBody(old, entry)) handoff.put(`body ${id}`, writeBody(entry));
		handoff.put(`progress ${id}`, writeProgress(entry));
	});
	const isSame = before !== null && WHOLE.every(key => before[key] === after[key]);
	if (!isSame) handoff.put('whole', writeWhole(after));
}

/**
 * Main processes that live although nothing is known of them any more: the latest run of each service. The tag says which
 * run it is, and its environment of which service; one that was made as archon's own user may be another's by now.
 */
export function findTagged(state: State): readonly Adopted[] {
	const found = [...findMains()].sort(([one], [other]) => one - other).flatMap(([run, pid]) => {
		const claim = claimOf(pid);
		const entry = claim ? find(state, claim.service) : undefined;
		if (!claim || !entry) return [];
		const {id, service: {exec: {user}}} = entry;
		const isPlausible = isBelieved(claim, user) || (user === null && runTagged(pid) === run);
		return isPlausible ? [[id, {id, run, pid}] as const] : [];
	});
	return [...new Map(found).values()];
}

/** Main processes of runs of which the state does not know yet that they exist, by their tags. */
export function findSpawned(state: State): ReadonlyMap<Run, number> {
	const runs = new Set([...entries(state)].flatMap(({phase}) => (phase.kind === 'spawning' && !phase.isHooked ? [phase.run] : [])));
	return new Map(runs.size === 0 ? [] : [...findMains()].filter(([run]) => runs.has(run)));
}

/** Of those without a tag only archon's own user and root are believed here, where it is not known yet whose a run is. */
function runClaimed(pid: number): Run {
	const claim = claimOf(pid);
	return claim && isBelieved(claim, null) ? claim.run : 0;
}

/**
 * The main process of each run that has one among archon's children: it leads a group (spawner.ts), and was there
 * before hooks and whatever the run has left to archon, which carry the same tag.
 */
function findMains(): ReadonlyMap<Run, number> {
	const leaders = children().flatMap(pid => {
		const stat = statOf(pid);
		const run = runTagged(pid) ?? runClaimed(pid);
		return stat?.group === pid && run > 0 ? [{pid, run, start: stat.start}] : [];
	});
	// The kernel lists them by age; its clock ticks too slowly to tell all apart.
	return new Map(leaders.toReversed().sort((one, other) => other.start - one.start).map(({run, pid}) => [run, pid]));
}
