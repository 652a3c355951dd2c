/**
 * A log file as an outlet: appended to by a thread (jobs.ts), so that a disk that hangs holds up nothing else,
 * and rotated between lines. What cannot be written is kept while there is room, then lost and told.
 */
import type {LogFile, LogStream} from '../core.ts';
import {after, now} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import {start, textsOf} from '../../../os/jobs.ts';
import {OPEN} from '../../../os/layouts.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {refusalOf} from '../../../os/places.ts';
import type {Poller} from '../../../os/poller.ts';
import {ERRNO, O, sys} from '../../../os/sys.ts';
import {findGroups, findUser} from '../../../os/spawn/users.ts';
import {firstBytes, firstLine, linesThatFit} from './lines.ts';
import {createOutlet, createTally, lossText, type Outlet} from './outlet.ts';
import {createQueue, type Queue} from './queue.ts';
import {createRotation} from './rotation.ts';

export interface FileOutlet extends Outlet {
	/** Opens the path again, for the file was moved. */
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
/** How often it is looked whether the file is still where it was, in milliseconds, and how often it is told that it was not. */
const LOOK_EVERY = 1000;
const TELL_EVERY = 10_000;
const NEWLINE = 10;
const FLAGS = O.WRONLY | O.CREAT | O.APPEND;
/** Of a file that is made. */
const MODE = 0o640;

interface Opened {
	readonly fd: number;
	/** Where it really is. */
	readonly path: string;
	readonly inode: number;
	/** Milliseconds since 1970. */
	readonly born: number;
}

export interface FileParts {
	readonly poller: Pick<Poller, 'whole'>;
	readonly handoff: Handoff;
	/** archon's own streams, for a path may lead there. */
	readonly stdio: (stream: LogStream) => Outlet;
	readonly warn: (text: string) => void;
}

export function createFile(settings: LogFile, {poller: {whole}, handoff, stdio, warn}: FileParts): FileOutlet {
	const {path, maxSize, maxAge} = settings;
	const rotation = createRotation(settings, warn);
	let file: Opened | null = null;
	/** Where the path leads if that is no file. */
	let own: Outlet | null = null;
	let lookedAt = 0;
	let quietUntil = 0;
	/** What cannot be changed of the file is told but once. */
	let isFirst = true;
	let size = 0;
	let limit = maxSize;
	let isMidLine = false;
	let mustReopen = false;
	let waiting = 0;
	let trouble = '';
	/** What the previous instance wrote and could not take from the queue any more. */
	let written = 0;
	let isOpening = false;
	let afterOpening = (): void => {};
	const tally = createTally(losses => warn(`${lossText(losses, 'lost')}: cannot write ${path}: ${trouble || 'the disk is too slow'}`));

	const outlet = createOutlet(createQueue(handoff.blocks, path), (queue, resume) => {
		if (written > 0 && file && !isOpening) {
			const {inode} = file;
			whole(() => {
				queue.take(Math.min(written, queue.size()));
				handoff.put(keyOf(path), `${inode} ${size}`);
			});
			written = 0;
		}
		waiting = queue.size();
		const pieces = queue.peek(BATCH);
		const cut = queue.size() <= limit - size ? pieces : linesThatFit(pieces, limit - size);
		if (isOpening) afterOpening = resume;
		else if (own && !mustReopen) return passOn(own, queue, resume);
		else if (!file || mustReopen) reopen(resume);
		else if (isDue(cut)) rotate(file, resume);
		else append(file, cut ?? firstLine(pieces), queue, resume);
		return 'later';
	}, {elsewhere: tally});

	/** Whether the file is too old, or the next line does not fit; never in the middle of a line. */
	const isDue = (fitting: readonly Uint8Array[] | null): boolean =>
		!isMidLine && size > 0 && (!fitting || (file !== null && Date.now() - file.born > maxAge));

	function failed(reason: string, resume: () => void): void {
		if (reason !== trouble) warn(`cannot write ${path}: ${reason}; it is tried again`);
		trouble = reason;
		after(RETRY, resume);
	}

	function reopen(resume: () => void): void {
		if (file) sys.close(file.fd);
		[file, own] = [null, null];
		const {uid, gid} = ownerOf(settings, isFirst ? warn : () => {});
		start('open', {text: path, numbers: [FLAGS, MODE, settings.mode ?? -1, uid, gid, OPEN.make]}, opened => {
			if (opened.result < 0) return failed(refusalOf(opened, path), resume);
			mustReopen = false;
			isMidLine = false;
			lookedAt = now();
			if (opened.stream >= 0) {
				const name = opened.stream === 1 ? 'stdout' : 'stderr';
				own = stdio(name);
				if (isOpening) warn(`${path} is no file but archon's own ${name}: its lines go there, and nothing is rotated`);
				return resume();
			}
			const [real = path, undressed] = textsOf(opened);
			if (undressed !== undefined && isFirst) warn(`cannot give ${path} its mode or owner: ${errnoText(Number(undressed))}`);
			isFirst = false;
			file = {fd: opened.result, path: real, inode: opened.inode, born: opened.time || Date.now()};
			({size} = opened);
			const before = pastOf(handoff, path);
			if (isOpening && before?.inode === file.inode && size > before.size) written = size - before.size;
			resume();
		});
	}

	/** To a stream of archon's own, as fast as that takes it. */
	function passOn(outlet: Outlet, queue: Queue, resume: () => void): 'written' | 'later' {
		if (outlet.isFull() && outlet.isPatient()) {
			outlet.whenRoom(resume);
			return 'later';
		}
		whole(() => {
			for (const piece of queue.peek(BATCH)) {
				outlet.put(piece, path, true);
				queue.take(piece.length);
			}
		});
		return 'written';
	}

	function rotate({fd}: Opened, resume: () => void): void {
		rotation.shift(fd, trouble => {
			if (trouble !== null) {
				// Better a file that grows than lines that are lost.
				warn(`cannot rotate ${path}: ${trouble}; it grows on`);
				limit = size + maxSize;
				return resume();
			}
			limit = maxSize;
			reopen(resume);
		});
	}

	/** The file was removed, or another put in its place. */
	function renew(resume: () => void): void {
		if (now() >= quietUntil) warn(`${path} is not there any more; it is made again`);
		quietUntil = now() + TELL_EVERY;
		reopen(resume);
	}

	function append({fd, inode, path: real}: Opened, pieces: readonly Uint8Array[], queue: Queue, resume: () => void): void {
		const remember = (): void => handoff.put(keyOf(path), `${inode} ${size}`);
		remember();
		const mustLook = now() - lookedAt >= LOOK_EVERY;
		if (mustLook) lookedAt = now();
		start('write', {fd, pieces, text: mustLook ? real : ''}, ({result: written}) => {
			if (written === -ERRNO.ESTALE && mustLook) return renew(resume);
			if (written < 0) return failed(errnoText(-written), resume);
			if (trouble !== '') warn(`${path} is written again`);
			trouble = '';
			isMidLine = lastByte(pieces, written) !== NEWLINE;
			// Both or neither: else the next instance would take as much from the queue once more.
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
			handoff.delete(keyOf(path));
		}),
	};
}

/** -1: as it is. */
function ownerOf({path, user, group}: LogFile, warn: (text: string) => void): {readonly uid: number; readonly gid: number} {
	const [owner, groups] = [user === null ? null : findUser({user, group: null}), group === null ? null : findGroups([group])];
	for (const found of [owner, groups]) if (found && !found.ok) warn(`cannot give ${path} to its owner: ${found.error}`);
	return {uid: owner?.ok ? owner.value.uid : -1, gid: groups?.ok ? groups.value[0] ?? -1 : -1};
}

const keyOf = (path: string): string => `file ${path}`;

/** Which file was written when the previous instance ended, and how long it was before that. */
function pastOf({past}: Handoff, path: string): {readonly inode: number; readonly size: number} | null {
	const [inode = NaN, size = NaN] = (past.get(keyOf(path)) ?? '').split(' ').map(Number);
	return size >= 0 ? {inode, size} : null;
}

const lastByte = (pieces: readonly Uint8Array[], count: number): number | undefined => firstBytes(pieces, count).at(-1)?.at(-1);
