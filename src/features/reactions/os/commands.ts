/** Runs the commands of actions: a few at a time, each in the context of its service, and no longer than it may take. */
import {byNeed} from '../../../core/by-need.ts';
import {exec, service as standard} from '../../../core/defaults.ts';
import {duration} from '../../../core/duration.ts';
import type {Command, HookCommand, Service} from '../../../core/service.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import {after, now, soon} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import type {EffectOf} from '../../../os/owners.ts';
import type {Pace} from '../../../os/pace.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {adoptHelperCommand, runHelperCommand, type Running} from '../../../os/spawn/helper-command.ts';
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
	readonly handoff: Handoff;
	readonly warn: (text: string) => void;
	/** The core hears of the end of each, however it comes; not of those that `stop` ends. */
	readonly acted: () => void;
}

export interface Commands {
	run(effect: EffectOf<'run'>): void;
	/**
	 * Goes on with what the previous instance has begun, each up to its time. `count`: how many the core takes to be under way; those
	 * that waited are forgotten.
	 */
	resume(count: number): void;
	/** Ends all that run, and forgets those that wait. */
	stop(): void;
}

/** How many run at the same time, and how many wait for their turn. */
const [RUNNING_MAX, WAITING_MAX] = [8, 64];

/** What is read for a command is known by a number below this one. */
const LOOKS = -1_000_000_000;

/** One that has its turn. */
interface Job {
	/** `sh (on of web)`. */
	readonly title: string;
	readonly timeout: Millis;
	/** Forgets it, and ends what it has begun. */
	readonly end: () => void;
	/** It has come to its end; `failure`: what went wrong, or null. */
	readonly ended: (failure: string | null) => void;
	isOver: boolean;
	stop: () => void;
}

/** `key`: where it is written down for the next instance of archon which commands run. */
export function createCommands(parts: CommandParts, key: string): Commands {
	const {reaper, poller, handoff, warn} = parts;
	const running = new Set<Job>();
	const waiting: EffectOf<'run'>[] = [];
	/** By pid: what the next instance has to know. */
	const noted = new Map<number, string>();
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
		warn(`commands of actions have a turn again; ${leftOut} ${leftOut === 1 ? 'was' : 'were'} left out`);
		leftOut = 0;
	}

	function enroll(title: string, timeout: Millis): Job {
		const job: Job = {
			title, timeout, isOver: false, stop() {},
			end() {
				job.isOver = true;
				running.delete(job);
				job.stop();
			},
			ended(failure) {
				if (job.isOver) return;
				if (failure !== null) warn(`${title}: ${failure}`);
				job.end();
				next();
				parts.acted();
			},
		};
		running.add(job);
		return job;
	}

	/** Its variables are those that the sources of its service hold now. */
	function begin(effect: EffectOf<'run'>): void {
		const job = enroll(titleOf(effect), effect.timeout);
		const service = effect.about?.service ?? OWN;
		const apart = effect.bounds ? bounding().seatApart(effect.about?.service ?? null, effect.bounds) : null;
		// No run has such a number, nor has a test.
		const run = LOOKS - ++looks;
		const make = (found: Service): void => parts.pace(() => {
			if (!job.isOver) perform(effect, found, apart, job);
		});
		if (!apart && service.exec.sources.length > 0) parts.sources.glimpse({id: effect.about?.id ?? -1, run, service}, make);
		else make(service);
	}

	/** Begins the process; what it says goes where the words of its service go. */
	function perform({about, command: step, environment}: EffectOf<'run'>, found: Service, apart: Service | null, job: Job): void {
		const [command, service] = seatOf(step, apart ?? found);
		const wiring = parts.output.wireHelper(about?.id ?? -1, found);
		if (!wiring.ok) return job.ended(`${wiring.error.stage}: ${wiring.error.reason ?? errnoText(wiring.error.errno)}`);
		// It is not one of a run's own processes: it may outlive the run whose end it tells of.
		const request = {run: 0, service, command, streams: wiring.value.streams, isTidy: false, environment};
		const helper = runHelperCommand(request, reaper, failure => poller.whole(() => job.ended(failure)));
		wiring.value.release();
		// Where it could not be made, that was told already.
		if (helper.pid > 0) attend(job, helper, now() + job.timeout);
	}

	/** Ends it, with its whole group, when its time is over. */
	function attend(job: Job, helper: Running, until: Instant): void {
		const forgetTime = after(until - now(), () => poller.whole(() => job.ended(`took longer than ${duration(job.timeout)}`)));
		noted.set(helper.pid, `${helper.pid} ${until} ${job.timeout} ${job.title.replaceAll('\n', ' ')}`);
		note();
		job.stop = () => {
			forgetTime();
			helper.stop();
			noted.delete(helper.pid);
			note();
		};
	}

	function note(): void {
		if (noted.size === 0) handoff.delete(key);
		else handoff.put(key, [...noted.values()].join('\n'));
	}

	return {
		run(effect) {
			if (waiting.length < WAITING_MAX) {
				waiting.push(effect);
				return next();
			}
			if (leftOut++ === 0) warn(`${titleOf(effect)} is left out: ${WAITING_MAX} commands of actions wait already`);
			parts.acted();
		},
		resume(count) {
			let lost = count;
			for (const line of (handoff.past.get(key) ?? '').split('\n')) {
				const [pid = 0, until = 0, timeout = 0] = line.split(' ', 3).map(Number);
				if (!(pid > 0)) continue;
				const job = enroll(line.split(' ').slice(3).join(' '), timeout);
				const helper = adoptHelperCommand(pid, 0, reaper, failure => poller.whole(() => job.ended(failure)));
				if (!helper) {
					job.end();
					continue;
				}
				attend(job, helper, until);
				lost--;
			}
			note();
			for (; lost > 0; lost--) soon(() => poller.whole(parts.acted));
		},
		stop() {
			waiting.length = 0;
			for (const job of running) job.end();
		},
	};
}

/** What commands run as that are about no service: archon itself, on its own streams. */
const OWN: Service = (() => {
	const made = standard('archon', ['archon']);
	return {...made, exec: {...exec(['archon']), output: {kind: 'inherit'}}};
})();

const nameOf = (step: HookCommand): Command[0] => ('command' in step ? step.command[0] : step[0]);

const titleOf = ({command, by}: EffectOf<'run'>): string => `${nameOf(command)} (${by})`;
