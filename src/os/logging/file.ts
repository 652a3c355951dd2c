/**
 * A log file as an outlet: appended to by a thread (jobs.ts), so that a disk that hangs holds nobody up,
 * and rotated between lines. What cannot be written is kept while there is room, then lost and told.
 */
import type {LogFile} from '../../core/model.ts';
import {dirname} from '../../core/path.ts';
import {after} from '../clock.ts';
import {errnoText} from '../errno.ts';
import {makeFolderLater} from '../folders.ts';
import {start} from '../jobs.ts';
import type {Ledger} from '../ledger.ts';
import type {Poller} from '../poller.ts';
import {O, sys} from '../sys.ts';
import {firstBytes, firstLine, linesThatFit} from './lines.ts';
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
		const cut = queue.size() <= limit - size ? pieces : linesThatFit(pieces, limit - size);
		if (isOpening) afterOpening = resume;
		else if (!file || mustReopen) reopen(resume);
		else if (isDue(cut)) rotate(resume);
		else append(file, cut ?? firstLine(pieces), queue, resume);
		return 'later';
	}, {elsewhere: tally});

	/** Whether the file is too old, or the next line does not fit; never in the middle of a line. */
	const isDue = (fitting: readonly Uint8Array[] | null): boolean =>
		!isMidLine && size > 0 && (!fitting || (file !== null && Date.now() - file.born > maxAge));

	function failed(errno: number, resume: () => void): void {
		const reason = errnoText(errno);
		if (reason !== trouble) warn(`cannot write ${path}: ${reason}; it is tried again`);
		trouble = reason;
		after(RETRY, resume);
	}

	function reopen(resume: () => void): void {
		if (file) sys.close(file.fd);
		file = null;
		makeFolderLater(dirname(path), () => {
			const flags = O.WRONLY | O.CREAT | O.APPEND | O.NOCTTY | O.NONBLOCK;
			start('open', {text: path, numbers: [flags, 0o640]}, opened => {
				if (opened.result < 0) return failed(-opened.result, resume);
				mustReopen = false;
				file = {fd: opened.result, inode: opened.inode, born: opened.time || Date.now()};
				({size} = opened);
				isMidLine = false;
				const before = pastOf(ledger, path);
				if (isOpening && before?.inode === file.inode && size > before.size) written = size - before.size;
				resume();
			});
		});
	}

	function rotate(resume: () => void): void {
		rotation.shift(errno => {
			if (errno > 0) {
				// Better a file that grows than lines that are lost.
				warn(`cannot rotate ${path}: ${errnoText(errno)}; it grows on`);
				limit = size + maxSize;
				return resume();
			}
			limit = maxSize;
			reopen(resume);
		});
	}

	function append({fd, inode}: Opened, pieces: readonly Uint8Array[], queue: Queue, resume: () => void): void {
		const remember = (): void => ledger.put(keyOf(path), `${inode} ${size}`);
		remember();
		start('write', {fd, pieces}, ({result: written}) => {
			if (written < 0) return failed(-written, resume);
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
			if (file) sys.close(file.fd);
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

const lastByte = (pieces: readonly Uint8Array[], count: number): number | undefined => firstBytes(pieces, count).at(-1)?.at(-1);
