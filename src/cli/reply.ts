/** From a request to its rows, or to a message on stderr and an exit status. */
import {STATUS, STATUS_ROW} from '../control/requests/status/wire.ts';
import type {Answer, Client, Trouble, Verb} from '../control/client.ts';
import type {Reply} from '../control/protocol.ts';
import {err, ok, type Result} from '../core/result.ts';
import {EXIT, type Io} from './command.ts';

/** The rows of an answer that ends with `Ok`; else the exit status, and the user was told why. */
export function rowsOf(client: Client, request: Verb, fields: readonly string[], io: Io): Result<Answer['rows'], number> {
	const answer = client.ask(request, fields);
	if (!answer.ok) return err(tellTrouble(answer.error, io));
	const {rows, reply} = answer.value;
	return reply.kind === 'Ok' ? ok(rows) : err(tellReply(reply, io));
}

/** The services that NAMEs stand for: groups, instances and patterns written out; none for none. */
export function namesOf(client: Client, operands: readonly string[], io: Io): Result<readonly string[], number> {
	if (operands.length === 0) return ok([]);
	const rows = rowsOf(client, STATUS, operands, io);
	return rows.ok ? ok(rows.value.map(row => STATUS_ROW.decode(row).name)) : rows;
}

/** The exit status of a request whose answer has nothing to show. */
export function statusOf(client: Client, request: Verb, fields: readonly string[], io: Io): number {
	const rows = rowsOf(client, request, fields, io);
	return rows.ok ? EXIT.ok : rows.error;
}

/** The exit status of a reply; says what is wrong where something is, and programs `more`. */
export function tellReply(reply: Reply, io: Io, more: object = {}): number {
	if (reply.kind === 'ExitStatus') return reply.code;
	if (reply.kind === 'Ok') return EXIT.ok;
	complain(io, reply.reason, more);
	return EXIT.refused;
}

export function tellTrouble({kind, reason}: Trouble, io: Io): number {
	complain(io, kind === 'unsent' ? `cannot send the request: ${reason}` : kind === 'unanswered' ? UNKNOWN : reason);
	return kind === 'unsent' ? EXIT.usage : EXIT.unreachable;
}

const UNKNOWN = 'archon was re-executed before it answered; whether the request was carried out is not known: see archonctl status';

/** The exit status of wrong usage. */
export function usageError(io: Io, reason: string): number {
	complain(io, reason);
	return EXIT.usage;
}

/** `more`: what programs are told beside the message. */
export const complain = (io: Io, message: string, more: object = {}): void =>
	io.stderr(io.isJson ? `${JSON.stringify({error: message, ...more})}\n` : `archonctl: ${message}\n`);

export const printJson = (io: Io, value: unknown): void => io.stdout(`${JSON.stringify(value, null, 2)}\n`);
