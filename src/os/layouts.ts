/**
 * Numbers and layouts that TypeScript and C both know, described here only: the build makes src/native/layouts.h of them
 * (scripts/build/layouts.ts), which also asserts that the compiler lays them out as TypeScript reads and writes them.
 */

/** A type of C as a field of a struct, with its size and alignment in bytes. */
export interface FieldType {
	readonly name: string;
	readonly size: number;
	readonly align: number;
	/** How many there are of an array. */
	readonly count?: number;
}

export interface Layout<Name extends string = string> {
	readonly struct: string;
	readonly fields: Readonly<Record<Name, FieldType>>;
	/** Where each field begins, in bytes. */
	readonly at: Readonly<Record<Name, number>>;
	readonly size: number;
	readonly align: number;
}

const I32: FieldType = {name: 'int32_t', size: 4, align: 4};
const U32: FieldType = {name: 'uint32_t', size: 4, align: 4};
const U64: FieldType = {name: 'uint64_t', size: 8, align: 8};
const ATOMIC_U64: FieldType = {name: '_Atomic uint64_t', size: 8, align: 8};
const CHAR: FieldType = {name: 'char', size: 1, align: 1};
const U8: FieldType = {name: 'uint8_t', size: 1, align: 1};

const array = ({name, size, align}: FieldType, count: number): FieldType => ({name, size: size * count, align, count});
const nested = ({struct, size, align}: Layout): FieldType => ({name: `struct ${struct}`, size, align});

/** As compilers for 64 bits do it: each field at the next multiple of its alignment, and the whole filled up to that of the widest. */
function layout<Name extends string>(struct: string, fields: Readonly<Record<Name, FieldType>>): Layout<Name> {
	const at: Partial<Record<Name, number>> = {};
	let [end, widest] = [0, 1];
	for (const name in fields) {
		const {size, align} = fields[name];
		const begin = Math.ceil(end / align) * align;
		at[name] = begin;
		end = begin + size;
		widest = Math.max(widest, align);
	}
	return {struct, fields, at: at as Record<Name, number>, size: Math.ceil(end / widest) * widest, align: widest};
}

// ── a request to make a process (spawn/request.ts and spawn.c) ──

/** What is done between clone and exec, in order, in the words for where it failed. */
export const STAGES = {
	fork: 'creating a process', cgroup: 'entering the cgroup', session: 'creating a session', terminal: 'taking the terminal',
	fds: 'placing descriptors', oom: 'setting oom_score_adj', limit: 'setting a limit', affinity: 'setting cpuset', nice: 'setting nice',
	ionice: 'setting ionice', drop: 'dropping capabilities', keep: 'keeping capabilities', groups: 'setting groups',
	gid: 'setting the group', uid: 'setting the user', noNew: 'forbidding new privileges', cwd: 'changing directory',
	exec: 'executing',
} as const;

export const REQUEST_FLAG = {session: 1, foreground: 2, terminal: 4, cwd: 8, noNew: 16, asStarted: 32, group: 64, listenPid: 128} as const;

/** Whether its `oom_score_adj` is changed, and whether that must work. */
export const OOM = {asIs: 0, try: 1, must: 2} as const;

/** A `nice` that no process has: it stays as it is. */
export const NICE_AS_IS = 100;

/** The child's descriptors can be numbered up to here, this one not included. */
export const REQUEST_FDS_MAX = 64;

/** A request begins with it; limits, processors, groups, descriptors, and strings that each end in NUL follow. */
export const REQUEST = /* @__PURE__ */ layout('head', {
	/** By bit: kept across the change of user; all bits: whatever archon has. */
	capAdd: U64,
	/** By bit: taken away, but for `capAdd`. */
	capDrop: U64,
	/** The limits that its descendants are known by (run-tag.ts); 0: none. */
	tag: U64,
	/** REQUEST_FLAG. */
	flags: I32,
	/** -1: as it is; so are the next three. */
	umask: I32,
	uid: U32,
	gid: U32,
	/** NICE_AS_IS: as it is. */
	nice: I32,
	/** Class and level as ioprio_set(2) has them; -1: as it is. */
	ioprio: I32,
	/** The open cgroup.procs of where it belongs; -1: where archon is. */
	cgroup: I32,
	/** OOM; unless it is as it is, the first string is for oom_score_adj. */
	oom: I32,
	/** How many there are. */
	limits: I32,
	/** How many words of 64 bits, each with a bit for each processor that it may run on; 0: as it is. */
	affinity: I32,
	/** -1: as they are. */
	groups: I32,
	/** The child's 0, 1, 2, … in order, each -1 where it is to be closed. */
	fds: I32,
	/** Files to try to execute, in order. */
	paths: I32,
	argc: I32,
	envc: I32,
});

export const LIMIT = /* @__PURE__ */ layout('limit', {resource: U64, soft: U64, hard: U64});

