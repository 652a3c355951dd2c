/** What a pool tells its client: the pid of the command, and its exit status. */
import {cutMessages, type Decode} from '../../features/pools/core/wire.ts';

/** `pid`: 0 where the command never ran. */
export interface Told {
	readonly pid: number | null;
	readonly status: number | null;
}

export const NOTHING: Told = {pid: null, status: null};

/** All that was told by now; null: that is no message of a pool. */
export function createReader(decode: Decode): (bytes: Uint8Array) => Told | null {
	const cutter = cutMessages(decode);
	let told = NOTHING;
	return bytes => {
		for (const message of cutter.push(bytes) ?? ['']) {
			if (!/^\d{1,10}$/.test(message)) return null;
			const number = Number(message);
			if (told.pid === null) told = {pid: number, status: null};
			else told = {...told, status: told.status ?? Math.min(number, 255)};
		}
		return told;
	};
}
