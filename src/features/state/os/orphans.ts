/**
 * The processes that archons before this one have left: those that are services' main processes go on, each once, and what
 * belongs to nothing any more is ended. Each is known by what was written of it, or by what it carries itself, which it has
 * from before it was executed: so none is missed, whenever archon was killed.
 */
import type {Id, Run} from '../../../core/ids.ts';
import type {Adopted} from '../../../core/outcome.ts';
import type {Service} from '../../../core/service.ts';
import {SIG} from '../../../core/signal-numbers.ts';
import {entryOf, find, type State} from '../../../core/state.ts';
import {after, now} from '../../../os/clock.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import type {Log} from '../../../os/log.ts';
import {type Claim, claimOf, isBelieved} from '../../../os/reap/claims.ts';
import {environOf, pids, type Stat, statOf, variableIn} from '../../../os/reap/procfs.ts';
import {numberTagged, RUNS_OF_ONE} from '../../../os/reap/run-tag.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import {HELPER} from '../../../os/spawn/helper-command.ts';
import {definitionOf, type Left, type LeftService} from './format.ts';

export interface Search {
	readonly state: State;
	/** What was written; null: nothing of it can be used. */
	readonly left: Left | null;
	/** The first number of the runs of these archons, which what was made for none of them has. */
	readonly first: Run;
	readonly log: Log;
	/** A manifest starts programs that no config has. */
	readonly hasManifest: boolean;
}

export interface Found {
	readonly adopted: readonly Adopted[];
	/** The highest number of a run of which a process lives. */
	readonly runs: Run;
}

/** A process that one of these archons has made, or that such a process has made. */
interface Orphan extends Stat {
	readonly pid: number;
	readonly run: Run;
	/** Null: it says nothing that may be read. */
	readonly claim: Claim | null;
}

/** How long archon waits until the killed are gone, and how long what no config has any more is given to end. */
const GONE = 500;
const GRACE = 10_000;

export function findLeft({state, left, first, log, hasManifest}: Search): Found {
	const orphans = pids().flatMap(pid => orphanOf(pid, first) ?? []);
	const adopted = new Map<Id, Adopted>();
	const owners = new Map<Run, Id>();
	for (const [name, each] of left?.services ?? []) {
		const entry = find(state, name);
		if (entry && each.process) owners.set(each.process.run, entry.id);
		const process = each.process && lives(each.process) ? each.process : null;
		if (!entry || !process) continue;
		const isOther = each.definition !== definitionOf(entry.service);
		adopted.set(entry.id, adoptedAs(entry.id, process.run, process.pid, isOther || isStuck(process.pid, entry.service)));
	}
	const recorded = new Set([...left?.services.values() ?? []].map(each => each.process?.run));
	// What was made after the last write, the latest run of each service first.
	for (const [run, members] of [...Map.groupBy(orphans, ({run}) => run)].sort(([one], [other]) => other - one)) {
		// A test that was asked, a condition: who waited for it is gone.
		const id = run === first ? null : ownerOf(state, members);
		if (id === null || recorded.has(run)) continue;
		owners.set(run, id);
		const main = adopted.has(id) ? undefined : mainOf(members);
		const service = entryOf(state, id)?.service;
		if (main && service) adopted.set(id, adoptedAs(id, run, main.pid, isStuck(main.pid, service)));
	}
	const kept = new Set([...adopted.values()].map(each => each.run));
	endRest(orphans.filter(({run}) => !kept.has(run)), owners, {state, first, log, hasManifest});
	const runs = [...orphans.map(({run}) => run), ...kept].reduce((most, run) => Math.max(most, run), 0);
	return {adopted: [...adopted.values()], runs};
}

function orphanOf(pid: number, first: Run): Orphan | null {
	if (pid === ownPid) return null;
	const tag = numberTagged(pid);
	const isOurs = (run: Run): boolean => run >= first && run < first + RUNS_OF_ONE;
	if (tag !== null && !isOurs(tag)) return null;
	const claim = claimOf(pid);
	const run = tag ?? (claim && isBelieved(claim, null) ? claim.run : 0);
	const stat = isOurs(run) ? statOf(pid) : null;
	return stat && !stat.isZombie ? {...stat, pid, run, claim} : null;
}

/** Its number may be another's by now, but not with the same time. */
export function lives({pid, startTime}: NonNullable<LeftService['process']>): boolean {
	const stat = statOf(pid);
	return stat !== null && !stat.isZombie && stat.start === startTime;
}

/** archon may not open its pipes again (ptrace(2)), and so it will wait for ever for somebody who reads what it says. */
const isStuck = (pid: number, {exec: {output, tty}}: Service): boolean =>
	output.kind === 'lines' && !tty && sys.readLink(`/proc/${pid}/fd/1`) === -ERRNO.EACCES;

const adoptedAs = (id: Id, run: Run, pid: number, isOutdated: boolean): Adopted =>
	({id, run, pid, isForeign: true, ...isOutdated && {isOutdated}});

/** The service that the processes of a run say they are of; null: they do not, or no config has it. */
function ownerOf(state: State, members: readonly Orphan[]): Id | null {
	for (const {claim} of members) {
		const entry = claim ? find(state, claim.service) : undefined;
		if (claim && entry && isBelieved(claim, entry.service.exec.user)) return entry.id;
	}
	return null;
}

/** It leads a group, was there before all that it made, and archon has not made it as a command for the service. */
function mainOf(members: readonly Orphan[]): Orphan | undefined {
	return members.filter(({pid, group}) => pid === group && variableIn(environOf(pid), HELPER) === null)
		.sort((one, other) => one.start - other.start || one.pid - other.pid)[0];
}

/**
 * What runs that are over have left is ended as it would have been then, and what nothing tells the service of as well: that is
 * started again, and must not run twice, as what a manifest may start. What the config has no more is asked to end, as by a reload.
 */
function endRest(
	rest: readonly Orphan[], owners: ReadonlyMap<Run, Id>, {state, first, log, hasManifest}: Omit<Search, 'left'>,
): void {
	const removed: Orphan[] = [];
	const killed: Orphan[] = [];
	for (const orphan of rest) {
		const id = owners.get(orphan.run);
		const service = id === undefined ? undefined : entryOf(state, id)?.service;
		if (service && service.killMode !== 'tree') continue;
		if (!service && orphan.claim && orphan.run !== first && !hasManifest) removed.push(orphan);
		else killed.push(orphan);
	}
	const send = (all: readonly Orphan[], signal: number): void => {
		for (const {pid, start} of all) if (statOf(pid)?.start === start) sys.kill(pid, signal);
	};
	if (removed.length > 0) {
		log.info(`ends ${counted(removed)} of services that are in no config any more`);
		send(removed, SIG.TERM);
		after(GRACE, () => send(removed, SIG.KILL));
	}
	if (killed.length === 0) return;
	log.info(`ends ${counted(killed)} that an archon before this one has left and no service goes on with`);
	send(killed, SIG.KILL);
	const isLeft = ({pid, start}: Orphan): boolean => {
		const stat = statOf(pid);
		return stat !== null && stat.start === start && !stat.isZombie;
	};
	for (const until = now() + GONE; now() < until && killed.some(isLeft);) sys.sleep(5);
}

const counted = ({length}: readonly Orphan[]): string => (length === 1 ? 'a process' : `${length} processes`);
