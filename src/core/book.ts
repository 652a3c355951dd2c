/**
 * The book of all entries by id: a persistent tree whose every node knows the earliest deadline below
 * it. A write copies one path and leaves the old book as it was, so a step that throws is undone by
 * forgetting it, and both a write and "what is due next" cost the same at ten services and ten thousand.
 */
import {type Entry, type Id, type Instant, NEVER} from './model.ts';

const BITS = 5;
const WIDTH = 1 << BITS;

interface Leaf {
	readonly deadline: Instant;
	readonly entries: readonly (Entry | undefined)[];
}

interface Branch {
	readonly deadline: Instant;
	readonly children: readonly (Node | undefined)[];
}

type Node = Leaf | Branch;

/** A list of places that were used and are free again. */
interface Free {
	readonly id: Id;
	readonly next: Free | null;
}

export interface Book {
	readonly root: Node | undefined;
	/** Levels of branches above the leaves. */
	readonly height: number;
	/** Places used so far, free ones among them. */
	readonly places: number;
	readonly free: Free | null;
}

export const EMPTY: Book = {root: undefined, height: 0, places: 0, free: null};

/** The instant at which the kernel should say `timeout` to an entry, unless its phase changes before. */
export function deadlineOf({phase}: Entry): Instant {
	switch (phase.kind) {
		case 'waiting':
		case 'stopping':
		case 'backoff': return phase.deadline;
		case 'starting': return Math.min(phase.deadline, phase.steadyAt, phase.looks?.next ?? NEVER);
		case 'up': return Math.min(phase.watchdogAt, phase.looks?.next ?? NEVER);
		case 'down':
		case 'done':
		case 'spawning': return NEVER;
	}
}

/** The next free place: where an entry that is new to the book goes. */
export const vacancy = (book: Book): Id => book.free?.id ?? book.places;

export function read(book: Book, id: Id): Entry | undefined {
	let node = id < book.places ? book.root : undefined;
	for (let shift = book.height * BITS; node && shift > 0; shift -= BITS) {
		node = (node as Branch).children[(id >>> shift) & (WIDTH - 1)];
	}
	return (node as Leaf | undefined)?.entries[id & (WIDTH - 1)];
}

/** Writes an entry over the one in its place, or into the book's vacancy. */
export function write(book: Book, entry: Entry): Book {
	const {id} = entry;
	let {root, height} = book;
	while (id >>> ((height + 1) * BITS) > 0) {
		root = root && {deadline: root.deadline, children: [root]};
		height++;
	}
	const isNew = id === vacancy(book) && read(book, id) === undefined;
	return {
		root: set(root, height * BITS, id, entry),
		height,
		places: Math.max(book.places, id + 1),
		free: isNew && book.free ? book.free.next : book.free,
	};
}

export function erase(book: Book, id: Id): Book {
	return {...book, root: set(book.root, book.height * BITS, id, undefined), free: {id, next: book.free}};
}

/** A book made by writes alone, in ascending order: the places between its entries are free. */
export function restoreFree(book: Book): Book {
	let free: Free | null = null;
	for (let id = book.places - 1; id >= 0; id--) if (!read(book, id)) free = {id, next: free};
	return {...book, free};
}

/** The places that two books do not have in common, with what is in the later one; undefined: nothing any more. */
export function* changes(before: Book, after: Book): Iterable<readonly [Id, Entry | undefined]> {
	if (before.height === after.height) return yield* differences(before.root, after.root, after.height, 0);
	for (let id = 0; id < after.places; id++) {
		const entry = read(after, id);
		if (entry !== read(before, id)) yield [id, entry];
	}
}

function* differences(
	before: Node | undefined, after: Node | undefined, level: number, from: Id,
): Iterable<readonly [Id, Entry | undefined]> {
	if (before === after) return;
	for (let index = 0; index < WIDTH; index++) {
		if (level === 0) {
			const entry = (after as Leaf | undefined)?.entries[index];
			if (entry !== (before as Leaf | undefined)?.entries[index]) yield [from + index, entry];
		} else {
			const [one, other] = [before, after].map(node => (node as Branch | undefined)?.children[index]);
			yield* differences(one, other, level - 1, from + (index << (level * BITS)));
		}
	}
}

export function* entries(book: Book): Iterable<Entry> {
	for (let id = 0; id < book.places; id++) {
		const entry = read(book, id);
		if (entry) yield entry;
	}
}

export const earliest = (book: Book): Instant => book.root?.deadline ?? NEVER;

/** An entry whose deadline is `now` or before, or undefined. */
export function due(book: Book, now: Instant): Entry | undefined {
	let node = book.root;
	if (!node || node.deadline > now) return undefined;
	const isDue = (child: Node | undefined): boolean => child !== undefined && child.deadline <= now;
	for (let level = book.height; level > 0; level--) node = (node as Branch).children.find(isDue) as Node;
	return (node as Leaf).entries.find(entry => entry !== undefined && deadlineOf(entry) <= now);
}

function set(node: Node | undefined, shift: number, id: Id, entry: Entry | undefined): Node {
	const index = (id >>> shift) & (WIDTH - 1);
	if (shift === 0) {
		const list = (node as Leaf | undefined)?.entries.slice() ?? [];
		const before = list[index];
		list[index] = entry;
		const [old, fresh] = [before ? deadlineOf(before) : NEVER, entry ? deadlineOf(entry) : NEVER];
		return {entries: list, deadline: least(node, old, fresh, () => list.map(item => item && deadlineOf(item)))};
	}
	const list = (node as Branch | undefined)?.children.slice() ?? [];
	const before = list[index];
	const after = set(before, shift - BITS, id, entry);
	list[index] = after;
	const old = before?.deadline ?? NEVER;
	return {children: list, deadline: least(node, old, after.deadline, () => list.map(child => child?.deadline))};
}

/** The earliest deadline of a node of which one member went from `old` to `fresh`. */
function least(
	node: Node | undefined, old: Instant, fresh: Instant, all: () => readonly (Instant | undefined)[],
): Instant {
	const before = node?.deadline ?? NEVER;
	if (fresh <= before) return fresh;
	if (old > before) return before;
	return all().reduce<Instant>((min, deadline) => Math.min(min, deadline ?? NEVER), NEVER);
}
