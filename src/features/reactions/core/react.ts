/** What happens to services for which there are actions (`on`): each event becomes an act, with what is known of it as variables. */
import type {ServiceKind} from '../../../core/event-kinds.ts';
import type {View} from '../../../core/feature.ts';
import type {Outcome} from '../../../core/outcome.ts';
import {signalName} from '../../../core/signal-numbers.ts';
import {entryOf} from '../../../core/state.ts';
import type {Change} from '../../../core/turn.ts';
import {eventsOfChange, type Happening} from '../../events/core.ts';

/** The events that tell of an end, and so of how it was. */
const ENDS: ReadonlySet<string> = new Set<ServiceKind>(['exited', 'restarting', 'backoff', 'completed', 'stopped', 'failed']);

/** Raises an act for each event of the changes that has actions. */
export function react(changes: readonly Change[], view: View): void {
	for (const {before, after} of changes) {
		const {id, outcome, phase, service: {name, on}} = after;
		eventsOfChange(before, after, id => entryOf(view.state, id), happening => {
			const actions = on?.[happening.kind as ServiceKind];
			if (!actions) return;
			const {kind, reason} = happening;
			const end = phase.kind === 'stopping' ? phase.outcome : outcome;
			view.raise({
				kind: 'act', by: `on of ${name}`, about: id, why: `${name} ${WORDS[kind] ?? kind}${reason === '' ? '' : `: ${reason}`}`, actions,
				variables: variablesOf(happening, ENDS.has(kind) ? end : null),
			});
		});
	}
}

/** How the line of an action names an event where its name alone reads badly. */
const WORDS: Readonly<Record<string, string>> = {
	ready: 'is ready', healthy: 'is healthy', unhealthy: 'is unhealthy', waiting: 'waits', blocked: 'is blocked', preparing: 'is prepared',
	reloading: 'is reloading', 'main-pid': 'has another main process', stopping: 'is stopping', killed: 'was killed',
	restarting: 'is restarted', backoff: 'is restarted later', skipped: 'was skipped', failed: 'has failed', stopped: 'has stopped',
};

function variablesOf({kind, pid, run, count, reason, to}: Happening, end: Outcome | null): Readonly<Record<string, string>> {
	return {
		ARCHON_EVENT: kind, ARCHON_STATUS: to, ARCHON_REASON: reason,
		...pid !== null && {ARCHON_PID: String(pid)}, ...run !== null && {ARCHON_EVENT_RUN: String(run)},
		...count !== null && {ARCHON_COUNT: String(count)},
		...end?.kind === 'code' && {ARCHON_EXIT_CODE: String(end.code)},
		...end?.kind === 'signal' && {ARCHON_EXIT_CODE: String(128 + end.signal), ARCHON_SIGNAL: signalName(end.signal)},
	};
}
