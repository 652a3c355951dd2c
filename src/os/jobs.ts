/**
 * Calls that may take long, done by a thread while the loop goes on: files that a user names, which may lie on a disk
 * that hangs, and names that no server answers for.
 */
import type {Millis} from '../core/time.ts';
import {JOB_REPORT, JOBS} from './layouts.ts';
import {soon, watch} from './reactor.ts';
import {EPOLLIN, ERRNO, type Outcome, sys} from './sys.ts';

export type Job = (typeof JOBS)[number];

export interface Done {
	/** What the call returned, or -errno. */
	readonly result: Outcome;
	/** Of the file: its inode, its size, and when it was made (`open`) or changed (`age`). Of what was refused: why (places.ts). */
	readonly inode: number;
	readonly size: number;
	readonly time: number;
	/** 1 or 2 where the path leads to archon's own stdout or stderr, and is not opened (`open`, `place`); else -1. */
	readonly stream: number;
	/**
	 * Names, paths or addresses, each with a NUL behind it (`readFolder`, `resolve`, the real path of `open` and the errno of
	 * what the file could not be given, folder and name of `place`), or content (`readFile`; `lock`: of who has it).
	 */
	readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Order {
	/** What is written or truncated; else the folder that names are in. */
	readonly fd?: number;
	/**
	 * A path or a name; `other` is the new one. Where a file is written and this is its path, it is looked at before:
	 * -ESTALE if it is there no more.
	 */
	readonly text?: string;
	readonly other?: string;
	/**
	 * `open`: flags, mode of a file that is made, then what it gets in any case or -1: mode, owner, group; and OPEN.
	 * PLACE (`place`), mode (`access`), size (`truncate`), size, OTHERS_WRITE and who is trusted below `other` (`readFile`),
	 * mode of a file that is made (`replace`); watches, folders, files, bytes and seconds at most (`scan`); pid (`mapped`);
	 * SOCK_STREAM or SOCK_DGRAM (`resolve`); how long to wait for it, in ms (`lock`).
	 */
	readonly numbers?: readonly number[];
	/** What is written; it stays as it is until that is done. */
	readonly pieces?: readonly Uint8Array[];
}

interface Waiting {
	/** Keeps the pieces in memory. */
	readonly order: Order;
	readonly told: (done: Done) => void;
}

/** Of `readFile`: others may write to the folder of what is read, and must not lead archon elsewhere. */
export const OTHERS_WRITE = 1;

const waiting = new Map<number, Waiting>();
const report = new Float64Array(Object.keys(JOB_REPORT).length);
let bell = -1;

/** `told` hears what came of it, in a turn of the loop. */
export function start(job: Job, order: Order, told: (done: Done) => void): void {
	const number = begin(job, order);
	if (number < 0) soon(() => told(failed(number)));
	else waiting.set(number, {order, told});
}

/** The same for who cannot go on without the answer; -ETIMEDOUT where none comes within so long, and `late` hears one that comes later. */
export function wait(job: Job, order: Order, longest: Millis, late: (done: Done) => void = () => {}): Done {
	const number = begin(job, order);
	if (number < 0) return failed(number);
	// The pieces are kept also when the wait is over.
	waiting.set(number, {order, told: late});
	const until = sys.now() + longest;
	let result: Done | null = null;
	while (result === null && sys.awaitJob(Math.max(0, Math.ceil(until - sys.now())))) {
		for (const [each, done] of finished()) {
			const told = waiting.get(each)?.told;
			waiting.delete(each);
			if (each === number) result = done;
			// What comes of others meanwhile is told in a turn of the loop.
			else if (told) soon(() => told(done));
		}
	}
	return result ?? failed(-ERRNO.ETIMEDOUT);
}

/** The texts that `readFolder` and `resolve` bring. */
export const textsOf = ({bytes}: Done): readonly string[] => sys.decodeUtf8(bytes, 0, bytes.length).split('\0').slice(0, -1);

const failed = (result: Outcome): Done => ({result, inode: 0, size: 0, time: 0, stream: -1, bytes: new Uint8Array()});

/** Its number, or -errno. */
function begin(job: Job, {fd = -1, text = '', other = '', numbers = [], pieces = []}: Order): number {
	if (bell < 0) {
		bell = sys.jobsFd();
		watch(bell, EPOLLIN, onReadable);
	}
	return sys.startJob(JOBS.indexOf(job), fd, text, other, numbers, pieces);
}

function onReadable(): void {
	for (const [number, done] of finished()) {
		const told = waiting.get(number)?.told;
		waiting.delete(number);
		told?.(done);
	}
}

function* finished(): Generator<readonly [number: number, done: Done]> {
	for (let bytes = sys.takeJob(report); bytes; bytes = sys.takeJob(report)) {
		const [number = 0, result = 0, inode = 0, size = 0, time = 0, stream = -1] = report;
		yield [number, {result, inode, size, time, stream, bytes}];
	}
}
