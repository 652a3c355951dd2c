/** Whose the processes are that archon has to wait for since their parents ended: strays of a run, wherever they went. */
import type {Run} from '../../core/ids.ts';
import type {Service, UserSpec} from '../../core/service.ts';
import {cgroupOf} from './cgroups.ts';
import {claimOf, isBelieved} from './claims.ts';
import {pid as ownPid} from '../identity.ts';
import {runTagged} from './run-tag.ts';
import {childrenBesides, processTree, statOf} from './procfs.ts';

export interface Descendants {
	/**
	 * The run's among archon's children that archon did not make, the newest first; undefined now and then, so that
	 * the caller may pause. With all below them these are every process that a run has left behind,
	 * once its main process has ended: each came to archon when its parent ended.
	 */
	strays(run: Run): Iterable<number | undefined>;
	/** As of the moment when the result is first called: whether a run has strays. */
	look(): (run: Run) => boolean;
	/** The run that a process says in its environment that it is of; null: it says none, or is not believed. */
	runNamed(pid: number): Run | null;
	/** Whether a process that lives is the run's, also where it is not archon's child. */
	isOf(pid: number, run: Run): boolean;
	/** A child is gone, and its number may be used again. */
	reaped(pid: number): void;
}

/** What a run's processes are known by, and ended by, beyond their tag. */
export interface Origin {
	/** The service's name. */
	readonly name: string;
	/** The cgroup that it is made in, as its service names it. */
	readonly cgroup: string | null;
	/** Whom it is made as; null: as archon's own user. */
	readonly user: UserSpec | null;
}

export const originOf = ({name, exec}: Service): Origin => ({name, cgroup: cgroupOf(name, exec), user: exec.user});

/** What the owner of all children knows of them. */
export interface Register {
	/** Made by archon itself. */
	isOwn(pid: number): boolean;
	/** All of those. */
	own(): readonly number[];
	/** The run whose first process has or had this pid: it made a session of that number. */
	runOfSession(session: number): Run | null;
	originOf(run: Run): Origin | null;
}

export function createDescendants({isOwn, own, runOfSession, originOf}: Register): Descendants {
	/** The runs of children that were looked at: the process that forked a child never changes. */
	const known = new Map<number, Run | null>();

	const ask = (pid: number): Run | null => runTagged(pid) ?? runOfSession(statOf(pid)?.session ?? 0) ?? runNamed(pid);

	function runOf(pid: number): Run | null {
		let run = known.get(pid);
		if (run === undefined) known.set(pid, run = ask(pid));
		return run;
	}

	/** Service and number must both be right: below an archon that was a service there may be the like of them. */
	function runNamed(pid: number): Run | null {
		const claim = claimOf(pid);
		const origin = claim && originOf(claim.run);
		return origin && origin.name === claim.service && isBelieved(claim, origin.user) ? claim.run : null;
	}

	function* among(children: readonly number[], run: Run): Generator<number | undefined> {
		for (const pid of children.toReversed()) yield !isOwn(pid) && runOf(pid) === run ? pid : undefined;
	}

	return {
		runNamed,
		strays: run => among(processTree()(ownPid), run),
		look() {
			let children: readonly number[] | undefined;
			return run => {
				children ??= childrenBesides(own());
				for (const pid of among(children, run)) if (pid !== undefined) return true;
				return false;
			};
		},
		isOf: (pid, run) => pid !== ownPid && statOf(pid)?.isZombie === false && ask(pid) === run,
		reaped: pid => void known.delete(pid),
	};
}
