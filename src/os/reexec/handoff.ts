/**
 * What the next instance of archon must know, in memory that outlives this one: small records by key, each
 * written when what it tells of changes, and blocks of bytes that are on their way out.
 *
 * The records are a log in one of two halves. When it is mostly of the past, what is still true is written
 * into the other half, which counts from then on. A record counts once the length of the log says so.
 */
import {type Bytes, textOf} from '../bytes.ts';
import {sys} from '../sys.ts';

/** Memory that the next instance of archon finds again; new memory is zero, and takes room only where it is used. */
export interface Memory {
	/** A part of it, to be read and written in place. */
	view(at: number, length: number): Bytes;
}

export interface Handoff {
	/** What the previous instance wrote; empty in a first instance. */
	readonly past: ReadonlyMap<string, string>;
	/** Why nothing can be made of what the previous instance wrote; null: nothing is wrong. */
	readonly damage: string | null;
	put(key: string, text: string): void;
	/** What this instance has put there, or the previous one left; null: nothing is there. */
	get(key: string): string | null;
	delete(key: string): void;
	/** Deletes what the previous instance wrote, but for some keys. */
	forget(but: readonly string[]): void;
	readonly blocks: Blocks;
}

/** Blocks of bytes, each with an owner that knows it again in the next instance. */
export interface Blocks {
	/** A block for the owner, empty; null: all are taken. */
	claim(owner: string): Block | null;
	/** An empty block that the owner uses again: it is the newest of them. */
	renew(block: Block): void;
	release(block: Block): void;
	/** Those that the owner had in the previous instance and that are not empty, oldest first; they are claimed. */
	inherit(owner: string): readonly Block[];
}

export interface Block {
	readonly bytes: Bytes;
	/** Where the bytes that count begin and end. */
	readonly bounds: Bounds;
}

/** Two words: of shared memory, where the block is in it. */
export interface Bounds {
	[index: number]: number;
}

export const HEAD = 0;
export const TAIL = 1;
export const BLOCK_SIZE = 64 * 1024;

/** What is written, and how; another format is another number. */
export const FORMAT = 4;

const MAGIC = 0x6172_6368;
/** Of the log. The small one is for where addresses are few (RLIMIT_AS). */
const [HALF, SMALL_HALF] = [48 << 20, 4 << 20];
/** No record crosses the end of one; a longer record has as many as it takes to itself. */
const SEGMENT = 1 << 20;
/** The length of a log that had no room for all that it was to hold. */
const LOST = HALF + 1;
/** In words of 32 bits: magic, format, which half counts, and the length of its log. */
const HEADER = 64;
const [MAGIC_AT, FORMAT_AT, HALF_AT, LENGTH_AT] = [0, 1, 2, 3];
/** Two words before each record: how long it is, and the characters of its key, or of that and DELETION; then key and text. */
const RECORD_HEAD = 8;
const DELETION = 1 << 16;
/** Records begin at whole words. */
const aligned = (length: number): number => (length + 3) & ~3;
const BLOCK_COUNT = 512;
/** owner, order, head, tail. */
const BLOCK_HEAD = 16;

const sizeFor = (half: number): number => HEADER + 2 * half + BLOCK_COUNT * (BLOCK_HEAD + BLOCK_SIZE) + SEGMENT;

/** So much memory the handoff needs behind `start`, or at least; it takes room only where it is used. */
export const [HANDOFF_SIZE, SMALL_HANDOFF_SIZE] = [sizeFor(HALF), sizeFor(SMALL_HALF)];

const wordsOf = ({buffer, byteOffset, length}: Bytes): Int32Array<ArrayBuffer> => new Int32Array(buffer, byteOffset, length >> 2);

/** `isFirst`: the memory is new. `release` gives pages back to the system. `size`: of the memory behind `start`. */
export function openHandoff(
	memory: Memory, start: number, isFirst: boolean, release: (at: number, length: number) => void, size = HANDOFF_SIZE,
): Handoff {
	const halfSize = size < HANDOFF_SIZE ? SMALL_HALF : HALF;
	const base = Math.ceil(start / 4096) * 4096;
	const header = wordsOf(memory.view(base, HEADER));
	const past = new Map<string, string>();
	const damage = isFirst ? null : readPast(memory, base, halfSize, header, past);
	if (damage !== null) {
		// What could be read of it says nothing without the rest.
		past.clear();
		header.fill(0);
	}
	const log = createLog(memory, base, halfSize, header, release);
	const blocks = createBlocks(memory, base + HEADER + 2 * halfSize, isFirst ? 'new' : damage === null ? 'kept' : 'damaged');
	// Everything that is still true is written again, so that the log holds no more than that.
	log.begin(past);
	header[FORMAT_AT] = FORMAT;
	header[MAGIC_AT] = MAGIC;
	return {
		past, damage, put: log.put, get: log.get, delete: log.delete, blocks,
		forget(but) {
			for (const key of [...past.keys()].filter(key => !but.includes(key))) {
				log.delete(key);
				past.delete(key);
			}
		},
	};
}

