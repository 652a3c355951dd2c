/**
 * What the next life of archon must know, in memory that outlives this one: small records by key, each
 * written when what it tells of changes, and blocks of bytes that are on their way out.
 *
 * The records are a log in one of two halves. When it is mostly of the past, what is still true is written
 * into the other half, which counts from then on. A record counts once the length of the log says so.
 */
import type {Memory} from './native.ts';

export interface Ledger {
	/** What the last life wrote; empty in a first life. */
	readonly past: ReadonlyMap<string, string>;
	/** Why nothing can be made of what the last life wrote; null: nothing is wrong. */
	readonly damage: string | null;
	put(key: string, text: string): void;
	delete(key: string): void;
	readonly blocks: Blocks;
}

/** Blocks of bytes, each with an owner that knows it again in the next life. */
export interface Blocks {
	/** A block for the owner, empty; null: there is none left. */
	claim(owner: string): Block | null;
	/** An empty block that the owner uses again: it is the newest of them. */
	renew(block: Block): void;
	release(block: Block): void;
	/** Those that the owner had in the last life and that are not empty, oldest first; they are claimed. */
	inherit(owner: string): readonly Block[];
}

export interface Block {
	readonly bytes: Buffer;
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
export const FORMAT = 1;

const MAGIC = 0x6172_6368;
const HALF = 48 << 20;
/** No record crosses the end of one; a longer record has as many as it takes to itself. */
const SEGMENT = 1 << 20;
/** The length of a log that had no room for all that it was to hold. */
const LOST = HALF + 1;
/** magic, format, which half counts, and the length of its log. */
const HEADER = 64;
const [AT_MAGIC, AT_FORMAT, AT_HALF, AT_LENGTH] = [0, 4, 8, 12];
/** Before each record: its whole length, the length of its key, and whether it is a deletion. */
const RECORD_HEAD = 8;
const BLOCK_COUNT = 512;
/** owner, order, head, tail. */
const BLOCK_HEAD = 16;

/** So much memory the ledger needs behind `start`; it takes room only where it is used. */
export const LEDGER_SIZE = HEADER + 2 * HALF + BLOCK_COUNT * (BLOCK_HEAD + BLOCK_SIZE) + SEGMENT;

/** `release` gives pages back to the system. */
export function openLedger(memory: Memory, start: number, isFirst: boolean, release: (at: number, length: number) => void): Ledger {
	const base = Math.ceil(start / 4096) * 4096;
	const header = memory.view(base, HEADER);
	const past = new Map<string, string>();
	const damage = isFirst ? null : readPast(memory, base, header, past);
	const isNew = isFirst || damage !== null;
	if (isNew) {
		// What could be read of it says nothing without the rest.
		past.clear();
		header.fill(0);
	}
	const log = createLog(memory, base, header, release);
	const blocks = createBlocks(memory, base + HEADER + 2 * HALF, isNew);
	// Everything that is still true is written anew, so that the log holds no more than that.
	log.begin(past);
	header.writeUInt32LE(FORMAT, AT_FORMAT);
	header.writeUInt32LE(MAGIC, AT_MAGIC);
	return {past: new Map(past), damage, put: log.put, delete: log.delete, blocks};
}

/** Why it cannot be read, or null. */
function readPast(memory: Memory, base: number, header: Buffer, past: Map<string, string>): string | null {
	if (header.readUInt32LE(AT_MAGIC) !== MAGIC) return 'it is not one';
	const format = header.readUInt32LE(AT_FORMAT);
	if (format !== FORMAT) return `it has format ${format}, not ${FORMAT}`;
	const length = header.readUInt32LE(AT_LENGTH);
	if (length === LOST) return 'it had no room for all';
	if (header.readUInt32LE(AT_HALF) > 1 || length > HALF) return 'its bounds are impossible';
	const half = base + HEADER + header.readUInt32LE(AT_HALF) * HALF;
	for (let at = 0; at < length;) {
		const first = length - at >= RECORD_HEAD ? memory.view(half + at, RECORD_HEAD).readUInt32LE(0) : 0;
		const segment = memory.view(half + at, Math.min(Math.max(SEGMENT, first), length - at));
		let from = 0;
		while (from + RECORD_HEAD <= segment.length) {
			const size = segment.readUInt32LE(from);
			if (size === 0) break;
			const keyLength = segment.readUInt16LE(from + 4);
			if (size < RECORD_HEAD + keyLength || from + size > segment.length) return `the record at ${at + from} is impossible`;
			const text = from + RECORD_HEAD + keyLength;
			const key = segment.toString('utf8', from + RECORD_HEAD, text);
			if (segment.readUInt16LE(from + 6) === 1) past.delete(key);
			else past.set(key, segment.toString('utf8', text, from + size));
			from += size;
		}
		at += Math.ceil(segment.length / SEGMENT) * SEGMENT;
	}
	return null;
}

interface Log {
	begin(records: ReadonlyMap<string, string>): void;
	put(key: string, text: string): void;
	delete(key: string): void;
}

function createLog(memory: Memory, base: number, header: Buffer, release: (at: number, length: number) => void): Log {
	/** How long each record that counts is, and where it lies. */
	const places = new Map<string, {readonly at: number; readonly size: number}>();
	let half = header.readUInt32LE(AT_HALF);
	let length = 0;
	let live = 0;
	let segment: Buffer = Buffer.alloc(0);
	let isLost = false;

	const startOf = (half: number): number => base + HEADER + half * HALF;

	/** Whether there was room. */
	function write(key: string, text: string, isDeletion: boolean): boolean {
		const keyLength = Buffer.byteLength(key);
		// No character of UTF-16 is more than three bytes.
		const most = RECORD_HEAD + keyLength + text.length * 3;
		let at = length % SEGMENT;
		if (at + most > SEGMENT) {
			if (at + RECORD_HEAD <= SEGMENT && at > 0) segment.writeUInt32LE(0, at);
			length = Math.ceil(length / SEGMENT) * SEGMENT;
			at = 0;
		}
		if (length + most > HALF) return false;
		if (at === 0) segment = memory.view(startOf(half) + length, Math.max(SEGMENT, most));
		segment.write(key, at + RECORD_HEAD);
		const size = RECORD_HEAD + keyLength + segment.write(text, at + RECORD_HEAD + keyLength);
		segment.writeUInt16LE(keyLength, at + 4);
		segment.writeUInt16LE(isDeletion ? 1 : 0, at + 6);
		segment.writeUInt32LE(size, at);
		const before = places.get(key);
		live += (isDeletion ? 0 : size) - (before?.size ?? 0);
		if (isDeletion) places.delete(key);
		else places.set(key, {at: length, size});
		length += size;
		if (size > SEGMENT) length = Math.ceil(length / SEGMENT) * SEGMENT;
		return true;
	}

	/** What was written counts from now on; without room for all of it, nothing does any more. */
	function count(): void {
		header.writeUInt32LE(isLost ? LOST : length, AT_LENGTH);
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
		header.writeUInt32LE(half, AT_HALF);
		release(startOf(old), HALF);
	}

	/** In the order in which they were written, so that it stays so. */
	function* current(): Iterable<readonly [string, string]> {
		const from = startOf(half);
		for (const [key, {at, size}] of [...places]) {
			const record = memory.view(from + at, size);
			yield [key, record.toString('utf8', RECORD_HEAD + record.readUInt16LE(4), size)];
		}
	}

	function put(key: string, text: string, isDeletion = false): void {
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
		put: (key, text) => put(key, text),
		delete(key) {
			if (places.has(key)) put(key, '', true);
		},
	};
}

function createBlocks(memory: Memory, at: number, isFirst: boolean): Blocks {
	const heads = memory.view(at, BLOCK_COUNT * BLOCK_HEAD);
	const words = new Uint32Array(heads.buffer, heads.byteOffset, BLOCK_COUNT * 4);
	const free: number[] = [];
	const numbers = new Map<Block, number>();
	/** Blocks of the last life, by their owners. */
	const inherited = new Map<number, number[]>();
	let order = 0;
	if (isFirst) words.fill(0);
	for (let number = BLOCK_COUNT - 1; number >= 0; number--) {
		const [owner = 0, place = 0, head = 0, tail = 0] = words.subarray(number * 4, number * 4 + 4);
		const isUsed = owner !== 0 && head < tail && tail <= BLOCK_SIZE;
		if (isUsed) inherited.set(owner, [...inherited.get(owner) ?? [], number]);
		else free.push(number);
		if (isUsed) order = Math.max(order, place);
	}

	function open(number: number): Block {
		const bytes = memory.view(at + BLOCK_COUNT * BLOCK_HEAD + number * BLOCK_SIZE, BLOCK_SIZE);
		const block: Block = {bytes, bounds: words.subarray(number * 4 + 2, number * 4 + 4)};
		numbers.set(block, number);
		return block;
	}

	return {
		claim(owner) {
			const number = free.pop();
			if (number === undefined) return null;
			words.set([numberOf(owner), ++order, 0, 0], number * 4);
			return open(number);
		},
		renew(block) {
			const number = numbers.get(block);
			if (number !== undefined) words[number * 4 + 1] = ++order;
		},
		release(block) {
			const number = numbers.get(block);
			if (number === undefined) return;
			words.set([0, 0, 0, 0], number * 4);
			numbers.delete(block);
			free.push(number);
		},
		inherit(owner) {
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
	return (hash >>> 0) || 1;
}

/** Where no memory outlives archon: nothing is remembered, and blocks are as good as any. */
export const oblivion = (): Ledger => ({
	past: new Map(), damage: null, put() {}, delete() {}, blocks: {claim: () => null, renew() {}, release() {}, inherit: () => []},
});
