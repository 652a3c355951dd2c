/** Where `archonctl` looks for archon, and what it says where that is not found. */
import {socketPaths} from '../control/transport.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Io} from './command.ts';

const NO_SUCH_FILE = 'no such file or directory';

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
	return err(`cannot reach archon at ${path}: ${why}${hintFor(path, why)}`);
}

function hintFor(path: string, why: string): string {
	// Who refuses a client there says why.
	if (path.includes('://')) return why === 'connection refused' ? '; does its config have remote, and is the port published?' : '';
	if (why === 'permission denied') return '; only root, archon\'s own user and those whom access in its config names may connect';
	return '; is archon running? --socket or $ARCHON_SOCKET names its socket';
}

/** Whether there is no archon to come back to. Of ssh and docker one try is enough, as they say themselves what is wrong. */
export const isOver = (path: string, why: string): boolean => why === NO_SUCH_FILE || /^(ssh|docker):/.test(path);
