/** Whose the processes are that nobody has to wait for any more but archon: strays of a run, wherever they went. */
import type {Run} from '../core/model.ts';
import {pid as ownPid} from './identity.ts';
import {runMarked} from './mark.ts';
import {childrenBesides, environOf, kinship, statOf, variableIn} from './procfs.ts';

export interface Kin {
	/**
	 * The run's among archon's children that archon did not make, the newest first; undefined now and then, so that
	 * whoever goes through them may pause. With all below them these are every process that a run has left behind,
	 * once its main process has ended: each came to archon when its parent ended.
	 */
	strays(run: Run): Iterable<number | undefined>;
	/** As of the moment when the result is first called: whether a run has strays. */
	look(): (run: Run) => boolean;
	/** A child is gone, and its number may be used again. */
	buried(pid: number): void;
}

/** What the owner of all children knows of them. */
export interface Register {
	/** Made by archon itself. */
	isOwn(pid: number): boolean;
	/** The run whose first process has or had this pid: it made a session of that number. */
	/** All of those. */
	own(): readonly number[];
	runOfSession(session: number): Run | null;
	nameOf(run: Run): string | null;
}

export function createKin({isOwn, own, runOfSession, nameOf}: Register): Kin {
	/** Of children that were looked at: a process has one mother for ever. */
	const known = new Map<number, Run | null>();

	function runOf(pid: number): Run | null {
		let run = known.get(pid);
		if (run === undefined) known.set(pid, run = runMarked(pid) ?? runOfSession(statOf(pid)?.session ?? 0) ?? runNamed(pid));
		return run;
	}

	/** Service and number must both be right: below an archon that was a service there may be the like of them. */
	function runNamed(pid: number): Run | null {
		const environ = environOf(pid);
		const run = Number(variableIn(environ, 'ARCHON_RUN') ?? 0);
		const name = nameOf(run);
		return name !== null && name === variableIn(environ, 'ARCHON_SERVICE') ? run : null;
	}

	function* among(children: readonly number[], run: Run): Generator<number | undefined> {
		for (const pid of children.toReversed()) yield !isOwn(pid) && runOf(pid) === run ? pid : undefined;
	}

	return {
		strays: run => among(kinship()(ownPid), run),
		look() {
			let children: readonly number[] | undefined;
			return run => {
				children ??= childrenBesides(own());
				for (const pid of among(children, run)) if (pid !== undefined) return true;
				return false;
			};
		},
		buried: pid => void known.delete(pid),
	};
}
