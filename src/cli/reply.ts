/** From a question to its rows, or to a message on stderr and an exit status. */
import type {Answer, Client, Trouble} from '../control/client.ts';
import type {Reply} from '../control/protocol.ts';
import type {Fields} from '../control/records.ts';
import {err, ok, type Result} from '../core/result.ts';
import {EXIT, type Io} from './command.ts';

/** The rows of an answer that ends with `Ok`; else the exit status, and the user was told why. */
export function rowsOf(client: Client, request: Fields, io: Io): Result<Answer['rows'], number> {
	const answer = client.ask(request);
	if (!answer.ok) return err(tellTrouble(answer.error, io));
	const {rows, reply} = answer.value;
	return reply.kind === 'Ok' ? ok(rows) : err(tellReply(reply, io));
}

/** The exit status of a question that needs no more than a yes. */
export function statusOf(client: Client, request: Fields, io: Io): number {
	const rows = rowsOf(client, request, io);
	return rows.ok ? EXIT.ok : rows.error;
}

/** The exit status of a reply; says what is wrong where something is. */
export function tellReply(reply: Reply, io: Io): number {
	if (reply.kind === 'ExitStatus') return reply.code;
	if (reply.kind === 'Ok') return EXIT.ok;
	complain(io, reply.reason);
	return EXIT.refused;
}

export function tellTrouble({kind, reason}: Trouble, io: Io): number {
	if (kind === 'unsent') complain(io, `cannot ask for that: ${reason}`);
	else if (kind === 'anew') complain(io, UNKNOWN);
	else complain(io, `cannot hear archon: ${reason}`);
	return kind === 'unsent' ? EXIT.usage : EXIT.unreachable;
}

const UNKNOWN = 'archon was re-executed before it answered, and whether that was done is not known: see archonctl status';

export const complain = (io: Io, message: string): void => io.stderr(`archonctl: ${message}\n`);
