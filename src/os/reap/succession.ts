/**
 * What comes after a main process that has ended: another process of its run, which its pid file names or which is the
 * only one left, or the end of the run.
 */
import type {Entry} from '../../core/entry.ts';
import type {News} from '../../core/event.ts';
import type {Outcome} from '../../core/outcome.ts';
import type {Millis} from '../../core/time.ts';
import {now} from '../clock.ts';
import type {Poller} from '../poller.ts';
import type {Descendants} from './descendants.ts';
import {seek} from './pid-file.ts';
import {type Stat, statOf} from './procfs.ts';
import type {TrackedRun} from './tracked-run.ts';

type Look = ReturnType<Descendants['look']>;

export interface SuccessionParts {
	readonly poller: Poller;
	readonly descendants: Descendants;
	readonly entryOf: (tracked: TrackedRun) => Entry | undefined;
	/** Whether others live that its process made. */
	readonly hasOthers: (tracked: TrackedRun, hasStrays: Look) => boolean;
	/** Another process is the main one from now on. */
	readonly takeOver: (tracked: TrackedRun, pid: number, stat: Stat) => void;
	/** There is no other main process. */
	readonly conclude: (tracked: TrackedRun, outcome: Outcome, hasStrays: Look) => void;
	readonly tell: (tracked: TrackedRun, news: News) => void;
}

export interface Succession {
	/** The main process of the run has ended. */
	ended(tracked: TrackedRun, outcome: Outcome, hasStrays: Look): void;
	/** Processes have ended, and what is looked for may be known or be gone by that. */
	look(hasStrays: Look): void;
	/** The run is to stop: then its main process is not looked for any more. */
	hurry(tracked: TrackedRun): void;
	isSeeking(tracked: TrackedRun): boolean;
	giveUp(tracked: TrackedRun): void;
}

/** How a main process ended whose successor is looked for. */
interface Search {
	readonly outcome: Outcome;
}

/** A daemon writes its file soon after its parent has ended, unless the start waits for it. */
const FILE_PATIENCE: Millis = 2000;
/**
 * What was guessed to be the main process may be one on the way from the first to the last, which lives for a moment only
 * (daemon(7), "SysV Daemons"). One that exits with 0 so soon was that.
 */
const PASSING: Millis = 2000;

const EXITED_WELL: Outcome = {kind: 'code', code: 0};

export function createSuccession({poller, descendants, entryOf, hasOthers, takeOver, conclude, tell}: SuccessionParts): Succession {
	const searches = new Map<TrackedRun, Search>();
	const guessed = new WeakMap<TrackedRun, Millis>();

	const isStopping = (tracked: TrackedRun): boolean => entryOf(tracked)?.phase.kind === 'stopping';

	function ended(tracked: TrackedRun, outcome: Outcome, hasStrays: Look): void {
		const entry = entryOf(tracked);
		const path = entry?.service.pidFile ?? null;
		const handover = entry ? handoverOf(entry) : null;
		// Another instance of archon may have seen how it ended.
		const known = handover === 'main' ? EXITED_WELL : outcome;
		const isWell = known.kind === 'code' && known.code === 0;
		if (handover !== null && isWell) tell(tracked, {kind: 'forked'});
		const isGuess = path === null && isWell && (handover !== null || now() - (guessed.get(tracked) ?? -Infinity) < PASSING);
		const isOver = (handover !== null && !isWell) || (path === null && !isGuess) || isStopping(tracked);
		if (isOver || !hasOthers(tracked, hasStrays)) return conclude(tracked, known, hasStrays);
		const search = {outcome: known};
		searches.set(tracked, search);
		if (path !== null) seekFile(tracked, path, search, {patience: handover === null ? FILE_PATIENCE : Infinity, mayLast: isWell});
		else if (!guess(tracked) && handover === null) conclude(tracked, known, hasStrays);
	}

	function seekFile(
		tracked: TrackedRun, path: string, search: Search, {patience, mayLast}: {readonly patience: Millis; readonly mayLast: boolean},
	): void {
		const isCurrent = (): boolean => searches.get(tracked) === search;
		const isWanted = (): boolean => isCurrent() && !isStopping(tracked);
		seek({
			path, patience,
			isHeir: pid => isWanted() && descendants.isOf(pid, tracked.run),
			// A process that ends well may have left its place to another, whose pid it has yet to write.
			mayLast: () => mayLast && isWanted(),
			told: pid => poller.whole(() => {
				if (isCurrent() && !(pid !== null && succeed(tracked, pid))) conclude(tracked, search.outcome, descendants.look());
			}),
		});
	}

	/** Whether there is one process that can only be the main one: those that it made itself are its children, and not archon's. */
	function guess(tracked: TrackedRun): boolean {
		const [pid, ...others] = [...descendants.strays(tracked.run)].filter(each => each !== undefined && statOf(each)?.isZombie === false);
		if (pid === undefined || others.length > 0 || !succeed(tracked, pid)) return false;
		guessed.set(tracked, now());
		return true;
	}

	/** Whether the process is still there to be the main one. */
	function succeed(tracked: TrackedRun, pid: number): boolean {
		const stat = statOf(pid);
		if (!stat) return false;
		searches.delete(tracked);
		takeOver(tracked, pid, stat);
		tell(tracked, {kind: 'notify', message: {kind: 'main-pid', pid}});
		return true;
	}

	return {
		ended,
		look(hasStrays) {
			for (const [tracked, {outcome}] of searches) {
				if (!hasOthers(tracked, hasStrays)) conclude(tracked, outcome, hasStrays);
				else if (entryOf(tracked)?.service.pidFile === null) guess(tracked);
			}
		},
		hurry(tracked) {
			const search = searches.get(tracked);
			if (search && isStopping(tracked)) conclude(tracked, search.outcome, descendants.look());
		},
		isSeeking: tracked => searches.has(tracked),
		giveUp: tracked => void searches.delete(tracked),
	};
}

/** What a service that forks waits for; its first process may end before the core has heard that there is one. */
function handoverOf({service, phase}: Entry): 'exit' | 'main' | null {
	if (phase.kind === 'starting') return phase.handover ?? null;
	return service.forks && phase.kind === 'spawning' ? 'exit' : null;
}
