/**
 * Signals to whole trees of processes, which may grow meanwhile: what cannot be had at once is gone through in
 * slices, so that archon hears everything else in between.
 */
import type {Run} from '../../core/ids.ts';
import {SIG, type SignalNumber} from '../../core/signal-numbers.ts';
import {type Instant, NEVER} from '../../core/time.ts';
import {now, soon} from '../clock.ts';
import {pid as ownPid} from '../identity.ts';
import {processTree} from './procfs.ts';
import {whileFrozen} from './freeze.ts';
import {sys} from '../sys.ts';

/** The pids at the top of trees; undefined where a pause may be made. */
export type Roots = () => Iterable<number | undefined>;

export interface TreeKiller {
	/** To each process of the trees that is not spared. */
	tell(run: Run, roots: Roots, signal: SignalNumber, isSpared: (pid: number) => boolean): void;
	/** Ends all of the trees; nothing happens while that is under way. */
	end(run: Run, roots: Roots): void;
	/** The run is not to end any more. */
	forget(run: Run): void;
	/** A child of archon's is gone, and its number may be used again. */
	reaped(pid: number): void;
}

interface Kill {
	readonly run: Run;
	readonly roots: Roots;
	/** It goes on until all are dead; else each is sent a signal, once. */
	readonly isFatal: boolean;
	readonly steps: Iterator<void>;
	/** Stopped, and not killed yet. */
	readonly stopped: Set<number>;
}

/** How long trees are gone through at a stretch, in milliseconds. */
const SLICE = 4;

/**
 * This many processes, or any that live this many milliseconds after the first try, are a storm: they make others faster
 * than they are stopped one by one, and leave archon little time to do it in. How long a crowd is gone through.
 */
const CROWD = 16;
const PATIENCE = 100;
const HASTE = 1;

export function createTreeKiller(): TreeKiller {
	const kills: Kill[] = [];
	/** When each run was first to end; NEVER once all was done that can be. */
	const began = new Map<Run, Instant>();
	let isAwaited = false;

	/** Begins at once, where nothing else is under way: under a storm the next turn may be long in coming. */
	function add(kill: Kill): void {
		kills.push(kill);
		const isFirst = !isAwaited;
		wait();
		if (isFirst) advance();
	}

	function wait(): void {
		if (isAwaited) return;
		isAwaited = true;
		soon(() => {
			isAwaited = false;
			advance();
			if (kills.length > 0) wait();
		});
	}

	function advance(): void {
		const start = now();
		for (let kill = kills[0]; kill; kill = kills[0]) {
			while (!kill.steps.next().done) {
				const spent = now() - start;
				if (spent > HASTE && isStorm(kill)) {
					catchAll(kill);
					break;
				}
				if (spent > SLICE) return;
			}
			kills.shift();
		}
	}

	/** Only PID 1 can do more about one than go on. */
	function isStorm({run, isFatal, stopped}: Kill): boolean {
		if (ownPid !== 1 || !isFatal) return false;
		const start = began.get(run) ?? NEVER;
		return start !== NEVER && (stopped.size >= CROWD || now() - start > PATIENCE);
	}

	/** Once for each run: a process that this does not end hangs in the kernel. */
	function catchAll({run, roots}: Kill): void {
		began.set(run, NEVER);
		whileFrozen(() => {
			// All are found before the first one ends, whose children would then be elsewhere.
			for (const pid of [...walk(roots)]) if (pid !== undefined) sys.kill(pid, SIG.KILL);
		});
	}

	return {
		tell(run, roots, signal, isSpared) {
			add({run, roots, isFatal: false, stopped: new Set(), steps: signalling(roots, signal, isSpared)});
		},
		end(run, roots) {
			if (kills.some(kill => kill.isFatal && kill.run === run)) return;
			if (!began.has(run)) began.set(run, now());
			const stopped = new Set<number>();
			add({run, roots, isFatal: true, stopped, steps: ending(roots, stopped)});
		},
		forget(run) {
			began.delete(run);
			for (let i = kills.length - 1; i >= 0; i--) if (kills[i]?.run === run) kills.splice(i, 1);
		},
		reaped(pid) {
			for (const {stopped} of kills) stopped.delete(pid);
		},
	};
}

function* signalling(roots: Roots, signal: SignalNumber, isSpared: (pid: number) => boolean): Generator<void> {
	for (const pid of walk(roots)) {
		if (pid !== undefined && !isSpared(pid)) sys.kill(pid, signal);
		yield;
	}
}

/**
 * A process that is stopped makes no other, and keeps its place where their number is limited: all are stopped
 * first, until a whole round finds no new one. A stopped process cannot end, and so its pid cannot be
 * reused, unless another process kills it; archon's own children are told of by `reaped`.
 */
function* ending(roots: Roots, stopped: Set<number>): Generator<void> {
	for (const pid of roots()) {
		if (pid !== undefined && sys.kill(pid, SIG.STOP) === 0) stopped.add(pid);
		yield;
	}
	for (let isNew = true; isNew;) {
		isNew = false;
		for (const pid of walk(roots)) {
			if (pid !== undefined && !stopped.has(pid) && sys.kill(pid, SIG.STOP) === 0) {
				stopped.add(pid);
				isNew = true;
			}
			yield;
		}
	}
	for (const pid of stopped) {
		sys.kill(pid, SIG.KILL);
		yield;
	}
}

/** Parents before their children, which are asked for only then. */
function* walk(roots: Roots): Generator<number | undefined> {
	const childrenOf = processTree();
	for (const root of roots()) {
		const trail = [root];
		for (let i = 0; i < trail.length; i++) {
			const pid = trail[i];
			yield pid;
			if (pid !== undefined) for (const child of childrenOf(pid)) trail.push(child);
		}
	}
}
