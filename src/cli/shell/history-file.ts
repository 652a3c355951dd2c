/**
 * The shell's history over sessions: a file that only its user can read. Where it cannot be had, as on a read-only root, there
 * is no history, and nothing is said.
 */
import {textOf} from '../../os/bytes.ts';
import type {Environment} from '../../os/environment.ts';
import {openFolder} from '../../os/places.ts';
import {PLACE_REPORT, STAT} from '../../os/layouts.ts';
import {newStat, O, sys} from '../../os/sys.ts';
import {linesOf} from './history.ts';

export interface HistoryFile {
	readonly lines: readonly string[];
	/** Adds a line: whole, also where two shells do it at once. */
	add(line: string): void;
}

const NAME = 'history';
/** More is read of no file; one that is half as large is written again with what counts. */
const SIZE_MAX = 512 << 10;

const NONE: HistoryFile = {lines: [], add() {}};

/** The folder of the file (XDG Base Directory Specification); null: there is no home. */
export function historyFolder(env: Environment): string | null {
	const [state, home] = [env['XDG_STATE_HOME'], env['HOME']];
	if (state?.startsWith('/')) return `${state}/archon`;
	return home?.startsWith('/') && home !== '/' ? `${home}/.local/state/archon` : null;
}

export function openHistory(env: Environment): HistoryFile {
	const path = historyFolder(env);
	const folder = path === null ? -1 : openFolder(path, true);
	if (typeof folder !== 'object') return NONE;
	const fd = open(folder.fd, NAME, O.RDWR | O.CREAT | O.APPEND);
	if (fd < 0) {
		sys.close(folder.fd);
		return NONE;
	}
	const about = newStat();
	sys.fstat(fd, about);
	const size = about[STAT.size] ?? 0;
	const bytes = new Uint8Array(Math.min(size, SIZE_MAX));
	const count = sys.readAt(fd, bytes, Math.max(0, size - SIZE_MAX));
	const lines = count > 0 ? linesOf(textOf(bytes, 0, count)) : [];
	if (size > SIZE_MAX / 2) rewrite(fd, lines);
	sys.close(folder.fd);
	return {lines, add: line => void sys.write(fd, sys.encodeUtf8(`${line}\n`))};
}

/** A regular file with one name, which belongs to the shell's user alone; -1: it is not that. */
function open(folder: number, name: string, flags: number): number {
	const report = new Float64Array(Object.keys(PLACE_REPORT).length);
	const fd = sys.openIn(folder, name, flags, 0o600, report);
	if (fd < 0) return -1;
	const about = newStat();
	if (sys.fstat(fd, about) >= 0 && about[STAT.uid] === sys.getuid() && sys.fchmod(fd, 0o600) >= 0) return fd;
	sys.close(fd);
	return -1;
}

/** Only what is remembered. Another shell's line that comes just then may be lost. */
function rewrite(fd: number, lines: readonly string[]): void {
	if (sys.ftruncate(fd, 0) >= 0) sys.write(fd, sys.encodeUtf8(lines.map(line => `${line}\n`).join('')));
}
