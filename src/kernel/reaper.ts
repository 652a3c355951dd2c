/**
 * The only one who waits for children: a service's process becomes news, an orphan is buried and
 * counted, and what libuv spawned is left to libuv, which would otherwise never hear of its end.
 */
import {subscribe} from 'node:diagnostics_channel';
import type {ChildProcess} from 'node:child_process';
import type {Event, Id, Outcome, Run, SignalNumber} from '../core/model.ts';
import {ECHILD, ESRCH, kill, waitFor, waitForAny} from './native.ts';

export interface Reaper {
	/** A process that was just made: its end will be told. */
	register(pid: number, id: Id, run: Run): void;
	/** To the process of a run or its whole group; nothing happens if it is gone. */
	signal(run: Run, pid: number, signal: SignalNumber, group: boolean): void;
	/** Reaps until nothing is left to reap: SIGCHLDs coalesce. */
	reap(): void;
	/** Whether archon has no child left, of whatever kind. */
	isAlone(): boolean;
	/** Orphans buried so far. */
	buried(): number;
}

interface Owner {
	readonly id: Id;
	readonly run: Run;
}

/** siginfo_t of a dead child: si_code at 8, si_pid at 16, si_status at 24 (sigaction(2), 64-bit Linux). */
const INFO = Buffer.alloc(128);
const CLD_EXITED = 1;
const CLD_DUMPED = 3;

export function createReaper(hear: (event: Event) => void): Reaper {
	const processes = new Map<number, Owner>();
	/** Groups whose leader is gone while others of them live, by the leader's pid. */
	const groups = new Map<number, Owner>();
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
		const ended: {readonly pid: number; readonly owner: Owner; readonly outcome: Outcome}[] = [];
		for (let pid = peek(); pid > 0; pid = peek()) {
			const owner = processes.get(pid);
			if (!owner && isLibuvs(pid)) {
				postpone();
				break;
			}
			waitFor(pid, INFO);
			if (owner) ended.push({pid, owner, outcome: outcomeOf(INFO)});
			else buried++;
			processes.delete(pid);
		}
		// Only now: a member of a group that had died too is a survivor no more.
		for (const {pid, owner: {id, run}, outcome} of ended) {
			const survivors = isGroupAlive(pid);
			if (survivors) groups.set(pid, {id, run});
			hear({kind: 'news', id, run, news: {kind: 'exited', outcome, survivors}});
		}
		for (const [pid, {id, run}] of groups) {
			if (isGroupAlive(pid)) continue;
			groups.delete(pid);
			hear({kind: 'news', id, run, news: {kind: 'emptied'}});
		}
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

	return {
		register: (pid, id, run) => void processes.set(pid, {id, run}),
		signal(run, pid, signal, group) {
			const owner = processes.get(pid) ?? (group ? groups.get(pid) : undefined);
			if (owner?.run === run && pid > 1) kill(group ? -pid : pid, signal);
		},
		reap,
		isAlone: () => peek() === -ECHILD,
		buried: () => buried,
	};
}

const isGroupAlive = (group: number): boolean => kill(-group, 0) !== -ESRCH;

function outcomeOf(info: Buffer): Outcome {
	const [how, status] = [info.readInt32LE(8), info.readInt32LE(24)];
	return how === CLD_EXITED
		? {kind: 'code', code: status}
		: {kind: 'signal', signal: status, core: how === CLD_DUMPED};
}
