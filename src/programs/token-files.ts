/** Files of tokens that a config names, as PID 1 reads them: what keeps one from being used is logged once. */
import {TOKEN_FILE_MAX, tokensIn} from '../core/token.ts';
import {textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import {OTHERS_WRITE, start} from '../os/jobs.ts';
import {STAT} from '../os/layouts.ts';
import type {Log} from '../os/log.ts';
import {newStat, sys} from '../os/sys.ts';
import {flawOf} from './foreign-file.ts';

export interface TokenFiles {
	/** What the config names now. */
	set(files: readonly string[]): void;
	/**
	 * Reads them again, and as often as it is asked for, though not at once: who asks may do so as often as it likes. Then `found` is
	 * called, also where another file was named meanwhile, for all of these.
	 */
	renew(): void;
}

export interface TokenFileParts {
	readonly log: Log;
	readonly whole: <T>(act: () => T) => T;
	/** The key that names them. */
	readonly key: string;
	/** The tokens of each file; none where it must not be used. */
	readonly found: (tokens: ReadonlyMap<string, readonly string[]>) => void;
}

/** How long a file may take to be read, and how long it is not read again (ms). */
const [PATIENCE, REST] = [2000, 100];
/** Permissions of a file that every user may read (inode(7)). */
const OTHERS_READ = 0o004;

export function createTokenFiles({log, whole, key, found}: TokenFileParts): TokenFiles {
	let files: readonly string[] = [];
	/** What was said of a file last: it is not said again. */
	const told = new Map<string, string>();
	/** They are being read, or were a moment ago. */
	let isBusy = false;
	/** They are to be read again: after that; or at once, as there are others. */
	let isAsked = false;
	let isStale = false;

	function renew(): void {
		isAsked = true;
		if (!isBusy) readAll();
	}

	function readAll(): void {
		[isBusy, isAsked, isStale] = [true, false, false];
		const all = files;
		const tokens = new Map<string, readonly string[]>();
		for (const file of all) {
			read(file, some => {
				tokens.set(file, some);
				if (tokens.size === all.length) finish(tokens);
			});
		}
		if (all.length === 0) finish(tokens);
	}

	function finish(tokens: ReadonlyMap<string, readonly string[]>): void {
		if (isStale) return readAll();
		found(tokens);
		after(REST, () => whole(() => {
			isBusy = false;
			if (isAsked) readAll();
		}));
	}

	function read(file: string, done: (tokens: readonly string[]) => void): void {
		let isOver = false;
		const end = (tokens: readonly string[], why: string): void => whole(() => {
			if (isOver) return;
			isOver = true;
			cancel();
			if (why !== (told.get(file) ?? '')) {
				if (why !== '') log.warn(`${key}: the token file ${file} ${why}`);
				told.set(file, why);
			}
			done(tokens);
		});
		const cancel = after(PATIENCE, () => end([], `does not answer within ${PATIENCE / 1000} s: no client is let in by it`));
		start('readFile', {text: file, numbers: [TOKEN_FILE_MAX, OTHERS_WRITE]}, read => {
			const flaw = flawOf(read, file);
			if (flaw !== null) return end([], `${flaw}: no client is let in by it`);
			const tokens = tokensIn(textOf(read.bytes));
			if (typeof tokens === 'string') return end([], `${tokens}: no client is let in by it`);
			const about = newStat();
			const isOpen = sys.stat(file, about) >= 0 && ((about[STAT.mode] ?? 0) & OTHERS_READ) !== 0;
			end(tokens, isOpen ? 'may be read by every user (chmod o-r)' : '');
		});
	}

	return {
		set(next) {
			files = [...new Set(next)];
			for (const file of told.keys()) if (!files.includes(file)) told.delete(file);
			isStale = true;
			renew();
		},
		renew,
	};
}
