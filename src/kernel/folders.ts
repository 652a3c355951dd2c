/**
 * Folders made where they are missing, with their parents. Node's own recursive mkdir(2) never returns where
 * a folder cannot be made below one that is there, as in /proc.
 */
import {mkdir, mkdirSync} from 'node:fs';
import {dirname} from 'node:path';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Throws the system's error where that is not possible. */
export function makeFolder(path: string, mode = 0o777): void {
	try {
		mkdirSync(path, mode);
	} catch (error) {
		if (isThere(error)) return;
		if (!isMissing(error) || dirname(path) === path) throw error;
		makeFolder(dirname(path), mode);
		mkdirAgain(path, mode);
	}
}

function mkdirAgain(path: string, mode: number): void {
	try {
		mkdirSync(path, mode);
	} catch (error) {
		if (!isThere(error)) throw error;
	}
}

/** The same on a thread of libuv's. Calls back in any case: what was wrong shows when something is put there. */
export function makeFolderLater(path: string, done: () => void): void {
	mkdir(path, error => {
		if (!error || !isMissing(error) || dirname(path) === path) return done();
		makeFolderLater(dirname(path), () => mkdir(path, () => done()));
	});
}
