/** Why a service cannot start: which of its needs, near or far, has failed for good. */
import type {Entry} from './entry.ts';
import {exitStatus, refusalStatus} from './outcome.ts';
import {read, type ServiceTable} from './service-table.ts';
import type {Service} from './service.ts';
import {isFailedNeed} from './state.ts';
import {lastEnd} from './status.ts';

/** Why an entry is lost: itself, or the first need, near or far, that has failed for good. */
export function rootOf(table: ServiceTable, entry: Entry): Entry {
	let root = entry;
	for (let need = failedNeed(table, entry); need; need = need.phase.kind === 'waiting' ? failedNeed(table, need) : undefined) root = need;
	return root;
}

/** Why one that waits in vain does so: `db has failed (exit 1)`, `app waits for db: db has failed (exit 1)`. */
export function cannotStart(table: ServiceTable, entry: Entry): string {
	const [near, root] = [failedNeed(table, entry), rootOf(table, entry)];
	return near === root ? endOf(root) : `${near?.service.name} waits for ${root.service.name}: ${endOf(root)}`;
}

/** The first hard need of an entry that will not hold by itself any more. */
function failedNeed(table: ServiceTable, {needs}: Entry): Entry | undefined {
	for (const edge of needs) {
		const need = read(table, edge.id);
		if (need && isFailedNeed(need, edge)) return need;
	}
	return undefined;
}

/** How a service ended, or what it does: `db has failed (exit 1)`. */
export function endOf(entry: Entry): string {
	const {phase, service: {name}} = entry;
	if (phase.kind !== 'down') return phase.kind === 'done' ? `${name} has completed` : `${name} is ${phase.kind}`;
	const how = lastEnd(entry);
	const more = how === '' ? '' : ` (${how})`;
	switch (phase.cause) {
		case 'failed': return `${name} has failed${more}`;
		case 'completed': return `${name} has completed`;
		case 'exited': return `${name} has ended${more}`;
		case 'stopped': return `${name} was stopped`;
		case 'new': return `${name} was not started`;
	}
}

/** Whether its failing for good ends the container, so that it need not wait for a person either. */
export const endsContainer = ({essential, onFailed}: Service): boolean => essential || onFailed === 'shutdown';

/** The exit status of a container that ends because this has failed; never 0. */
export const failureStatus = ({refusal, outcome}: Entry): number =>
	(refusal ? refusalStatus(refusal) : outcome ? exitStatus(outcome) : 1) || 1;