/** Where making a process failed; `detail`: which capability, limit or descriptor, or -1. */
export const SPAWN_REPORT = /* @__PURE__ */ layout('report', {stage: I32, error: I32, detail: I32});

// ── the memory that outlives archon (reexec/reexec.ts and reexec.c) ──

/** How an instance ended. */
export const CAUSE_KINDS = ['fault', 'sent', 'bug', 'upgrade'] as const;

export const CAUSE = /* @__PURE__ */ layout('cause', {
	/** CAUSE_KINDS. */
	kind: I32,
	signal: I32,
	/** si_code of sigaction(2). */
	code: I32,
	/** The pid that sent the signal; 0: of another PID namespace. */
	sender: I32,
	/** Where memory could not be reached, or the instruction that could not be executed. */
	address: U64,
	/** CLOCK_MONOTONIC, in ns. */
	at: U64,
});

/** Causes that are remembered, and characters of what archon said of the last. */
export const [CAUSES_MAX, CAUSE_WORDS_MAX] = [8, 512];

/** Of the memory, what is not the handoff's, in bytes. */
export const HEADER_ROOM = 1024;

export const HEADER = /* @__PURE__ */ layout('header', {
	magic: U32,
	/** archon's pid. */
	owner: I32,
	/** How often archon was re-executed. */
	reexecutions: U32,
	/** Of open files, as the first instance was started with; 0: it was not raised. */
	softLimit: U32,
	/** Signals that were read and not acted on yet, by bit signal - 1. */
	pending: ATOMIC_U64,
	/** Of the whole memory. */
	size: U64,
	/** That of re-execution n at n modulo CAUSES_MAX. */
	causes: array(nested(CAUSE), CAUSES_MAX),
	/** What archon said of the last one. */
	words: array(CHAR, CAUSE_WORDS_MAX),
	/** The running file, for where no name leads to it; 0: not open. */
	programFd: I32,
	/** Signals, as the first instance was started with, by bit signal - 1. */
	ignored: U64,
	blocked: U64,
	/** Who sent the pending signals, by signal - 1. */
	origins: array(U8, 64),
});

// ── what calls report, by index ──

/** Of a file (inode(7)); `changed` is when its content was changed, `born` when it was made or 0, both in ms since 1970. */
export const STAT = {mode: 0, uid: 1, gid: 2, device: 3, inode: 4, links: 5, size: 6, special: 7, changed: 8, born: 9} as const;

/** What comes beside the bytes of a message; `fds`: the first of ANCILLARY_FDS_MAX. */
export const ANCILLARY = {count: 0, isCut: 1, pid: 2, uid: 3, gid: 4, fds: 5} as const;
export const ANCILLARY_FDS_MAX = 16;

/** Of a signal that was read (signalfd(2)). */
export const SIGNAL_REPORT = {number: 0, code: 1, pid: 2, uid: 3, origin: 4} as const;

/** Of a child that has ended (waitid(2)). */
export const CHILD_REPORT = {pid: 0, code: 1, status: 2} as const;

/** Of who is at the other end of a socket (SO_PEERCRED). */
export const PEER_REPORT = {pid: 0, uid: 1, gid: 2} as const;

/** Of where a path leads: the open folder or -errno, the stream of archon's or -1, and what was refused. */
export const PLACE_REPORT = {folder: 0, stream: 1, refusal: 2, writer: 3, id: 4} as const;

/**
 * Of a job that is finished. Where something was refused, `inode`, `size` and `time` are its refusal, writer and id. Of `scan` they are
 * files, folders and bytes, and `stream` is SCAN.
 */
export const JOB_REPORT = {number: 0, result: 1, inode: 2, size: 3, time: 4, stream: 5} as const;

// ── jobs (jobs.ts and jobs.c) and places (places.ts and places.c) ──

export const JOBS = [
	'write', 'open', 'rename', 'unlink', 'place', 'truncate', 'readFolder', 'readFile', 'resolve', 'access', 'age', 'compress',
	'save', 'lock', 'replace', 'scan', 'mapped',
] as const;

/** Of `findPlace`: folders that are missing are made; and the path is that of a folder, so that no name is left. */
export const PLACE = {make: 1, folder: 2} as const;

/** Of a file that is opened: other kinds too, where only root and archon's user may write to the folder; folders are made. */
export const OPEN = {any: 1, make: 2} as const;

/** Why something was refused although the kernel would allow it. */
export const REFUSALS = ['not', 'link', 'magic', 'kind', 'names', 'owner', 'foreign', 'open'] as const;

/** Which users may write to a folder beside root and archon's own user. */
export const WRITERS = ['none', 'user', 'group', 'anybody'] as const;

/**
 * Of a scan, by bit: bounds were met; the system has no watches left; the file is a mount of its own; nothing is there; it took too
 * long; others may change it without this system's knowledge; something may not be read; it is a file that archon writes.
 */
export const SCAN = {partial: 1, noRoom: 2, mounted: 4, missing: 8, late: 16, remote: 32, unreadable: 64, own: 128} as const;
