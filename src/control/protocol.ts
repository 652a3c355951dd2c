/** What all answers on the control socket have in common: replies and rows. Pure; how records look as bytes is in `records.ts`. */
import {type Fields, writePlainRecord, writeRow} from './records.ts';

export type Reply =
	| {readonly kind: 'Ok'}
	| {readonly kind: 'Error'; readonly reason: string}
	| {readonly kind: 'ExitStatus'; readonly code: number};

/** One line of printable ASCII, whatever the reason says. */
export function encodeReply(reply: Reply, tag: string | null): string {
	switch (reply.kind) {
		case 'Ok': return writePlainRecord(['Ok'], tag);
		case 'Error': return writePlainRecord(['Error', reply.reason], tag);
		case 'ExitStatus': return writePlainRecord(['ExitStatus', String(reply.code)], tag);
	}
}

export const encodeRow = writeRow;

/** The reply that a record is; null for a row or anything else. */
export function decodeReply([verb, value]: Fields): Reply | null {
	if (verb === 'Ok') return {kind: 'Ok'};
	if (verb === 'Error') return {kind: 'Error', reason: value ?? ''};
	return verb === 'ExitStatus' && value !== undefined && /^\d{1,3}$/.test(value)
		? {kind: 'ExitStatus', code: Number(value)}
		: null;
}
