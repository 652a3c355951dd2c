/** Where `archonctl` looks for archon, and what it says where that is not found. */
import {socketPaths} from '../control/transport.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Io} from './command.ts';

export const NO_SUCH_FILE = 'no such file or directory';

/** What came of the first place of the socket that answers. */
export interface Found<T> {
	readonly value: T;
	readonly path: string;
	/** Whether a person named the path. */
	readonly isNamed: boolean;
}

/** Tries the places of the socket one after the other, or only the one that was named. */
export function firstOf<T>(
	io: Io, socket: string | null, connect: (path: string, isNamed: boolean) => Result<T, string>,
): Result<Found<T>, string> {
	const failures: {readonly path: string; readonly why: string}[] = [];
	const isNamed = socket !== null || Boolean(io.env['ARCHON_SOCKET']);
	for (const path of socket === null ? socketPaths(io.env, io.uid) : [socket]) {
		const connected = connect(path, isNamed);
		if (connected.ok) return ok({value: connected.value, path, isNamed});
		failures.push({path, why: connected.error});
	}
	// Why a socket that exists cannot be reached says more than that another one does not exist.
	const telling = failures.find(({why}) => why !== NO_SUCH_FILE) ?? failures[0];
	const {path = '', why = ''} = telling ?? {};
	return err(`cannot reach archon at ${path}: ${why}; ${hintFor(why)}`);
}

const hintFor = (why: string): string => why === 'permission denied'
	? 'only root and archon\'s own user may connect'
	: 'is archon running? --socket or $ARCHON_SOCKET names its socket';
