/**
 * A persistent table by key: a tree of 32-way branches over the key's hash, each of which knows the earliest deadline below it. A write
 * copies one path and leaves the old table as it was, so writes and "what is due next" cost the same for ten items and a hundred thousand.
 */
import {type Instant, NEVER} from '../../../core/time.ts';

const BITS = 5;
const MASK = 31;

/** Below this level all bits of a hash are used, and members are looked through. */
const DEEPEST = 30;

class Branch<T> {
	/** One bit for each of the 32 places that is taken; 0: all members have the same hash. */
	readonly bits: number;
	readonly members: readonly (T | Branch<T>)[];
	readonly size: number;
	readonly deadline: Instant;

	constructor(bits: number, members: readonly (T | Branch<T>)[], size: number, deadline: Instant) {
		this.bits = bits;
		this.members = members;
		this.size = size;
		this.deadline = deadline;
	}
}

/** Items by key. */
export type Table<T> = Branch<T>;

/** What a table must know of its items. */
export interface Kind<K extends string | number, T> {
	keyOf(item: T): K;
	/** When the item is due. */
	deadlineOf?(item: T): Instant;
}

/** The functions of one kind of table. */
export interface Tables<K, T> {
	readonly empty: Table<T>;
	read(table: Table<T>, key: K): T | undefined;
	/** With the item, in the place of the one that has its key. */
	write(table: Table<T>, item: T): Table<T>;
	/** Without the item of that key; the same table where it has none. */
	erase(table: Table<T>, key: K): Table<T>;
	/** In no order. */
	all(table: Table<T>): Iterable<T>;
	/** An item that is due by `now`. */
	due(table: Table<T>, now: Instant): T | undefined;
}

export function tables<K extends string | number, T extends object | string>({keyOf, deadlineOf = () => NEVER}: Kind<K, T>): Tables<K, T> {
	const empty = new Branch<T>(0, [], 0, NEVER);

	const deadlineIn = (member: T | Branch<T>): Instant => (member instanceof Branch ? member.deadline : deadlineOf(member));
	const branch = (bits: number, members: readonly (T | Branch<T>)[]): Branch<T> => {
		let [size, deadline] = [0, NEVER];
		for (const member of members) {
			size += member instanceof Branch ? member.size : 1;
			deadline = Math.min(deadline, deadlineIn(member));
		}
		return new Branch(bits, members, size, deadline);
	};

	function read(table: Table<T>, key: K): T | undefined {
		const hash = hashOf(key);
		let at = table;
		for (let shift = 0; shift <= DEEPEST; shift += BITS) {
			const bit = 1 << ((hash >>> shift) & MASK);
			if ((at.bits & bit) === 0) return undefined;
			const member = at.members[placeOf(at.bits, bit)]!;
			if (!(member instanceof Branch)) return keyOf(member) === key ? member : undefined;
			at = member;
		}
		return (at.members as readonly T[]).find(item => keyOf(item) === key);
	}

	function write(at: Branch<T>, item: T, key: K, hash: number, shift: number): Branch<T> {
		if (shift > DEEPEST) return branch(0, [...(at.members as readonly T[]).filter(each => keyOf(each) !== key), item]);
		const bit = 1 << ((hash >>> shift) & MASK);
		const place = placeOf(at.bits, bit);
		if ((at.bits & bit) === 0) return branch(at.bits | bit, at.members.toSpliced(place, 0, item));
		const member = at.members[place]!;
		let after: T | Branch<T> = item;
		if (member instanceof Branch) {
			after = write(member, item, key, hash, shift + BITS);
		} else if (keyOf(member) !== key) {
			const alone = write(empty, member, keyOf(member), hashOf(keyOf(member)), shift + BITS);
			after = write(alone, item, key, hash, shift + BITS);
		}
		return branch(at.bits, at.members.with(place, after));
	}

	function erase(at: Branch<T>, key: K, hash: number, shift: number): Branch<T> {
		if (shift > DEEPEST) return branch(0, (at.members as readonly T[]).filter(each => keyOf(each) !== key));
		const bit = 1 << ((hash >>> shift) & MASK);
		if ((at.bits & bit) === 0) return at;
		const place = placeOf(at.bits, bit);
		const member = at.members[place]!;
		if (!(member instanceof Branch)) {
			return keyOf(member) === key ? branch(at.bits & ~bit, at.members.toSpliced(place, 1)) : at;
		}
		const after = erase(member, key, hash, shift + BITS);
		if (after === member) return at;
		// A branch of one item is that item, so that a table which was large is small again.
		const [only] = after.members;
		if (after.size === 0) return branch(at.bits & ~bit, at.members.toSpliced(place, 1));
		return branch(at.bits, at.members.with(place, after.size === 1 && !(only instanceof Branch) ? only! : after));
	}

	function* all(at: Branch<T>): Iterable<T> {
		for (const member of at.members) {
			if (member instanceof Branch) yield* all(member);
			else yield member;
		}
	}

	function due(table: Table<T>, now: Instant): T | undefined {
		let at: T | Branch<T> | undefined = table;
		while (at instanceof Branch) {
			if (at.deadline > now) return undefined;
			at = at.members.find(member => deadlineIn(member) <= now);
		}
		return at;
	}

	return {
		empty, read, all, due,
		write: (table, item) => write(table, item, keyOf(item), hashOf(keyOf(item)), 0),
		erase: (table, key) => erase(table, key, hashOf(key), 0),
	};
}

/** How many of the places before the one of `bit` are taken. */
function placeOf(bits: number, bit: number): number {
	let word = bits & (bit - 1);
	word -= (word >>> 1) & 0x55555555;
	word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
	return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** 32 bits: of a text by FNV-1a over its code units. */
function hashOf(key: string | number): number {
	if (typeof key === 'number') return key | 0;
	let hash = 0x811c9dc5;
	for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
	return hash;
}
