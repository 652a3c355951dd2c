/** Who has connected to the control socket: its user and groups, and the service that it belongs to. */
import {ERRNO, sys} from '../sys.ts';
import {effectiveUidOf} from '../reap/procfs.ts';
import {type Peer, peerOf} from './trust.ts';

/** A service, as it is known now. */
export interface Owner {
	readonly id: number;
	readonly name: string;
}

export interface Asker extends Peer {
	/** Its further groups. */
	readonly groups: readonly number[];
	/** Whose process it is; null: no service's; `unknown`: of one that is no more, or it had ended itself. */
	readonly owner: Owner | null | 'unknown';
}

/** `ownerOf`: the service that a living process belongs to. Null where the kernel does not say who is there. */
export function askerOf(fd: number, ownerOf: (pid: number) => Asker['owner']): Asker | null {
	const peer = peerOf(fd);
	if (!peer) return null;
	const groups = sys.peerGroups(fd);
	return {...peer, groups: typeof groups === 'number' ? [] : groups, owner: ownerFor(fd, peer, ownerOf)};
}

/** A process outside of archon's PID namespace has no number in it. */
function ownerFor(fd: number, peer: Peer, ownerOf: (pid: number) => Asker['owner']): Asker['owner'] {
	if (peer.pid <= 0) return null;
	const owner = ownerOf(peer.pid);
	// Only now: until then its number could have been given to another process, of another service.
	const lives = sys.peerLives(fd);
	if (lives === 1) return owner;
	if (lives !== -ERRNO.ENOPROTOOPT) return 'unknown';
	// Such a kernel cannot say; what has the number now and is another user's is another process.
	return owner === null || effectiveUidOf(peer.pid) === peer.uid ? owner : 'unknown';
}
