/**
 * The real processes of each service: its main process, all that descend from it, and orphans that carry its tag. All
 * processes are looked at, on request only, and at a stretch no more than a few: between them the caller does its other work.
 */
import type {Failed} from '../../core/lazily.ts';
import {pidOf} from '../../core/status.ts';
import {entries, find, type State} from '../../core/state.ts';
import type {Run} from '../../core/ids.ts';
import type {Millis} from '../../core/time.ts';
import {claimOf, isBelieved} from './claims.ts';
import {pid as ownPid} from '../identity.ts';
import {sys} from '../sys.ts';
import {type Ask, createLooks, type Look} from './looks.ts';
import {runTagged} from './run-tag.ts';
import {commandOf, pids, type Stat, statAndUsageOf, TICK, type Usage} from './procfs.ts';

/**
 * `main`: a service's main process. `child`: what another one below archon has made. `adopted`: an orphan. `command`: a
 * probe or a hook. `archon`: archon itself. `foreign`: not below archon.
 */
export type Kind = 'main' | 'child' | 'adopted' | 'command' | 'archon' | 'foreign';

export interface TreeRow extends Pick<Usage, 'cpu' | 'memory'> {
	/** The service that it belongs to; null: none that is known. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	readonly command: string;
	readonly zombie: boolean;
	readonly kind: Kind;
	/** When it was made, in milliseconds since 1970. */
	readonly started: number;
}

/** All processes of a service; its name is `archon` for archon itself, and null for what is below it and belongs to no service. */
export interface UsageRow {
	readonly service: string | null;
	readonly processes: number;
	/** With that of processes that have ended, where one that lives has waited for them. */
	readonly cpu: Millis;
	readonly memory: number;
	/** When its main process was made, in ticks of the kernel's clock; null: it has none. */
	readonly started: number | null;
}

/** What there is to know of the processes that archon has made. */
export interface Known {
	readonly state: State;
	/** Whether it is a probe's or a hook's. */
	readonly isCommand: (pid: number) => boolean;
}

/** How many processes are looked at before others have their turn. */
const STRETCH = 64;

/** As `Daemon` has them. */
export interface Looks {
	tree(isAll: boolean, told: (rows: readonly TreeRow[]) => void, failed: Failed): void;
	readonly usage: Ask<readonly UsageRow[]>;
}

export function looksAt(known: () => Known, soon: (callback: () => void) => void): Looks {
	const asking = createLooks(soon);
	const [below, all] = [asking(() => lookAtTree(known(), false)), asking(() => lookAtTree(known(), true))];
	return {tree: (isAll, ...asker) => (isAll ? all : below)(...asker), usage: asking(() => lookAtUsage(known()))};
}

interface Seen extends Stat, Usage {
	readonly pid: number;
	readonly service: string | null;
	readonly kind: Kind;
}

const OWN = 'archon';

/** Parents before their children. `isAll`: with archon itself and what is not below it, at the end. */
function* lookAtTree(known: Known, isAll: boolean): Look<readonly TreeRow[]> {
	const seen = yield* lookAtAll(known);
	const rows: TreeRow[] = [];
	const booted = Date.now() - sys.sinceBoot();
	for (const one of seen) {
		const {pid, service, kind, parent, isZombie, start, cpu, memory} = one;
		if (!isAll && (kind === 'archon' || kind === 'foreign')) continue;
		if (rows.length % STRETCH === STRETCH - 1) yield;
		const started = Math.round(booted + start * TICK);
		rows.push({service, pid, parent, zombie: isZombie, command: commandOf(pid, one), kind, started, cpu, memory});
	}
	return rows;
}

/** A row for each service that has processes, and those of archon and of no service. */
function* lookAtUsage(known: Known): Look<readonly UsageRow[]> {
	const seen = yield* lookAtAll(known);
	const sums = new Map<string | null, {processes: number; cpu: number; memory: number; started: number | null}>();
	for (const {kind, service, start, cpu, cpuOfEnded, memory} of seen) {
		if (kind === 'foreign') continue;
		const whose = kind === 'archon' ? OWN : service;
		const sum = sums.get(whose) ?? {processes: 0, cpu: 0, memory: 0, started: null};
		sum.processes++;
		if (kind === 'main' || kind === 'archon') sum.started = start;
		// What archon has waited for was another's.
		sum.cpu += cpu + (kind === 'archon' ? 0 : cpuOfEnded);
		sum.memory += memory;
		sums.set(whose, sum);
	}
	return [...sums].map(([service, sum]) => ({service, ...sum}));
}

/** An orphan is known by the tag of its run, its session, or its environment. */
function* lookAtAll({state, isCommand}: Known): Look<readonly Seen[]> {
	const mains = new Map<number, string>();
	const runs = new Map<Run, string>();
	for (const {service, phase} of entries(state)) {
		const pid = pidOf(phase);
		if (pid !== null) mains.set(pid, service.name);
		if ('run' in phase) runs.set(phase.run, service.name);
	}
	const named = (pid: number): string | null => {
		const claim = claimOf(pid);
		const service = claim && find(state, claim.service)?.service;
		return service && isBelieved(claim, service.exec.user) ? service.name : null;
	};
	const all = new Map<number, Stat & Usage>();
	for (const pid of pids()) {
		if (all.size % STRETCH === STRETCH - 1) yield;
		const stat = statAndUsageOf(pid);
		if (stat) all.set(pid, stat);
	}
	const children = Map.groupBy(all.keys(), pid => all.get(pid)?.parent);
	const found: Seen[] = [];
	const below = new Map<number, string | null>([[ownPid, null]]);
	const take = (pid: number, kind: Kind, service: string | null): void => {
		const stat = all.get(pid);
		if (stat) found.push({...stat, pid, kind, service});
	};
	for (const parent of below.keys()) {
		for (const pid of children.get(parent) ?? []) {
			if (found.length % STRETCH === STRETCH - 1) yield;
			const service = mains.get(pid) ?? below.get(parent) ?? runs.get(runTagged(pid) ?? 0)
				?? mains.get(all.get(pid)?.session ?? 0) ?? named(pid);
			below.set(pid, service);
			const kind = mains.has(pid) ? 'main' : isCommand(pid) ? 'command' : parent === ownPid ? 'adopted' : 'child';
			take(pid, kind, service);
		}
	}
	take(ownPid, 'archon', null);
	for (const pid of all.keys()) if (!below.has(pid)) take(pid, 'foreign', null);
	return found;
}
