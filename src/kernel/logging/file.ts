/**
 * A log file as an outlet: appended to by a thread of libuv's, so that a disk that hangs holds nobody up,
 * and rotated between lines. What cannot be written is kept while there is room, then lost and told.
 */
import {close, constants, fstat, open, writev} from 'node:fs';
import {dirname} from 'node:path';
import type {LogFile} from '../../core/model.ts';
import {after} from '../clock.ts';
import {errnoOf, errnoText} from '../diagnose.ts';
import {makeFolderLater} from '../folders.ts';
import type {Ledger} from '../ledger.ts';
import type {Poller} from '../poller.ts';
import {createOutlet, createTally, lossText, type Outlet} from './outlet.ts';
import {createQueue, type Queue} from './queue.ts';
import {createRotation} from './rotation.ts';

export interface FileOutlet extends Outlet {
	/** Opens the path anew, for somebody has moved the file. */
	reopen(): void;
	/** The file and how long it will be when all that waits is written; null where it is not open. */
	mark(): {readonly inode: number; readonly size: number} | null;
	/** When all is written, the file is closed. */
	close(): void;
}

/** At a stretch: enough to be worth a thread's turn. */
const BATCH = 1 << 20;
/** After something went wrong, in milliseconds. */
const RETRY = 1000;
const NEWLINE = 10;

interface Opened {
	readonly fd: number;
	readonly inode: number;
	/** Milliseconds since 1970. */
	readonly born: number;
}

export function createFile(settings: LogFile, {whole}: Pick<Poller, 'whole'>, ledger: Ledger, warn: (text: string) => void): FileOutlet {
	const {path, maxSize, maxAge} = settings;
	const rotation = createRotation(settings, warn);
	let file: Opened | null = null;
	let size = 0;
	let limit = maxSize;
	let isMidLine = false;
	let mustReopen = false;
	let waiting = 0;
	let trouble = '';
	/** What the last life wrote and could not take from the queue any more. */
	let written = 0;
	let isOpening = false;
	let afterOpening = (): void => {};
	const tally = createTally(losses => warn(`${lossText(losses, 'lost')}: cannot write ${path}: ${trouble || 'the disk is too slow'}`));

	const outlet = createOutlet(createQueue(ledger.blocks, path), (queue, resume) => {
		if (written > 0 && file && !isOpening) {
			const {inode} = file;
			whole(() => {
				queue.take(Math.min(written, queue.size()));
				ledger.put(keyOf(path), `${inode} ${size}`);
			});
			written = 0;
		}
		waiting = queue.size();
		const pieces = queue.peek(BATCH);
		const cut = queue.size() <= limit - size ? pieces : upToLine(pieces, limit - size);
		if (isOpening) afterOpening = resume;
		else if (!file || mustReopen) reopen(resume);
		else if (isDue(cut)) rotate(resume);
		else append(file, cut ?? pieces, queue, resume);
		return 'later';
	}, {elsewhere: tally});

	/** Whether the file is too old, or the next line does not fit; never in the middle of a line. */
	const isDue = (fitting: readonly Buffer[] | null): boolean =>
		!isMidLine && size > 0 && (!fitting || (file !== null && Date.now() - file.born > maxAge));

	function failed(error: unknown, resume: () => void): void {
		const reason = errnoText(errnoOf(error));
		if (reason !== trouble) warn(`cannot write ${path}: ${reason}; it is tried again`);
		trouble = reason;
		after(RETRY, resume);
	}

	function reopen(resume: () => void): void {
		if (file) close(file.fd);
		file = null;
		makeFolderLater(dirname(path), () => {
			const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOCTTY | constants.O_NONBLOCK;
			open(path, flags, 0o640, (error, fd) => {
				if (error) return failed(error, resume);
				fstat(fd, (_, stat) => {
					mustReopen = false;
					file = {fd, inode: stat?.ino ?? 0, born: stat?.birthtimeMs || Date.now()};
					size = stat?.size ?? 0;
					isMidLine = false;
					const before = pastOf(ledger, path);
					if (isOpening && before?.inode === file.inode && size > before.size) written = size - before.size;
					resume();
				});
			});
		});
	}

	function rotate(resume: () => void): void {
		rotation.shift(error => {
			if (error) {
				// Better a file that grows than lines that are lost.
				warn(`cannot rotate ${path}: ${errnoText(errnoOf(error))}; it grows on`);
				limit = size + maxSize;
				return resume();
			}
			limit = maxSize;
			reopen(resume);
		});
	}

	function append({fd, inode}: Opened, pieces: readonly Buffer[], queue: Queue, resume: () => void): void {
		const remember = (): void => ledger.put(keyOf(path), `${inode} ${size}`);
		remember();
		writev(fd, pieces, (error, written) => {
			if (error) return failed(error, resume);
			if (trouble !== '') warn(`${path} is written again`);
			trouble = '';
			isMidLine = lastByte(pieces, written) !== NEWLINE;
			// Both or neither: else the next life would take as much from the queue once more.
			whole(() => {
				queue.take(written);
				size += written;
				remember();
			});
			waiting = queue.size();
			resume();
		});
	}

	// At once: where it cannot be opened, that is better known before there is a line to be lost.
	isOpening = true;
	reopen(() => {
		isOpening = false;
		afterOpening();
	});

	return {
		...outlet,
		put(lines, service, must) {
			waiting += lines.length;
			outlet.put(lines, service, must);
		},
		reopen() {
			mustReopen = true;
		},
		mark: () => file && {inode: file.inode, size: size + waiting},
		close: () => outlet.whenIdle(() => {
			if (file) close(file.fd);
			file = null;
			ledger.delete(keyOf(path));
		}),
	};
}

const keyOf = (path: string): string => `file ${path}`;

/** Which file was written when the last life ended, and how long it was before that. */
function pastOf({past}: Ledger, path: string): {readonly inode: number; readonly size: number} | null {
	const [inode = NaN, size = NaN] = (past.get(keyOf(path)) ?? '').split(' ').map(Number);
	return size >= 0 ? {inode, size} : null;
}

/** The whole lines of it that fit into so many bytes; null: not one does. */
function upToLine(pieces: readonly Buffer[], most: number): readonly Buffer[] | null {
	let cut = 0;
	let start = 0;
	for (const piece of pieces) {
		if (start >= most) break;
		cut = Math.max(cut, start + piece.lastIndexOf(NEWLINE, Math.min(most - start, piece.length) - 1) + 1);
		start += piece.length;
	}
	return cut === 0 ? null : firstBytes(pieces, cut);
}

function firstBytes(pieces: readonly Buffer[], count: number): readonly Buffer[] {
	let left = count;
	return pieces.flatMap(piece => {
		const part = piece.subarray(0, Math.max(0, left));
		left -= piece.length;
		return part.length > 0 ? [part] : [];
	});
}

const lastByte = (pieces: readonly Buffer[], count: number): number | undefined => firstBytes(pieces, count).at(-1)?.at(-1);
