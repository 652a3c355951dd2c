/** How many clients a pool may have by the number of files that its master may open: what is left of them is for nodes. */

import {CLIENTS_MAX} from '../../features/pools/core/state.ts';

export interface Room {
	/** Clients that wait, or whose command runs. */
	readonly clients: number;
	/** Further ones that are told at one time that there are too many; still further ones wait to be taken. */
	readonly refused: number;
}

/** However many files may be open. */
const MOST: Room = {clients: CLIENTS_MAX, refused: 64};
const LEAST: Room = {clients: 1, refused: 2};

/** What the master has itself, with what it opens for a moment, and nodes that begin. */
const OWN = 48;
/** Its sockets, its pipe and its process; and of the command that it is about to start. */
const NODE = 6;
/** Its socket and what it gives to its command; or its socket, that of the runner, and two processes. */
const CLIENT = 5;
/** The part of the room that is for those that are refused. */
const REFUSED = 40;

export function roomOf(limit: number, nodes: number): Room {
	const files = limit - OWN - nodes * NODE;
	const refused = Math.min(MOST.refused, Math.max(LEAST.refused, Math.floor(files / REFUSED)));
	const clients = Math.floor(files / CLIENT) - refused;
	return {refused, clients: Math.min(MOST.clients, Math.max(LEAST.clients, clients))};
}
