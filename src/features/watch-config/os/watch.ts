/**
 * Watches the files of the config. It is their folders that are watched, as a file is mostly replaced by another one:
 * by rename(2), or by a symbolic link on the way to it, as Kubernetes does. Nothing polls, unless the kernel has no watches left.
 */
import {dirname, isAbsolute, join} from '../../../core/path.ts';
import type {Millis} from '../../../core/time.ts';
import {errnoText} from '../../../os/errno.ts';
import {isMountPoint, MOUNTED_ALONE} from '../../../os/mount-point.ts';
import {ERRNO, type Outcome, sys} from '../../../os/sys.ts';
import type {Watches} from '../../../os/watches.ts';

export interface WatchParts {
	readonly watches: Watches;
	/** As of clock.ts: the result cancels. */
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** Something has changed, and nothing has for some time since; or may have, where the kernel does not tell. */
	readonly changed: () => void;
	/** Each is told once. */
	readonly warn: (text: string) => void;
	/** What is watched, in messages: `the config`. */
	readonly what?: string;
}

export interface Watched {
	readonly files: readonly string[];
	/** Any name in them counts. */
	readonly folders: readonly string[];
}

export interface ConfigWatch {
	/** Watches these in place of those before; `pause`: how long they must be left alone, null: they are not watched. */
	set(watched: Watched, pause: Millis | null): void;
}

/** In pauses: a file that is written again and again is not waited for any longer. */
const PAUSES_MAX = 10;
/** How many folders and files are watched. */
const WATCHES_MAX = 1000;
const LINKS_MAX = 40;
/** From one look to the next where the kernel does not tell of changes. */
const POLL: Millis = 10_000;

export function createConfigWatch({watches, after, changed, warn, what = 'the config'}: WatchParts): ConfigWatch {
	const told = new Set<string>();
	const hearer = watches.hearer(hear);
	/** By the number of a watch: the names that count; null: any. */
	let names = new Map<number, Set<string> | null>();
	let pause: Millis = 0;
	let cancel: (() => void) | null = null;
	let endPolling = (): void => {};
	/** How many pauses what has changed has been waited for. */
	let waited = 0;

	const tell = (text: string): void => {
		if (!told.has(text)) warn(text);
		told.add(text);
	};

	/** The old watches hear of what happens until the new ones do. */
	function renew(watched: Watched): void {
		const fd = hearer.begin();
		const found = new Map<number, Set<string> | null>();
		/** Why the kernel does not tell of all changes; 0: it does. */
		let isDeaf: Outcome = Math.min(fd, 0);
		const add = (path: string, isFolder: boolean, each: Set<string> | null): void => {
			if (found.size >= WATCHES_MAX) return tell(`cannot watch all of ${what}: more than ${WATCHES_MAX} files and folders`);
			const number = sys.addWatch(fd, path, isFolder);
			if (number >= 0) found.set(number, each);
			else if (number === -ERRNO.ENOSPC) isDeaf = number;
			// What is not there is seen to come in its folder.
			else if (number !== -ERRNO.ENOENT && number !== -ERRNO.ENOTDIR) tell(`cannot watch ${path}: ${errnoText(-number)}`);
		};
		if (fd >= 0) {
			for (const [folder, each] of placesOf(watched)) add(folder, true, each);
			for (const file of watched.files) add(file, false, null);
			for (const file of watched.files) if (isMountPoint(file)) tell(`${file} ${MOUNTED_ALONE}`);
		}
		names = found;
		hearer.set(found.keys());
		endPolling();
		if (isDeaf === 0) return;
		tell(`cannot watch ${what}: ${errnoText(-isDeaf)} (${LIMITS.get(-isDeaf) ?? 'inotify'}); it is read every ${POLL / 1000} s instead`);
		poll();
	}

	function poll(): void {
		endPolling = after(POLL, () => {
			poll();
			changed();
		});
	}

	function hear(number: number, name: string): void {
		if (!doesCount(number, name) || waited >= PAUSES_MAX) return;
		waited += 1;
		cancel?.();
		cancel = after(pause, () => {
			cancel = null;
			waited = 0;
			changed();
		});
	}

	function doesCount(number: number, name: string): boolean {
		if (number < 0 || name === '') return true;
		const each = names.get(number);
		return each === null ? !/^\.(?!\.)/.test(name) : each?.has(name) ?? false;
	}

	return {
		set(watched, millis) {
			if (millis === null) {
				hearer.close();
				endPolling();
				cancel?.();
				cancel = null;
				return;
			}
			pause = millis;
			renew(watched);
		},
	};
}

/** What a user has too few of. */
const LIMITS: ReadonlyMap<number, string> = new Map([
	[ERRNO.EMFILE, 'fs.inotify.max_user_instances'], [ERRNO.ENOSPC, 'fs.inotify.max_user_watches'],
]);

/** Folders, and the names in them that lead to the files; null: any name. */
function placesOf({files, folders}: Watched): ReadonlyMap<string, Set<string> | null> {
	const places = new Map<string, Set<string> | null>();
	const add = (folder: string, name: string): void => {
		const names = places.get(folder);
		if (names === undefined) places.set(folder, new Set([name]));
		else names?.add(name);
	};
	for (const folder of folders) {
		walk(folder, add);
		places.set(folder, null);
	}
	for (const file of files) walk(file, add);
	return places;
}

/** Each name on the way to a path that may come to lead elsewhere: symbolic links, the last one, and one that is not there. */
function walk(path: string, add: (folder: string, name: string) => void): void {
	const here = isAbsolute(path) ? '/' : sys.realPath('.');
	let at = typeof here === 'string' ? here : '/';
	let steps = path.split('/');
	let links = 0;
	while (steps.length > 0) {
		const [name = '', ...rest] = steps;
		steps = rest;
		if (name === '' || name === '.') continue;
		if (name === '..') {
			at = dirname(at);
			continue;
		}
		const full = join(at, name);
		const link = sys.readLink(full);
		if (typeof link === 'string') {
			add(at, name);
			links += 1;
			if (links > LINKS_MAX) return;
			steps = [...link.split('/'), ...steps];
			if (isAbsolute(link)) at = '/';
		} else if (link === -ERRNO.EINVAL && steps.some(step => step !== '' && step !== '.')) {
			at = full;
		} else {
			return add(at, name);
		}
	}
}
