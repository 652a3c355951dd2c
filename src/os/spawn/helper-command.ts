/** A command that archon runs on behalf of a run, in its service's context: a probe, or one of a hook. */
import type {News} from '../../core/event.ts';
import type {Id, Run} from '../../core/ids.ts';
import type {Outcome} from '../../core/outcome.ts';
import type {Command, Service} from '../../core/service.ts';
import {signalName} from '../../core/signal-numbers.ts';
import type {Output} from '../../features/logging/os/output.ts';
import type {Pace} from '../pace.ts';
import type {Poller} from '../poller.ts';
import type {Reaper} from '../reap/reaper.ts';
import type {Handoff} from '../reexec/handoff.ts';
import {spawnHelper, type Streams} from './spawner.ts';

export interface HelperCommand {
	readonly run: Run;
	readonly service: Service;
	readonly command: Command;
	readonly streams: Streams;
	/** Over that of its service. */
	readonly environment?: Readonly<Record<string, string>>;
	/** Whether what it leaves behind in its process group is ended with it. */
	readonly isTidy: boolean;
}

/** What commands of a run are made, awaited, written down and told with. */
export interface HelperParts {
	readonly reaper: Reaper;
	readonly output: Pick<Output, 'wireHelper'>;
	readonly pace: Pace;
	readonly poller: Poller;
	readonly handoff: Handoff;
	readonly tell: (id: Id, run: Run, news: News) => void;
}

/** In the environment of a command that archon runs for a service, by which it is told from the service's own processes. */
export const HELPER = 'ARCHON_HELPER';

export interface Running {
	/** 0 where it could not be made. */
	readonly pid: number;
	/** Ends it with its whole group, and does not tell of its end. */
	stop(): void;
}

/** Makes the process; `ended` hears what went wrong, or null if nothing did. */
export function runHelperCommand(
	{run, service, command, streams, isTidy, environment: more}: HelperCommand, reaper: Reaper, ended: (failure: string | null) => void,
): Running {
	const main = reaper.mainOf(run);
	const environment = {...more, ARCHON_RUN: String(run), [HELPER]: '1', ...main && {MAINPID: String(main)}};
	const made = spawnHelper(service, command, streams, {environment});
	if (!made.ok) {
		ended(`${made.error.stage}: ${made.error.reason}`);
		return {pid: 0, stop() {}};
	}
	const pid = made.value;
	reaper.registerHelper(pid, isTidy, outcome => ended(failureOf(outcome)));
	return {pid, stop: () => reaper.endHelper(pid)};
}

/** The process that the previous instance of archon made for the run; `stop` ends it. Null where it was reaped by that instance. */
export function adoptHelperCommand(pid: number, run: Run, reaper: Reaper, ended: (failure: string | null) => void): Running | null {
	const isAdopted = reaper.adoptHelper(pid, run, outcome => ended(failureOf(outcome)));
	return isAdopted ? {pid, stop: () => reaper.endHelper(pid)} : null;
}

/** `exit status 1`, `killed by SIGTERM`; null for exit status 0. */
function failureOf(outcome: Outcome): string | null {
	if (outcome.kind === 'signal') return `killed by ${signalName(outcome.signal)}`;
	return outcome.code === 0 ? null : `exit status ${outcome.code}`;
}
