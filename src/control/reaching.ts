/** When a service has come to what a client waits for (`Wait`), and when it will not by itself. */
import type {Entry} from '../core/entry.ts';
import {exitStatus} from '../core/outcome.ts';
import {isAlive} from '../core/phase.ts';
import {isToRun, meets} from '../core/state.ts';
import {lastEnd, lastEnds} from '../core/status.ts';
import {decisionOf} from '../core/wanted.ts';
import type {Goal} from './requests/wait/wire.ts';
import type {Blockers} from './blockers.ts';

export type Verdict =
	| {readonly kind: 'reached'; readonly status: number}
	/** What is waited for will not come by waiting, and why. */
	| {readonly kind: 'missed'; readonly reason: string};

/** `starts`: how often it had been started when it was asked; null: it can still go either way. */
export function judgeGoal(goal: Goal, starts: number, entry: Entry | undefined, blockers: Blockers): Verdict | null {
	if (!entry) return goal === 'stopped' ? REACHED : missed('it was removed');
	switch (goal) {
		case 'stopped': return entry.phase.kind === 'down' ? reached(entry) : null;
		case 'exited': return judgeExit(starts, entry, blockers);
		default: return has(goal, entry) ? reached(entry) : judgeHope(entry, blockers);
	}
}

const REACHED: Verdict = {kind: 'reached', status: 0};

const reached = ({outcome, phase}: Entry): Verdict =>
	({kind: 'reached', status: outcome && !('pid' in phase) ? exitStatus(outcome) : 0});

const missed = (reason: string): Verdict => ({kind: 'missed', reason});

function has(goal: 'ready' | 'healthy' | 'running', entry: Entry): boolean {
	const {phase, leaving} = entry;
	if (goal === 'running') return phase.kind === 'up' || phase.kind === 'starting';
	if (goal === 'healthy') return meets(entry, 'service_healthy');
	return phase.kind === 'up' ? phase.isReady && !leaving : meets(entry, 'service_completed_successfully');
}

function judgeExit(starts: number, entry: Entry, blockers: Blockers): Verdict | null {
	const {phase, outcome} = entry;
	if (isAlive(phase) && phase.kind !== 'done' && entry.starts === starts) return null;
	return outcome ? reached(entry) : judgeHope(entry, blockers);
}

/** `: its test said no (exit status 1)`; empty where no ruling keeps it from running. */
export function because(entry: Entry): string {
	const decision = decisionOf(entry);
	return decision ? `: ${decision.text}` : '';
}

/** Whether it is on its way; if not, what has become of it. */
function judgeHope(entry: Entry, blockers: Blockers): Verdict | null {
	const {phase, service: {name}} = entry;
	const start = `archonctl start ${name} starts it`;
	switch (phase.kind) {
		case 'waiting': return blockers.isStuck(entry) ? missed(`it is waiting for ${blockers.waitsFor(entry)}`) : null;
		case 'stopping': return isToRun(entry) || entry.restartPending ? null : missed(`it is being stopped${because(entry)}; ${start}`);
		case 'done': return missed('it has completed');
		case 'down': switch (phase.cause) {
			case 'completed': return missed('it has completed');
			case 'exited': return missed(`it has exited (${lastEnd(entry)}); ${start}`);
			case 'failed': return missed(`it has failed: ${entry.refusal ? lastEnd(entry) : lastEnds(entry)}`);
			case 'skipped': return missed(`it was skipped: ${lastEnd(entry)}`);
			case 'new':
			case 'stopped': {
				const how = phase.cause === 'new' ? 'was not started' : 'is stopped';
				return isToRun(entry) ? null : missed(`it ${how}${because(entry)}; ${start}`);
			}
		}
		default: return null;
	}
}
