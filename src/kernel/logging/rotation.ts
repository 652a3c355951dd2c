/** The files that a log file leaves behind: `path.1` is the youngest; the old are removed, and all but the newest may be compressed. */
import {createReadStream, createWriteStream} from 'node:fs';
import {chmod, readdir, rename, stat, truncate, unlink} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {LogFile} from '../../core/model.ts';
import {errnoOf, errnoText} from '../diagnose.ts';

export interface Rotation {
	/** The current file becomes `path.1`; calls back with what prevented that, or null. */
	shift(done: (error: unknown) => void): void;
}

const SUFFIXES = {none: '', gzip: '.gz', zstd: '.zst'} as const;

/** A file that was rotated. */
interface Old {
	readonly name: string;
	readonly number: number;
	readonly suffix: string;
}

export function createRotation({path, maxFile, maxAge, compress}: LogFile, warn: (text: string) => void): Rotation {
	const folder = dirname(path);
	const inFolder = (name: string): string => join(folder, name);
	const nameOf = (number: number, suffix: string): string => `${basename(path)}.${number}${suffix}`;
	let isCompressing = false;
	/** Renames come one after the other, whoever asks for them. */
	let last: Promise<unknown> = Promise.resolve();

	const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
		const turn = last.then(act, act);
		last = turn.catch(() => {});
		return turn;
	};

	/** Oldest first. */
	async function oldFiles(): Promise<readonly Old[]> {
		const prefix = `${basename(path)}.`;
		const names = (await readdir(folder)).filter(name => name.startsWith(prefix));
		return names.flatMap(name => {
			const [, number = '', suffix = ''] = /^([1-9]\d*)(\.gz|\.zst|)$/.exec(name.slice(prefix.length)) ?? [];
			return number === '' ? [] : [{name, number: Number(number), suffix}];
		}).sort((a, b) => b.number - a.number);
	}

	const isTooOld = async ({name}: Old): Promise<boolean> =>
		maxAge !== Infinity && Date.now() - (await stat(inFolder(name))).mtimeMs > maxAge;

	async function makePlace(): Promise<void> {
		if (maxFile <= 1) return truncate(path);
		for (const old of await oldFiles()) {
			if (old.number + 1 >= maxFile || await isTooOld(old)) await unlink(inFolder(old.name));
			else await rename(inFolder(old.name), inFolder(nameOf(old.number + 1, old.suffix)));
		}
		await rename(path, inFolder(nameOf(1, '')));
	}

	/** One after the other, the oldest first, and while others go on being made. */
	async function compressAll(): Promise<void> {
		if (compress === 'none' || isCompressing) return;
		isCompressing = true;
		try {
			for (let next = await plainFile(); next; next = await plainFile()) await compressFile(next);
		} catch (error) {
			warn(`cannot compress what was rotated of ${path}: ${errnoText(errnoOf(error))}; it stays as it is`);
		} finally {
			isCompressing = false;
		}
	}

	const plainFile = async (): Promise<Old | undefined> => (await inTurn(oldFiles)).find(({suffix}) => suffix === '');

	async function compressFile({name}: Old): Promise<void> {
		const {createGzip, createZstdCompress} = await import('node:zlib');
		const unfinished = `${path}.compressing`;
		const from = createReadStream(inFolder(name));
		// The file is known by its inode from here on: its number may have changed when it is done.
		const {ino: inode, mode} = await stat(inFolder(name));
		await pipeline(from, compress === 'gzip' ? createGzip() : createZstdCompress(), createWriteStream(unfinished, {mode: mode & 0o777}));
		await chmod(unfinished, mode & 0o777);
		await inTurn(async () => {
			for (const {name: now, number, suffix} of await oldFiles()) {
				if (suffix !== '' || (await stat(inFolder(now))).ino !== inode) continue;
				await rename(unfinished, inFolder(nameOf(number, SUFFIXES[compress])));
				return unlink(inFolder(now));
			}
			// It was too old meanwhile.
			return unlink(unfinished);
		});
	}

	return {
		shift(done) {
			inTurn(makePlace).then(() => {
				done(null);
				void compressAll();
			}, done);
		},
	};
}
