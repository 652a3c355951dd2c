/** Runs the commands of actions: a few at a time, each in the context of its service, and no longer than it may take. */
import {byNeed} from '../../../core/by-need.ts';
import {exec, service as standard} from '../../../core/defaults.ts';
import {duration} from '../../../core/duration.ts';
import type {Command, HookCommand, Service} from '../../../core/service.ts';
import {after} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import type {EffectOf} from '../../../os/owners.ts';
import type {Pace} from '../../../os/pace.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import {runHelperCommand} from '../../../os/spawn/helper-command.ts';
import {seatOf} from '../../../os/spawn/hook-seat.ts';
import type {Sources} from '../../../os/spawn/variable-sources.ts';
import type {Output} from '../../logging/os/output.ts';

const bounding = byNeed(() => import('./apart.ts'));

export interface CommandParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Pick<Output, 'wireHelper'>;
	readonly pace: Pace;
	readonly sources: Pick<Sources, 'glimpse'>;
	readonly warn: (text: string) => void;
}

export interface Commands {
	run(effect: EffectOf<'run'>): void;
	/** Ends all that run, and forgets those that wait. */
	stop(): void;
}

/** How many run at the same time, and how many wait for their turn. */
const [RUNNING_MAX, WAITING_MAX] = [8, 64];

/** What is read for a command is known by a number below this one. */
const LOOKS = -1_000_000_000;

export function createCommands(parts: CommandParts): Commands {
	/** What ends those that run. */
	const running = new Set<() => void>();
	const waiting: EffectOf<'run'>[] = [];
	/** How many were left out since there was room last. */
	let leftOut = 0;
	let looks = 0;

	function next(): void {
		while (running.size < RUNNING_MAX) {
			const effect = waiting.shift();
			if (!effect) break;
			begin(effect);
		}
		if (leftOut === 0 || waiting.length > 0) return;
		parts.warn(`commands of actions have a turn again; ${leftOut} ${leftOut === 1 ? 'was' : 'were'} left out`);
		leftOut = 0;
	}

	/** Its variables are those that the sources of its service hold now. */
	function begin(effect: EffectOf<'run'>): void {
		let isOver = false;
		let stop = (): void => {};
		const end = (): void => {
			isOver = true;
			running.delete(end);
			stop();
		};
		const ended = (failure: string | null): void => {
			if (isOver) return;
			if (failure !== null) parts.warn(`${nameOf(effect.command)} (${effect.by}): ${failure}`);
			end();
			next();
		};
		running.add(end);
		const service = effect.about?.service ?? OWN;
		const apart = effect.bounds ? bounding().seatApart(effect.about?.service ?? null, effect.bounds) : null;
		// No run has such a number, nor has a test.
		const run = LOOKS - ++looks;
		const make = (found: Service): void => parts.pace(() => {
			if (!isOver) stop = perform(effect, found, apart, parts, ended);
		});
		if (!apart && service.exec.sources.length > 0) parts.sources.glimpse({id: effect.about?.id ?? -1, run, service}, make);
		else make(service);
	}

	return {
		run(effect) {
			if (waiting.length >= WAITING_MAX) {
				const name = `${nameOf(effect.command)} (${effect.by})`;
				return leftOut++ === 0 ? parts.warn(`${name} is left out: ${WAITING_MAX} commands of actions wait already`) : undefined;
			}
			waiting.push(effect);
			next();
		},
		stop() {
			waiting.length = 0;
			for (const end of running) end();
		},
	};
}

/** Begins the process; what it says goes where the words of its service go. The result ends it with its whole group. */
function perform(
	{about, command: step, timeout, environment}: EffectOf<'run'>, found: Service, apart: Service | null,
	{reaper, output, poller}: CommandParts, ended: (failure: string | null) => void,
): () => void {
	const [command, service] = seatOf(step, apart ?? found);
	const wiring = output.wireHelper(about?.id ?? -1, found);
	if (!wiring.ok) {
		ended(`${wiring.error.stage}: ${wiring.error.reason ?? errnoText(wiring.error.errno)}`);
		return () => {};
	}
	let stop = (): void => {};
	const forgetTime = after(timeout, () => poller.whole(() => ended(`took longer than ${duration(timeout)}`)));
	// It is not one of a run's own processes: it may outlive the run whose end it tells of.
	const request = {run: 0, service, command, streams: wiring.value.streams, isTidy: false, environment};
	const helper = runHelperCommand(request, reaper, failure => poller.whole(() => ended(failure)));
	wiring.value.release();
	stop = () => {
		forgetTime();
		helper.stop();
	};
	// It could not be made, and that was told already.
	if (helper.pid === 0) stop();
	return stop;
}

/** What commands run as that are about no service: archon itself, on its own streams. */
const OWN: Service = (() => {
	const made = standard('archon', ['archon']);
	return {...made, exec: {...exec(['archon']), output: {kind: 'inherit'}}};
})();

const nameOf = (step: HookCommand): Command[0] => ('command' in step ? step.command[0] : step[0]);
