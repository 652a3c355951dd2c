/** Files and folders that rules are told of: once what is there differs from what was, and has been left alone for a moment. */
import type {Millis} from '../../core/time.ts';
import {type ConfigWatch, createConfigWatch} from '../../features/watch-config/os/watch.ts';
import {after} from '../../os/clock.ts';
import {STAT} from '../../os/layouts.ts';
import type {Poller} from '../../os/poller.ts';
import {isFolder, newStat, sys} from '../../os/sys.ts';
import {createWatches} from '../../os/watches.ts';

export interface FileWatch {
	/** Watches these in place of those before. */
	set(paths: readonly string[]): void;
}

/** How long a file must be left alone. */
const PAUSE: Millis = 100;
/** Paths of all rules together. */
const PATHS_MAX = 64;

export function createFileWatch(poller: Poller, changed: (path: string) => void, warn: (text: string) => void): FileWatch {
	const about = newStat();
	const watches = createWatches({poller});
	let open: readonly ConfigWatch[] = [];

	/** Text that differs where what is there does. */
	function lookAt(path: string): string {
		if (sys.stat(path, about) < 0) return '';
		return isFolder(about) ? '/' : [STAT.inode, STAT.size, STAT.changed].map(field => about[field]).join(' ');
	}

	function begin(path: string): ConfigWatch {
		let seen = lookAt(path);
		const isOfFolder = seen === '/';
		const watched = isOfFolder ? {files: [], folders: [path]} : {files: [path], folders: []};
		const made = createConfigWatch({
			watches, after, warn, what: path,
			changed() {
				const now = lookAt(path);
				const differs = isOfFolder || now !== seen;
				seen = now;
				// Another file has its name, or its folder is another one.
				made.set(watched, PAUSE);
				if (differs) changed(path);
			},
		});
		made.set(watched, PAUSE);
		return made;
	}

	return {
		set(paths) {
			for (const each of open) each.set({files: [], folders: []}, null);
			const all = [...new Set(paths)];
			if (all.length > PATHS_MAX) warn(`rules name more than ${PATHS_MAX} paths: the others are not watched`);
			open = all.slice(0, PATHS_MAX).map(begin);
		},
	};
}
