/**
 * What a probe from outside is answered, of services or of the whole. `ready`: what is to run is up and well, or has done its
 * work. `live`: nothing is in a state that only a new start of the container, or an operator, would end.
 */
import type {Entry} from './entry.ts';
import {entries, hasFailedForGood, isAwaited, isHelper, isToRun, type State} from './state.ts';
import {statusOf} from './status.ts';
import {RUNNING, UNASKED, wanted} from './wanted.ts';
import {isUnread} from '../features/manifest/core/kept.ts';
import {isAsking} from '../features/run-test/core/part.ts';

export type Probed = 'ready' | 'live';

/** Why not, in words; null: it is. `chosen`: of these services, whether they are to run or not; null: of the whole. */
export function illness(state: State, what: Probed, chosen: readonly Entry[] | null): string | null {
	const {stage, awaited} = state;
	if (what === 'ready' && stage.kind !== 'running') return stage.kind === 'boot' ? 'archon is starting' : 'archon is shutting down';
	if (chosen === null && what === 'ready') {
		if (isUnread(state)) return 'the manifest was not read yet';
		if (awaited === 0 && !isAsking(state)) return null;
	}
	const isIll = what === 'ready' ? isUnready : isLost;
	let [first, more]: [Entry | null, number] = [null, 0];
	for (const entry of chosen ?? entries(state)) {
		if (!isIll(entry) && (chosen === null || !isUnwanted(entry))) continue;
		if (first) more += 1;
		else first = entry;
	}
	if (!first) return null;
	const {status, note} = statusOf(state, first);
	return `${first.service.name} is ${status}${note === '' ? '' : `: ${note}`}${more > 0 ? `; and ${more} more` : ''}`;
}

const isUnready = (entry: Entry): boolean => isAwaited(entry) || isUnasked(entry);

/** Whether it is not known yet if it is to run, as its test has the say and was not asked. */
const isUnasked = (entry: Entry): boolean => entry.rulings.test?.why === UNASKED && wanted(entry, RUNNING).by === 'test';

const isLost = (entry: Entry): boolean =>
	!isHelper(entry) && (isFailed(entry) || (entry.phase.kind === 'up' && entry.phase.health === 'unhealthy'));

/** A daemon that has exited as it was meant to is not lost. */
const isFailed = (entry: Entry): boolean => hasFailedForGood(entry) && !(entry.phase.kind === 'down' && entry.phase.cause === 'exited');

/** Whether a service that was named is stopped, is about to be, or was never started. */
const isUnwanted = (entry: Entry): boolean =>
	!isToRun(entry) && (entry.phase.kind !== 'down' || entry.phase.cause === 'new' || entry.phase.cause === 'stopped');
