/**
 * Bytes on their way out, in blocks that all queues share: what flows at its usual pace costs a block or
 * two, and no queue keeps what it once needed. Blocks are the handoff's as far as it has any, so that what
 * waits outlives this instance of archon.
 */
import {newBytes} from '../../../os/bytes.ts';
import {type Block, BLOCK_SIZE, type Blocks, HEAD, TAIL} from '../../../os/reexec/handoff.ts';

export interface Queue {
	/** Bytes that wait. */
	size(): number;
	/** They are copied. */
	put(bytes: Uint8Array): void;
	/** What waits, oldest first, in as few pieces as it lies in; no more than `most` bytes of it. */
	peek(most: number): readonly Uint8Array[];
	/** These bytes are gone for good. */
	take(count: number): void;
}

/** Blocks that are not needed now, kept for the next queue that needs one. */
const SPARE_MAX = 16;
const spare: Block[] = [];

/** With what the owner's queue held when the previous instance ended. */
export function createQueue(store: Blocks, owner: string): Queue {
	let blocks: readonly Block[] = store.inherit(owner);
	let size = blocks.reduce((sum, {bounds}) => sum + (bounds[TAIL] ?? 0) - (bounds[HEAD] ?? 0), 0);
	/** One empty block of the handoff's is kept at hand, for a line is a block's worth of claiming. */
	let idle: Block | null = null;

	function newBlock(): Block {
		if (!idle) return store.claim(owner) ?? spare.pop() ?? {bytes: newBytes(BLOCK_SIZE), bounds: [0, 0]};
		const block = idle;
		idle = null;
		store.renew(block);
		return block;
	}

	function giveBack(block: Block): void {
		block.bounds[HEAD] = 0;
		block.bounds[TAIL] = 0;
		if (Array.isArray(block.bounds)) {
			if (spare.length < SPARE_MAX) spare.push(block);
		} else if (idle) {
			store.release(block);
		} else {
			idle = block;
		}
	}

	return {
		size: () => size,
		put(bytes) {
			const {length} = bytes;
			for (let done = 0; done < length;) {
				let last = blocks.at(-1);
				if (!last || last.bounds[TAIL] === BLOCK_SIZE) {
					last = newBlock();
					blocks = [...blocks, last];
				}
				const tail = last.bounds[TAIL] ?? 0;
				const room = Math.min(BLOCK_SIZE - tail, length - done);
				last.bytes.set(room === length ? bytes : bytes.subarray(done, done + room), tail);
				last.bounds[TAIL] = tail + room;
				done += room;
			}
			size += length;
		},
		peek(most) {
			const pieces: Uint8Array[] = [];
			let left = most;
			for (const {bytes, bounds: {[HEAD]: head = 0, [TAIL]: tail = 0}} of blocks) {
				if (left <= 0) break;
				pieces.push(bytes.subarray(head, Math.min(tail, head + left)));
				left -= tail - head;
			}
			return pieces;
		},
		take(count) {
			let left = count;
			let done = 0;
			for (const block of blocks) {
				const {[HEAD]: head = 0, [TAIL]: tail = 0} = block.bounds;
				const taken = Math.min(left, tail - head);
				block.bounds[HEAD] = head + taken;
				left -= taken;
				if (head + taken < tail) break;
				giveBack(block);
				done++;
			}
			if (done > 0) blocks = blocks.slice(done);
			size -= count;
		},
	};
}
