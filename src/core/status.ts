/** What `archonctl status` shows of a service: a status for each phase, and a note that says why. */
import {byNeed} from './by-need.ts';
import type {Entry} from './entry.ts';
import type {Outcome, Refusal} from './outcome.ts';
import type {Phase} from './phase.ts';
import {signalName} from './signal-numbers.ts';
import {entryOf, holds, livingRivals, type State} from './state.ts';
import {mayAwaitPort} from '../features/ports/core/part.ts';
import type {Status} from './statuses.ts';
import {decisionOf} from './wanted.ts';

const porting = byNeed(() => import('../features/ports/core/table.ts'));

const STATUS: {readonly [K in Exclude<Phase['kind'], 'down'>]: Status} = {
	waiting: 'waiting', spawning: 'starting', starting: 'starting', up: 'running', stopping: 'stopping', done: 'exited',
	backoff: 'backoff',
};

const DOWN: {readonly [C in Extract<Phase, {kind: 'down'}>['cause']]: Status} = {
	new: 'stopped', stopped: 'stopped', completed: 'exited', exited: 'exited', failed: 'failed', skipped: 'stopped',
};

/** One service as `archonctl status` shows it. */
export interface Shown {
	readonly status: Status;
	/** The living main process, else null. */
	readonly pid: number | null;
	/** How its last run ended, what it is waiting for, its own STATUS= (sd_notify(3)), or by what ruling it runs or not; may be empty. */
	readonly note: string;
}

/** What is shown of a service. */
export const statusOf = (state: State, entry: Entry): Shown => ({
	status: statusNameOf(entry), pid: pidOf(entry.phase), note: noteOf(state, entry),
});

/** A oneshot that does its work is running; a daemon that is not ready yet is starting. */
export function statusNameOf({phase, service}: Entry): Status {
	if (phase.kind === 'down') return DOWN[phase.cause];
	if (phase.kind === 'starting' && service.type === 'oneshot') return 'running';
	if (phase.kind === 'up' && phase.health === 'unhealthy') return 'unhealthy';
	return STATUS[phase.kind];
}

/** The living main process of a phase, else null. */
export function pidOf(phase: Phase): number | null {
	if ((phase.kind === 'stopping' && phase.outcome) || (phase.kind === 'starting' && phase.handover === 'main')) return null;
	return 'pid' in phase ? phase.pid : null;
}

/** As a noun: `exit status 1`, `SIGKILL`, `SIGSEGV (core dumped)`. */
export function describeOutcome(outcome: Outcome): string {
	if (outcome.kind === 'code') return `exit status ${outcome.code}`;
	const more = outcome.oom ? ' (out of memory)' : outcome.core ? ' (core dumped)' : '';
	return signalName(outcome.signal) + more;
}

/** As a verb: `exited with status 1`, `was killed by SIGSEGV (core dumped)`. */
export const describeEnd = (outcome: Outcome): string =>
	(outcome.kind === 'code' ? `exited with status ${outcome.code}` : `was killed by ${describeOutcome(outcome)}`);

/** `changing directory to /srv: no such file or directory`. */
export const describeRefusal = ({stage, reason}: Refusal): string => `${stage}: ${reason}`;

/** How the last start or run ended: `exit status 1`, `not ready within 5 s (SIGTERM)`; empty before the first one. */
export function lastEnd({refusal, blame, outcome}: Pick<Entry, 'refusal' | 'blame' | 'outcome'>): string {
	if (refusal) return describeRefusal(refusal);
	const end = outcome ? describeOutcome(outcome) : '';
	return blame === null ? end : end ? `${blame} (${end})` : blame;
}

/** The same of a service that has failed, with its number of restarts: `exit status 1 after 3 restarts`. */
export function lastEnds(entry: Entry): string {
	const {length} = entry.ends;
	return lastEnd(entry) + (length > 0 ? ` after ${length} restart${length > 1 ? 's' : ''}` : '');
}

/** `restart 2 of 8`, or without a limit `restart 2`. */
export function attempt({ends, service}: Entry): string {
	const {attempts} = service.restart;
	return `restart ${ends.length}${Number.isFinite(attempts) ? ` of ${attempts}` : ''}`;
}

