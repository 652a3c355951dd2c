/** Whether a client of overseer's daemon is its owner, or root: by what the kernel says, and nothing that the client says. */
import {after, now} from '../../../os/clock.ts';
import {STAT} from '../../../os/layouts.ts';
import {isTrusted, peerOf} from '../../../os/sockets/trust.ts';
import {newStat, sys} from '../../../os/sys.ts';
import {type End, rowOf} from '../core/owner.ts';

/** Of a table of connections, in bytes: some 20,000 of them. */
const TABLE_MAX = 4 << 20;

/** At a socket of the file system. */
export function isOwnerAtSocket(fd: number): boolean {
	return isTrusted(peerOf(fd)?.uid ?? -1);
}

/** How much longer than a look takes nothing is looked up after it. */
const REST = 9;

/**
 * By TCP, one client after the other: each look at the table costs the kernel milliseconds, and whatever clients do, it takes no
 * more than a tenth of the time.
 */
export function createJudge(): (fd: number, done: (isOwner: boolean) => void) => void {
	const waiting: (() => void)[] = [];
	let isResting = false;
	const next = (): void => {
		isResting = false;
		const look = waiting.shift();
		if (!look) return;
		const began = now();
		look();
		isResting = true;
		after((now() - began) * REST, next);
	};
	return (fd, done) => {
		waiting.push(() => done(isOwnerByTcp(fd)));
		if (!isResting) next();
	};
}

/** False where it cannot be told. */
function isOwnerByTcp(fd: number): boolean {
	const ports = new Int32Array(2);
	const address = sys.peerAddress(fd);
	if (typeof address === 'number' || sys.ports(fd, ports) < 0) return false;
	const [ownPort = 0, theirPort = 0] = ports;
	const [own, theirs]: readonly End[] = [{address: '127.0.0.1', port: ownPort}, {address, port: theirPort}];
	if (!own || !theirs) return false;
	const client = rowOf(table('tcp'), theirs, own) ?? rowOf(table('tcp6'), theirs, own);
	// Of an end that its process has closed the kernel says that it is root's.
	if (!client?.isConnected || client.inode === 0 || !isTrusted(client.uid)) return false;
	// As long as this end is in the table, no other process can have had the other end meanwhile.
	const about = newStat();
	const self = rowOf(table('tcp'), own, theirs);
	return self !== null && self.isConnected && sys.fstat(fd, about) >= 0 && self.inode === about[STAT.inode];
}

function table(name: 'tcp' | 'tcp6'): string {
	const text = sys.readText(`/proc/net/${name}`, TABLE_MAX);
	return typeof text === 'string' ? text : '';
}