/** Why it cannot be read, or null. */
function readPast(memory: Memory, base: number, halfSize: number, header: Int32Array, past: Map<string, string>): string | null {
	const [magic, format, which = 0, length = 0] = header;
	if (magic !== MAGIC) return 'it is not one';
	if (format !== FORMAT) return `it has format ${format}, not ${FORMAT}`;
	if (length === LOST) return 'it had no room for all';
	if (which < 0 || which > 1 || length < 0 || length > halfSize) return 'its bounds are impossible';
	const half = base + HEADER + which * halfSize;
	for (let at = 0; at < length;) {
		const first = length - at >= RECORD_HEAD ? wordsOf(memory.view(half + at, RECORD_HEAD))[0] ?? 0 : 0;
		const segment = memory.view(half + at, Math.min(Math.max(SEGMENT, aligned(first)), length - at));
		const words = wordsOf(segment);
		let from = 0;
		while (from + RECORD_HEAD <= segment.length) {
			const [size = 0, about = 0] = [words[from >> 2], words[(from >> 2) + 1]];
			if (size === 0) break;
			if (size < RECORD_HEAD || from + size > segment.length) return `the record at ${at + from} is impossible`;
			const text = textOf(segment, from + RECORD_HEAD, from + size);
			const keyLength = about & (DELETION - 1);
			if (keyLength > text.length) return `the record at ${at + from} is impossible`;
			const key = text.slice(0, keyLength);
			if (about & DELETION) past.delete(key);
			else past.set(key, text.slice(keyLength));
			from += aligned(size);
		}
		at += Math.ceil(segment.length / SEGMENT) * SEGMENT;
	}
	return null;
}

interface Log {
	begin(records: ReadonlyMap<string, string>): void;
	put(key: string, text: string): void;
	get(key: string): string | null;
	delete(key: string): void;
}

/** A record that counts. */
interface Place {
	at: number;
	size: number;
}

/** It is written to at every turn of the loop, so what is done for a record is little. */
function createLog(
	memory: Memory, base: number, halfSize: number, header: Int32Array, release: (at: number, length: number) => void,
): Log {
	const places = new Map<string, Place>();
	let half = header[HALF_AT] ?? 0;
	let length = 0;
	let live = 0;
	let segment: Bytes = new Uint8Array();
	let words = wordsOf(segment);
	let isLost = false;

	const startOf = (half: number): number => base + HEADER + half * halfSize;

	/** Whether there was room. */
	function write(key: string, text: string, isDeletion: boolean): boolean {
		// No character of UTF-16 is more than three bytes.
		const most = RECORD_HEAD + 3 * (key.length + text.length) + 3;
		let at = length % SEGMENT;
		if (at + most > SEGMENT) {
			if (at > 0 && at + RECORD_HEAD <= SEGMENT) words[at >> 2] = 0;
			length = Math.ceil(length / SEGMENT) * SEGMENT;
			at = 0;
		}
		if (length + most > halfSize) return false;
		if (at === 0) {
			segment = memory.view(startOf(half) + length, Math.max(SEGMENT, aligned(most)));
			words = wordsOf(segment);
		}
		const size = RECORD_HEAD + sys.writeUtf8(key + text, segment, at + RECORD_HEAD);
		const word = at >> 2;
		words[word + 1] = isDeletion ? key.length | DELETION : key.length;
		words[word] = size;
		const place = places.get(key);
		if (isDeletion) {
			live -= place?.size ?? 0;
			places.delete(key);
		} else if (place) {
			live += size - place.size;
			place.at = length;
			place.size = size;
		} else {
			live += size;
			places.set(key, {at: length, size});
		}
		length = size > SEGMENT ? Math.ceil((length + size) / SEGMENT) * SEGMENT : length + aligned(size);
		return true;
	}

	/** What was written counts from now on; without room for all of it, nothing does any more. */
	function count(): void {
		header[LENGTH_AT] = isLost ? LOST : length;
	}

	/** Into the other half, which counts once it is whole. */
	function move(records: Iterable<readonly [string, string]>): void {
		const old = half;
		half = 1 - half;
		places.clear();
		length = 0;
		live = 0;
		for (const [key, text] of records) isLost = !write(key, text, false) || isLost;
		count();
		header[HALF_AT] = half;
		release(startOf(old), halfSize);
	}

	/** In the order in which they were first written, so that it stays so. */
	function* current(): Iterable<readonly [string, string]> {
		for (const [key, place] of [...places]) yield [key, textAt(key, place)];
	}

	const textAt = (key: string, {at, size}: Place): string =>
		textOf(memory.view(startOf(half) + at, size), RECORD_HEAD).slice(key.length);

	function put(key: string, text: string, isDeletion: boolean): void {
		if (isLost) return;
		if (!write(key, text, isDeletion)) {
			move([...current()]);
			isLost = !write(key, text, isDeletion) || isLost;
		}
		count();
		if (length > SEGMENT && length > live * 3) move([...current()]);
	}

	return {
		begin: records => move(records),
		put: (key, text) => put(key, text, false),
		get(key) {
			const place = places.get(key);
			return place ? textAt(key, place) : null;
		},
		delete(key) {
			if (places.has(key)) put(key, '', true);
		},
	};
}

