/** PID 1's end of a helper as a client of the control protocol: connections with the rights of the helper's service. */
import {HELPER_PREFIX, type Role} from '../core/helper-roles.ts';
import {find, type State} from '../core/state.ts';
import {pidOf} from '../core/status.ts';
import {bytesOf} from '../os/bytes.ts';
import {close, streamPair} from '../os/descriptors.ts';
import {errnoText} from '../os/errno.ts';
import {CONTROL, encodeMessage, LENT, type Message, WITHHELD} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import {uid} from '../os/identity.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {MSG_DONTWAIT, sys} from '../os/sys.ts';

export interface Lending {
	readonly role: Role;
	readonly link: Link;
	readonly state: () => State;
	/** Null: archon has no control socket. */
	readonly listener: () => Listener | null;
}

/**
 * Sends the helper one end of a new connection, with a message of that kind and number; null, or why it gets no connection. `first`: what
 * the connection begins with, before the helper has it. Where it cannot be sent the helper hears nothing, and asks again.
 */
export function lend({role, link, state, listener}: Lending, kind: string, id: number, first: Uint8Array | null): string | null {
	const name = HELPER_PREFIX + role;
	const entry = find(state(), name);
	const socket = listener();
	if (!entry) return 'the config of archon has changed; try again';
	if (!socket) return 'archon has no control socket, see its log';
	const ends = streamPair();
	if (typeof ends === 'number') return `archon cannot make a connection: ${errnoText(-ends)}`;
	const [own, theirs] = ends;
	if (first) sys.send(theirs, first, [], MSG_DONTWAIT);
	const isSent = link.post(encodeMessage(kind, id), [theirs]) === 'sent';
	close(theirs);
	if (!isSent) {
		close(own);
		return null;
	}
	const number = Number(entry.service.exec.user?.user ?? uid);
	const owner = {id: entry.id, name};
	socket.admit(own, {pid: pidOf(entry.phase) ?? 0, uid: number, gid: number, groups: [], owner});
	return null;
}

/** Whether a message of the helper's asks for a connection; then it was answered. */
export function lendControl(lending: Lending, {kind, id}: Message): boolean {
	if (kind !== CONTROL) return false;
	const why = lend(lending, LENT, id, null);
	if (why !== null) lending.link.post(encodeMessage(WITHHELD, id, bytesOf(why)));
	return true;
}
