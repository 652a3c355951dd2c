/** What archon logs about its services and itself: one line for each change that matters to a person. */
import {duration} from './duration.ts';
import type {Entry} from './entry.ts';
import type {Outcome} from './outcome.ts';
import type {Phase, Starting, Stopping, Up} from './phase.ts';
import {signalName} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import {attempt, describeEnd, describeOutcome, lastEnd, lastEnds, rulingFor} from './status.ts';

/** A line of archon's own log. */
export interface Line {
	readonly level: 'info' | 'warn' | 'error';
	readonly text: string;
}

/** The line for a service's new phase; null where the change is not worth a line. */
export function narrate(before: Entry, after: Entry): Line | null {
	const {phase, stop, service: {name}} = after;
	const was = before.phase;
	switch (phase.kind) {
		case 'up':
		case 'starting': return alive(was, phase, after);
		case 'done': return info(`${name} completed`);
		case 'stopping': {
			if (phase.finish) return finishing(was, phase, name);
			if (phase.outcome && was.kind !== 'stopping') {
				return info(`${ended(name, phase.outcome, phase.blame)}; stopping its remaining processes${isForked(after) ? FORKED : ''}`);
			}
			if (was.kind === 'stopping' && was.killed) return null;
			if (was.kind === 'stopping' && phase.outcome) {
				return phase.killed ? warn(`killing the remaining processes of ${name} with SIGKILL: they did not stop in time`) : null;
			}
			if (phase.blame !== null && was.kind !== 'stopping') return warn(`stopping ${name}: ${phase.blame}`);
			const target = `${name} (pid ${phase.pid})`;
			if (phase.killed) return warn(`killing ${target} with SIGKILL${was.kind === 'stopping' ? ': it did not stop in time' : ''}`);
			return was.kind === 'stopping' ? null : info(`stopping ${target} with ${signalName(stop.signal)}${because(after, false)}`);
		}
		case 'waiting':
		case 'backoff': return isUnrequested(was) ? restarting(after, was) : null;
		case 'down': return atRest(after, was);
		case 'spawning': return null;
	}
}

/** Whether the main process seems to have daemonized: the first one exited with 0 and left processes running. */
const isForked = ({phase, starts, service: {type, forks, pidFile}}: Entry): boolean =>
	starts === 1 && type === 'daemon' && !forks && pidFile === null
	&& phase.kind === 'stopping' && phase.outcome?.kind === 'code' && phase.outcome.code === 0;

const FORKED = '; if it daemonizes, write type: forking, or run it in the foreground';

/** The line for commands that run after the end: `post_stop`, or `down` of a oneshot. */
function finishing(was: Phase, {finish, outcome, blame}: Stopping, name: string): Line | null {
	if (was.kind === 'done') return info(`stopping ${name}: running ${finish?.hook}`);
	if (was.kind === 'stopping' || !outcome) return null;
	return info(`${ended(name, outcome, blame)}; running ${finish?.hook}`);
}

/** The line for the end of a reload's trial; `why`: it has failed. */
export function narrateTrial(why: string | null, rollsBack: boolean): Line {
	if (why === null) return info('all services that the reload has started are ready');
	return {level: 'error', text: `the reload has failed: ${why}${rollsBack ? '; putting the config before it back in force' : ''}`};
}

/** The line for the container's new stage; null where the change is not worth a line. */
export function narrateStage(stage: Stage): Line | null {
	switch (stage.kind) {
		case 'stopping':
			if (stage.force === 1) return info(`${stage.reboots ? 'rebooting' : 'shutting down'}: ${stage.why}`);
			return warn(stage.force === 2 ? 'stopping all services at once' : 'killing all remaining services with SIGKILL');
		case 'sweeping': return stage.killed ? warn('killing the remaining processes with SIGKILL: they did not stop in time') : null;
		case 'boot':
		case 'running':
		case 'over': return null;
	}
}