function createBlocks(memory: Memory, at: number, state: 'new' | 'kept' | 'damaged'): Blocks {
	const words = wordsOf(memory.view(at, BLOCK_COUNT * BLOCK_HEAD));
	const free: number[] = [];
	/** Blocks from here on never had an owner. */
	let fresh = 0;
	const numbers = new Map<Block, number>();
	/** Blocks of the previous instance, by their owners. */
	const inherited = new Map<number, number[]>();
	let order = 0;
	if (state === 'damaged') words.fill(0);
	if (state === 'kept') inherit();

	function inherit(): void {
		fresh = BLOCK_COUNT;
		for (let number = BLOCK_COUNT - 1; number >= 0; number--) {
			const word = number * 4;
			const [owner = 0, head = 0, tail = 0] = [words[word], words[word + 2], words[word + 3]];
			if (owner === 0 || head < 0 || head >= tail || tail > BLOCK_SIZE) {
				free.push(number);
				continue;
			}
			inherited.set(owner, [...inherited.get(owner) ?? [], number]);
			order = Math.max(order, words[word + 1] ?? 0);
		}
	}

	function open(number: number): Block {
		const bytes = memory.view(at + BLOCK_COUNT * BLOCK_HEAD + number * BLOCK_SIZE, BLOCK_SIZE);
		const block: Block = {bytes, bounds: words.subarray(number * 4 + 2, number * 4 + 4)};
		numbers.set(block, number);
		return block;
	}

	function set(number: number, owner: number, place: number): void {
		const word = number * 4;
		words[word] = owner;
		words[word + 1] = place;
		words[word + 2] = 0;
		words[word + 3] = 0;
	}

	return {
		claim(owner) {
			const number = free.pop() ?? (fresh < BLOCK_COUNT ? fresh++ : undefined);
			if (number === undefined) return null;
			set(number, numberOf(owner), ++order);
			return open(number);
		},
		renew(block) {
			const number = numbers.get(block);
			if (number !== undefined) words[number * 4 + 1] = ++order;
		},
		release(block) {
			const number = numbers.get(block);
			if (number === undefined) return;
			set(number, 0, 0);
			numbers.delete(block);
			free.push(number);
		},
		inherit(owner) {
			if (inherited.size === 0) return [];
			const key = numberOf(owner);
			const mine = inherited.get(key) ?? [];
			inherited.delete(key);
			return mine.sort((a, b) => (words[a * 4 + 1] ?? 0) - (words[b * 4 + 1] ?? 0)).map(open);
		},
	};
}

/** Owners are few; that two of them should have one number is no more likely than that memory fails. */
function numberOf(owner: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < owner.length; i++) hash = Math.imul(hash ^ owner.charCodeAt(i), 0x01000193);
	return hash || 1;
}

/** Where no memory outlives archon: nothing is remembered, and blocks are as good as any. */
export const oblivion = (): Handoff => ({
	past: new Map(), damage: null, put() {}, get: () => null, delete() {}, forget() {},
	blocks: {claim: () => null, renew() {}, release() {}, inherit: () => []},
});
