/**
 * Waits for children, alone in archon: the end of a service's process becomes news, that of a helper is told to
 * the code that started it, and an orphan is reaped and counted.
 */
import {byNeed} from '../../core/by-need.ts';
import type {Entry} from '../../core/entry.ts';
import type {Event} from '../../core/event.ts';
import type {Id, Run} from '../../core/ids.ts';
import type {Outcome, Scope} from '../../core/outcome.ts';
import type {KillMode} from '../../core/service.ts';
import {SIG, type SignalNumber} from '../../core/signal-numbers.ts';
import {killCgroup, removeCgroup} from './cgroups.ts';
import {now, soon} from '../clock.ts';
import {createTreeKiller} from './kill-tree.ts';
import {pid as ownPid} from '../identity.ts';
import {createDescendants, type Descendants, type Origin} from './descendants.ts';
import {createHelpers} from './helper-table.ts';
import {runTagged} from './run-tag.ts';
import {newReport, outcomeOf, pidOf} from './outcome.ts';
import type {Poller} from '../poller.ts';
import {childrenBesides, hasProc, pids, type Stat, statOf} from './procfs.ts';
import {createSuccession} from './succession.ts';
import {ERRNO, sys} from '../sys.ts';
import {addGroup, hasGroups, isAmong, isOf, signalGroups, type TrackedRun} from './tracked-run.ts';

export interface Reaper {
	/** A process that was just made: its end will be told. */
	register(pid: number, id: Id, run: Run, origin?: Origin): void;
	/** A process of the previous instance; `pid` 0: it has ended, and others of its group may live. Its end will be told as well. */
	adopt(id: Id, run: Run, pid: number, leader: number, origin: Origin): void;
	/** A process of an archon that has ended, which is the run's for certain; it is no child of this archon. */
	adoptForeign(id: Id, run: Run, pid: number, origin: Origin): void;
	/** A probe's or a hook's process, the leader of its group, which ends with it if `isTidy`. `ended` hears of its end. */
	registerHelper(pid: number, isTidy: boolean, ended: (outcome: Outcome) => void): void;
	/** The same for one that the previous instance made for a run; false: it has ended, and nothing will be told. */
	adoptHelper(pid: number, run: Run, ended: (outcome: Outcome) => void): boolean;
	isCommand(pid: number): boolean;
	/** The helper is of no use any more: its group is sent SIGKILL, and its end is not told. */
	endHelper(pid: number): void;
	/** Another process of the run, whose it is for certain, is the main one from now on. */
	follow(run: Run, from: number, to: number): void;
	/** To as much of a run as `Scope` says. Nothing happens if that is gone. */
	signal(run: Run, pid: number, signal: SignalNumber, to: Scope): void;
	/** What is left of the run is not told any more. */
	release(run: Run): void;
	/** To every process that archon has to end, services or not. Helpers outlive it, where there is /proc. */
	sweep(signal: SignalNumber): void;
	/** The run's main process; null once that has ended. */
	mainOf(run: Run): number | null;
	/** The run that a living process belongs to: by its tag, its ancestors, its session, or what it claims. Else null. */
	ownerOf(pid: number): Run | null;
	/** The service that it belongs to, by nothing that a process may say of itself; `unknown`: it was made by a run that is no more. */
	serviceOf(pid: number): Id | null | 'unknown';
	/** Reaps until nothing is left to reap: SIGCHLDs coalesce. */
	reap(): void;
	/** Whether archon has no child left, of whatever kind, but its helpers. */
	isAlone(): boolean;
	/** Orphans reaped so far. */
	reaped(): number;
}

type Look = ReturnType<Descendants['look']>;

const strangers = byNeed(() => import('./strangers.ts'));

const REPORT = newReport();
/**
 * How many are reaped at a stretch, and for how many milliseconds at most, so that a storm of orphans holds up nothing else.
 * The kernel finds the dead by going through all children, so that among thousands of living ones each takes long.
 */
const AT_ONCE = 2048;
const STRETCH = 20;
/** The clock is looked at once for each of these. */
const GLANCE = 16;
/** How many generations may be between a main process and one without a tag that belongs to it. */
const GENERATIONS = 64;
/** The end of a process that archon did not see. */
const UNKNOWN: Outcome = {kind: 'code', code: 255};

