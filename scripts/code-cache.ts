/**
 * Takes out of an executable what Node compiled of its own modules beforehand: each start copies all of it into
 * memory, 4 MB, and archon uses a handful. A module that is not kept is compiled when it is used.
 *
 * The cache ends a start-up snapshot of Node's (`SnapshotData::ToBlob` in src/node_snapshotable.cc): how many modules
 * there are, and for each its name and its code, both behind their length. All numbers have eight bytes.
 */
import {open} from 'node:fs/promises';

/** Opens a snapshot (`SnapshotMetadata`), and before it stands how long it is. */
const MAGIC = Buffer.from([0x19, 0xda, 0x43, 0x01]);

/** Node has a few hundred modules. */
const [FEWEST, MOST] = [100, 2000];
const LONGEST_NAME = 200;

interface Entry {
	readonly name: string;
	readonly start: number;
	readonly end: number;
}

/** Whether a cache was found; otherwise nothing is changed. */
export async function keepCodeOf(modules: readonly string[], path: string): Promise<boolean> {
	await using file = await open(path, 'r+');
	const bytes = await file.readFile();
	const snapshot = lastSnapshot(bytes);
	const cache = snapshot && findCache(snapshot);
	if (!cache) return false;
	const kept = cache.entries.filter(({name}) => modules.includes(name));
	if (kept.length !== modules.length) return false;
	const count = Buffer.alloc(8);
	count.writeUInt32LE(kept.length);
	const packed = Buffer.concat([count, ...kept.map(({start, end}) => snapshot.subarray(start, end))]);
	// Nothing else in the file moves: the rest is emptied.
	const rest = Buffer.alloc(snapshot.length - cache.start - packed.length);
	await file.write(Buffer.concat([packed, rest]), 0, null, snapshot.byteOffset - bytes.byteOffset + cache.start);
	return true;
}

/** The one of the application, which lies behind Node's own. */
function lastSnapshot(bytes: Buffer): Buffer | null {
	const start = bytes.lastIndexOf(MAGIC);
	if (start < 8) return null;
	const length = numberAt(bytes, start - 8);
	return length === null || start + length > bytes.length ? null : bytes.subarray(start, start + length);
}

/** Where a count is followed by so many entries, the last of which ends where the snapshot ends. */
function findCache(snapshot: Buffer): {readonly start: number; readonly entries: readonly Entry[]} | null {
	for (let start = MAGIC.length; start < snapshot.length - 8; start++) {
		const count = snapshot.readUInt32LE(start);
		if (count < FEWEST || count > MOST) continue;
		const entries = readEntries(snapshot, start, count);
		if (entries) return {start, entries};
	}
	return null;
}

function readEntries(snapshot: Buffer, start: number, count: number): readonly Entry[] | null {
	if (numberAt(snapshot, start) !== count) return null;
	const entries: Entry[] = [];
	let at = start + 8;
	while (entries.length < count) {
		const nameLength = numberAt(snapshot, at) ?? 0;
		if (nameLength < 1 || nameLength > LONGEST_NAME) return null;
		const codeLength = numberAt(snapshot, at + 8 + nameLength);
		if (codeLength === null) return null;
		const end = at + 16 + nameLength + codeLength;
		if (end > snapshot.length) return null;
		entries.push({name: snapshot.toString('latin1', at + 8, at + 8 + nameLength), start: at, end});
		at = end;
	}
	return at === snapshot.length ? entries : null;
}

/** Null where there is none, or one that no length can be. */
function numberAt(bytes: Buffer, at: number): number | null {
	if (at + 8 > bytes.length || bytes.readUInt32LE(at + 4) !== 0) return null;
	return bytes.readUInt32LE(at);
}
