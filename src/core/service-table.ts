/**
 * The table of all entries by id: a persistent tree whose every node knows the earliest deadline below
 * it. A write copies one path and leaves the old table as it was, so a step that throws is undone by
 * forgetting it, and both a write and "what is due next" cost the same at ten services and ten thousand.
 */
import type {Entry} from './entry.ts';
import type {Id} from './ids.ts';
import {type Instant, NEVER} from './time.ts';

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

/** A linked list of places that are free again. */
interface Free {
	readonly id: Id;
	readonly next: Free | null;
}

export interface ServiceTable {
	readonly root: Node | undefined;
	/** Levels of branches above the leaves. */
	readonly height: number;
	/** How many places have been used, including free ones. */
	readonly places: number;
	readonly free: Free | null;
}

export const EMPTY: ServiceTable = {root: undefined, height: 0, places: 0, free: null};

/** When the entry is due, for its schedule or for `timeout`, unless that changes before. */
export const deadlineOf = (entry: Entry): Instant =>
	(entry.timing ? Math.min(entry.timing.at, phaseDeadline(entry)) : phaseDeadline(entry));

function phaseDeadline({phase}: Entry): Instant {
	switch (phase.kind) {
		case 'waiting':
		case 'stopping':
		case 'backoff': return phase.deadline;
		case 'starting': return Math.min(phase.deadline, phase.steadyAt, phase.probes?.next ?? NEVER);
		case 'up': return Math.min(phase.watchdogAt, phase.probes?.next ?? NEVER);
		case 'down':
		case 'done':
		case 'spawning': return NEVER;
	}
}

/** The place for the next new entry. */
export const freeId = (table: ServiceTable): Id => table.free?.id ?? table.places;

/** The entry in a place. */
export function read(table: ServiceTable, id: Id): Entry | undefined {
	let node = id >= 0 && id < table.places ? table.root : undefined;
	for (let shift = table.height * BITS; node && shift > 0; shift -= BITS) {
		node = (node as Branch).children[(id >>> shift) & (WIDTH - 1)];
	}
	return (node as Leaf | undefined)?.entries[id & (WIDTH - 1)];
}

/** Writes an entry over the one in its place, or into the table's freeId. */
export function write(table: ServiceTable, entry: Entry): ServiceTable {
	const {id} = entry;
	let {root, height} = table;
	while (id >>> ((height + 1) * BITS) > 0) {
		root = root && {deadline: root.deadline, children: [root]};
		height++;
	}
	const isNew = id === freeId(table) && read(table, id) === undefined;
	return {
		root: set(root, height * BITS, id, entry),
		height,
		places: Math.max(table.places, id + 1),
		free: isNew && table.free ? table.free.next : table.free,
	};
}

/** Removes an entry; its place is free again. */
export function erase(table: ServiceTable, id: Id): ServiceTable {
	return {...table, root: set(table.root, table.height * BITS, id, undefined), free: {id, next: table.free}};
}

/** A table made by writes alone, in ascending order: the places between its entries are free. */
export function restoreFree(table: ServiceTable): ServiceTable {
	let free: Free | null = null;
	for (let id = table.places - 1; id >= 0; id--) if (!read(table, id)) free = {id, next: free};
	return {...table, free};
}

/** Tells of each place that two tables do not have in common, with what is in the later one; undefined: nothing any more. */
export function changes(before: ServiceTable, after: ServiceTable, tell: (id: Id, entry: Entry | undefined) => void): void {
	if (before.height === after.height) return differences(before.root, after.root, after.height, 0, tell);
	for (let id = 0; id < after.places; id++) {
		const entry = read(after, id);
		if (entry !== read(before, id)) tell(id, entry);
	}
}

/** Goes down only where something differs: this runs after every event. */
function differences(
	before: Node | undefined, after: Node | undefined, level: number, from: Id, tell: (id: Id, entry: Entry | undefined) => void,
): void {
	if (before === after) return;
	const [old, fresh] = [membersOf(before, level), membersOf(after, level)];
	const length = Math.max(old.length, fresh.length);
	for (let index = 0; index < length; index++) {
		// Nothing is made for the many that are the same.
		if (old[index] === fresh[index]) continue;
		const place = from + (index << (level * BITS));
		if (level === 0) tell(place, fresh[index] as Entry | undefined);
		else differences(old[index] as Node | undefined, fresh[index] as Node | undefined, level - 1, place, tell);
	}
}

const membersOf = (node: Node | undefined, level: number): readonly (Node | Entry | undefined)[] =>
	(node ? level === 0 ? (node as Leaf).entries : (node as Branch).children : []);

export function* entries(table: ServiceTable): Iterable<Entry> {
	for (let id = 0; id < table.places; id++) {
		const entry = read(table, id);
		if (entry) yield entry;
	}
}

/** The entries by leaf, in order. A leaf is the same list as before where none of them has changed. */
export function* leaves(table: ServiceTable): Iterable<readonly (Entry | undefined)[]> {
	for (let id = 0; id < table.places; id += WIDTH) {
		let node = table.root;
		for (let shift = table.height * BITS; node && shift > 0; shift -= BITS) node = (node as Branch).children[(id >>> shift) & (WIDTH - 1)];
		yield (node as Leaf | undefined)?.entries ?? [];
	}
}

/** The earliest deadline of all entries. */
export const earliest = (table: ServiceTable): Instant => table.root?.deadline ?? NEVER;

/** An entry whose deadline is `now` or before, or undefined. */
export function due(table: ServiceTable, now: Instant): Entry | undefined {
	let node = table.root;
	if (!node || node.deadline > now) return undefined;
	const isDue = (child: Node | undefined): boolean => child !== undefined && child.deadline <= now;
	for (let level = table.height; level > 0; level--) node = (node as Branch).children.find(isDue) as Node;
	return (node as Leaf).entries.find(entry => entry !== undefined && deadlineOf(entry) <= now);
}

function set(node: Node | undefined, shift: number, id: Id, entry: Entry | undefined): Node {
	const index = (id >>> shift) & (WIDTH - 1);
	if (shift === 0) {
		const list = (node as Leaf | undefined)?.entries.slice() ?? [];
		const before = list[index];
		list[index] = entry;
		const deadline = least(node, before ? deadlineOf(before) : NEVER, entry ? deadlineOf(entry) : NEVER, list, deadlineOf);
		return {entries: list, deadline};
	}
	const list = (node as Branch | undefined)?.children.slice() ?? [];
	const before = list[index];
	const after = set(before, shift - BITS, id, entry);
	list[index] = after;
	return {children: list, deadline: least(node, before?.deadline ?? NEVER, after.deadline, list, ({deadline}) => deadline)};
}

/** The earliest deadline of a node of which one member went from `old` to `fresh`. */
function least<Member>(
	node: Node | undefined, old: Instant, fresh: Instant, members: readonly (Member | undefined)[], of: (member: Member) => Instant,
): Instant {
	const before = node?.deadline ?? NEVER;
	if (fresh <= before) return fresh;
	if (old > before) return before;
	let earliest = NEVER;
	for (const member of members) {
		if (member === undefined) continue;
		earliest = Math.min(earliest, of(member));
		// Many may have the same one, as in a shutdown; none has an earlier one.
		if (earliest === before) return before;
	}
	return earliest;
}
