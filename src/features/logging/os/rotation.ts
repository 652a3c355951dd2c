/** The files that a log file leaves behind: `path.1` is the youngest; the old are removed, and all but the newest may be compressed. */
import type {LogFile} from '../core.ts';
import {errnoText} from '../../../os/errno.ts';
import {type Done, type Job, type Order, start, textsOf} from '../../../os/jobs.ts';
import {refusalOf} from '../../../os/places.ts';
import {ERRNO, type Outcome, sys} from '../../../os/sys.ts';

export interface Rotation {
	/** The current file, which is open, becomes `path.1`, or empty if it is to be the only one; calls back with what prevented that. */
	shift(fd: number, done: (trouble: string | null) => void): void;
}

const SUFFIXES = {none: '', gzip: '.gz', zstd: '.zst'} as const;
/** As `compress` of jobs.ts counts them. */
const KINDS = {none: 0, gzip: 1, zstd: 2} as const;

/** The folder in which the files are, open for as long as something is done there, and the name of the current one. */
interface Spot {
	readonly folder: number;
	readonly name: string;
}

/** A file that was rotated. */
interface Old {
	readonly name: string;
	readonly number: number;
	readonly suffix: string;
}

const call = (job: Job, order: Order): Promise<Done> => new Promise(resolve => start(job, order, resolve));
const outcome = async (job: Job, order: Order): Promise<Outcome> => (await call(job, order)).result;
const troubleOf = (result: Outcome | string): string | null =>
	typeof result === 'string' ? result : result < 0 ? errnoText(-result) : null;

/** However many files are compressed, and however long one takes, no more than one thread is kept busy. */
let lastCompression: Promise<unknown> = Promise.resolve();

export function createRotation({path, maxFile, maxAge, compress}: LogFile, warn: (text: string) => void): Rotation {
	let isCompressing = false;
	/** Renames come one after the other. */
	let last: Promise<unknown> = Promise.resolve();

	const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
		const turn = last.then(act);
		last = turn;
		return turn;
	};

	/** Where the path leads now: a link that is to be trusted stays, and what it leads to is rotated. */
	async function atSpot(act: (spot: Spot) => Promise<Outcome | string>): Promise<Outcome | string> {
		const found = await call('place', {text: path});
		if (found.result < 0) return refusalOf(found, path);
		const [, name = ''] = textsOf(found);
		try {
			return found.stream < 0 ? await act({folder: found.result, name}) : -ERRNO.EINVAL;
		} finally {
			sys.close(found.result);
		}
	}

	const nameOf = ({name}: Spot, number: number, suffix: string): string => `${name}.${number}${suffix}`;
	const rename = ({folder}: Spot, from: string, to: string): Promise<Outcome> => outcome('rename', {fd: folder, text: from, other: to});
	const unlink = ({folder}: Spot, name: string): Promise<Outcome> => outcome('unlink', {fd: folder, text: name});

	/** Oldest first; or -errno. */
	async function oldFiles({folder, name: current}: Spot): Promise<readonly Old[] | Outcome> {
		const prefix = `${current}.`;
		const found = await call('readFolder', {fd: folder});
		if (found.result < 0) return found.result;
		return textsOf(found).filter(name => name.startsWith(prefix)).flatMap(name => {
			const [, number = '', suffix = ''] = /^([1-9]\d*)(\.gz|\.zst|)$/.exec(name.slice(prefix.length)) ?? [];
			return number === '' ? [] : [{name, number: Number(number), suffix}];
		}).sort((a, b) => b.number - a.number);
	}

	/** One that is too many or too old goes, all others have the next number. */
	async function age(spot: Spot, {name, number, suffix}: Old): Promise<Outcome> {
		if (number + 1 >= maxFile) return unlink(spot, name);
		if (maxAge !== Infinity) {
			const {result, time} = await call('age', {fd: spot.folder, text: name});
			if (result < 0) return result;
			if (Date.now() - time > maxAge) return unlink(spot, name);
		}
		return rename(spot, name, nameOf(spot, number + 1, suffix));
	}

	async function makePlace(spot: Spot): Promise<Outcome> {
		const files = await oldFiles(spot);
		if (typeof files === 'number') return files;
		for (const old of files) {
			const result = await age(spot, old);
			if (result < 0) return result;
		}
		return rename(spot, spot.name, nameOf(spot, 1, ''));
	}

	/** One after the other, the oldest first, and while others go on being made. */
	async function compressAll(): Promise<void> {
		if (compress === 'none' || isCompressing) return;
		isCompressing = true;
		let result: Outcome | string = 1;
		while (typeof result === 'number' && result > 0) {
			const turn: Promise<Outcome | string> = lastCompression.then(() => atSpot(compressNext));
			lastCompression = turn;
			result = await turn;
		}
		isCompressing = false;
		const trouble = troubleOf(result);
		if (trouble !== null) warn(`cannot compress what was rotated of ${path}: ${trouble}; it stays as it is`);
	}

	/** 0: there was none; or what is wrong. */
	async function compressNext(spot: Spot): Promise<Outcome | string> {
		const files = await inTurn(() => oldFiles(spot));
		if (typeof files === 'number') return files;
		const next = files.find(({suffix}) => suffix === '');
		if (!next) return 0;
		const unfinished = `${spot.name}.compressing`;
		// The file is known by its inode from here on: its number may have changed when it is done.
		const order = {fd: spot.folder, text: next.name, other: unfinished, numbers: [KINDS[compress]]};
		const {result, inode} = await call('compress', order);
		if (result < 0) return result;
		const replaced = await inTurn(() => replace(spot, inode, unfinished));
		return replaced < 0 ? replaced : 1;
	}

	async function replace(spot: Spot, inode: number, by: string): Promise<Outcome> {
		const files = await oldFiles(spot);
		if (typeof files === 'number') return files;
		for (const {name, number, suffix} of files) {
			if (suffix !== '') continue;
			const about = await call('age', {fd: spot.folder, text: name});
			if (about.result < 0) return about.result;
			if (about.inode !== inode) continue;
			const renamed = await rename(spot, by, nameOf(spot, number, SUFFIXES[compress]));
			return renamed < 0 ? renamed : unlink(spot, name);
		}
		// It was too old meanwhile.
		return unlink(spot, by);
	}

	return {
		shift(fd, done) {
			const shifted = maxFile <= 1 ? outcome('truncate', {fd, numbers: [0]}) : inTurn(() => atSpot(makePlace));
			void shifted.then(result => {
				const trouble = troubleOf(result);
				done(trouble);
				if (trouble === null) void compressAll();
			});
		},
	};
}
