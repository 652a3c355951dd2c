/** What people are shown: one table from phases to statuses, and a note that says why. */
import type {Entry} from './entry.ts';
import type {Outcome, Refusal} from './outcome.ts';
import type {Phase} from './phase.ts';
import {signalName} from './signal-numbers.ts';
import {entryOf, holds, type State} from './state.ts';

export const STATUSES = [
	'stopped', 'waiting', 'starting', 'running', 'unhealthy', 'stopping', 'backoff', 'exited', 'failed',
] as const;
export type Status = (typeof STATUSES)[number];

const STATUS: {readonly [K in Exclude<Phase['kind'], 'down'>]: Status} = {
	waiting: 'waiting', spawning: 'starting', starting: 'starting', up: 'running', stopping: 'stopping', done: 'exited',
	backoff: 'backoff',
};

const DOWN: {readonly [C in Extract<Phase, {kind: 'down'}>['cause']]: Status} = {
	new: 'stopped', stopped: 'stopped', completed: 'exited', exited: 'exited', failed: 'failed',
};

export interface Shown {
	readonly status: Status;
	/** The living main process, else null. */
	readonly pid: number | null;
	/** How it ended last, what it waits for, or what it says of itself; may be empty. */
	readonly note: string;
}

export const statusOf = (state: State, entry: Entry): Shown => ({
	status: wordOf(entry), pid: pidOf(entry.phase), note: noteOf(state, entry),
});

/** A oneshot at its work runs; a daemon that is not ready yet is starting. */
function wordOf({phase, service}: Entry): Status {
	if (phase.kind === 'down') return DOWN[phase.cause];
	if (phase.kind === 'starting' && service.type === 'oneshot') return 'running';
	if (phase.kind === 'up' && phase.health === 'unhealthy') return 'unhealthy';
	return STATUS[phase.kind];
}

/** The living main process of a phase, else null. */
export function pidOf(phase: Phase): number | null {
	if (phase.kind === 'stopping' && phase.outcome) return null;
	return 'pid' in phase ? phase.pid : null;
}

/** `exit 1`, `SIGKILL`, `SIGSEGV (core dumped)`. */
export function describeOutcome(outcome: Outcome): string {
	if (outcome.kind === 'code') return `exit ${outcome.code}`;
	const more = outcome.oom ? ' (out of memory)' : outcome.core ? ' (core dumped)' : '';
	return signalName(outcome.signal) + more;
}

/** `changing directory to /srv: no such file or directory`. */
export const describeRefusal = ({stage, reason}: Refusal): string => `${stage}: ${reason}`;

/** How the last attempt ended: a refusal, what it is blamed for, an outcome, or nothing yet. */
export function lastEnd({refusal, blame, outcome}: Pick<Entry, 'refusal' | 'blame' | 'outcome'>): string {
	if (refusal) return describeRefusal(refusal);
	const end = outcome ? describeOutcome(outcome) : '';
	return blame === null ? end : end ? `${blame} (${end})` : blame;
}

/** The same of a service that has failed, with how often it had been started again: `exit 1 after 3 restarts`. */
export function lastEnds(entry: Entry): string {
	const {length} = entry.ends;
	return lastEnd(entry) + (length > 0 ? ` after ${length} restart${length > 1 ? 's' : ''}` : '');
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
			if (phase.finish) return `${describeOutcome(phase.outcome ?? {kind: 'code', code: 0})}, ${phase.finish.hook} is under way`;
			if (phase.outcome) return `${describeOutcome(phase.outcome)}, what it left behind is ending`;
			if (phase.isHooked) return 'pre_stop is under way';
			return phase.killed ? 'SIGKILL was sent' : `${phase.blame ? `${phase.blame}, ` : ''}${signalName(entry.stop.signal)} was sent`;
		case 'starting': return entry.statusText || startingNote(entry, phase);
		case 'up': return entry.statusText || upNote(entry, phase);
		case 'down':
			if (phase.cause === 'new') return 'not started';
			return phase.cause === 'failed' && !entry.refusal ? lastEnds(entry) : lastEnd(entry);
		case 'done': return lastEnd(entry);
		case 'spawning': return phase.isHooked ? 'pre_start is under way' : '';
	}
}

function startingNote(entry: Entry, phase: Extract<Phase, {kind: 'starting'}>): string {
	if (phase.isHooked) return 'post_start is under way';
	if (entry.service.type === 'oneshot') return '';
	return phase.probes?.detail ? `not ready: ${phase.probes.detail}` : 'not ready yet';
}

function upNote(entry: Entry, {isReady, health, probes}: Extract<Phase, {kind: 'up'}>): string {
	if (!isReady) return 'reloading';
	if (health === 'unhealthy') return probes?.detail ?? '';
	if (entry.ends.length > 0 && entry.outcome) return `last end: ${lastEnd(entry)}`;
	return health === 'starting' ? 'health is not known yet' : '';
}

/** The needs that do not hold, each with what it is doing instead: `db (failed), cache (waiting)`. */
export function waitsFor(state: State, {needs}: Entry): string {
	const unmet = needs.flatMap(edge => {
		const need = entryOf(state, edge.id);
		return need && !holds(need, edge) ? [need] : [];
	});
	const shown = unmet.slice(0, 3).map(need => `${need.service.name} (${wordOf(need)})`);
	return shown.join(', ') + (unmet.length > shown.length ? ` and ${unmet.length - shown.length} more` : '');
}
