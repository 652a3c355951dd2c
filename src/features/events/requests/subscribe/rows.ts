/** The rows of the answer to `Subscribe`, in both directions. Pure. */
import type {EventKind} from '../../../../core/event-kinds.ts';

/** An event as a client sees it; empty: there is no such thing. */
export interface EventRow {
	readonly kind: 'event';
	readonly number: number;
	/** In milliseconds since 1970, as `next`. */
	readonly at: number;
	readonly event: EventKind;
	/** Empty: archon as a whole. */
	readonly service: string;
	readonly from: string;
	readonly to: string;
	readonly pid: number | null;
	readonly run: number | null;
	readonly exit: number | null;
	readonly count: number | null;
	readonly next: number | null;
	readonly reason: string;
}

export type SubscribeRow =
	| EventRow
	/** This many events are left out here. */
	| {readonly kind: 'missed'; readonly count: number}
	/** All that was kept has been told; the number of the newest event. */
	| {readonly kind: 'live'; readonly last: number};

export function encodeEventRow(row: SubscribeRow): readonly string[] {
	switch (row.kind) {
		case 'missed': return [row.kind, String(row.count)];
		case 'live': return [row.kind, String(row.last)];
		case 'event': return [
			row.kind, String(row.number), String(row.at), row.event, row.service, row.from, row.to,
			textOf(row.pid), textOf(row.run), textOf(row.exit), textOf(row.count), textOf(row.next), row.reason,
		];
	}
}

/** null: a row of a kind that is not known. */
export function decodeEventRow([kind, first = '', at = '', event = '', service = '', ...fields]: readonly string[]): SubscribeRow | null {
	if (kind === 'missed') return {kind, count: Number(first)};
	if (kind === 'live') return {kind, last: Number(first)};
	if (kind !== 'event') return null;
	const [from = '', to = '', pid = '', run = '', exit = '', count = '', next = '', reason = ''] = fields;
	return {
		kind, number: Number(first), at: Number(at), event: event as EventKind, service, from, to, pid: numberOf(pid), run: numberOf(run),
		exit: numberOf(exit), count: numberOf(count), next: numberOf(next), reason,
	};
}

const textOf = (value: number | null): string => (value === null ? '' : String(value));
const numberOf = (text: string): number | null => (text === '' ? null : Number(text));
