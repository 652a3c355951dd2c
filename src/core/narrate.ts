/** What archon says about itself: one line for each change that a person would want to know of. */
import {duration} from './duration.ts';
import type {Entry} from './entry.ts';
import type {Phase, Starting, Stopping, Up} from './phase.ts';
import {signalName} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import {attempt, describeOutcome, lastEnd, lastEnds} from './status.ts';

export interface Line {
	readonly level: 'info' | 'warn' | 'error';
	readonly text: string;
}

/** The line for a service's new phase; null where there is nothing to tell. */
export function narrate(before: Entry, after: Entry): Line | null {
	const {phase, stop, service: {name}} = after;
	const was = before.phase;
	switch (phase.kind) {
		case 'up':
		case 'starting': return beingUp(was, phase, after);
		case 'done': return info(`${name} completed`);
		case 'stopping': {
			if (phase.finish) return finishing(was, phase, name);
			if (phase.outcome && was.kind !== 'stopping') {
				return info(`${name} ended by itself: ${describeOutcome(phase.outcome)}; ending what it left behind${isForked(after) ? FORKED : ''}`);
			}
			if (was.kind === 'stopping' && was.killed) return null;
			if (was.kind === 'stopping' && phase.outcome) {
				return phase.killed ? warn(`killing what ${name} left behind with SIGKILL: it did not end in time`) : null;
			}
			if (phase.blame !== null && was.kind !== 'stopping') return warn(`${name} is ended: ${phase.blame}`);
			const target = `${name} (pid ${phase.pid})`;
			if (phase.killed) return warn(`killing ${target} with SIGKILL${was.kind === 'stopping' ? ': it did not end in time' : ''}`);
			return was.kind === 'stopping' ? null : info(`stopping ${target} with ${signalName(stop.signal)}`);
		}
		case 'waiting':
		case 'backoff': return endedByItself(was) ? again(after, was) : null;
		case 'down': return end(after, was);
		case 'spawning': return null;
	}
}

/** Whether it looks as if the service were a program that becomes a daemon; once is enough. */
const isForked = ({phase, starts, service: {type, pidFile}}: Entry): boolean =>
	starts === 1 && type === 'daemon' && pidFile === null
	&& phase.kind === 'stopping' && phase.outcome?.kind === 'code' && phase.outcome.code === 0;

const FORKED = '; a program that becomes a daemon must be told to stay in the foreground, or needs a pid_file';

/** Its last commands, where what came before them has no line of its own. */
function finishing(was: Phase, {finish, outcome}: Stopping, name: string): Line | null {
	if (was.kind === 'done') return info(`stopping ${name} with ${finish?.hook}`);
	if (was.kind === 'stopping' || !outcome) return null;
	return info(`${name} ended by itself: ${describeOutcome(outcome)}; ${finish?.hook} is under way`);
}

/** The line for the container's new stage; null where there is nothing to tell. */
export function narrateStage(stage: Stage): Line | null {
	switch (stage.kind) {
		case 'stopping':
			if (stage.force === 1) return info(`shutting down: ${stage.why}`);
			return warn(stage.force === 2 ? 'shutting down all at once' : 'killing everything that is left');
		case 'sweeping': return stage.killed ? warn('killing processes that no service owns') : null;
		case 'boot':
		case 'running':
		case 'over': return null;
	}
}

/** A start, becoming ready, and whatever health makes of it. */
function beingUp(was: Phase, phase: Starting | Up, {service: {name, type, health}}: Entry): Line | null {
	if (was.kind === 'spawning') return info(`started ${name} (pid ${phase.pid})`);
	if (phase.kind === 'starting' || (was.kind !== 'starting' && was.kind !== 'up')) return null;
	if (was.pid !== phase.pid) return info(`${name} has pid ${phase.pid} from now on`);
	if (was.kind === 'starting') return type === 'daemon' ? info(`${name} is ready`) : null;
	if (was.isReady !== phase.isReady) return info(phase.isReady ? `${name} is ready again` : `${name} is reloading`);
	if (was.health === phase.health) return null;
	if (phase.health === 'healthy') return info(`${name} is healthy`);
	return warn(`${name} is unhealthy: ${phase.probes?.detail || `${health?.retries} looks in a row failed`}`);
}

const info = (text: string): Line => ({level: 'info', text});
const warn = (text: string): Line => ({level: 'warn', text});

/** Whether a service that leaves this phase for a pause did so without being asked. */
const endedByItself = (was: Phase): boolean =>
	was.kind === 'up' || was.kind === 'starting' || was.kind === 'spawning' || (was.kind === 'stopping' && !was.isRequested);

function again(after: Entry, was: Phase): Line {
	const {service: {name}, refusal, blame, phase} = after;
	const next = attempt(after) + (phase.kind === 'backoff' ? ` in ${duration(phase.deadline - after.since)}` : '');
	if (was.kind === 'stopping') return info(`${name} has ended with all that it made; ${next}`);
	if (refusal || was.kind === 'spawning') return warn(`cannot start ${name}: ${lastEnd(after)}; ${next}`);
	return warn(`${name}${blame === null ? ' ended by itself' : ''}: ${lastEnd(after)}; ${next}`);
}

function end(entry: Entry, was: Phase): Line | null {
	const {phase, service: {name, origin, exec}, refusal} = entry;
	if (phase.kind !== 'down') return null;
	const how = lastEnd(entry);
	switch (phase.cause) {
		case 'completed': return info(`${name} completed`);
		case 'exited': return info(`${name} ended by itself: ${how}`);
		case 'stopped': return was.kind === 'stopping' ? info(`stopped ${name} (${how})`) : null;
		case 'failed': {
			if (refusal || was.kind === 'waiting' || was.kind === 'spawning') return {level: 'error', text: `cannot start ${name}: ${how}`};
			// What somebody ran at a prompt, or as the one command, may end as it likes, and they are told.
			if (origin === 'run' || exec.asStarted) return info(`${name} ended by itself: ${how}`);
			return {level: 'error', text: `${name} failed: ${lastEnds(entry)}`};
		}
		case 'new': return null;
	}
}
