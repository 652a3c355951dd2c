/** Why a service cannot start: which of its direct or indirect needs has failed for good. */
import type {Entry} from './entry.ts';
import {exitStatus, refusalStatus} from './outcome.ts';
import {read, type ServiceTable} from './service-table.ts';
import type {Service} from './service.ts';
import {isFailedNeed} from './state.ts';
import {lastEnd} from './status.ts';

/** The entry that is to blame: the entry itself, or the first of its direct or indirect needs that has failed for good. */
export function rootOf(table: ServiceTable, entry: Entry): Entry {
	let root = entry;
	for (let need = failedNeed(table, entry); need; need = need.phase.kind === 'waiting' ? failedNeed(table, need) : undefined) root = need;
	return root;
}

/** Why a service that waits cannot start: `db failed (exit status 1)`, `app is waiting for db: db failed (exit status 1)`. */
export function cannotStart(table: ServiceTable, entry: Entry): string {
	const [near, root] = [failedNeed(table, entry), rootOf(table, entry)];
	return near === root ? endOf(root) : `${near?.service.name} is waiting for ${root.service.name}: ${endOf(root)}`;
}

/** The first hard need of an entry that has failed for good. */
function failedNeed(table: ServiceTable, {needs}: Entry): Entry | undefined {
	for (const edge of needs) {
		const need = read(table, edge.id);
		if (need && isFailedNeed(need, edge)) return need;
	}
	return undefined;
}

/** How a service ended, or its phase: `db failed (exit status 1)`. */
export function endOf(entry: Entry): string {
	const {phase, service: {name}} = entry;
	if (phase.kind !== 'down') return phase.kind === 'done' ? `${name} completed` : `${name} is ${phase.kind}`;
	const how = lastEnd(entry);
	const more = how === '' ? '' : ` (${how})`;
	switch (phase.cause) {
		case 'failed': return `${name} failed${more}`;
		case 'completed': return `${name} completed`;
		case 'exited': return `${name} exited${more}`;
		case 'stopped': return `${name} was stopped`;
		case 'skipped': return `${name} was skipped${more}`;
		case 'new': return `${name} was not started`;
	}
}

/** Whether the container ends when the service fails for good; then the service does not wait for an operator. */
export const endsContainer = ({essential, onFailed}: Service): boolean => essential || onFailed === 'shutdown';

/** The exit status of a container that ends because this service has failed; never 0. */
export const failureStatus = ({refusal, outcome}: Entry): number =>
	(refusal ? refusalStatus(refusal) : outcome ? exitStatus(outcome) : 1) || 1;
