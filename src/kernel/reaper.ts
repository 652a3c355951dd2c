/**
 * The only one who waits for children: a service's process becomes news, the end of a helper is told to
 * who started it, an orphan is buried and counted, and what libuv spawned is left to libuv, which would
 * otherwise never hear of its end.
 */
import {subscribe} from 'node:diagnostics_channel';
import type {ChildProcess} from 'node:child_process';
import {type Event, type Id, type Outcome, type Run, SIG, type SignalNumber} from '../core/model.ts';
import {close, ECHILD, EPOLLIN, ESRCH, kill, pidfdOpen, waitFor, waitForAny} from './native.ts';
import type {Poller} from './poller.ts';
import {statOf} from './procfs.ts';

export interface Reaper {
	/** A process that was just made: its end will be told. */
	register(pid: number, id: Id, run: Run): void;
	/** A probe's or a hook's process, the leader of its group, which ends with it if `isTidy`. `ended` hears of its end. */
	registerHelper(pid: number, isTidy: boolean, ended: (outcome: Outcome) => void): void;
	/** Nobody waits for the helper any more: SIGKILL to its group, and what comes of it is told to nobody. */
	endHelper(pid: number): void;
	/** Another process of the run, whose it is for certain, is the main one from now on. */
	follow(run: Run, from: number, to: number): void;
	/** To the process of a run or its whole group; nothing happens if it is gone. */
	signal(run: Run, pid: number, signal: SignalNumber, group: boolean): void;
	/** The run's main process; null once that has ended. */
	mainOf(run: Run): number | null;
	/** The run whose main process this is; null if it is nobody's. */
	runOf(pid: number): Run | null;
	/** Reaps until nothing is left to reap: SIGCHLDs coalesce. */
	reap(): void;
	/** Whether archon has no child left, of whatever kind. */
	isAlone(): boolean;
	/** Orphans buried so far. */
	buried(): number;
}

/** A run whose process, or others of its groups, live. */
interface Life {
	readonly id: Id;
	readonly run: Run;
	/** 0 once it has ended. */
	pid: number;
	/** Process groups that are its, by their leaders' pids: one, until it follows another process. */
	groups: number[];
	/** archon sent it SIGKILL. */
	isKilled: boolean;
}

interface Helper {
	readonly isTidy: boolean;
	readonly ended: (outcome: Outcome) => void;
}

/** siginfo_t of a dead child: si_code at 8, si_pid at 16, si_status at 24 (sigaction(2), 64-bit Linux). */
const INFO = Buffer.alloc(128);
const CLD_EXITED = 1;
const CLD_DUMPED = 3;