/** The line for a process that was started, became ready or changed its health. */
function alive(was: Phase, phase: Starting | Up, after: Entry): Line | null {
	const {service: {name, type, health}} = after;
	if (was.kind === 'spawning') return info(`started ${name} (pid ${phase.pid})${because(after, true)}`);
	if (phase.kind === 'starting' || (was.kind !== 'starting' && was.kind !== 'up')) return null;
	if (was.kind === 'starting' && was.handover) return info(`${name} is ready, and its main process is pid ${phase.pid}`);
	if (was.pid !== phase.pid) return info(`the main process of ${name} is now pid ${phase.pid}`);
	if (was.kind === 'starting') return type === 'daemon' ? info(`${name} is ready`) : null;
	if (was.isReady !== phase.isReady) return info(phase.isReady ? `${name} is ready again` : `${name} is reloading`);
	if (was.health === phase.health) return null;
	if (phase.health === 'healthy') return info(`${name} is healthy`);
	if (phase.health !== 'unhealthy') return info(`${name} is not unhealthy any more: its config has no healthcheck now`);
	const failures = health?.retries === 1 ? 'a probe failed' : `${health?.retries} probes in a row failed`;
	return warn(`${name} is unhealthy: ${phase.probes?.detail || failures}`);
}

/** `: its test said no (exit status 1)`; empty where no decider has started or stopped it. */
function because(entry: Entry, runs: boolean): string {
	const ruling = rulingFor(entry, runs);
	return ruling === '' ? '' : `: ${ruling}`;
}

const info = (text: string): Line => ({level: 'info', text});
const warn = (text: string): Line => ({level: 'warn', text});

/** Whether a run that ends in this phase was not requested to. */
const isUnrequested = (was: Phase): boolean =>
	was.kind === 'up' || was.kind === 'starting' || was.kind === 'spawning' || (was.kind === 'stopping' && !was.isRequested);

/** The line for an end after which the service is started again. */
function restarting(after: Entry, was: Phase): Line {
	const {service: {name}, refusal, blame, outcome, phase} = after;
	const next = attempt(after) + (phase.kind === 'backoff' ? ` in ${duration(phase.deadline - after.since)}` : '');
	if (was.kind === 'stopping') return info(`${name} has stopped; ${next}`);
	if (refusal || was.kind === 'spawning') return warn(`cannot start ${name}: ${lastEnd(after)}; ${next}`);
	return warn(`${outcome ? ended(name, outcome, blame) : name}; ${next}`);
}

/** The line for a service that is at rest. */
function atRest(entry: Entry, was: Phase): Line | null {
	const {phase, service: {name, origin, exec}, refusal, outcome, blame} = entry;
	if (phase.kind !== 'down') return null;
	const how = lastEnd(entry);
	switch (phase.cause) {
		case 'completed': return info(`${name} completed`);
		case 'exited': return info(was.kind !== 'stopping' && outcome ? ended(name, outcome, blame) : `stopped ${name} (${how})`);
		case 'stopped': return was.kind === 'stopping' ? info(`stopped ${name} (${how})`) : null;
		case 'failed': {
			if (refusal || was.kind === 'waiting' || was.kind === 'spawning') return {level: 'error', text: `cannot start ${name}: ${how}`};
			// The exit status of `archonctl run`, and of the only command, goes to its caller: it is not a failure of a service.
			if ((origin === 'run' || exec.asStarted) && outcome) return info(ended(name, outcome, blame));
			return {level: 'error', text: `${name} failed: ${lastEnds(entry)}`};
		}
		case 'skipped': return info(`skipped ${name}: ${how}`);
		case 'new': return null;
	}
}

/** `web exited with status 1`, `web was killed by SIGKILL`, `web exited before it was ready (exit status 0)`. */
const ended = (name: string, outcome: Outcome, blame: string | null): string =>
	`${name} ${blame === null ? describeEnd(outcome) : `${blame} (${describeOutcome(outcome)})`}`;
