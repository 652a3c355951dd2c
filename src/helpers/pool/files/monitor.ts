/** Files that nodes have loaded, and which of them are different since: told by the kernel, or looked at where it has no room. */
import {plainText} from '../../../core/plain.ts';
import type {Millis} from '../../../core/time.ts';
import {after} from '../../../os/clock.ts';
import {STAT} from '../../../os/layouts.ts';
import type {Poller} from '../../../os/poller.ts';
import {isFile, isLink, newStat, sys} from '../../../os/sys.ts';
import {createWatches} from '../../../os/watches.ts';
import {createMissed} from './missed.ts';
import {createWatchedFolders, type User} from './watched.ts';
import {isWatchable, untoldText} from './way.ts';

export interface FileMonitor {
	/**
	 * The owner, a node, has loaded these. What was written after `since`, when the owner began to load (milliseconds since 1970),
	 * may be newer than what it has loaded: that is told as changed. A path that is not absolute is left out.
	 */
	add(owner: string, paths: readonly string[], since: number): void;
	/** What the owner has loaded is of no interest any more: it boots again, or is gone. */
	forget(owner: string): void;
	has(path: string): boolean;
	/** All that are watched. */
	paths(): Iterable<string>;
	close(): void;
}

export interface FileMonitorParts {
	readonly poller: Pick<Poller, 'watch' | 'forget'>;
	/** Paths as they were added. What is looked at in one turn is told at once; a chmod is no change. */
	changed(paths: readonly string[]): void;
	warn(text: string): void;
	/** As of clock.ts. */
	readonly after?: (millis: Millis, callback: () => void) => () => void;
	/** Milliseconds since 1970. */
	readonly wallClock?: () => number;
}

interface Owner {
	readonly name: string;
	readonly entries: Entry[];
	/** Shared by all files that only this one has loaded. */
	readonly alone: readonly Owner[];
}

interface Folder extends User {
	readonly isFolder: true;
	readonly entries: Map<string, Entry>;
}

interface Entry {
	readonly folder: Folder;
	readonly name: string;
	owners: readonly Owner[];
	/** Another number where it is another file, or one of another size; NONE: it is not there. */
	mark: number;
	written: number;
}

interface Link extends User {
	readonly isFolder: false;
	readonly entry: Entry;
}

const NONE = -1;
/** A prime, so that sizes and the numbers of inodes do not add up to the same. */
const SPREAD = 4099;

/** What a way leads to. */
type Place = Folder | Link;

/** Files that are looked at in one turn, and the pause until the next turn. */
const [LOOKS_MAX, PACE]: readonly [number, Millis] = [1000, 20];
/** What following a way costs, in looks. */
const FOLLOWING = 20;
/** The shortest time between two looks at what is not told; and how much longer that is than the looks take. */
const [PERIOD, REST]: readonly [Millis, number] = [1000, 5];
/** Lines about files that boots write. */
const WARNINGS_MAX = 20;
/** Two writes within so long may have the same time (a tick of the kernel). */
const TICK: Millis = 10;

