/**
 * The only one who waits for children: a service's process becomes news, the end of a helper is told to
 * who started it, and an orphan is reaped and counted.
 */
import type {Entry} from '../../core/entry.ts';
import type {Event} from '../../core/event.ts';
import type {Id, Run} from '../../core/ids.ts';
import type {Outcome, Scope} from '../../core/outcome.ts';
import type {KillMode} from '../../core/service.ts';
import {SIG, type SignalNumber} from '../../core/signal-numbers.ts';
import {killCgroup} from './cgroups.ts';
import {claimOf, isBelieved} from './claims.ts';
import {now, soon} from '../clock.ts';
import {seek} from './pid-file.ts';
import {createTreeKiller} from './kill-tree.ts';
import {pid as ownPid} from '../identity.ts';
import {createDescendants, type Origin, type Descendants} from './descendants.ts';
import {runTagged} from './run-tag.ts';
import {newReport, outcomeOf, pidOf} from './outcome.ts';
import type {Poller} from '../poller.ts';
import {hasProc, processTree, type Stat, statOf} from './procfs.ts';
import {EPOLLIN, ERRNO, sys} from '../sys.ts';

export interface Reaper {
	/** A process that was just made: its end will be told. */
	register(pid: number, id: Id, run: Run, origin?: Origin): void;
	/** A process of the last life of archon; `pid` 0: it has ended, and others of its group may live. Its end will be told as well. */
	adopt(id: Id, run: Run, pid: number, leader: number, origin: Origin): void;
	/** A probe's or a hook's process, the leader of its group, which ends with it if `isTidy`. `ended` hears of its end. */
	registerHelper(pid: number, isTidy: boolean, ended: (outcome: Outcome) => void): void;
	/** The same for one that the last life of archon made for a run; false where it is not there any more, and nothing will be told. */
	adoptHelper(pid: number, run: Run, ended: (outcome: Outcome) => void): boolean;
	/** Nobody waits for the helper any more: SIGKILL to its group, and what comes of it is told to nobody. */
	endHelper(pid: number): void;
	/** Another process of the run, whose it is for certain, is the main one from now on. */
	follow(run: Run, from: number, to: number): void;
	/** To as much of a run as `Scope` says. Nothing happens if that is gone. */
	signal(run: Run, pid: number, signal: SignalNumber, to: Scope): void;
	/** Nobody asks for what is left of the run any more. */
	release(run: Run): void;
	/** To every process that archon has to end, services or not. */
	sweep(signal: SignalNumber): void;
	/** The run's main process; null once that has ended. */
	mainOf(run: Run): number | null;
	/** The run that a living process belongs to: by its mark, its ancestors, its session, or what it claims. Else null. */
	ownerOf(pid: number): Run | null;
	/** Reaps until nothing is left to reap: SIGCHLDs coalesce. */
	reap(): void;
	/** Whether archon has no child left, of whatever kind. */
	isAlone(): boolean;
	/** Orphans reaped so far. */
	reaped(): number;
}

/** A run whose process, or others that it made, live. */
interface Life {
	readonly id: Id;
	readonly run: Run;
	readonly origin: Origin | null;
	/** The pid of its first process, and so the number of the session that it had. */
	readonly session: number;
	/** 0 once it has ended. */
	pid: number;
	/** One, until it follows another process. */
	groups: Group[];
	/** archon sent it SIGKILL. */
	isKilled: boolean;
	/** How its main process ended, while another one is looked for that goes on in its place; else null. */
	sought: Outcome | null;
}

/** A process group, whose number is not another's while it has a member. */
interface Group {
	/** Its number, and the pid of the process that made it. */
	readonly leader: number;
	/** When that one was made; null: it has ended since, or is the run's first process. A process made at another time has the number anew. */
	start: number | null;
}

interface Helper {
	readonly isTidy: boolean;
	readonly ended: (outcome: Outcome) => void;
}

type Look = ReturnType<Descendants['look']>;

const REPORT = newReport();
/**
 * So many are reaped at a stretch, or for so many milliseconds: a storm of orphans keeps nobody waiting. The kernel finds the
 * dead by going through all children, so that among thousands of living ones each takes long.
 */
const AT_ONCE = 2048;
const STRETCH = 20;
/** After so many the clock is looked at. */
const GLANCE = 16;
/** How many generations may be between a main process and one without a mark that belongs to it. */
const GENERATIONS = 64;
/** Of the groups of one run: a program may name one main process after the other. */
const GROUPS_MAX = 16;
/** The end of a process of which nobody knows how it came. */
const UNKNOWN: Outcome = {kind: 'code', code: 255};

