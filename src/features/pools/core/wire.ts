/** The messages of a pool's sockets: bytes that end in NUL into texts, and texts into what they mean. */
import {err, ok, type Result} from '../../../core/result.ts';

/**
 * What a worker can do beyond the plain protocol: `A`: run texts; `D`: tell of deaths; `F`: tell of files on NODE; `E`: take an
 * environment.
 */
export type Capability = 'A' | 'D' | 'E' | 'F';

/** The value of `ARCHON_ZEUS_CAPS`, by which a worker sees that it may answer `K:`. */
export const CAPABILITIES = 'A,D,F,E';

/** Bytes of one message; the text of a crash is cut there, any other message is wrong. */
export const MESSAGE_MAX = 65_536;

/** Bytes of one path of a feature. */
export const PATH_MAX = 4096;

/** What a node says once it is registered. */
export type NodeMessage =
	/** `K:A,D` */
	| {readonly kind: 'capable'; readonly of: readonly Capability[]}
	/** `R:OK` */
	| {readonly kind: 'booted'}
	/** `R:` and any other text */
	| {readonly kind: 'failed'; readonly text: string}
	/** `D:<pid>`: a child of it has ended, or so it says. */
	| {readonly kind: 'died'; readonly pid: number}
	/** `F:<path>` */
	| {readonly kind: 'feature'; readonly path: string};

/** `P:<pid>:<parent's pid>:<name>`, the first message on each NODE; a name of no characters means the root. */
export interface Registration {
	readonly kind: 'registered';
	readonly pid: number;
	readonly parent: number;
	readonly name: string;
}

/** What is written to a node. */
export type NodeOrder =
	/** `A:<text>`: what its action is; empty: it has code of its own. */
	| {readonly kind: 'action'; readonly text: string}
	/** `S:<name>` */
	| {readonly kind: 'boot'; readonly node: string}
	/** `C:<name>` */
	| {readonly kind: 'run'; readonly command: string};

/** What a client says. */
export type ClientMessage =
	/** `T:<argc>:<client's pid>:<command or alias>` */
	| {readonly kind: 'asked'; readonly argc: number; readonly pid: number; readonly command: string}
	/** `E:1`: a fourth descriptor is its environment. */
	| {readonly kind: 'env'};

/** What a runner says on COMMAND. */
export type RunnerMessage =
	/** `P:<command's pid>:<node's pid>:` */
	| {readonly kind: 'begun'; readonly pid: number}
	/** The exit status alone. */
	| {readonly kind: 'done'; readonly status: number};

/** A worker's first message. */
export function readRegistration(text: string): Result<Registration, string> {
	const parts = fields(text, 'P:', 3);
	const [pid, parent] = [number(parts?.[0], PID_MAX), number(parts?.[1], PID_MAX)];
	if (!parts || !pid || parent === null) return strange(text, 'P:<pid>:<parent>:<name>');
	return ok({kind: 'registered', pid, parent, name: parts[2] ?? ''});
}

/** A worker's message after its first one. */
export function readNode(text: string): Result<NodeMessage, string> {
	const rest = text.slice(2);
	switch (text.slice(0, 2)) {
		case 'R:': return ok(rest === 'OK' ? {kind: 'booted'} : {kind: 'failed', text: rest});
		case 'K:': return ok({kind: 'capable', of: [...new Set(rest.slice(0, 64).split(','))].filter(isCapability)});
		case 'F:': {
			const isPath = rest.startsWith('/') && rest.length <= PATH_MAX;
			return isPath ? ok({kind: 'feature', path: rest}) : strange(text, 'F:<absolute path>');
		}
		case 'D:': {
			const pid = number(rest, PID_MAX);
			return pid ? ok({kind: 'died', pid}) : strange(text, 'D:<pid>');
		}
		default: return strange(text, 'R:, K:, D: or F:');
	}
}

/** A client's message. */
export function readClient(text: string): Result<ClientMessage, string> {
	if (text === 'E:1') return ok({kind: 'env'});
	const parts = fields(text, 'T:', 3);
	const [argc, pid] = [number(parts?.[0], ARGC_MAX), number(parts?.[1], PID_MAX)];
	if (!parts || argc === null || pid === null) return strange(text, 'T:<argc>:<pid>:<command>');
	return ok({kind: 'asked', argc, pid, command: parts[2] ?? ''});
}

/** A runner's message. */
export function readRunner(text: string): Result<RunnerMessage, string> {
	const parts = fields(text, 'P:', 3);
	const pid = number(parts?.[0], PID_MAX);
	if (pid) return ok({kind: 'begun', pid});
	const status = number(text, 255);
	return status === null ? strange(text, 'P:<pid>:<node>: or an exit status') : ok({kind: 'done', status});
}

