/** What the master of a pool tells PID 1, read and put into words. It is a program of another user: what has another form is nothing. */
import type {Fields} from '../../../core/foreign-json.ts';
import {type NodeRow, type PoolEvent, type PoolEventKind, TEXT_MAX} from './link.ts';
import {reasonOf} from './rows.ts';
import {PLAN_MAX} from './spec.ts';

const STATUSES = ['waiting', 'booting', 'ready', 'crashed'] as const;

const KINDS: readonly PoolEventKind[] = ['node-ready', 'node-crashed', 'node-ended', 'command-started', 'command-ended', 'pool-restarted'];

export function readRow({node, parent, status, pid, why, since}: Fields): NodeRow | null {
	const shown = STATUSES.find(each => each === status);
	const name = nameIn(node);
	if (!shown || name === null) return null;
	return {node: name, parent: nameIn(parent), status: shown, pid: numberIn(pid), why: textIn(why), since: numberIn(since) ?? 0};
}

export function readHappened({kind, node, pid, command, client, status, why}: Fields): PoolEvent | null {
	const known = KINDS.find(each => each === kind);
	if (!known) return null;
	return {
		kind: known, node: nameIn(node) ?? '', pid: numberIn(pid), command: nameIn(command), client: numberIn(client), status: numberIn(status),
		why: textIn(why),
	};
}

/** A node, and what is to be said of it; of a command also its node and client. */
export function wordsOf({kind, node, command, client, why}: PoolEvent): string {
	const of = command === null ? node : `${command} of ${node}${client === null ? '' : `, client ${client}`}`;
	const reason = why === null ? '' : kind === 'node-crashed' ? reasonOf(why) : why;
	return reason === '' ? of : `${of}: ${reason}`;
}

/** What a status says of a pool; empty: there is nothing to say. */
export function noteOf(rows: readonly NodeRow[]): string {
	const ready = rows.filter(({status}) => status === 'ready').length;
	if (rows.length === 0 || ready === rows.length) return '';
	const crashed = rows.find(({status}) => status === 'crashed');
	const what = crashed ? `; ${crashed.node} crashed: ${reasonOf(crashed.why ?? '')}` : '';
	return `${ready} of ${rows.length} nodes ready${what}`;
}

const nameIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, PLAN_MAX.nameBytes) : null);
const textIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, TEXT_MAX) : null);
const numberIn = (value: unknown): number | null => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null);