/** `isOom`: whether the kernel has killed a process for want of memory since it was asked last. `entryOf`: a service as it is now. */
export function createReaper(
	dispatch: (event: Event) => void, poller: Poller, isOom: () => boolean, entryOf: (id: Id) => Entry | undefined = () => undefined,
): Reaper {
	const runs = new Map<Run, TrackedRun>();
	const mains = new Map<number, TrackedRun>();
	/** Their main process is gone, but not all that it made. */
	const withSurvivors = new Set<TrackedRun>();
	/** Main processes that were waited for, and whose end is still to be told. */
	const gone = new Map<number, Run>();
	const helpers = createHelpers();
	const treeKiller = createTreeKiller();
	const descendants = createDescendants({
		isOwn: pid => mains.has(pid) || helpers.has(pid),
		own: () => [...mains.keys(), ...helpers.pids()],
		// The last is whose it is, where a number was used again.
		runOfSession: session => runs.values().reduce<Run | null>((run, tracked) => (tracked.session === session ? tracked.run : run), null),
		originOf: run => runs.get(run)?.origin ?? null,
	});
	const succession = createSuccession({
		poller, descendants, entryOf: ({id}) => entryOf(id), hasOthers, takeOver, conclude,
		tell: ({id, run}, news) => dispatch({kind: 'news', id, run, news}),
	});
	let reaped = 0;
	let isSwept = false;
	let isResuming = false;

	/** The pid of a child that has ended, still a zombie if it was only peeked at; 0: no child has ended; -ECHILD: archon has no children. */
	const next = (isPeek: boolean): number => {
		const result = sys.waitAny(REPORT, isPeek);
		return result < 0 ? result : pidOf(REPORT);
	};

	function reap(): void {
		const ended: ((hasStrays: Look) => void)[] = [];
		const hasTidy = helpers.hasTidy();
		const until = now() + STRETCH;
		let count = 0;
		const isOver = (): boolean => count >= AT_ONCE || (count % GLANCE === 0 && count > 0 && now() > until);
		for (let pid = next(hasTidy); pid > 0; pid = isOver() ? 0 : next(hasTidy)) {
			count++;
			const tracked = mains.get(pid);
			const helper = helpers.take(pid);
			// While the zombie holds its number, no other group can have it.
			if (helper?.isTidy) sys.kill(-pid, SIG.KILL);
			if (hasTidy) sys.waitPid(pid, REPORT);
			descendants.reaped(pid);
			treeKiller.reaped(pid);
			if (tracked) {
				const outcome = outcomeOf(REPORT);
				mains.delete(pid);
				gone.set(pid, tracked.run);
				ended.push(hasStrays => end(tracked, outcome, hasStrays));
			} else if (helper) {
				const outcome = outcomeOf(REPORT);
				ended.push(() => helper.ended(outcome));
			} else {
				reaped++;
			}
		}
		if (count > 0 && isOver()) resume();
		// What a process has said since archon last looked, it said before its end.
		if (ended.length > 0) poller.poll();
		gone.clear();
		// Only now: a member of a group that had died too is a survivor no more.
		const hasStrays = descendants.look();
		for (const tell of ended) tell(hasStrays);
		succession.look(hasStrays);
		for (const tracked of withSurvivors) {
			if (hasSurvivors(tracked, hasStrays)) {
				// Processes that were made while the others were killed.
				if (tracked.isKilled) killRest(tracked);
				continue;
			}
			forget(tracked);
			dispatch({kind: 'news', id: tracked.id, run: tracked.run, news: {kind: 'emptied'}});
		}
		if (isSwept && !isAlone()) sweepTrees();
	}

	const killMode = ({id}: TrackedRun): KillMode => entryOf(id)?.service.killMode ?? 'tree';

	/** Whether others live that end with its process. */
	function hasSurvivors(tracked: TrackedRun, hasStrays: Look): boolean {
		const mode = killMode(tracked);
		if (tracked.isForeign) return mode !== 'main' && strangers().hasOthers(tracked, mode === 'tree');
		return mode === 'tree' ? hasOthers(tracked, hasStrays) : mode === 'group' && hasGroups(tracked);
	}

	/** Whether others live that its process made. */
	function hasOthers(tracked: TrackedRun, hasStrays: Look): boolean {
		if (tracked.isForeign) return strangers().hasOthers(tracked, true);
		return hasGroups(tracked) || hasStrays(tracked.run);
	}

	/** Whether its first process has ended, and its main one was still to be found by the previous instance. */
	function isHandedOver(id: Id): boolean {
		const phase = entryOf(id)?.phase;
		return phase?.kind === 'starting' && phase.handover === 'main';
	}

	function killRest(tracked: TrackedRun): void {
		if (killMode(tracked) === 'tree') endTree(tracked);
		else signalGroups(tracked, SIG.KILL);
	}

	function end(tracked: TrackedRun, outcome: Outcome, hasStrays: Look): void {
		tracked.pid = 0;
		succession.ended(tracked, outcome, hasStrays);
	}

	function conclude(tracked: TrackedRun, outcome: Outcome, hasStrays: Look): void {
		succession.giveUp(tracked);
		const survivors = hasSurvivors(tracked, hasStrays);
		if (survivors) withSurvivors.add(tracked);
		else forget(tracked);
		if (survivors && tracked.isForeign) strangers().watchOthers(tracked, poller, reap);
		dispatch({kind: 'news', id: tracked.id, run: tracked.run, news: {kind: 'exited', outcome: explained(tracked, outcome), survivors}});
	}

	/** Its process, if it still lives, and the strays. */
	function* treesOf(tracked: TrackedRun): Generator<number | undefined> {
		if (tracked.pid > 0) yield tracked.pid;
		yield* straysOf(tracked);
	}

	const straysOf = (tracked: TrackedRun): Iterable<number | undefined> =>
		(tracked.isForeign ? strangers().othersOf(tracked, true) : descendants.strays(tracked.run));

	/** By what no process can forge. */
	function certainOwnerOf(pid: number): Run | null {
		const known = mains.get(pid)?.run ?? gone.get(pid) ?? runTagged(pid);
		if (known !== null) return known;
		let ancestor = pid;
		for (let i = 0; i < GENERATIONS && ancestor > 1 && ancestor !== ownPid; i++) {
			const stat = statOf(ancestor);
			if (!stat) break;
			const tracked = mains.get(ancestor) ?? mains.get(stat.session);
			if (tracked) return tracked.run;
			ancestor = stat.parent;
		}
		return null;
	}

	function endTree(tracked: TrackedRun): void {
		treeKiller.end(tracked.run, () => treesOf(tracked));
	}

	/** The cgroup of a run ends as one, unless others live in it. */
	function endCgroup({run, origin}: TrackedRun): void {
		if (origin?.cgroup == null) return;
		const own = `${origin.cgroup}/`;
		const isShared = runs.values().some(tracked => {
			const other = `${tracked.origin?.cgroup ?? '/'}/`;
			return tracked.run !== run && (other.startsWith(own) || own.startsWith(other));
		});
		if (!isShared) killCgroup(origin.cgroup);
	}

	/** archon's own children, helpers excepted. */
	const others = (): readonly number[] => childrenBesides(helperPids());

	/** The processes of archon's helpers, which serve until it ends itself (core/helpers.ts). */
	const helperPids = (): readonly number[] => [...mains].flatMap(([pid, {id}]) => (entryOf(id)?.service.origin === 'helper' ? [pid] : []));

	const sweepTrees = (): void => treeKiller.end(0, others);

	function isAlone(): boolean {
		const found = next(true);
		if (found !== 0 || !hasProc()) return found === -ERRNO.ECHILD;
		return helperPids().length > 0 && others().length === 0;
	}

	function forget(tracked: TrackedRun): void {
		succession.giveUp(tracked);
		treeKiller.forget(tracked.run);
		withSurvivors.delete(tracked);
		runs.delete(tracked.run);
		if (tracked.origin?.cgroup != null) removeCgroup(tracked.origin.cgroup);
	}

	/** A SIGKILL that archon did not send may have been the kernel's. */
	function explained({isKilled}: TrackedRun, outcome: Outcome): Outcome {
		const isForeign = outcome.kind === 'signal' && outcome.signal === SIG.KILL && !isKilled;
		return isForeign && isOom() ? {...outcome, oom: true} : outcome;
	}

	/** Goes on with what is left once others have had their turn. */
	function resume(): void {
		if (isResuming) return;
		isResuming = true;
		soon(() => poller.whole(() => {
			isResuming = false;
			reap();
		}));
	}

	/** The child of another process than archon is waited for by that one; where the kernel does not tell how it ended, that was well. */
	function watchStranger(tracked: TrackedRun, pid: number): void {
		strangers().watch(pid, poller, status => {
			reap();
			if (mains.get(pid) !== tracked || statOf(pid)?.parent === ownPid) return;
			mains.delete(pid);
			end(tracked, status ?? (tracked.isForeign ? UNKNOWN : {kind: 'code', code: 0}), descendants.look());
		});
	}

	function takeOver(tracked: TrackedRun, pid: number, stat: Stat): void {
		const first = tracked.groups.find(({leader}) => leader === tracked.pid);
		if (first) first.start ??= statOf(tracked.pid)?.start ?? null;
		mains.set(pid, tracked);
		tracked.pid = pid;
		tracked.isKilled = false;
		addGroup(tracked, stat.group);
		if (stat.parent !== ownPid) watchStranger(tracked, pid);
	}

	return {
		register(pid, id, run, origin) {
			const groups = [{leader: pid, start: null}];
			const tracked = {id, run, origin: origin ?? null, session: pid, pid, groups, isKilled: false, isForeign: false};
			runs.set(run, tracked);
			mains.set(pid, tracked);
		},
		adopt(id, run, pid, leader, origin) {
			const start = pid > 0 && pid !== leader ? statOf(leader)?.start ?? null : null;
			const tracked: TrackedRun = {id, run, origin, session: leader, pid, groups: [{leader, start}], isKilled: false, isForeign: false};
			runs.set(run, tracked);
			if (pid === 0 && isHandedOver(id)) return soon(() => end(tracked, UNKNOWN, descendants.look()));
			if (pid === 0) return void withSurvivors.add(tracked);
			const stat = statOf(pid);
			// Without /proc only the kernel says whether it is a child, and a child is taken to be the run's.
			if (!hasProc() && sys.waitPid(pid, REPORT, true) === 0) return void mains.set(pid, tracked);
			const isOwn = stat?.parent === ownPid;
			if (stat && isOf(tracked, pid, isOwn)) {
				mains.set(pid, tracked);
				return isOwn ? addGroup(tracked, stat.group) : watchStranger(tracked, pid);
			}
			// It was reaped by an instance of archon that could not tell of it any more; its number may be another's.
			if (stat) tracked.groups = [];
			tracked.pid = 0;
			soon(() => end(tracked, UNKNOWN, descendants.look()));
		},
		adoptForeign(id, run, pid, origin) {
			const leader = statOf(pid)?.group ?? pid;
			const tracked: TrackedRun = {
				id, run, origin, session: leader, pid, groups: [{leader, start: statOf(leader)?.start ?? null}], isKilled: false, isForeign: true,
			};
			runs.set(run, tracked);
			mains.set(pid, tracked);
			watchStranger(tracked, pid);
		},
		registerHelper: helpers.add,
		adoptHelper: helpers.adopt,
		isCommand: helpers.has,
		endHelper: helpers.end,
		follow(run, from, to) {
			const tracked = runs.get(run);
			const stat = statOf(to);
			if (!tracked || !stat || (tracked.pid !== from && !succession.isSeeking(tracked))) return;
			succession.giveUp(tracked);
			mains.delete(from);
			takeOver(tracked, to, stat);
		},
		signal(run, pid, signal, to) {
			const tracked = runs.get(run);
			if (!tracked || pid <= 1) return;
			if (succession.isSeeking(tracked)) soon(() => succession.hurry(tracked));
			if (to === 'main' && tracked.pid !== pid) return;
			if (signal === SIG.KILL) tracked.isKilled = true;
			if (to === 'main') return void sys.kill(pid, signal);
			if (tracked.pid > 0) addGroup(tracked, statOf(tracked.pid)?.group);
			if (to !== 'strays') signalGroups(tracked, signal);
			if (to === 'group') return;
			if (signal === SIG.KILL) {
				endCgroup(tracked);
				endTree(tracked);
			} else if (tracked.pid === 0) {
				treeKiller.tell(run, () => straysOf(tracked), signal, each => isAmong(tracked.groups, statOf(each)?.group));
			}
		},
		release(run) {
			const tracked = runs.get(run);
			if (tracked && (withSurvivors.has(tracked) || succession.isSeeking(tracked))) forget(tracked);
		},
		sweep(signal) {
			// Elsewhere others live in this PID namespace, and only archon's own descendants are meant.
			// SIGTERM is nothing to a helper, which still has the last words to deliver.
			const spared = signal === SIG.KILL && hasProc() ? helperPids() : [];
			if (ownPid === 1 && spared.length === 0) return void sys.kill(-1, signal);
			if (ownPid === 1) for (const pid of pids()) if (pid !== ownPid && !spared.includes(pid)) sys.kill(pid, signal);
			// One that was stopped goes on, and delivers them.
			if (ownPid !== 1 && signal === SIG.CONT) for (const pid of helperPids()) sys.kill(pid, signal);
			isSwept = signal === SIG.KILL;
			if (isSwept) sweepTrees();
			else treeKiller.tell(0, others, signal, () => false);
		},
		mainOf: run => runs.get(run)?.pid || null,
		ownerOf: pid => certainOwnerOf(pid) ?? descendants.runNamed(pid),
		serviceOf(pid) {
			const run = certainOwnerOf(pid);
			return run === null ? null : runs.get(run)?.id ?? 'unknown';
		},
		reap,
		isAlone,
		reaped: () => reaped,
	};
}