/** `isOom`: whether the kernel has killed a process for want of memory since it was asked last. `entryOf`: a service as it is now. */
export function createReaper(
	dispatch: (event: Event) => void, poller: Poller, isOom: () => boolean, entryOf: (id: Id) => Entry | undefined = () => undefined,
): Reaper {
	const lives = new Map<Run, Life>();
	const mains = new Map<number, Life>();
	/** Their main process is gone, but not all that it made. */
	const withSurvivors = new Set<Life>();
	/** Main processes that were waited for, and of whose end nobody has been told. */
	const gone = new Map<number, Run>();
	/** Their main process is gone, and another one is looked for. */
	const sought = new Set<Life>();
	const helpers = new Map<number, Helper>();
	const treeKiller = createTreeKiller();
	const descendants = createDescendants({
		isOwn: pid => mains.has(pid) || helpers.has(pid),
		own: () => [...mains.keys(), ...helpers.keys()],
		// The last is whose it is, where a number was used again.
		runOfSession: session => lives.values().reduce<Run | null>((run, life) => (life.session === session ? life.run : run), null),
		originOf: run => lives.get(run)?.origin ?? null,
	});
	let reaped = 0;
	let isSwept = false;
	let isResuming = false;

	/** The pid of a child that has ended, still a zombie if it was only peeked at; 0 if there is none, -ECHILD if there are no children. */
	const next = (isPeek: boolean): number => {
		const result = sys.waitAny(REPORT, isPeek);
		return result < 0 ? result : pidOf(REPORT);
	};

	function reap(): void {
		const ended: ((hasStrays: Look) => void)[] = [];
		const hasTidy = helpers.values().some(({isTidy}) => isTidy);
		const until = now() + STRETCH;
		let count = 0;
		const isOver = (): boolean => count >= AT_ONCE || (count % GLANCE === 0 && count > 0 && now() > until);
		for (let pid = next(hasTidy); pid > 0; pid = isOver() ? 0 : next(hasTidy)) {
			count++;
			const life = mains.get(pid);
			const helper = helpers.get(pid);
			// While the zombie holds its number, nobody else's group can have it.
			if (helper?.isTidy) sys.kill(-pid, SIG.KILL);
			if (hasTidy) sys.waitPid(pid, REPORT);
			descendants.reaped(pid);
			treeKiller.reaped(pid);
			if (life) {
				const outcome = outcomeOf(REPORT);
				mains.delete(pid);
				gone.set(pid, life.run);
				ended.push(hasStrays => end(life, outcome, hasStrays));
			} else if (helper) {
				const outcome = outcomeOf(REPORT);
				helpers.delete(pid);
				ended.push(() => helper.ended(outcome));
			} else {
				reaped++;
			}
		}
		if (count > 0 && isOver()) resume();
		// Who said its last word since archon last looked, and ended, said it before its end.
		if (ended.length > 0) poller.poll();
		gone.clear();
		// Only now: a member of a group that had died too is a survivor no more.
		const hasStrays = descendants.look();
		for (const tell of ended) tell(hasStrays);
		for (const life of sought) if (life.sought && !hasOthers(life, hasStrays)) conclude(life, life.sought, hasStrays);
		for (const life of withSurvivors) {
			if (isLittered(life, hasStrays)) {
				// Whoever was made while the others were killed.
				if (life.isKilled) killRest(life);
				continue;
			}
			forget(life);
			dispatch({kind: 'news', id: life.id, run: life.run, news: {kind: 'emptied'}});
		}
		if (isSwept && next(true) !== -ERRNO.ECHILD) sweepTrees();
	}

	const killMode = ({id}: Life): KillMode => entryOf(id)?.service.killMode ?? 'tree';

	/** Whether others live that end with its process. */
	function isLittered(life: Life, hasStrays: Look): boolean {
		const mode = killMode(life);
		return mode === 'tree' ? hasOthers(life, hasStrays) : mode === 'group' && hasGroups(life);
	}

	/** Whether others live that its process made. */
	const hasOthers = (life: Life, hasStrays: Look): boolean => hasGroups(life) || hasStrays(life.run);

	function killRest(life: Life): void {
		if (killMode(life) === 'tree') endTree(life);
		else signalGroups(life, SIG.KILL);
	}

	function end(life: Life, outcome: Outcome, hasStrays: Look): void {
		life.pid = 0;
		const path = entryOf(life.id)?.service.pidFile ?? null;
		if (path === null || isStopping(life) || !hasOthers(life, hasStrays)) return conclude(life, outcome, hasStrays);
		life.sought = outcome;
		sought.add(life);
		const isOver = (): boolean => life.sought !== outcome;
		seek({
			path,
			isHeir: pid => !isOver() && !isStopping(life) && descendants.isOf(pid, life.run),
			// Who ends well may have done so because another goes on, and says soon who.
			mayLast: () => !isOver() && !isStopping(life) && outcome.kind === 'code' && outcome.code === 0,
			told: pid => poller.whole(() => {
				if (isOver()) return;
				const stat = pid === null ? null : statOf(pid);
				if (pid === null || !stat) return conclude(life, outcome, descendants.look());
				giveUpSearch(life);
				takeOver(life, pid, stat);
				dispatch({kind: 'news', id: life.id, run: life.run, news: {kind: 'notify', message: {kind: 'main-pid', pid}}});
			}),
		});
	}

	function giveUpSearch(life: Life): void {
		life.sought = null;
		sought.delete(life);
	}

	const isStopping = ({id}: Life): boolean => entryOf(id)?.phase.kind === 'stopping';

	function conclude(life: Life, outcome: Outcome, hasStrays: Look): void {
		giveUpSearch(life);
		const survivors = isLittered(life, hasStrays);
		if (survivors) withSurvivors.add(life);
		else forget(life);
		dispatch({kind: 'news', id: life.id, run: life.run, news: {kind: 'exited', outcome: explained(life, outcome), survivors}});
	}

	/** Its process, if it still lives, and the strays. */
	function* treesOf(life: Life): Generator<number | undefined> {
		if (life.pid > 0) yield life.pid;
		yield* descendants.strays(life.run);
	}

	function ownerOf(pid: number): Run | null {
		const known = mains.get(pid)?.run ?? gone.get(pid) ?? runTagged(pid);
		if (known !== null) return known;
		let ancestor = pid;
		for (let i = 0; i < GENERATIONS && ancestor > 1 && ancestor !== ownPid; i++) {
			const stat = statOf(ancestor);
			if (!stat) break;
			const life = mains.get(ancestor) ?? mains.get(stat.session);
			if (life) return life.run;
			ancestor = stat.parent;
		}
		return descendants.runNamed(pid);
	}

	function endTree(life: Life): void {
		treeKiller.end(life.run, () => treesOf(life));
	}

	/** The cgroup of a run ends as one, unless others live in it. */
	function endCgroup({run, origin}: Life): void {
		if (origin?.cgroup == null) return;
		const own = `${origin.cgroup}/`;
		const isShared = lives.values().some(life => {
			const other = `${life.origin?.cgroup ?? '/'}/`;
			return life.run !== run && (other.startsWith(own) || own.startsWith(other));
		});
		if (!isShared) killCgroup(origin.cgroup);
	}

	const sweepTrees = (): void => treeKiller.end(0, () => processTree()(ownPid));

	function forget(life: Life): void {
		giveUpSearch(life);
		treeKiller.forget(life.run);
		withSurvivors.delete(life);
		lives.delete(life.run);
	}

	/** A SIGKILL that archon did not send may have been the kernel's. */
	function explained({isKilled}: Life, outcome: Outcome): Outcome {
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

	/**
	 * The child of another process than archon is waited for by that one. How it ended is then not to be
	 * known, and counts as well.
	 */
	function watchStranger(life: Life, pid: number): void {
		const fd = sys.pidfdOpen(pid);
		if (fd < 0) return;
		poller.watch(fd, EPOLLIN, () => {
			poller.forget(fd);
			sys.close(fd);
			reap();
			if (mains.get(pid) !== life || statOf(pid)?.parent === ownPid) return;
			mains.delete(pid);
			end(life, {kind: 'code', code: 0}, descendants.look());
		});
	}

	function takeOver(life: Life, pid: number, stat: Stat): void {
		const first = life.groups.find(({leader}) => leader === life.pid);
		if (first) first.start ??= statOf(life.pid)?.start ?? null;
		mains.set(pid, life);
		life.pid = pid;
		life.isKilled = false;
		addGroup(life, stat.group);
		if (stat.parent !== ownPid) watchStranger(life, pid);
	}

	return {
		register(pid, id, run, origin) {
			const life = {id, run, origin: origin ?? null, session: pid, pid, groups: [{leader: pid, start: null}], isKilled: false, sought: null};
			lives.set(run, life);
			mains.set(pid, life);
		},
		adopt(id, run, pid, leader, origin) {
			const start = pid > 0 && pid !== leader ? statOf(leader)?.start ?? null : null;
			const life: Life = {id, run, origin, session: leader, pid, groups: [{leader, start}], isKilled: false, sought: null};
			lives.set(run, life);
			if (pid === 0) return void withSurvivors.add(life);
			const stat = statOf(pid);
			// Where there is no /proc the kernel says whether it is a child; whose else it should be nobody can tell.
			if (!hasProc() && sys.waitPid(pid, REPORT, true) === 0) return void mains.set(pid, life);
			const isOwn = stat?.parent === ownPid;
			if (stat && isOf(life, pid, isOwn)) {
				mains.set(pid, life);
				return isOwn ? addGroup(life, stat.group) : watchStranger(life, pid);
			}
			// It was reaped by a life of archon that could not tell of it any more; its number may be another's.
			if (stat) life.groups = [];
			life.pid = 0;
			soon(() => end(life, UNKNOWN, descendants.look()));
		},
		registerHelper: (pid, isTidy, ended) => void helpers.set(pid, {isTidy, ended}),
		adoptHelper(pid, run, ended) {
			const isThere = hasProc()
				? statOf(pid)?.parent === ownPid && (runTagged(pid) ?? run) === run
				: sys.waitPid(pid, REPORT, true) === 0;
			if (isThere) helpers.set(pid, {isTidy: false, ended});
			return isThere;
		},
		endHelper(pid) {
			if (!helpers.has(pid)) return;
			helpers.set(pid, {isTidy: true, ended: () => {}});
			sys.kill(-pid, SIG.KILL);
		},
		follow(run, from, to) {
			const life = lives.get(run);
			const stat = statOf(to);
			if (!life || life.pid !== from || !stat) return;
			mains.delete(from);
			takeOver(life, to, stat);
		},
		signal(run, pid, signal, to) {
			const life = lives.get(run);
			if (!life || pid <= 1) return;
			if (to === 'main' && life.pid !== pid) return;
			if (signal === SIG.KILL) life.isKilled = true;
			if (to === 'main') return void sys.kill(pid, signal);
			if (life.pid > 0) addGroup(life, statOf(life.pid)?.group);
			if (to !== 'strays') signalGroups(life, signal);
			if (to === 'group') return;
			if (signal === SIG.KILL) {
				endCgroup(life);
				endTree(life);
			} else if (life.pid === 0) {
				treeKiller.tell(run, () => descendants.strays(run), signal, each => isAmong(life.groups, statOf(each)?.group));
			}
		},
		release(run) {
			const life = lives.get(run);
			if (life && (withSurvivors.has(life) || sought.has(life))) forget(life);
		},
		sweep(signal) {
			// Elsewhere others live in this PID namespace, and only archon's own descendants are meant.
			if (ownPid === 1) return void sys.kill(-1, signal);
			isSwept = signal === SIG.KILL;
			if (isSwept) sweepTrees();
			else treeKiller.tell(0, () => processTree()(ownPid), signal, () => false);
		},
		mainOf: run => lives.get(run)?.pid || null,
		ownerOf,
		reap,
		isAlone: () => next(true) === -ERRNO.ECHILD,
		reaped: () => reaped,
	};
}

/** Whether a process is still the run's; archon's own child is where nothing says otherwise. */
function isOf({run, origin}: Life, pid: number, isOwn: boolean): boolean {
	const mark = runTagged(pid);
	if (mark !== null) return mark === run;
	const claim = claimOf(pid);
	return claim && isBelieved(claim, origin?.user ?? null) ? claim.run === run : isOwn;
}

/** A process that is followed may make a group of its own at any time. */
function addGroup(life: Life, leader = 0): void {
	if (leader <= 1 || isAmong(life.groups, leader)) return;
	if (life.groups.length >= GROUPS_MAX && hasGroups(life)) life.groups.splice(0, life.groups.length - GROUPS_MAX + 1);
	life.groups.push({leader, start: leader === life.pid ? null : statOf(leader)?.start ?? null});
}

const isAmong = (groups: readonly Group[], group: number | undefined): boolean => groups.some(({leader}) => leader === group);

function signalGroups(life: Life, signal: SignalNumber): void {
	if (hasGroups(life)) for (const {leader} of life.groups) sys.kill(-leader, signal);
}

/** Whether others of its groups live; those that are empty are forgotten, for their numbers may be used again. */
function hasGroups(life: Life): boolean {
	life.groups = life.groups.filter(({leader, start}) => {
		if (sys.kill(-leader, 0) === -ERRNO.ESRCH) return false;
		const now = leader === life.pid ? null : statOf(leader);
		return now === null || now.start === start;
	});
	return life.groups.length > 0;
}
