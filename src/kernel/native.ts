/**
 * The typed face of libc, libuv and archon's own C library, and the only file that sees `node:ffi`.
 * Calls that may fail return -errno, as system calls do.
 *
 * A buffer whose address is given away (`pointerTo`) must stay referenced until the call is over.
 */
import {closeSync, existsSync, readFileSync} from 'node:fs';
import * as ffi from 'node:ffi';
import {getRawAsset, isSea} from 'node:sea';

type Definitions = NonNullable<Parameters<typeof ffi.dlopen>[1]>;
type Functions<D extends Definitions> = ReturnType<typeof ffi.dlopen<D>>['functions'];

/**
 * Functions of a library, each looked up at its first call: it costs a page of code and the search for a place near
 * the library. What is loaded while archon is built has no process yet to look into.
 */
function lazily<const D extends Definitions>(definitions: D, open: () => ffi.DynamicLibrary): Functions<D> {
	const functions = {};
	for (const [name, signature] of Object.entries(definitions)) {
		Object.defineProperty(functions, name, {configurable: true, get() {
			const value = open().getFunction(name, signature);
			Object.defineProperty(functions, name, {value});
			return value;
		}});
	}
	return functions as Functions<D>;
}

const libc = lazily({
	_exit: {return: 'void', arguments: ['int32']},
	accept4: {return: 'int32', arguments: ['int32', 'pointer', 'pointer', 'int32']},
	bind: {return: 'int32', arguments: ['int32', 'buffer', 'uint32']},
	close: {return: 'int32', arguments: ['int32']},
	connect: {return: 'int32', arguments: ['int32', 'buffer', 'uint32']},
	epoll_create1: {return: 'int32', arguments: ['int32']},
	epoll_ctl: {return: 'int32', arguments: ['int32', 'int32', 'int32', 'buffer']},
	epoll_wait: {return: 'int32', arguments: ['int32', 'buffer', 'int32', 'int32']},
	fcntl: {return: 'int32', arguments: ['int32', 'int32', 'int32']},
	fallocate: {return: 'int32', arguments: ['int32', 'int32', 'int64', 'int64']},
	getsid: {return: 'int32', arguments: ['int32']},
	getsockopt: {return: 'int32', arguments: ['int32', 'int32', 'int32', 'buffer', 'buffer']},
	ioctl: {return: 'int32', arguments: ['int32', 'uint64', 'uint64']},
	isatty: {return: 'int32', arguments: ['int32']},
	kill: {return: 'int32', arguments: ['int32', 'int32']},
	listen: {return: 'int32', arguments: ['int32', 'int32']},
	memfd_create: {return: 'int32', arguments: ['string', 'uint32']},
	poll: {return: 'int32', arguments: ['buffer', 'uint64', 'int32']},
	posix_openpt: {return: 'int32', arguments: ['int32']},
	pthread_sigmask: {return: 'int32', arguments: ['int32', 'buffer', 'pointer']},
	pipe2: {return: 'int32', arguments: ['buffer', 'int32']},
	prctl: {return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64']},
	prlimit: {return: 'int32', arguments: ['int32', 'int32', 'pointer', 'buffer']},
	read: {return: 'int32', arguments: ['int32', 'buffer', 'uint64']},
	recvmsg: {return: 'int32', arguments: ['int32', 'buffer', 'int32']},
	sendmsg: {return: 'int32', arguments: ['int32', 'buffer', 'int32']},
	setsockopt: {return: 'int32', arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32']},
	signal: {return: 'pointer', arguments: ['int32', 'pointer']},
	socket: {return: 'int32', arguments: ['int32', 'int32', 'int32']},
	strerror: {return: 'pointer', arguments: ['int32']},
	syscall: {return: 'int64', arguments: ['int64', 'int64', 'int64']},
	umask: {return: 'uint32', arguments: ['uint32']},
	uv_poll_init: {return: 'int32', arguments: ['pointer', 'pointer', 'int32']},
	uv_poll_start: {return: 'int32', arguments: ['pointer', 'int32', 'pointer']},
	uv_signal_init: {return: 'int32', arguments: ['pointer', 'pointer']},
	uv_signal_start: {return: 'int32', arguments: ['pointer', 'pointer', 'int32']},
	waitid: {return: 'int32', arguments: ['int32', 'int32', 'buffer', 'int32']},
	write: {return: 'int32', arguments: ['int32', 'buffer', 'uint64']},
}, openLibc);

let openedLibc: ffi.DynamicLibrary | undefined;
let errnoAddress: bigint;

function openLibc(): ffi.DynamicLibrary {
	if (openedLibc) return openedLibc;
	openedLibc = ffi.dlopen(null, {}).lib;
	errnoAddress = openedLibc.getFunction('__errno_location', {return: 'pointer', arguments: []})();
	return openedLibc;
}

/** A pointer by which C calls back. */
const pointerFor = (...definition: Parameters<ffi.DynamicLibrary['registerCallback']>): bigint =>
	openLibc().registerCallback(...definition);

/** The result of a libc call, or -errno. */
const checked = (result: number): number => (result === -1 ? -ffi.getInt32(errnoAddress, 0) : result);

const SIG_UNBLOCK = 1;
/** sizeof(sigset_t) in glibc. */
const SIGSET_SIZE = 128;

const pointerTo = (bytes: Uint8Array): bigint => ffi.getRawPointer(bytes);

// ── Processes ──

export const EINTR = 4;
export const EAGAIN = 11;
export const ECHILD = 10;
export const ESRCH = 3;

export const kill = (pid: number, signal: number): number => checked(libc.kill(pid, signal));

/** Ends archon at once: no handler runs and no thread that hangs in a write is joined (_exit(2)). */
export function exitNow(status: number): never {
	libc._exit(status);
	throw new Error('_exit returned');
}

/** waitid(2) for any child that has ended. `peek` leaves it waitable (WNOWAIT); `info` takes a siginfo_t. */
export function waitForAny(info: Uint8Array, peek: boolean): number {
	return checked(libc.waitid(P_ALL, 0, info, WEXITED | WNOHANG | (peek ? WNOWAIT : 0)));
}

/** waitid(2) for one child that has ended. */
export const waitFor = (pid: number, info: Uint8Array): number =>
	checked(libc.waitid(P_PID, pid, info, WEXITED | WNOHANG));

/** Readable when the process has ended, whoever's child it is (pidfd_open(2)); or -errno. */
export const pidfdOpen = (pid: number): number => checked(Number(libc.syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n)));

const SYS_PIDFD_OPEN = 434n;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;

/** Orphaned descendants come to archon also where it is not PID 1 (prctl(2), PR_SET_CHILD_SUBREAPER). */
export const becomeSubreaper = (): number => checked(libc.prctl(36, 1n, 0n, 0n, 0n));

/** What `ps` and `top` call archon's process (prctl(2), PR_SET_NAME): Node's own name would say nothing. */
export function setName(name: string): void {
	const bytes = Buffer.from(`${name}\0`.padEnd(16, '\0'));
	libc.prctl(15, pointerTo(bytes), 0n, 0n, 0n);
	held.push(bytes);
}

/** Leaves a signal's default behind for good: SIGTTIN and SIGTTOU would stop whoever gave the terminal away. */
export function ignoreSignal(signal: number): void {
	libc.signal(signal, 1n);
}

/** Whether orphaned descendants come to archon (prctl(2), PR_GET_CHILD_SUBREAPER); not asked as PID 1, to which all come. */
export function isSubreaper(): boolean {
	const answer = new Int32Array(1);
	libc.prctl(37, pointerTo(new Uint8Array(answer.buffer)), 0n, 0n, 0n);
	return answer[0] === 1;
}

/** archon itself is sent the signal when its parent ends (prctl(2), PR_SET_PDEATHSIG). */
export const tieToParent = (signal: number): number => checked(libc.prctl(1, BigInt(signal), 0n, 0n, 0n));

/** What `archon_spawn` was doing when it failed; the order is that of its enum. */
export const STAGES = [
	'creating a process', 'entering the cgroup', 'creating a session', 'taking the terminal', 'placing descriptors',
	'setting oom_score_adj', 'setting a limit', 'setting nice', 'setting ionice', 'dropping capabilities', 'keeping capabilities',
	'setting groups', 'setting the group', 'setting the user', 'forbidding new privileges', 'changing directory', 'executing',
] as const;

/** Makes a process from a request in the layout of archon.c; its pid, or -1 and the report {stage, errno, detail}. */
export function spawn(request: Uint8Array, report: Int32Array): number {
	return library.archon_spawn(request, new Uint8Array(report.buffer));
}

const library = lazily({
	archon_spawn: {return: 'int32', arguments: ['buffer', 'buffer']},
	archon_memory: {return: 'int32', arguments: ['int32', 'uint64', 'buffer']},
	archon_arm: {return: 'int32', arguments: []},
	archon_keep: {return: 'int32', arguments: ['int32', 'int32']},
	archon_witness: {return: 'void', arguments: ['uint64']},
	archon_exec: {return: 'int32', arguments: ['string', 'int32', 'string']},
	archon_enter: {return: 'void', arguments: []},
	archon_leave: {return: 'void', arguments: []},
	archon_settle: {return: 'void', arguments: []},
}, () => (openedLibrary ??= openAnywhere()));

let openedLibrary: ffi.DynamicLibrary | undefined;

const openFile = (path: string): ffi.DynamicLibrary => ffi.dlopen(path, {}).lib;

/** From memory; where that may not be made, or without /proc cannot be named, from the file that lies with the C library. */
function openAnywhere(): ffi.DynamicLibrary {
	try {
		return openFromMemory();
	} catch (error) {
		try {
			return openFile('libarchon.so');
		} catch {
			throw error;
		}
	}
}

/** From a memfd: works with a read-only root, as any user, and under docker's seccomp filter. */
function openFromMemory(): ffi.DynamicLibrary {
	const fd = checked(libc.memfd_create('libarchon', 1));
	if (fd < 0) throw new Error(`memfd_create: errno ${-fd}`);
	try {
		const bytes = libraryBytes();
		for (let at = 0; at < bytes.length;) {
			const written = checked(libc.write(fd, bytes.subarray(at), BigInt(bytes.length - at)));
			if (written <= 0) throw new Error(`writing the library to memory: errno ${-written}`);
			at += written;
		}
		return openFile(`/proc/self/fd/${fd}`);
	} finally {
		closeSync(fd);
	}
}

/** The asset of the executable; when run from source, what the build made. */
function libraryBytes(): Uint8Array {
	if (isSea()) return new Uint8Array(getRawAsset('libarchon.so') as ArrayBuffer);
	const built = `${import.meta.dirname}/../../dist/native/libarchon.so`;
	if (!existsSync(built)) throw new Error('dist/native/libarchon.so is missing: run npm run build first');
	return readFileSync(built);
}

// ── What outlives archon ── guard.c says what each does, and guard.ts what it is for.

/** Memory that the next life of archon finds again. */
export interface Memory {
	readonly fd: number;
	/** In bytes; it takes room only where it is used. */
	readonly size: number;
	/** A part of it, to be read and written in place. V8 counts what is viewed as archon's own, so view no more than is used. */
	view(at: number, length: number): Buffer;
}

/** The memory of the last life at `fd`, or new memory where that is -1; or -errno. Only once in a life. */
export function openMemory(fd: number, size: number): Memory | number {
	const place = new BigUint64Array(2);
	const result = library.archon_memory(fd, BigInt(size), new Uint8Array(place.buffer));
	if (result < 0) return result;
	const [address = 0n, found = 0n] = place;
	return {fd: result, size: Number(found), view: (at, length) => ffi.toBuffer(address + BigInt(at), length, false)};
}

/** Gives pages of shared memory back to the system; they are zero from then on (fallocate(2), FALLOC_FL_PUNCH_HOLE). */
export function releaseMemory(fd: number, at: number, length: number): void {
	libc.fallocate(fd, 3, BigInt(at), BigInt(length));
}

/** From here on a fatal signal executes archon anew; 0 or -errno. What a bug of archon's takes is looked up before there is one. */
export function armGuard(): number {
	void [library.archon_exec, libc._exit];
	return library.archon_arm();
}

/** Whether a descriptor lives on; 0 or -errno. */
export const keep = (fd: number, isKept: boolean): number => library.archon_keep(fd, isKept ? 1 : 0);

/** Signals, by bit, that are written down in the memory before their handlers are called. */
export const witness = (signals: bigint): void => library.archon_witness(signals);

/** Executes the file at `path`, or archon's own where that is empty, in archon's place; -errno if it could not. */
export const executeAnew = (path: string, kind: number, words: string): number => library.archon_exec(path, kind, words);

export const enterSection = (): void => library.archon_enter();
export const leaveSection = (): void => library.archon_leave();

/** Freed memory, and pages of the executable and its libraries, go back to the kernel; what is used comes back. */
export const giveMemoryBack = (): void => library.archon_settle();

// ── Descriptors ──

export const close = (fd: number): number => checked(libc.close(fd));

export const read = (fd: number, bytes: Uint8Array): number => checked(libc.read(fd, bytes, BigInt(bytes.length)));

export const write = (fd: number, bytes: Uint8Array): number => checked(libc.write(fd, bytes, BigInt(bytes.length)));

const ends = new Int32Array(2);
const endsBytes = new Uint8Array(ends.buffer);

/** A pipe whose ends are close-on-exec; only the reading end never blocks. [read end, write end] or -errno. */
export function pipe(): readonly [number, number] | number {
	const result = checked(libc.pipe2(endsBytes, O_CLOEXEC | O_NONBLOCK));
	if (result < 0) return result;
	const [reader = -1, writer = -1] = ends;
	libc.fcntl(writer, F_SETFL, 0);
	return [reader, writer];
}

/**
 * Room for so many descriptors, made at once: a process with threads waits at each growth of the kernel's table until
 * all processors have taken note, which takes many milliseconds.
 */
export function makeRoomForFds(count: number): void {
	const last = libc.fcntl(0, F_DUPFD_CLOEXEC, count - 1);
	if (last >= 0) close(last);
}

const F_DUPFD_CLOEXEC = 1030;

/** A terminal: its two ends, close-on-exec; only archon's own never blocks. [archon's end, the service's end] or -errno. */
export function openTerminal(): readonly [number, number] | number {
	const master = checked(libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (master < 0) return master;
	const unlocked = new Int32Array(1);
	const size = Uint16Array.of(TERMINAL_ROWS, TERMINAL_COLUMNS, 0, 0);
	libc.ioctl(master, TIOCSPTLCK, pointerTo(new Uint8Array(unlocked.buffer)));
	libc.ioctl(master, TIOCSWINSZ, pointerTo(new Uint8Array(size.buffer)));
	// Without a look at /dev/pts, which an image need not have (ioctl_tty(2)).
	const slave = checked(libc.ioctl(master, TIOCGPTPEER, BigInt(O_RDWR | O_NOCTTY | O_CLOEXEC)));
	if (slave < 0) {
		close(master);
		return slave;
	}
	setBlocking(master, false);
	return [master, slave];
}

/** Of the open file, and so for all that share it. */
export function setBlocking(fd: number, isBlocking: boolean): void {
	const flags = libc.fcntl(fd, F_GETFL, 0);
	libc.fcntl(fd, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/** Two of `struct pollfd`: the descriptor, what is asked for, and what is so. */
const polled = Buffer.alloc(16);
const POLLIN = 1;

/** Waits until there is something to read; false: before that, the reader of another descriptor's pipe went away (poll(2)). */
export function awaitReadable(fd: number, pipe: number): boolean {
	polled.fill(0);
	polled.writeInt32LE(fd, 0);
	polled.writeInt16LE(POLLIN, 4);
	polled.writeInt32LE(pipe, 8);
	let result: number;
	do result = checked(libc.poll(polled, 2n, -1));
	while (result === -EINTR);
	return result < 0 || polled.readInt16LE(6) !== 0;
}

/** Whether it is a terminal (isatty(3)); Node's own answer costs its modules for networks. */
export const isTerminal = (fd: number): boolean => libc.isatty(fd) === 1;

/** Whether nothing can be written to it. */
export const isReader = (fd: number): boolean => (libc.fcntl(fd, F_GETFL, 0) & O_ACCMODE) === 0;

/** Room for a mebibyte; whether the kernel allows it (fcntl(2), F_SETPIPE_SZ). */
export const growPipe = (fd: number): boolean => libc.fcntl(fd, F_SETPIPE_SZ, 1 << 20) >= 0;

const F_SETPIPE_SZ = 1031;
const O_ACCMODE = 3;
const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_GETFL = 3;
const F_SETFL = 4;
const TIOCSWINSZ = 0x5414n;
const TIOCNOTTY = 0x5422n;
const TIOCSPTLCK = 0x40045431n;
const TIOCGPTPEER = 0x5441n;
const TERMINAL_ROWS = 24;
const TERMINAL_COLUMNS = 80;

/**
 * Gives up the terminal at descriptor 0 (TIOCNOTTY, ioctl_tty(2)); the leader of its session is sent SIGHUP and
 * SIGCONT for it. Whether archon was that, or -errno.
 */
export function leaveTerminal(): boolean | number {
	const result = checked(libc.ioctl(0, TIOCNOTTY, 0n));
	return result < 0 ? result : libc.getsid(0) === process.pid;
}

// ── What is rarely needed ──

const LIMIT = new BigUint64Array(2);

/** The hard limit of another process's resource (prlimit(2)); -1 where there is none, or it is not archon's to ask. */
export function hardLimitOf(pid: number, resource: number): bigint {
	const result = libc.prlimit(pid, resource, 0n, new Uint8Array(LIMIT.buffer));
	return result < 0 ? -1n : LIMIT[1] ?? -1n;
}

/** The errno as the C library words it (strerror(3)). */
export const wordsOf = (errno: number): string => ffi.toString(libc.strerror(errno)) ?? `errno ${errno}`;

// ── Readiness ──

export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLHUP = 16;

export const epollCreate = (): number => checked(libc.epoll_create1(O_CLOEXEC));

/** struct epoll_event is packed on x86-64 only (epoll_ctl(2)). */
const [EVENT_SIZE, EVENT_DATA] = process.arch === 'x64' ? [12, 4] : [16, 8];
const EPOLL_BATCH = 256;
const batch = Buffer.alloc(EVENT_SIZE * EPOLL_BATCH);
const single = Buffer.alloc(EVENT_SIZE);

/** Adds (1), removes (2) or changes (3) a descriptor's interest. */
export function epollControl(epoll: number, operation: 1 | 2 | 3, fd: number, events: number): number {
	single.writeUInt32LE(events, 0);
	single.writeInt32LE(fd, EVENT_DATA);
	return checked(libc.epoll_ctl(epoll, operation, fd, single));
}

/** Calls back for each ready descriptor, without waiting. */
export function epollReady(epoll: number, each: (fd: number, events: number) => void): void {
	const count = checked(libc.epoll_wait(epoll, batch, EPOLL_BATCH, 0));
	const ready: [fd: number, events: number][] = [];
	for (let i = 0; i < count; i++) {
		ready.push([batch.readInt32LE(i * EVENT_SIZE + EVENT_DATA), batch.readUInt32LE(i * EVENT_SIZE)]);
	}
	for (const [fd, events] of ready) each(fd, events);
}

// ── The event loop ──
// Node does not know of these callbacks: promises and next ticks that they leave behind are looked at only
// after the next callback of Node's own. Nothing in archon's way from news to effects waits for either.

/** Handles and callbacks that libuv holds by address; they live as long as archon. */
const held: unknown[] = [];
/** More than any uv_poll_t or uv_signal_t takes; above the size that V8 would place in its moving heap. */
const HANDLE_SIZE = 512;

function handle(): bigint {
	const memory = new Uint8Array(HANDLE_SIZE);
	held.push(memory);
	return pointerTo(memory);
}

/** A callback must not throw into C; what it throws is a bug, and is thrown where Node hears of it. */
const guarded = <A extends unknown[]>(callback: (...args: A) => void) => (...args: A): void => {
	try {
		callback(...args);
	} catch (error) {
		setImmediate(() => {
			throw error;
		});
	}
};

/** Calls back on the main loop whenever the descriptor is readable, for ever (uv_poll). */
export function whenReadable(fd: number, callback: () => void): void {
	const poll = handle();
	const pointer = pointerFor({arguments: ['pointer', 'int32', 'int32'], return: 'void'}, guarded(() => callback()));
	libc.uv_poll_init(ffi.getCurrentEventLoop(), poll, fd);
	libc.uv_poll_start(poll, 1, pointer);
}

/**
 * One callback for any number of signals, real-time ones included, on the main loop (uv_signal). Node keeps
 * SIGUSR1 blocked when it may not open its debugger, and whoever started archon may have blocked others.
 */
export function onSignals(signals: readonly number[], callback: (signal: number) => void): void {
	const pointer = pointerFor(
		{arguments: ['pointer', 'int32'], return: 'void'}, guarded((_: unknown, signal: number) => callback(signal)),
	);
	for (const signal of signals) {
		const watcher = handle();
		libc.uv_signal_init(ffi.getCurrentEventLoop(), watcher);
		libc.uv_signal_start(watcher, pointer, signal);
	}
	libc.pthread_sigmask(SIG_UNBLOCK, Buffer.alloc(SIGSET_SIZE, 0xff), 0n);
}

// ── Unix sockets ──

export interface Credentials {
	readonly pid: number;
	readonly uid: number;
	readonly gid: number;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = O_CLOEXEC;
const SOCK_NONBLOCK = O_NONBLOCK;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** A path that fits into sockaddr_un with its NUL (unix(7)). */
export const SOCKET_PATH_MAX = 107;

/** Listens on a unix socket that only its owner can reach; the descriptor, or -errno. */
export function listenUnix(path: string): number {
	const fd = checked(libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (fd < 0) return fd;
	const address = unixAddress(path);
	const umask = libc.umask(0o177);
	let result = checked(libc.bind(fd, address, address.length));
	libc.umask(umask);
	if (result === 0) result = checked(libc.listen(fd, 128));
	if (result < 0) close(fd);
	return result < 0 ? result : fd;
}

/** The next connection, non-blocking, or -errno. */
export const acceptUnix = (fd: number): number => checked(libc.accept4(fd, 0n, 0n, SOCK_CLOEXEC | SOCK_NONBLOCK));

/** A blocking connection, or -errno. */
export const connectUnix = (path: string): number => reachUnix(path, SOCK_STREAM);

/** A connection that never blocks, or -errno: EPROTOTYPE where the socket there is of the other kind, EAGAIN where its backlog is full. */
export const dialUnix = (path: string, kind: 'stream' | 'datagram'): number =>
	reachUnix(path, (kind === 'stream' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK);

function reachUnix(path: string, type: number): number {
	const fd = checked(libc.socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
	if (fd < 0) return fd;
	const address = unixAddress(path);
	const result = checked(libc.connect(fd, address, address.length));
	if (result < 0) close(fd);
	return result < 0 ? result : fd;
}

/** Who is at the other end, as the kernel saw it at connect time (SO_PEERCRED, unix(7)). */
export function peerOf(fd: number): Credentials | null {
	const credentials = new Int32Array(3);
	const length = new Uint32Array([12]);
	const bytes = [new Uint8Array(credentials.buffer), new Uint8Array(length.buffer)] as const;
	if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ...bytes) < 0) return null;
	const [pid = 0, uid = -1, gid = -1] = credentials;
	return {pid, uid, gid};
}

/** Bytes and, at most 16, descriptors that came with them (close-on-exec). The count, 0 at the end, or -errno. */
export function receive(fd: number, bytes: Uint8Array, take: (fd: number) => void): number {
	prepareMessage(bytes, RIGHTS_SIZE);
	const count = checked(libc.recvmsg(fd, header, MSG_CMSG_CLOEXEC));
	if (count >= 0) readControl(take);
	return count;
}

/**
 * Any process may send datagrams to this name of the abstract namespace (unix(7)), and each carries who
 * sent it. The descriptor, which never blocks, or -errno.
 */
export function listenForDatagrams(name: string): number {
	const fd = checked(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (fd < 0) return fd;
	const address = unixAddress(`\0${name}`).subarray(0, -1);
	let result = checked(libc.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, Buffer.from(Int32Array.of(1).buffer), 4));
	if (result === 0) result = checked(libc.bind(fd, address, address.length));
	if (result < 0) close(fd);
	return result < 0 ? result : fd;
}

export interface Datagram {
	/** How many bytes came; -errno if there was no datagram. */
	readonly count: number;
	/** It was longer than there was room for. */
	readonly isCut: boolean;
	/** Who sent it, as the kernel vouches; pid 0 is a process of another PID namespace. */
	readonly sender: Credentials | null;
}

/** One datagram, and the descriptors that came with it, as `receive` has them. */
export function receiveDatagram(fd: number, bytes: Uint8Array, take: (fd: number) => void): Datagram {
	prepareMessage(bytes, control.length);
	const count = checked(libc.recvmsg(fd, header, MSG_CMSG_CLOEXEC));
	return {count, isCut: (header.readInt32LE(48) & MSG_TRUNC) !== 0, sender: count < 0 ? null : readControl(take)};
}

/** What came besides bytes (cmsg(3)): descriptors, and who sent them. */
function readControl(take: (fd: number) => void): Credentials | null {
	let sender: Credentials | null = null;
	const filled = Number(header.readBigUInt64LE(40));
	for (let at = 0; at + 16 <= filled;) {
		const length = Number(control.readBigUInt64LE(at));
		if (length < 16) break;
		const [level, type] = [control.readInt32LE(at + 8), control.readInt32LE(at + 12)];
		if (level === SOL_SOCKET && type === SCM_RIGHTS) {
			for (let data = at + 16; data + 4 <= at + length; data += 4) take(control.readInt32LE(data));
		} else if (level === SOL_SOCKET && type === SCM_CREDENTIALS) {
			sender = {pid: control.readInt32LE(at + 16), uid: control.readUInt32LE(at + 20), gid: control.readUInt32LE(at + 24)};
		}
		at += (length + 7) & ~7;
	}
	return sender;
}

/** To a socket in whatever mode it is, without waiting; the count, or -errno. */
export function sendNow(fd: number, bytes: Uint8Array): number {
	prepareMessage(bytes, 0);
	return checked(libc.sendmsg(fd, header, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/** Bytes, and at most 16 descriptors with the first of them. The count of bytes taken, or -errno. */
export function send(fd: number, bytes: Uint8Array, fds: readonly number[] = []): number {
	prepareMessage(bytes, fds.length > 0 ? 16 + fds.length * 4 : 0);
	if (fds.length > 0) {
		control.writeBigUInt64LE(BigInt(16 + fds.length * 4), 0);
		control.writeInt32LE(SOL_SOCKET, 8);
		control.writeInt32LE(SCM_RIGHTS, 12);
		fds.forEach((passed, i) => control.writeInt32LE(passed, 16 + i * 4));
	}
	return checked(libc.sendmsg(fd, header, MSG_NOSIGNAL));
}

const RIGHTS_SIZE = 16 + 16 * 4;
const CREDENTIALS_SIZE = 16 + 16;

/** A struct msghdr of one piece, with room for 16 descriptors and the sender; used again for every call. */
const header = Buffer.alloc(56);
const vector = Buffer.alloc(16);
const control = Buffer.alloc(RIGHTS_SIZE + CREDENTIALS_SIZE);

function prepareMessage(bytes: Uint8Array, controlLength: number): void {
	vector.writeBigUInt64LE(bytes.length > 0 ? pointerTo(bytes) : 0n, 0);
	vector.writeBigUInt64LE(BigInt(bytes.length), 8);
	header.fill(0);
	header.writeBigUInt64LE(pointerTo(vector), 16);
	header.writeBigUInt64LE(1n, 24);
	header.writeBigUInt64LE(controlLength > 0 ? pointerTo(control) : 0n, 32);
	header.writeBigUInt64LE(BigInt(controlLength), 40);
}

function unixAddress(path: string): Buffer {
	const bytes = Buffer.from(`${path}\0`);
	const address = Buffer.alloc(2 + bytes.length);
	address.writeUInt16LE(AF_UNIX, 0);
	bytes.copy(address, 2);
	return address;
}
