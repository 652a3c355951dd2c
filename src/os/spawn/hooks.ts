/** Commands at the turns of a run, one after the other; what they say goes where their service's words go. */
import type {Effect} from '../../core/effect.ts';
import type {Hook} from '../../core/event.ts';
import type {Run} from '../../core/ids.ts';
import type {HookCommand} from '../../core/service.ts';
import {duration} from '../../core/duration.ts';
import {after, soon} from '../clock.ts';
import {errnoText} from '../errno.ts';
import {adoptHelperCommand, runHelperCommand, type HelperParts} from './helper-command.ts';
import type {Owner} from '../owners.ts';
import {seatOf} from './hook-seat.ts';
import type {Placing} from './placed-files.ts';
import type {Sources} from './variable-sources.ts';

export type HookEffect = Extract<Effect, {kind: 'hook'}>;

export interface Hooks {
	start(effect: HookEffect): void;
	/** The run is over: its hook is of no use any more, and is ended. */
	abandon(run: Run): void;
}

/** Before the process is made, what it is made with is not read yet: the variables are those that the sources hold now. */
export function ownHooks(
	hooks: Hooks, sources: Pick<Sources, 'glimpse'>, {place}: Pick<Placing, 'place'>, tell: HelperParts['tell'],
): Owner<'hook'> {
	return {
		arms: {
			hook(effect) {
				if (effect.hook !== 'pre_start') return hooks.start(effect);
				const {id, run, service, hook} = effect;
				const refusal = place(id, service);
				if (refusal) return soon(() => tell(id, run, {kind: 'hooked', hook, failure: `${refusal.stage}: ${refusal.reason}`}));
				sources.glimpse(effect, service => hooks.start({...effect, service}));
			},
		},
		ended: (_id, run) => hooks.abandon(run),
	};
}

export function createHooks(parts: HelperParts): Hooks {
	const underWay = new Map<Run, () => void>();
	/** Runs that were at a turn in this instance: what the previous instance began for them is of the past. */
	const known = new Set<Run>();

	function abandon(run: Run): void {
		underWay.get(run)?.();
		underWay.delete(run);
	}

	/** What the previous instance had begun of the same turn; once. */
	function begunOf({run, hook}: HookEffect): Begun | null {
		if (known.has(run)) return null;
		known.add(run);
		const [index = 0, pid = 0, turn] = (parts.handoff.past.get(keyOf(run)) ?? '').split(' ');
		return turn === hook ? {index: Number(index), pid: Number(pid)} : null;
	}

	return {
		abandon(run) {
			abandon(run);
			known.delete(run);
		},
		start(effect) {
			const {id, run, hook} = effect;
			// Whatever turn the run was at, it is at another one now.
			abandon(run);
			const stop = perform(effect, begunOf(effect), parts, failure => {
				underWay.delete(run);
				parts.tell(id, run, {kind: 'hooked', hook, failure});
			});
			underWay.set(run, stop);
		},
	};
}

/** How far the previous instance of archon had come: the command that it had begun, or 0 and the one that is next. */
interface Begun {
	readonly index: number;
	readonly pid: number;
}

const keyOf = (run: Run): string => `hook ${run}`;

/** Whether the next instance asks for it again; the client of a reload has to. */
const isResumed = (hook: Hook): boolean => hook !== 'reload';

/** Runs the commands up to the first that fails; `done` hears why, or null. The result abandons them. */
function perform(
	{id, run, service, hook, commands, timeout, environment}: HookEffect, begun: Begun | null,
	{reaper, output, pace, poller, handoff}: HelperParts,
	done: (failure: string | null) => void,
): () => void {
	const key = keyOf(run);
	let isOver = false;
	let stop = (): void => {};
	const forgetTime = after(timeout, () => poller.whole(() => {
		stop();
		end(`took longer than ${duration(timeout)}`);
	}));

	function note(index: number, pid: number): void {
		if (isResumed(hook)) handoff.put(key, `${index} ${pid} ${hook}`);
	}

	/** What is done and what is noted of it are one: a crash between two commands repeats none and leaves none out. */
	const come = (index: number): void => pace(() => poller.whole(() => next(index)));

	function end(failure: string | null): void {
		if (isOver) return;
		isOver = true;
		forgetTime();
		handoff.delete(key);
		done(failure);
	}

	/** It is waited for, and not begun again. */
	function adopt({index, pid}: Begun): void {
		const helper = adoptHelperCommand(pid, run, reaper, judge(index));
		if (helper) stop = helper.stop;
		// Of a fault between its end and the note of it.
		else soon(() => poller.whole(() => judge(index)('it ended while archon was re-executed')));
	}

	function next(index: number): void {
		if (isOver) return;
		const step = commands[index];
		if (!step) return end(null);
		const [command, seat] = seatOf(step, service);
		const wiring = output.wireHelper(id, service);
		if (!wiring.ok) return end(`${wiring.error.stage}: ${wiring.error.reason ?? errnoText(wiring.error.errno)}`);
		const {streams} = wiring.value;
		const helper = runHelperCommand({run, service: seat, command, streams, isTidy: false, environment}, reaper, judge(index));
		stop = helper.stop;
		if (helper.pid > 0) note(index, helper.pid);
		wiring.value.release();
	}

	const judge = (index: number) => (failure: string | null): void => {
		if (failure !== null) return end(`${nameOf(commands[index])}: ${failure}`);
		// Its pid is no process's from now on: the next instance does not wait for it.
		note(index + 1, 0);
		come(index + 1);
	};

	if (begun && begun.pid > 0) adopt(begun);
	else come(begun?.index ?? 0);
	return () => {
		isOver = true;
		forgetTime();
		stop();
		handoff.delete(key);
	};
}

const nameOf = (step: HookCommand | undefined): string | undefined => (step && 'command' in step ? step.command[0] : step?.[0]);
