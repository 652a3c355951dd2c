/** A request to the native library: everything that it does between clone and exec, in the layout of `struct head`. */
import {CAPABILITIES} from '../core/linux.ts';
import type {Exec} from '../core/model.ts';

/** A process to be made, with nothing left to look up. */
export interface Request {
	readonly exec: Exec;
	/** The files to try to execute, in order. */
	readonly paths: readonly string[];
	readonly environment: NodeJS.ProcessEnv;
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
	/**
	 * In a session of its own, which may have the terminal at descriptor 1, or the one at 0 if that is to be had; in
	 * the foreground of archon's; in a process group of its own; or in archon's own.
	 */
	readonly seat: 'session' | 'terminal' | 'attached' | 'foreground' | 'group' | 'beside';
}

/** The child's descriptors can be numbered up to here, this one not included. */
export const FDS_MAX = 64;

const FLAGS = {session: 1, foreground: 2, terminal: 4, cwd: 8, noNewPrivileges: 16, group: 32, attach: 64} as const;
const SEATS = {
	session: FLAGS.session, terminal: FLAGS.session | FLAGS.terminal, attached: FLAGS.session | FLAGS.attach,
	foreground: FLAGS.foreground, group: FLAGS.group, beside: 0,
} as const;
const AS_IS = -1;
const NICE_AS_IS = 100;
const OOM = {asIs: 0, try: 1, must: 2} as const;
const UNLIMITED = 2n ** 64n - 1n;
const ALL = 2n ** 64n - 1n;

/** The bytes of a request; null if a string cannot be one in C. */
export function encode(request: Request): Uint8Array | null {
	const {exec: {argv, cwd, umask, limits}, paths, uid, gid, groups, fds, cgroup, mark, oom, seat} = request;
	const variables = Object.entries(request.environment).map(([name, value]) => `${name}=${value}`);
	const first = [...(oom ? [String(oom.adjustment)] : []), ...(cwd === null ? [] : [cwd])];
	const strings = [...first, ...paths, ...argv, ...variables];
	if (strings.some(string => string.includes('\0'))) return null;
	const flags = SEATS[seat] | (cwd === null ? 0 : FLAGS.cwd) | (limits.noNewPrivileges ? FLAGS.noNewPrivileges : 0);
	const ioprio = limits.ionice ? limits.ionice.class << 13 | limits.ionice.level : AS_IS;
	const long = (values: readonly bigint[]) => new Uint8Array(BigUint64Array.from(values).buffer);
	const short = (values: readonly number[]) => new Uint8Array(Int32Array.from(values).buffer);
	return Buffer.concat([
		long([bits(limits.capAdd), bits(limits.capDrop), BigInt(mark)]),
		short([
			flags, umask ?? AS_IS, uid ?? AS_IS, gid ?? AS_IS, limits.nice ?? NICE_AS_IS, ioprio, cgroup ?? AS_IS,
			oom === null ? OOM.asIs : oom.mustWork ? OOM.must : OOM.try, limits.rlimits.length, groups ? groups.length : AS_IS,
			fds.length, paths.length, argv.length, variables.length,
		]),
		long(limits.rlimits.flatMap(({resource, soft, hard}) => [BigInt(resource), limit(soft), limit(hard)])),
		short([...groups ?? [], ...fds]),
		Buffer.from(`${strings.join('\0')}\0`),
	]);
}

/** All there are is a set of its own: nobody need have every one of them. */
const bits = (numbers: readonly number[] | 'all'): bigint =>
	numbers === 'all' || CAPABILITIES.every((_, number) => numbers.includes(number))
		? ALL
		: numbers.reduce((set, number) => set | 1n << BigInt(number), 0n);

const limit = (value: number): bigint => (value === Infinity ? UNLIMITED : BigInt(value));
