/** Whose process is at the other end of a connection by TCP within one machine, by what /proc/net/tcp says (proc_net_tcp(5)). */

/** One end of a connection: an address of IPv4 in figures, and a port. */
export interface End {
	readonly address: string;
	readonly port: number;
}

/** A socket as the table has it. */
export interface Row {
	readonly uid: number;
	/** 0: no process has it any more, and then the uid says nothing. */
	readonly inode: number;
	/** Of a connection that both ends know, as the kernel numbers them: established, or the own end has said its last. */
	readonly isConnected: boolean;
}

/** Established, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT. */
const CONNECTED: readonly string[] = ['01', '04', '05', '08'];

/** Fields behind the two ends: the state, queues, timer, retransmits, uid, timeout, inode. */
const [STATE, UID, INODE] = [0, 4, 6];

/** How a socket for both versions of IP has an address of IPv4. */
const MAPPED = '0000000000000000FFFF0000';

/** The row of the socket whose own end and other end these are, in the text of `tcp` or `tcp6`; null: it has no such row. */
export function rowOf(table: string, own: End, other: End): Row | null {
	for (const prefix of ['', MAPPED]) {
		const ends = ` ${prefix}${written(own)} ${prefix}${written(other)} `;
		const at = table.indexOf(ends);
		if (at < 0) continue;
		const from = at + ends.length;
		const end = table.indexOf('\n', from);
		const fields = table.slice(from, end < 0 ? undefined : end).trim().split(/ +/);
		const [uid, inode] = [Number(fields[UID]), Number(fields[INODE])];
		if (!Number.isInteger(uid) || !Number.isInteger(inode)) return null;
		return {uid, inode, isConnected: CONNECTED.includes(fields[STATE] ?? '')};
	}
	return null;
}

/** As the kernel of a machine that has the lowest byte first writes it: 127.0.0.1:80 is 0100007F:0050. */
function written({address, port}: End): string {
	const bytes = address.split('.').map(Number).reverse();
	return `${bytes.map(byte => hex(byte, 2)).join('')}:${hex(port, 4)}`;
}

const hex = (number: number, width: number): string => number.toString(16).toUpperCase().padStart(width, '0');