/** `isOom`: whether the kernel has killed a process for want of memory since it was asked last. */
export function createReaper(hear: (event: Event) => void, poller: Poller, isOom: () => boolean): Reaper {
	const lives = new Map<Run, Life>();
	const mains = new Map<number, Life>();
	/** Their main process is gone, but not all of their groups. */
	const littered = new Set<Life>();
	const helpers = new Map<number, Helper>();
	const libuv = new Set<ChildProcess>();
	let buried = 0;
	let isPostponed = false;
	subscribe('child_process', message => {
		const {process: child} = message as {process: ChildProcess};
		libuv.add(child);
		child.once('exit', () => libuv.delete(child));
		child.once('error', () => libuv.delete(child));
	});

	const isLibuvs = (pid: number): boolean => {
		for (const child of libuv) if (child.pid === pid) return true;
		return false;
	};

	/** The pid of a child that has ended, still a zombie; 0 if there is none, -ECHILD if there are no children. */
	const peek = (): number => {
		INFO.fill(0);
		const result = waitForAny(INFO, true);
		return result < 0 ? result : INFO.readInt32LE(16);
	};

	function reap(): void {
		const ended: (() => void)[] = [];
		for (let pid = peek(); pid > 0; pid = peek()) {
			const life = mains.get(pid);
			const helper = helpers.get(pid);
			if (!life && !helper && isLibuvs(pid)) {
				postpone();
				break;
			}
			// While the zombie holds its number, nobody else's group can have it.
			if (helper?.isTidy) kill(-pid, SIG.KILL);
			waitFor(pid, INFO);
			const outcome = outcomeOf(INFO);
			if (life) {
				mains.delete(pid);
				ended.push(() => end(life, outcome));
			} else if (helper) {
				helpers.delete(pid);
				ended.push(() => helper.ended(outcome));
			} else {
				buried++;
			}
		}
		// Only now: a member of a group that had died too is a survivor no more.
		for (const tell of ended) tell();
		for (const life of littered) {
			if (isLittered(life)) continue;
			forget(life);
			hear({kind: 'news', id: life.id, run: life.run, news: {kind: 'emptied'}});
		}
	}

	function end(life: Life, outcome: Outcome): void {
		life.pid = 0;
		const survivors = isLittered(life);
		if (survivors) littered.add(life);
		else forget(life);
		hear({kind: 'news', id: life.id, run: life.run, news: {kind: 'exited', outcome: explained(life, outcome), survivors}});
	}

	function forget(life: Life): void {
		littered.delete(life);
		lives.delete(life.run);
	}

	/** A SIGKILL that archon did not send may have been the kernel's. */
	function explained({isKilled}: Life, outcome: Outcome): Outcome {
		const isForeign = outcome.kind === 'signal' && outcome.signal === SIG.KILL && !isKilled;
		return isForeign && isOom() ? {...outcome, oom: true} : outcome;
	}

	/** libuv's child is first in the kernel's list and hides the others until libuv has heard of it. */
	function postpone(): void {
		if (isPostponed) return;
		isPostponed = true;
		setImmediate(() => {
			isPostponed = false;
			reap();
		});
	}

	/**
	 * The child of another process than archon is waited for by that one. How it ended is then not to be
	 * known, and counts as well.
	 */
	function watchStranger(life: Life, pid: number): void {
		const fd = pidfdOpen(pid);
		if (fd < 0) return;
		poller.watch(fd, EPOLLIN, () => {
			poller.forget(fd);
			close(fd);
			reap();
			if (mains.get(pid) !== life || statOf(pid)?.parent === process.pid) return;
			mains.delete(pid);
			end(life, {kind: 'code', code: 0});
		});
	}

	return {
		register(pid, id, run) {
			const life = {id, run, pid, groups: [pid], isKilled: false};
			lives.set(run, life);
			mains.set(pid, life);
		},
		registerHelper: (pid, isTidy, ended) => void helpers.set(pid, {isTidy, ended}),
		endHelper(pid) {
			if (!helpers.has(pid)) return;
			helpers.set(pid, {isTidy: true, ended: () => {}});
			kill(-pid, SIG.KILL);
		},
		follow(run, from, to) {
			const life = lives.get(run);
			const stat = statOf(to);
			if (!life || life.pid !== from || !stat) return;
			mains.delete(from);
			mains.set(to, life);
			life.pid = to;
			addGroup(life, stat.group);
			if (stat.parent !== process.pid) watchStranger(life, to);
		},
		signal(run, pid, signal, group) {
			const life = lives.get(run);
			if (!life || pid <= 1) return;
			if (!group && life.pid !== pid) return;
			if (signal === SIG.KILL) life.isKilled = true;
			if (!group) return void kill(pid, signal);
			if (life.pid > 0) addGroup(life, statOf(life.pid)?.group);
			if (isLittered(life)) for (const leader of life.groups) kill(-leader, signal);
		},
		mainOf: run => lives.get(run)?.pid || null,
		runOf: pid => mains.get(pid)?.run ?? null,
		reap,
		isAlone: () => peek() === -ECHILD,
		buried: () => buried,
	};
}

/** A process that is followed may make a group of its own at any time. */
function addGroup({groups}: Life, leader = 0): void {
	if (leader > 1 && !groups.includes(leader)) groups.push(leader);
}

/** Whether others of its groups live; those that are empty are forgotten, for their numbers may be used again. */
function isLittered(life: Life): boolean {
	life.groups = life.groups.filter(leader => kill(-leader, 0) !== -ESRCH);
	return life.groups.length > 0;
}

function outcomeOf(info: Buffer): Outcome {
	const [how, status] = [info.readInt32LE(8), info.readInt32LE(24)];
	return how === CLD_EXITED
		? {kind: 'code', code: status}
		: {kind: 'signal', signal: status, core: how === CLD_DUMPED};
}
