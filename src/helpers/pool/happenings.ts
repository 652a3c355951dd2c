/** What happens in a pool, as archon's events tell it. */
import type {Effect} from '../../features/pools/core/effect.ts';
import {type NodeRow, type PoolEvent, TEXT_MAX} from '../../features/pools/core/link.ts';

const NOTHING: Omit<PoolEvent, 'kind' | 'node'> = {pid: null, command: null, client: null, status: null, why: null};

const cut = (why: string | null): string | null => why && why.slice(0, TEXT_MAX);

/** Of a node whose row has changed. */
export function nodeEvents(row: NodeRow, before: NodeRow): readonly PoolEvent[] {
	const {node} = row;
	const events: PoolEvent[] = [];
	if (before.pid !== null && before.pid !== row.pid) events.push({...NOTHING, kind: 'node-ended', node, pid: before.pid});
	if (row.status === before.status) return events;
	if (row.status === 'ready') events.push({...NOTHING, kind: 'node-ready', node, pid: row.pid});
	if (row.status === 'crashed') events.push({...NOTHING, kind: 'node-crashed', node, pid: row.pid ?? before.pid, why: cut(row.why)});
	return events;
}

export function happeningOf(what: Extract<Effect, {kind: 'command' | 'restarted'}>): PoolEvent {
	const {node} = what;
	if (what.kind === 'restarted') return {...NOTHING, kind: 'pool-restarted', node, why: cut(what.why)};
	const {command, pid, client, status} = what;
	return {...NOTHING, kind: status === null ? 'command-started' : 'command-ended', node, command, pid, client, status};
}
