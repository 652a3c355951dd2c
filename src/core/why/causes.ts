/** What holds of a service by itself, for each phase: why it is in it, and what comes next without anybody's help. */
import {duration} from '../duration.ts';
import type {Entry} from '../entry.ts';
import type {Phase, Starting, Stopping, Up} from '../phase.ts';
import {matches} from '../restart.ts';
import {signalName} from '../signal-numbers.ts';
import {isToRun} from '../state.ts';
import {attempt, describeOutcome, lastEnd, lastEnds} from '../status.ts';
import {type Instant, NEVER} from '../time.ts';
import {decisionOf, RUNNING, wanted} from '../wanted.ts';

export interface Next {
	readonly at: Instant;
	readonly what: string;
}

type PhaseOf<K extends Phase['kind']> = Extract<Phase, {kind: K}>;

/** Why a service is in its phase, apart from others. */
export function causeOf(entry: Entry): string {
	const {phase} = entry;
	switch (phase.kind) {
		case 'down': return whyDown(entry, phase);
		case 'waiting': return 'it is about to start';
		case 'spawning':
			if (phase.isConditional) return 'its start conditions (only_if) are examined';
			return phase.isHooked ? 'its pre_start commands run' : 'its process is being made';
		case 'starting': return whyStarting(entry, phase);
		case 'up': return whyUp(entry, phase);
		case 'stopping': return whyStopping(entry, phase);
		case 'done': return `it has done its work (${lastEnd(entry)}), and its down commands run when it is stopped`;
		case 'backoff': return entry.outcome || entry.refusal || entry.blame !== null
			? `${didFail(entry)}; ${attempt(entry)} is next` : 'too many services were restarted at once';
	}
}

const didFail = (entry: Entry): string =>
	`${entry.refusal || !entry.outcome ? NOT_STARTED : 'it ended'}: ${lastEnd(entry)}`;

const NOT_STARTED = 'it could not be started';

function whyDown(entry: Entry, {cause}: PhaseOf<'down'>): string {
	const {desired} = entry;
	const decision = decisionOf(entry);
	const because = decision && !decision.ruling.runs ? `: ${decision.text}` : '';
	switch (cause) {
		case 'new': return isToRun(entry) ? 'it is about to start' : `it was not started${because}`;
		case 'stopped': return desired === 'stop' || because !== '' ? `it was stopped${because}` : 'it has stopped';
		case 'completed': return `it has done its work (${lastEnd(entry)})`;
		case 'exited': return `it exited by itself (${lastEnd(entry)}), and ${whyNotAgain(entry)}`;
		case 'failed': return entry.outcome ? `it ended: ${lastEnds(entry)}, and ${whyNotAgain(entry)}` : didFail(entry);
		case 'skipped': return `its start conditions (only_if) do not hold: ${lastEnd(entry)}`;
	}
}

/** Why its restart policy does not start it again. */
function whyNotAgain({service: {restart}, outcome, ends}: Entry): string {
	const {policy, attempts, window, fatal, success} = restart;
	const isSuccess = outcome !== null && matches(success, outcome);
	if (policy === 'no') return 'restart: no does not start it again';
	if (policy === 'on-failure' && isSuccess) return 'restart: on-failure does not start it again after a success';
	if (outcome && !isSuccess && matches(fatal, outcome)) return `its config never starts it again after ${describeOutcome(outcome)}`;
	if (ends.length >= attempts) {
		return attempts <= 1 ? `no more than ${attempts} restart is allowed` : `all ${attempts} restarts within ${duration(window)} are used up`;
	}
	return 'it is not started again';
}

