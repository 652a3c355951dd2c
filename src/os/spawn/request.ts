/** A request to make a process: everything that is done between clone and exec, laid out as REQUEST and what follows it. */
import {CAPABILITIES} from '../../core/linux.ts';
import type {Exec} from '../../core/service.ts';
import type {Environment} from '../environment.ts';
import {LIMIT, NICE_AS_IS, OOM, REQUEST, REQUEST_FLAG} from '../layouts.ts';
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
	/** The child puts its pid into $LISTEN_PID. */
	readonly isListening: boolean;
	/** The tag of its run (run-tag.ts); 0: it has none. */
	readonly tag: number;
	/** For its `oom_score_adj`; where it need not work, archon goes on without. */
	readonly oom: {readonly adjustment: number; readonly mustWork: boolean} | null;
	/**
	 * In a session of its own, which may have the terminal at descriptor 1; or in archon's: in the foreground of its terminal, or
	 * without it.
	 */
	readonly seat: 'session' | 'terminal' | 'foreground' | 'group';
}

const SEATS = {
	session: REQUEST_FLAG.session, terminal: REQUEST_FLAG.session | REQUEST_FLAG.terminal, foreground: REQUEST_FLAG.foreground,
	group: REQUEST_FLAG.group,
} as const;
const AS_IS = -1;

/** Where each field of the head is, and how long that is and each limit, in words of 32 bits. */
const AT = mapped(REQUEST.at);
const [HEAD_WORDS, LIMIT_WORDS] = [REQUEST.size / 4, LIMIT.size / 4];

function mapped<Name extends string>(at: Readonly<Record<Name, number>>): Readonly<Record<Name, number>> {
	const words: Partial<Record<Name, number>> = {};
	for (const name in at) words[name] = at[name] / 4;
	return words as Record<Name, number>;
}

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
	const {exec: {argv, cwd, umask, limits, affinity, asStarted}, paths, uid, gid, groups, fds, cgroup, tag, oom, seat, isListening} = request;
	const first = [...(oom ? [String(oom.adjustment)] : []), ...(cwd === null ? [] : [cwd]), ...paths, ...argv];
	if (first.some(string => string.includes('\0'))) return null;
	const strings = sys.encodeUtf8(`${first.join('\0')}\0`);
	const processors = affinity ? 2 * (Math.floor(Math.max(...affinity) / 64) + 1) : 0;
	const size = HEAD_WORDS + LIMIT_WORDS * limits.rlimits.length + processors + (groups?.length ?? 0) + fds.length;
	let [length, variables] = [size * 4 + strings.length, 0];
	for (const block of request.environment) {
		if (block === null) return null;
		length += block.bytes.length;
		variables += block.count;
	}

	const bytes = new Uint8Array(length);
	// In the order of bytes of the machine, the lower half of a long one first: archon runs on no other.
	const words = new Int32Array(bytes.buffer, 0, size);
	setBits(words, AT.capAdd, limits.capAdd);
	setBits(words, AT.capDrop, limits.capDrop);
	setLong(words, AT.tag, tag);
	words[AT.flags] = SEATS[seat] | (cwd === null ? 0 : REQUEST_FLAG.cwd) | (limits.noNewPrivileges ? REQUEST_FLAG.noNew : 0) |
		(asStarted ? REQUEST_FLAG.asStarted : 0) | (isListening ? REQUEST_FLAG.listenPid : 0);
	words[AT.umask] = umask ?? AS_IS;
	words[AT.uid] = uid ?? AS_IS;
	words[AT.gid] = gid ?? AS_IS;
	words[AT.nice] = limits.nice ?? NICE_AS_IS;
	words[AT.ioprio] = limits.ionice ? limits.ionice.class << 13 | limits.ionice.level : AS_IS;
	words[AT.cgroup] = cgroup ?? AS_IS;
	words[AT.oom] = oom === null ? OOM.asIs : oom.mustWork ? OOM.must : OOM.try;
	words[AT.limits] = limits.rlimits.length;
	words[AT.affinity] = processors / 2;
	words[AT.groups] = groups ? groups.length : AS_IS;
	words[AT.fds] = fds.length;
	words[AT.paths] = paths.length;
	words[AT.argc] = argv.length;
	words[AT.envc] = variables;
	let at = HEAD_WORDS;
	for (const {resource, soft, hard} of limits.rlimits) {
		setLong(words, at, resource);
		setLong(words, at + 2, soft);
		setLong(words, at + 4, hard);
		at += LIMIT_WORDS;
	}
	for (const processor of affinity ?? []) words[at + (processor >> 5)] = (words[at + (processor >> 5)] ?? 0) | 1 << (processor & 31);
	at += processors;
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

/** A bit for each number. All that exist are a set of their own, of which archon need not have every one. */
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
