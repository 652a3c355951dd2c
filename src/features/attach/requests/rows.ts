/** The rows of the answer to `Terminal`, in both directions. Pure. */
import {escapeBytes, unescapeBytes} from '../core/terminals.ts';

export type SeatRole = 'writes' | 'reads';

export type TerminalRow =
	| {readonly kind: 'attached'; readonly seat: number; readonly role: SeatRole; readonly rows: number; readonly columns: number}
	/** One character of `text` is one byte. */
	| {readonly kind: 'output'; readonly place: number; readonly text: string}
	| {readonly kind: 'live'}
	| {readonly kind: 'skipped'; readonly count: number}
	| {readonly kind: 'role'; readonly role: SeatRole}
	| {readonly kind: 'size'; readonly rows: number; readonly columns: number}
	/** `exit` is null where there was no process. */
	| {readonly kind: 'ended'; readonly exit: number | null; readonly how: string}
	| {readonly kind: 'began'; readonly pid: number};

/** Bytes of output in one row: each takes four characters at most, and a record has 64 KiB. */
export const PIECE = 12 << 10;

export function encodeTerminalRow(row: TerminalRow): readonly string[] {
	switch (row.kind) {
		case 'attached': return ['attached', String(row.seat), row.role, String(row.rows), String(row.columns)];
		case 'output': return ['output', String(row.place), escapeBytes(row.text)];
		case 'live': return ['live'];
		case 'skipped': return ['skipped', String(row.count)];
		case 'role': return ['role', row.role];
		case 'size': return ['size', String(row.rows), String(row.columns)];
		case 'ended': return ['ended', row.exit === null ? '' : String(row.exit), escapeBytes(row.how)];
		case 'began': return ['began', String(row.pid)];
	}
}

/** null: a kind that is not known. */
export function decodeTerminalRow([kind, first = '', second = '', third = '', fourth = '']: readonly string[]): TerminalRow | null {
	const role = (text: string): SeatRole => text === 'writes' ? text : 'reads';
	switch (kind) {
		case 'attached': return {kind, seat: Number(first), role: role(second), rows: Number(third), columns: Number(fourth)};
		case 'output': return {kind, place: Number(first), text: unescapeBytes(second) ?? ''};
		case 'live': return {kind};
		case 'skipped': return {kind, count: Number(first)};
		case 'role': return {kind, role: role(first)};
		case 'size': return {kind, rows: Number(first), columns: Number(second)};
		case 'ended': return {kind, exit: first === '' ? null : Number(first), how: unescapeBytes(second) ?? second};
		case 'began': return {kind, pid: Number(first)};
		default: return null;
	}
}
