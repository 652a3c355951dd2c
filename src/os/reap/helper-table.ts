/** The processes of probes and hooks: each is the leader of its group, and its end is told to the code that started it. */
import type {Run} from '../../core/ids.ts';
import type {Outcome} from '../../core/outcome.ts';
import {SIG} from '../../core/signal-numbers.ts';
import {pid as ownPid} from '../identity.ts';
import {sys} from '../sys.ts';
import {newReport} from './outcome.ts';
import {hasProc, statOf} from './procfs.ts';
import {runTagged} from './run-tag.ts';

export interface Helper {
	/** Its whole group ends with it. */
	readonly isTidy: boolean;
	readonly ended: (outcome: Outcome) => void;
}

/** Helpers by their pids. */
export interface Helpers {
	readonly pids: () => Iterable<number>;
	has(pid: number): boolean;
	/** Whether the group of any ends with it. */
	hasTidy(): boolean;
	/** The helper has ended, and is forgotten. */
	take(pid: number): Helper | undefined;
	add(pid: number, isTidy: boolean, ended: (outcome: Outcome) => void): void;
	/** As of `Reaper.adoptHelper`. */
	adopt(pid: number, run: Run, ended: (outcome: Outcome) => void): boolean;
	/** As of `Reaper.endHelper`. */
	end(pid: number): void;
}

const REPORT = newReport();

export function createHelpers(): Helpers {
	const helpers = new Map<number, Helper>();
	/** How many of them are tidy. */
	let tidy = 0;

	function set(pid: number, helper: Helper): void {
		take(pid);
		helpers.set(pid, helper);
		if (helper.isTidy) tidy++;
	}

	function take(pid: number): Helper | undefined {
		const helper = helpers.get(pid);
		if (!helper) return undefined;
		helpers.delete(pid);
		if (helper.isTidy) tidy--;
		return helper;
	}

	return {
		pids: () => helpers.keys(),
		has: pid => helpers.has(pid),
		hasTidy: () => tidy > 0,
		take,
		add: (pid, isTidy, ended) => set(pid, {isTidy, ended}),
		adopt(pid, run, ended) {
			const isThere = hasProc()
				? statOf(pid)?.parent === ownPid && (runTagged(pid) ?? run) === run
				: sys.waitPid(pid, REPORT, true) === 0;
			if (isThere) set(pid, {isTidy: false, ended});
			return isThere;
		},
		end(pid) {
			if (!helpers.has(pid)) return;
			set(pid, {isTidy: true, ended: () => {}});
			sys.kill(-pid, SIG.KILL);
		},
	};
}
