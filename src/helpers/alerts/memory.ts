/**
 * What is kept in memory that outlives the helper: two copies by turns, each with its number and checksum, so that one is whole
 * whenever the helper ends. PID 1 keeps the memory and never looks at it.
 */
import {MEMORY_SIZE} from '../../core/alerts.ts';
import {bytesOf, concat, newBytes, textOf} from '../../os/bytes.ts';
import {DIGEST, sys} from '../../os/sys.ts';

export interface Memory {
	/** The newest text that is whole; null: nothing was kept. */
	load(): string | null;
	/** Whether there was room for it. */
	save(text: string): boolean;
}

/** Number, length and SHA-256. */
const HEAD = 4 + 4 + 32;
const HALF = MEMORY_SIZE / 2;

/** `fd` is of `MEMORY_SIZE` bytes. */
export function createMemory(fd: number): Memory {
	let number = 0;

	function read(half: number): {readonly number: number; readonly text: string} | null {
		const head = newBytes(HEAD);
		if (sys.readAt(fd, head, half * HALF) !== HEAD) return null;
		const view = new DataView(head.buffer);
		const length = view.getUint32(4, true);
		if (view.getUint32(0, true) === 0 || length > HALF - HEAD) return null;
		const bytes = newBytes(length);
		if (sys.readAt(fd, bytes, half * HALF + HEAD) !== length || !isSame(digest(bytes), head.subarray(8))) return null;
		return {number: view.getUint32(0, true), text: textOf(bytes)};
	}

	return {
		load() {
			const found = [read(0), read(1)].filter(each => each !== null).sort((a, b) => b.number - a.number)[0];
			number = found?.number ?? 0;
			return found?.text ?? null;
		},
		save(text) {
			const bytes = bytesOf(text);
			if (bytes.length > HALF - HEAD) return false;
			number++;
			const head = newBytes(8);
			const view = new DataView(head.buffer);
			view.setUint32(0, number, true);
			view.setUint32(4, bytes.length, true);
			const at = number % 2 * HALF;
			return sys.writeAt(fd, bytes, at + HEAD) === bytes.length && sys.writeAt(fd, concat([head, digest(bytes)]), at) === HEAD;
		},
	};
}

function digest(bytes: Uint8Array): Uint8Array {
	const found = sys.digest(DIGEST.sha256, bytes);
	return typeof found === 'number' ? newBytes(32) : found;
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, i) => byte === other[i]);