/** An order as its bytes' text, with the NUL. */
export function formatOrder(order: NodeOrder): string {
	switch (order.kind) {
		case 'action': return `A:${order.text.replaceAll('\0', '')}\0`;
		case 'boot': return `S:${order.node}\0`;
		case 'run': return `C:${order.command}\0`;
	}
}

/** What a client writes first; `hasEnv`: a fourth descriptor will follow. */
export const formatAsk = (argc: number, pid: number, command: string, hasEnv: boolean): string =>
	`T:${argc}:${pid}:${command}\0${hasEnv ? 'E:1\0' : ''}`;

/** What a runner gets before its descriptors. */
export const formatHand = (clientPid: number, argc: number): string => `${clientPid}:${argc}\0`;

/** A pid or an exit status, as a client gets both. */
export const formatNumber = (value: number): string => `${value}\0`;

/** Cuts a stream into its parts. */
export interface Cutter {
	/** The whole parts that these bytes complete; null: one is too long, and nothing after it means anything. */
	push(bytes: Uint8Array): readonly string[] | null;
	/** How many bytes of an incomplete part it keeps. */
	pending(): number;
}

/** Decodes a range of bytes. */
export type Decode = (bytes: Uint8Array, from: number, to: number) => string;

/** Messages, which end in NUL; those of no bytes are left out, as each descriptor comes with one. The text of a crash is cut if need be. */
export const cutMessages = (decode: Decode): Cutter => createCutter(0, MESSAGE_MAX, decode, isCrash);

/** Lines of paths. */
export const cutLines = (decode: Decode): Cutter => createCutter(0x0a, PATH_MAX, decode, () => false);

const isCrash = (bytes: Uint8Array): boolean => bytes[0] === 0x52 && bytes[1] === 0x3a;

/** What follows a part that is too long is left out up to its end where `isCut` says so. */
function createCutter(separator: number, max: number, decode: Decode, isCut: (part: Uint8Array) => boolean): Cutter {
	// It grows by doubling, so that a part that comes byte by byte is not copied for each of them.
	let kept = new Uint8Array(0);
	let used = 0;
	let isFull = false;
	const keep = (bytes: Uint8Array): void => {
		if (used + bytes.length > kept.length) {
			const larger = new Uint8Array(Math.min(max, Math.max(256, 2 * (used + bytes.length))));
			larger.set(kept.subarray(0, used));
			kept = larger;
		}
		kept.set(bytes, used);
		used += bytes.length;
	};
	return {
		push(bytes) {
			const parts: string[] = [];
			let from = 0;
			while (from < bytes.length) {
				const end = bytes.indexOf(separator, from);
				const to = end < 0 ? bytes.length : end;
				const room = max - used;
				keep(bytes.subarray(from, Math.min(to, from + room)));
				if (to - from > room) {
					if (!isFull && !isCut(kept)) return null;
					isFull = true;
				}
				if (end < 0) return parts;
				if (used > 0) parts.push(decode(kept, 0, used));
				[used, isFull] = [0, false];
				if (kept.length > SMALL) kept = new Uint8Array(0);
				from = end + 1;
			}
			return parts;
		},
		pending: () => used,
	};
}

/** A buffer that is larger is not kept for what comes next. */
const SMALL = 4096;

/** The largest pid that Linux gives (pid_max, proc(5)). */
const PID_MAX = 4_194_304;

/** More arguments than the kernel takes for a program. */
const ARGC_MAX = 2_097_152;

const isCapability = (text: string): text is Capability => text.length === 1 && 'ADEF'.includes(text);

/** The parts between colons, of which the last one may have colons itself; null: they are fewer, or begin with something else. */
function fields(text: string, prefix: string, count: number): readonly string[] | null {
	if (!text.startsWith(prefix)) return null;
	const parts: string[] = [];
	let from = prefix.length;
	while (parts.length < count - 1) {
		const colon = text.indexOf(':', from);
		if (colon < 0) return null;
		parts.push(text.slice(from, colon));
		from = colon + 1;
	}
	return [...parts, text.slice(from)];
}

/** Decimal digits that are no more than `max`. */
function number(text: string | undefined, max: number): number | null {
	if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
	const value = Number(text);
	return value <= max ? value : null;
}

/** What came instead of what was due, short enough for a log. */
const strange = (text: string, wanted: string): Result<never, string> =>
	err(`said ${JSON.stringify(text.slice(0, 40))}, which is not ${wanted}`);
