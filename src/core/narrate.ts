/** What archon says about itself: one line for each change that a person would want to know of. */
import {type Entry, type Phase, type Season, signalName} from './model.ts';
import {attempt, describeOutcome, describeRefusal} from './status.ts';

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
		case 'starting': return info(`started ${name} (pid ${phase.pid})`);
		case 'stopping': {
			if (phase.outcome && was.kind !== 'stopping') {
				return info(`${name} ended by itself: ${describeOutcome(phase.outcome)}; ending the rest of its process group`);
			}
			if (was.kind === 'stopping' && was.killed) return null;
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

/** The line for the container's new season; null where there is nothing to tell. */
export function narrateSeason(season: Season): Line | null {
	switch (season.kind) {
		case 'stopping':
			if (season.force === 1) return info(`shutting down: ${season.why}`);
			return warn(season.force === 2 ? 'shutting down all at once' : 'killing everything that is left');
		case 'sweeping': return season.killed ? warn('killing processes that no service owns') : null;
		case 'boot':
		case 'running':
		case 'over': return null;
	}
}

const info = (text: string): Line => ({level: 'info', text});
const warn = (text: string): Line => ({level: 'warn', text});

/** Whether a service that leaves this phase for a pause did so without being asked. */
const endedByItself = (was: Phase): boolean =>
	was.kind === 'up' || was.kind === 'starting' || was.kind === 'spawning' || (was.kind === 'stopping' && !was.asked);

function again(after: Entry, was: Phase): Line {
	const {service: {name}, refusal, outcome, phase} = after;
	const next = attempt(after) + (phase.kind === 'backoff' ? ` in ${seconds(phase.deadline - after.since)}` : '');
	if (was.kind === 'stopping') return info(`${name} has ended with all of its process group; ${next}`);
	if (refusal) return warn(`cannot start ${name}: ${describeRefusal(refusal)}; ${next}`);
	return warn(`${name} ended by itself: ${outcome ? describeOutcome(outcome) : 'unknown'}; ${next}`);
}

function end({phase, service: {name}, refusal, outcome, ends}: Entry, was: Phase): Line | null {
	if (phase.kind !== 'down') return null;
	const how = outcome ? describeOutcome(outcome) : '';
	switch (phase.cause) {
		case 'completed': return info(`${name} completed`);
		case 'exited': return info(`${name} ended by itself: ${how}`);
		case 'stopped': return was.kind === 'stopping' ? info(`stopped ${name} (${how})`) : null;
		case 'failed': {
			if (refusal) return {level: 'error', text: `cannot start ${name}: ${describeRefusal(refusal)}`};
			const tried = ends.length > 0 ? ` after ${ends.length} restart${ends.length > 1 ? 's' : ''}` : '';
			return {level: 'error', text: `${name} failed: ${how}${tried}`};
		}
		case 'new': return null;
	}
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(millis < 1000 ? 2 : 1)} s`;
