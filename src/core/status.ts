/** What people are shown: one table from phases to statuses, and a note that says why. */
import {type Entry, type Outcome, type Phase, type Refusal, signalName} from './model.ts';
import {entryOf, holds, type State} from './supervisor.ts';

export const STATUSES = [
	'stopped', 'waiting', 'starting', 'running', 'stopping', 'backoff', 'exited', 'failed',
] as const;
export type Status = (typeof STATUSES)[number];

const STATUS: {readonly [K in Exclude<Phase['kind'], 'down'>]: Status} = {
	waiting: 'waiting', spawning: 'starting', starting: 'running', up: 'running', stopping: 'stopping', backoff: 'backoff',
};

const DOWN: {readonly [C in Extract<Phase, {kind: 'down'}>['cause']]: Status} = {
	new: 'stopped', stopped: 'stopped', completed: 'exited', exited: 'exited', failed: 'failed',
};

export interface Shown {
	readonly status: Status;
	/** The living main process, else null. */
	readonly pid: number | null;
	/** How it ended last, or what it waits for; may be empty. */
	readonly note: string;
}

export const statusOf = (state: State, entry: Entry): Shown => ({
	status: entry.phase.kind === 'down' ? DOWN[entry.phase.cause] : STATUS[entry.phase.kind],
	pid: pidOf(entry.phase),
	note: noteOf(state, entry),
});

/** The living main process of a phase, else null. */
export function pidOf(phase: Phase): number | null {
	if (phase.kind === 'stopping' && phase.outcome) return null;
	return 'pid' in phase ? phase.pid : null;
}

/** `exit 1`, `SIGKILL`, `SIGSEGV (core dumped)`. */
export function describeOutcome(outcome: Outcome): string {
	if (outcome.kind === 'code') return `exit ${outcome.code}`;
	return signalName(outcome.signal) + (outcome.core ? ' (core dumped)' : '');
}

/** `changing directory to /srv: no such file or directory`. */
export const describeRefusal = ({stage, reason}: Refusal): string => `${stage}: ${reason}`;

/** How the last attempt ended: a refusal, an outcome, or nothing yet. */
export function lastEnd({refusal, outcome}: Entry): string {
	if (refusal) return describeRefusal(refusal);
	return outcome ? describeOutcome(outcome) : '';
}

/** `restart 2 of 8`, or without a limit `restart 2`. */
export function attempt({ends, service}: Entry): string {
	const {attempts} = service.restart;
	return `restart ${ends.length}${Number.isFinite(attempts) ? ` of ${attempts}` : ''}`;
}

function noteOf(state: State, entry: Entry): string {
	const {phase} = entry;
	switch (phase.kind) {
		case 'waiting': return `waits for ${waitsFor(state, entry)}`;
		case 'backoff': return `${lastEnd(entry)}, ${attempt(entry)} is next`;
		case 'stopping':
			if (phase.outcome) return `${describeOutcome(phase.outcome)}, others of its process group are ending`;
			return phase.killed ? 'SIGKILL was sent' : `${signalName(entry.stop.signal)} was sent`;
		case 'starting':
		case 'up': return entry.ends.length > 0 && entry.outcome ? `last end: ${lastEnd(entry)}` : '';
		case 'down': return phase.cause === 'new' ? 'not started' : lastEnd(entry);
		case 'spawning': return '';
	}
}

/** The needs that do not hold, each with what it is doing instead: `db (failed), cache (waiting)`. */
export function waitsFor(state: State, {needs}: Entry): string {
	const unmet = needs.flatMap(({id, condition}) => {
		const need = entryOf(state, id);
		return need && !holds(need, condition) ? [need] : [];
	});
	const shown = unmet.slice(0, 3).map(need => {
		const status = need.phase.kind === 'down' ? DOWN[need.phase.cause] : STATUS[need.phase.kind];
		return `${need.service.name} (${status})`;
	});
	return shown.join(', ') + (unmet.length > shown.length ? ` and ${unmet.length - shown.length} more` : '');
}
