/** A request to make a process: everything that is done between clone and exec, in the layout of `struct head` of spawn.h. */
import {CAPABILITIES} from '../../core/linux.ts';
import type {Exec} from '../../core/service.ts';
import type {Environment} from '../environment.ts';
import {sys} from '../sys.ts';

/** Variables as bytes, each with a NUL behind it. */
export interface Block {
	readonly bytes: Uint8Array;
	readonly count: number;
}

/** A process to be made, with nothing left to look up. */
export interface Request {
	readonly exec: Exec;
	/** The files to try to execute, in order. */
	readonly paths: readonly string[];
	/** Null: a variable cannot be one in C. */
	readonly environment: readonly (Block | null)[];
	/** Null: as archon's own. */
	readonly uid: number | null;
	readonly gid: number | null;
	readonly groups: readonly number[] | null;
	/** archon's descriptor for each of the child's, from 0 on; -1: closed. */
	readonly fds: readonly number[];
	/** The open `cgroup.procs` of where it belongs; null: where archon is. */
	readonly cgroup: number | null;
	/** What is known of a process by `mark.ts`; 0: it has none. */
	readonly mark: number;
	/** For its `oom_score_adj`; where it need not work, archon goes on without. */
	readonly oom: {readonly adjustment: number; readonly mustWork: boolean} | null;
	/** In a session of its own, which may have the terminal at descriptor 1, or in the foreground of archon's. */
	readonly seat: 'session' | 'terminal' | 'foreground';
}

/** The child's descriptors can be numbered up to here, this one not included. */
export const FDS_MAX = 64;

const FLAGS = {session: 1, foreground: 2, terminal: 4, cwd: 8, noNewPrivileges: 16, asStarted: 32} as const;
const SEATS = {session: FLAGS.session, terminal: FLAGS.session | FLAGS.terminal, foreground: FLAGS.foreground} as const;
const AS_IS = -1;
const NICE_AS_IS = 100;
const OOM = {asIs: 0, try: 1, must: 2} as const;
/** The head, and each limit, in words of 32 bits. */
const HEAD = 20;
const LIMIT = 6;

/** Null where a name or value holds a NUL character. */
export function blockOf(variables: Environment): Block | null {
	let text = '';
	let count = 0;
	for (const name in variables) {
		const value = variables[name];
		if (value === undefined) continue;
		if (value.includes('\0') || name.includes('\0')) return null;
		text += `${name}=${value}\0`;
		count++;
	}
	return {bytes: sys.encodeUtf8(text), count};
}

/** The bytes of a request; null if a string cannot be one in C. */
export function encode(request: Request): Uint8Array | null {
	const {exec: {argv, cwd, umask, limits, asStarted}, paths, uid, gid, groups, fds, cgroup, mark, oom, seat} = request;
	const first = [...(oom ? [String(oom.adjustment)] : []), ...(cwd === null ? [] : [cwd]), ...paths, ...argv];
	if (first.some(string => string.includes('\0'))) return null;
	const strings = sys.encodeUtf8(`${first.join('\0')}\0`);
	const size = HEAD + LIMIT * limits.rlimits.length + (groups?.length ?? 0) + fds.length;
	let [length, variables] = [size * 4 + strings.length, 0];
	for (const block of request.environment) {
		if (block === null) return null;
		length += block.bytes.length;
		variables += block.count;
	}

	const bytes = new Uint8Array(length);
	// In the order of bytes of the machine, the lower half of a long one first: archon runs on no other.
	const words = new Int32Array(bytes.buffer, 0, size);
	setBits(words, 0, limits.capAdd);
	setBits(words, 2, limits.capDrop);
	setLong(words, 4, mark);
	words[6] = SEATS[seat] | (cwd === null ? 0 : FLAGS.cwd) | (limits.noNewPrivileges ? FLAGS.noNewPrivileges : 0) |
		(asStarted ? FLAGS.asStarted : 0);
	words[7] = umask ?? AS_IS;
	words[8] = uid ?? AS_IS;
	words[9] = gid ?? AS_IS;
	words[10] = limits.nice ?? NICE_AS_IS;
	words[11] = limits.ionice ? limits.ionice.class << 13 | limits.ionice.level : AS_IS;
	words[12] = cgroup ?? AS_IS;
	words[13] = oom === null ? OOM.asIs : oom.mustWork ? OOM.must : OOM.try;
	words[14] = limits.rlimits.length;
	words[15] = groups ? groups.length : AS_IS;
	words[16] = fds.length;
	words[17] = paths.length;
	words[18] = argv.length;
	words[19] = variables;
	let at = HEAD;
	for (const {resource, soft, hard} of limits.rlimits) {
		setLong(words, at, resource);
		setLong(words, at + 2, soft);
		setLong(words, at + 4, hard);
		at += LIMIT;
	}
	words.set(groups ?? [], at);
	words.set(fds, at + (groups?.length ?? 0));

	bytes.set(strings, size * 4);
	at = size * 4 + strings.length;
	for (const block of request.environment) {
		if (block === null) continue;
		bytes.set(block.bytes, at);
		at += block.bytes.length;
	}
	return bytes;
}

/** 64 bits, without a sign; Infinity: all of them (RLIM_INFINITY). */
function setLong(words: Int32Array, at: number, value: number): void {
	words[at] = value === Infinity ? -1 : value;
	words[at + 1] = value === Infinity ? -1 : Math.floor(value / 2 ** 32);
}

/** A bit for each number. All there are is a set of its own: nobody need have every one of them. */
function setBits(words: Int32Array, at: number, numbers: readonly number[] | 'all'): void {
	if (numbers === 'all' || CAPABILITIES.every((_, number) => numbers.includes(number))) return void words.fill(-1, at, at + 2);
	let [low, high] = [0, 0];
	for (const number of numbers) {
		if (number < 32) low |= 1 << number;
		else high |= 1 << (number - 32);
	}
	words[at] = low;
	words[at + 1] = high;
}