function whyStarting(entry: Entry, phase: Starting): string {
	const {service} = entry;
	if (service.type === 'oneshot') return 'it does its work';
	if (phase.handover === 'exit') return 'its first process has not exited yet, as a service that forks does when it is ready';
	if (phase.handover === 'main') {
		return `its main process is looked for${service.pidFile === null ? '' : ` in ${service.pidFile}`}`;
	}
	if (phase.isHooked && !phase.isUnready) return 'its post_start commands run';
	const {ready} = service;
	switch (ready?.kind) {
		case 'fd': {
			const variable = ready.variable === null ? '' : ` ($${ready.variable})`;
			return `it runs, and has not written a line to descriptor ${ready.fd}${variable} to say that it is ready`;
		}
		case 'notify': return `it runs, and has not sent READY=1 to $NOTIFY_SOCKET${saysOf(entry)}`;
		case 'log': return `it runs, and no line of its output has matched ${ready.pattern}`;
		case 'probe': return `it runs, and is not ready${phase.probes?.detail ? `: ${phase.probes.detail}` : ': its first probe is under way'}`;
		case undefined: return `it runs, and is ready when it has run for ${duration(service.startPeriod)}`;
	}
}

/** What it says of itself (sd_notify). */
const saysOf = ({statusText}: Entry): string => (statusText === '' ? '' : `, and says: ${statusText}`);

function whyUp(entry: Entry, {isReady, health, probes}: Up): string {
	if (!isReady) return 'it reads its config again, and says when it is ready (sd_notify)';
	if (health === 'unhealthy') return `its healthcheck fails: ${probes?.detail || 'no answer'}`;
	if (health === 'starting') return `its healthcheck has not passed yet${probes?.detail ? `: ${probes.detail}` : ''}`;
	const last = entry.starts > 1 && (entry.outcome || entry.refusal) ? `; its last run ended: ${lastEnd(entry)}` : '';
	return `it is ready${saysOf(entry)}${last}`;
}

function whyStopping({stop, restartPending}: Entry, phase: Stopping): string {
	if (phase.finish) return `its processes have ended, and its ${phase.finish.hook} commands run`;
	const request = restartPending ? 'it is restarted' : 'it was asked to stop';
	const asked = phase.isRequested ? request : phase.blame ?? 'its main process has ended';
	if (phase.killed) return `${asked}; it did not end in time, and SIGKILL was sent: what it waits for in the kernel must end first`;
	if (phase.isHooked) return `${asked}; its pre_stop commands run`;
	if (phase.outcome) return `${asked} (${describeOutcome(phase.outcome)}); processes that it left behind are still running`;
	return `${asked}; it was sent ${signalName(stop.signal)} and has not ended`;
}

/** What comes next by itself, and when: what is nearest first. */
export function nextOf(entry: Entry): readonly Next[] {
	const {phase, timing} = entry;
	const scheduled = {at: timing?.at ?? NEVER, what: whatIsDue(entry)};
	const all = ((): readonly Next[] => {
		switch (phase.kind) {
			case 'waiting': return [{at: phase.deadline, what: 'it does not wait any longer'}];
			case 'backoff': return [{at: phase.deadline, what: 'it is started again'}];
			case 'spawning': return [{at: phase.deadline, what: 'its start has failed if it is not ready'}];
			case 'starting': return [
				{at: phase.probes?.next ?? NEVER, what: 'it is probed again'}, {at: phase.steadyAt, what: 'it is ready'},
				{at: phase.deadline, what: `it is stopped if it ${entry.service.type === 'oneshot' ? 'has not completed' : 'is not ready'}`},
			];
			case 'up': return phase.health === 'healthy' ? [] : [{at: phase.probes?.next ?? NEVER, what: 'it is probed again'}];
			case 'stopping': return [{
				at: phase.deadline, what: phase.killed || phase.finish ? 'it is not waited for any longer' : 'it is sent SIGKILL',
			}];
			case 'down':
			case 'done': return [];
		}
	})();
	return [...all, scheduled].filter(({at}) => at < NEVER).sort((one, other) => one.at - other.at);
}

/** What its schedule does next; an operator, a test or a list may keep it from that. */
function whatIsDue(entry: Entry): string {
	const {service: {schedule}, desired} = entry;
	const {runs} = wanted({...entry, desired: desired === 'auto' && schedule?.action === 'run' ? 'due' : desired}, RUNNING);
	if (!runs) return 'it leaves out what its schedule has';
	return `it is ${schedule?.action === 'restart' ? 'restarted' : 'started'} by its schedule`;
}
