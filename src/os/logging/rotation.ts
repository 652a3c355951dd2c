/** The files that a log file leaves behind: `path.1` is the youngest; the old are removed, and all but the newest may be compressed. */
import type {LogFile} from '../../core/model.ts';
import {basename, dirname, join} from '../../core/path.ts';
import {errnoText} from '../errno.ts';
import {type Done, type Job, type Order, start, textsOf} from '../jobs.ts';
import type {Outcome} from '../sys.ts';

export interface Rotation {
	/** The current file becomes `path.1`; calls back with the errno that prevented that, or 0. */
	shift(done: (errno: number) => void): void;
}

const SUFFIXES = {none: '', gzip: '.gz', zstd: '.zst'} as const;
/** As `compress` of jobs.ts counts them. */
const KINDS = {none: 0, gzip: 1, zstd: 2} as const;

/** A file that was rotated. */
interface Old {
	readonly name: string;
	readonly number: number;
	readonly suffix: string;
}

const call = (job: Job, order: Order): Promise<Done> => new Promise(resolve => start(job, order, resolve));
const outcome = async (job: Job, order: Order): Promise<Outcome> => (await call(job, order)).result;

export function createRotation({path, maxFile, maxAge, compress}: LogFile, warn: (text: string) => void): Rotation {
	const folder = dirname(path);
	const inFolder = (name: string): string => join(folder, name);
	const nameOf = (number: number, suffix: string): string => `${basename(path)}.${number}${suffix}`;
	let isCompressing = false;
	/** Renames come one after the other, whoever asks for them. */
	let last: Promise<unknown> = Promise.resolve();

	const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
		const turn = last.then(act);
		last = turn;
		return turn;
	};

	const rename = (from: string, to: string): Promise<Outcome> => outcome('rename', {text: from, other: to});
	const unlink = (path: string): Promise<Outcome> => outcome('unlink', {text: path});

	/** Oldest first; or -errno. */
	async function oldFiles(): Promise<readonly Old[] | Outcome> {
		const prefix = `${basename(path)}.`;
		const found = await call('readFolder', {text: folder});
		if (found.result < 0) return found.result;
		return textsOf(found).filter(name => name.startsWith(prefix)).flatMap(name => {
			const [, number = '', suffix = ''] = /^([1-9]\d*)(\.gz|\.zst|)$/.exec(name.slice(prefix.length)) ?? [];
			return number === '' ? [] : [{name, number: Number(number), suffix}];
		}).sort((a, b) => b.number - a.number);
	}

	/** One that is too many or too old goes, all others have the next number. */
	async function age({name, number, suffix}: Old): Promise<Outcome> {
		if (number + 1 >= maxFile) return unlink(inFolder(name));
		if (maxAge !== Infinity) {
			const {result, time} = await call('age', {text: inFolder(name)});
			if (result < 0) return result;
			if (Date.now() - time > maxAge) return unlink(inFolder(name));
		}
		return rename(inFolder(name), inFolder(nameOf(number + 1, suffix)));
	}

	async function makePlace(): Promise<Outcome> {
		if (maxFile <= 1) return outcome('truncate', {text: path, numbers: [0]});
		const files = await oldFiles();
		if (typeof files === 'number') return files;
		for (const old of files) {
			const result = await age(old);
			if (result < 0) return result;
		}
		return rename(path, inFolder(nameOf(1, '')));
	}

	/** One after the other, the oldest first, and while others go on being made. */
	async function compressAll(): Promise<void> {
		if (compress === 'none' || isCompressing) return;
		isCompressing = true;
		let result: Outcome = 1;
		while (result > 0) result = await compressNext();
		isCompressing = false;
		if (result < 0) warn(`cannot compress what was rotated of ${path}: ${errnoText(-result)}; it stays as it is`);
	}

	/** 0: there was none; or -errno. */
	async function compressNext(): Promise<Outcome> {
		const files = await inTurn(oldFiles);
		if (typeof files === 'number') return files;
		const next = files.find(({suffix}) => suffix === '');
		if (!next) return 0;
		const unfinished = `${path}.compressing`;
		// The file is known by its inode from here on: its number may have changed when it is done.
		const {result, inode} = await call('compress', {text: inFolder(next.name), other: unfinished, numbers: [KINDS[compress]]});
		if (result < 0) return result;
		const replaced = await inTurn(() => replace(inode, unfinished));
		return replaced < 0 ? replaced : 1;
	}

	async function replace(inode: number, by: string): Promise<Outcome> {
		const files = await oldFiles();
		if (typeof files === 'number') return files;
		for (const {name, number, suffix} of files) {
			if (suffix !== '') continue;
			const about = await call('age', {text: inFolder(name)});
			if (about.result < 0) return about.result;
			if (about.inode !== inode) continue;
			const renamed = await rename(by, inFolder(nameOf(number, SUFFIXES[compress])));
			return renamed < 0 ? renamed : unlink(inFolder(name));
		}
		// It was too old meanwhile.
		return unlink(by);
	}

	return {
		shift(done) {
			void inTurn(makePlace).then(result => {
				done(result < 0 ? -result : 0);
				if (result >= 0) void compressAll();
			});
		},
	};
}