/** The ruling by which a service has been started or stopped, in words; empty: it was for another reason. */
export function rulingFor(entry: Entry, runs: boolean): string {
	const decision = entry.restartPending || entry.ends.length > 0 ? null : decisionOf(entry);
	return decision?.ruling.runs === runs ? decision.text : '';
}

/** Of what has been stopped, or has nothing to say for itself, the ruling that decides about it is shown. */
function noteOf(state: State, entry: Entry): string {
	const {phase} = entry;
	const note = ownNote(state, entry);
	const decision = decisionOf(entry, state.stage);
	if (!decision) return note;
	if (note === '' || (phase.kind === 'down' && (phase.cause === 'stopped' || phase.cause === 'new'))) return decision.text;
	return decision.ruling.runs || phase.kind === 'waiting' ? note : `${note}; ${decision.text}`;
}

function ownNote(state: State, entry: Entry): string {
	const {phase} = entry;
	switch (phase.kind) {
		case 'waiting': return waitingNote(state, entry);
		case 'backoff': return `${lastEnd(entry)}; ${attempt(entry)} is next`;
		case 'stopping':
			if (phase.finish) return `${describeOutcome(phase.outcome ?? {kind: 'code', code: 0})}; running ${phase.finish.hook}`;
			if (phase.outcome) return `${describeOutcome(phase.outcome)}; stopping its remaining processes`;
			if (phase.isHooked) return 'running pre_stop';
			return phase.killed ? 'sent SIGKILL' : `${phase.blame ? `${phase.blame}; ` : ''}sent ${signalName(entry.stop.signal)}`;
		case 'starting': return entry.statusText || startingNote(entry, phase);
		case 'up': return entry.statusText || upNote(entry, phase);
		case 'down':
			if (entry.service.isLazy && phase.cause !== 'failed' && entry.desired === 'auto') return 'starts with the next connection';
			if (phase.cause === 'new') return 'not started';
			if (phase.cause === 'skipped') return `skipped: ${lastEnd(entry)}`;
			return phase.cause === 'failed' && !entry.refusal ? lastEnds(entry) : lastEnd(entry);
		case 'done': return lastEnd(entry);
		case 'spawning': return phase.isConditional ? 'examining only_if' : phase.isHooked ? 'running pre_start' : '';
	}
}

function waitingNote(state: State, entry: Entry): string {
	const needs = unmetNeeds(state, entry);
	const port = needs === '' && mayAwaitPort(entry.service) ? porting().describeAwaited(state, entry) : null;
	return port === null ? `waiting for ${needs}` : `waiting: ${port}`;
}

function startingNote(entry: Entry, phase: Extract<Phase, {kind: 'starting'}>): string {
	if (phase.isHooked) return 'running post_start';
	const {type, pidFile} = entry.service;
	if (type === 'oneshot') return '';
	if (phase.handover === 'exit') return 'waiting for its first process to exit';
	if (phase.handover === 'main') return `looking for its main process${pidFile === null ? '' : ` in ${pidFile}`}`;
	return phase.probes?.detail ? `not ready: ${phase.probes.detail}` : 'not ready yet';
}

function upNote(entry: Entry, {isReady, health, probes}: Extract<Phase, {kind: 'up'}>): string {
	if (!isReady) return 'reloading';
	if (health === 'unhealthy') return probes?.detail ?? '';
	if (entry.ends.length > 0 && entry.outcome) return `last run: ${lastEnd(entry)}`;
	return health === 'starting' ? 'health not known yet' : '';
}

const isSkipped = ({phase}: Entry): boolean => phase.kind === 'down' && phase.cause === 'skipped';

/** The needs that are not met, each with its status: `db (failed), cache (waiting)`; then what conflicts: `blue to stop`. */
export function unmetNeeds(state: State, entry: Entry): string {
	const unmet = entry.needs.flatMap(edge => {
		const need = entryOf(state, edge.id);
		return need && !holds(need, edge) ? [need] : [];
	});
	const awaited = [
		...unmet.map(need => `${need.service.name} (${isSkipped(need) ? 'skipped' : statusNameOf(need)})`),
		...livingRivals(state.table, entry).map(({service: {name}}) => `${name} to stop`),
	];
	const shown = awaited.slice(0, 3);
	return shown.join(', ') + (awaited.length > shown.length ? ` and ${awaited.length - shown.length} more` : '');
}