export function createFileMonitor(parts: FileMonitorParts): FileMonitor {
	const {changed, warn, after: later = after, wallClock = Date.now} = parts;
	const hearer = createWatches({poller: parts.poller, after: later}).hearer(hear);
	const fd = hearer.begin();
	hearer.set([]);
	const watched = createWatchedFolders<Place>(hearer, fd);
	const folders = new Map<string, Folder>();
	const owners = new Map<string, Owner>();
	/** Whose way is to be followed again; which files are to be looked at; and of which folders all. */
	const lost = new Set<Place>();
	const due = new Set<Entry>();
	const rounds: Iterator<Entry>[] = [];
	/** Those that the kernel does not tell of. */
	const untold = new Set<Place>();
	/** Of those that are symbolic links. */
	const links = new Map<Entry, Link>();
	const missed = createMissed();
	let news = new Set<string>();
	let isWarned = false;
	let endPause: (() => void) | null = null;
	let endPeriod: (() => void) | null = null;
	let [looked, tired] = [0, 0];
	const about = newStat();
	/** Where a link may lead as well, as /etc/mtab does. */
	const madeUp = devicesOf('/proc', '/sys');

	// ── What the kernel tells ──

	function hear(number: number, name: string): void {
		if (number < 0) return lookAtAll();
		const place = watched.find(number);
		if (!place) return;
		if (name === '') {
			for (const user of watched.lose(place)) lost.add(user);
			return go();
		}
		for (const user of place.users.get('') ?? []) {
			const entry = user.isFolder ? user.entries.get(name) : null;
			if (entry) due.add(entry);
		}
		for (const user of place.users.get(name) ?? []) lost.add(user);
		if (due.size + lost.size > 0) go();
	}

	/** Some of what was told is lost. */
	function lookAtAll(): void {
		for (const folder of folders.values()) {
			lost.add(folder);
		}
		for (const link of links.values()) lost.add(link);
		rounds.length = 0;
		go();
	}

	// ── What is done about it, some at a time ──

	/** In a moment: what happens together is looked at once. */
	function go(pause: Millis = 0): void {
		endPause ??= later(pause, work);
	}

	function work(): void {
		endPause = null;
		let left = LOOKS_MAX;
		for (const user of lost) {
			if (left <= 0) break;
			left -= FOLLOWING;
			lost.delete(user);
			follow(user);
			if (user.isFolder) rounds.push(user.entries.values());
			else due.add(user.entry);
		}
		for (const entry of due) {
			if (left-- <= 0) break;
			due.delete(entry);
			lookAt(entry, true);
		}
		for (let [round] = rounds; round && left > 0; left--) {
			const {value, done} = round.next();
			if (!done) {
				lookAt(value, false);
				continue;
			}
			rounds.shift();
			[round] = rounds;
		}
		looked += LOOKS_MAX - left;
		tell();
		if (lost.size + due.size + rounds.length > 0) go(PACE);
		else if (untold.size > 0) endPeriod ??= later(Math.max(PERIOD, looked / LOOKS_MAX * PACE * REST), lookAtUntold);
	}

	function tell(): void {
		if (news.size === 0) return;
		const paths = [...news];
		news = new Set();
		changed(paths);
	}

	function follow(user: Place): void {
		const result = watched.follow(user);
		if (result < 0) {
			untold.add(user);
			if (!isWarned) warn(untoldText(user.path, -result));
			isWarned = true;
			return;
		}
		untold.delete(user);
		if (untold.size === 0) isWarned = false;
	}

	function lookAtUntold(): void {
		endPeriod = null;
		looked = 0;
		// There may be room again: one tells that for all.
		for (const user of untold) {
			follow(user);
			if (untold.has(user)) break;
		}
		for (const user of untold) {
			if (user.isFolder) rounds.push(user.entries.values());
			else due.add(user.entry);
		}
		go();
	}

	// ── Files ──

	/** Reads what is there into the entry; whether it is another file, or has been written. */
	function read(entry: Entry, path: string): boolean {
		let result = sys.lstat(path, about);
		const isNowLink = result >= 0 && isLink(about);
		if (isNowLink) result = sys.stat(path, about);
		const isMadeUp = result >= 0 && madeUp.has(about[STAT.device] ?? 0);
		const mark = result < 0 ? NONE : isMadeUp ? 0 : (about[STAT.inode] ?? 0) * SPREAD + (about[STAT.size] ?? 0);
		// Of a device or a folder that is no sign of another content.
		const written = result < 0 || isMadeUp || !isFile(about) ? 0 : about[STAT.changed] ?? 0;
		const differs = mark !== entry.mark || written !== entry.written;
		entry.mark = mark;
		entry.written = written;
		if (isNowLink !== links.has(entry)) becomeLink(entry, isNowLink);
		return differs;
	}

	function becomeLink(entry: Entry, isNowLink: boolean): void {
		if (!isNowLink) return dropLink(entry);
		const link: Link = {path: pathOf(entry), isFolder: false, holds: [], entry};
		links.set(entry, link);
		follow(link);
		// What it has led to before it was watched may be another one.
		lost.add(link);
		go();
	}

	function dropLink(entry: Entry): void {
		const link = links.get(entry);
		if (!link) return;
		links.delete(entry);
		release(link);
	}

	function lookAt(entry: Entry, isTold: boolean): void {
		if (entry.owners.length === 0) return;
		const path = pathOf(entry);
		if (read(entry, path) || (isTold && entry.mark !== NONE && Math.abs(wallClock() - entry.written) < TICK)) news.add(path);
	}

	function release(user: Place): void {
		watched.release(user);
		lost.delete(user);
		untold.delete(user);
	}

	function enter(path: string): Entry {
		const slash = path.lastIndexOf('/');
		const [top, name] = [path.slice(0, slash), path.slice(slash + 1)];
		let folder = folders.get(top);
		if (!folder) {
			folder = {path: top, isFolder: true, holds: [], entries: new Map()};
			folders.set(top, folder);
			follow(folder);
			if (untold.has(folder)) go();
		}
		let entry = folder.entries.get(name);
		if (!entry) {
			entry = {folder, name, owners: NO_OWNERS, mark: NONE, written: 0};
			folder.entries.set(name, entry);
			read(entry, path);
		}
		return entry;
	}

	/** Whether what is there may be newer than what was loaded. */
	function isMissed(owner: Owner, path: string, written: number, since: number, now: number): boolean {
		const verdict = missed.judge(owner.name, path, written, since, now);
		if (verdict === 'tired' && tired++ < WARNINGS_MAX) {
			warn(`${plainText(path)} is written whenever ${plainText(owner.name)} boots: from now on that is no reason to boot it again`);
		}
		return verdict === 'yes';
	}

	return {
		add(name, paths, since) {
			let owner = owners.get(name);
			if (!owner) {
				owner = newOwner(name);
				owners.set(name, owner);
			}
			const now = wallClock();
			for (const path of paths) {
				if (!isWatchable(path)) continue;
				const entry = enter(path);
				if (entry.owners.includes(owner)) continue;
				owner.entries.push(entry);
				entry.owners = entry.owners.length === 0 ? owner.alone : [...entry.owners, owner];
				if (isMissed(owner, path, entry.written, since, now)) news.add(path);
			}
			if (news.size > 0) go();
		},
		forget(name) {
			const owner = owners.get(name);
			if (!owner) return;
			owners.delete(name);
			for (const entry of owner.entries) {
				entry.owners = entry.owners === owner.alone ? NO_OWNERS : entry.owners.filter(each => each !== owner);
				if (entry.owners.length > 0) continue;
				const {folder} = entry;
				folder.entries.delete(entry.name);
				due.delete(entry);
				dropLink(entry);
				if (folder.entries.size > 0) continue;
				folders.delete(folder.path);
				release(folder);
			}
		},
		has: path => folders.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))))?.entries.has(path.slice(path.lastIndexOf('/') + 1)) === true,
		*paths() {
			for (const folder of folders.values()) for (const entry of folder.entries.values()) yield pathOf(entry);
		},
		close() {
			endPause?.();
			endPeriod?.();
			hearer.close();
		},
	};
}

const NO_OWNERS: readonly Owner[] = [];

const pathOf = ({folder, name}: Entry): string => `${folder.path}/${name}`;

/** What the kernel makes up itself, and has the time of the look (where it is mounted). */
function devicesOf(...folders: readonly string[]): ReadonlySet<number> {
	const about = newStat();
	const deviceOf = (path: string): number => (sys.stat(path, about) < 0 ? NONE : about[STAT.device] ?? NONE);
	const others = new Set(folders.map(deviceOf));
	others.delete(deviceOf('/'));
	return others;
}

function newOwner(name: string): Owner {
	const alone: Owner[] = [];
	const owner: Owner = {name, entries: [], alone};
	alone.push(owner);
	return owner;
}
