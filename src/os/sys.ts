/**
 * The one seam between TypeScript and the machine: every system call that archon makes, typed. The bodies are in C
 * (src/native, a file for each part below) and are the same in the executable and under Node.
 *
 * Errors are values: a call that fails gives `-errno`, as the kernel does, and a call that gives text, bytes or a list
 * gives that number in its place. Times are in milliseconds, sizes in bytes. Descriptors are close-on-exec.
 * None of these calls waits, unless it says so.
 */
import {ANCILLARY, ANCILLARY_FDS_MAX, STAT} from './layouts.ts';

/** A result of 0 or more, or -errno (errno(3)). */
export type Outcome = number;

/** What a path or descriptor leads to, by index: see STAT. */
export type Stat = Float64Array<ArrayBuffer>;

const STAT_FIELDS = Object.keys(STAT).length;
export const newStat = (): Stat => new Float64Array(STAT_FIELDS);

export const newAncillary = (): Int32Array<ArrayBuffer> => new Int32Array(ANCILLARY.fds + ANCILLARY_FDS_MAX);

export interface Sys {
	// ── process.c: processes ──
	/** As it was started, its own name first; bytes that are not UTF-8 stand in text as U+DC80 to U+DCFF and come out as they were. */
	arguments(): string[];
	/** `NAME=value`, as it was started with. */
	environment(): string[];
	getpid(): number;
	getuid(): number;
	getgid(): number;
	getgroups(): number[];
	/** getsid(2). */
	getsid(pid: number): Outcome;
	hostname(): string;
	/** Of a page of memory (sysconf(3)). */
	pageSize(): number;
	/** An errno in the words of the GNU C library (strerror(3)), which other inits print. */
	strerror(errno: number): string;
	chdir(path: string): Outcome;
	fchdir(fd: number): Outcome;
	/** Pages of the executable leave archon's process, and come back from the kernel's cache as they are used (madvise(2)). */
	releaseFilePages(): void;
	/** Ends the program at once (_exit(2)). */
	exit(status: number): never;
	/** kill(2). */
	kill(pid: number, signal: number): Outcome;
	/** waitid(2) for any child that has ended: CHILD_REPORT, pid 0 where none has. `peek` leaves it waitable. */
	waitAny(report: Int32Array, peek: boolean): Outcome;
	/** The same for one child; -ECHILD where it is not archon's. */
	waitPid(pid: number, report: Int32Array, peek?: boolean): Outcome;
	/** The children of archon's main thread that are not among these (proc_pid_children(5)). */
	childrenBesides(known: readonly number[]): number[] | Outcome;
	/** Readable when the process has ended, also where it is not archon's child (pidfd_open(2)). */
	pidfdOpen(pid: number): Outcome;
	/**
	 * How the process of a pidfd has ended, as wait(2) has it; -EAGAIN: it has not been waited for yet; any other error: the kernel
	 * does not tell (PIDFD_GET_INFO of ioctl_pidfd(2), since 6.15).
	 */
	pidfdStatus(fd: number): Outcome;
	/** To the process that had the number when the descriptor was opened, and to no other one (pidfd_send_signal(2)). */
	pidfdSignal(fd: number, signal: number): Outcome;
	/** Orphaned descendants come to archon also where it is not PID 1 (prctl(2), PR_SET_CHILD_SUBREAPER). */
	becomeSubreaper(): Outcome;
	isSubreaper(): boolean;
	/** archon itself is sent the signal when its parent ends (prctl(2), PR_SET_PDEATHSIG). */
	setParentDeathSignal(signal: number): Outcome;
	/** From now on no other process of the same user looks into this one's memory and descriptors (prctl(2), PR_SET_DUMPABLE). */
	closeToOthers(): Outcome;
	/** What `ps` and `top` call archon's process (prctl(2), PR_SET_NAME). */
	setName(name: string): Outcome;
	/** The hard limit of a process's resource (prlimit(2)); Infinity: none. */
	hardLimit(pid: number, resource: number): Outcome;
	/**
	 * Begins to make a process from a request (REQUEST). It is made while archon does something else, as making
	 * the next ones; `endSpawn` must be called with the result before anything is waited for. -EAGAIN: four are begun, or very
	 * many are slow.
	 */
	beginSpawn(request: Uint8Array): number;
	/**
	 * The pid of the process once it has executed, or -1 and SPAWN_REPORT in words of 32 bits. WAITS for no longer than a
	 * second: then the errno is EINPROGRESS, and what keeps it comes with its end. A child that is stopped on the way is killed:
	 * ECANCELED.
	 */
	endSpawn(number: number, report: Int32Array): number;
	/** Each child from now on has the descriptor open until it executes or ends, also where archon has ended before that. */
	lendToChildren(fd: number): Outcome;
	/** 0 in a new process that is a copy of this one, its pid in this one. Only a program of one thread, and so not Node (fork(2)). */
	fork(): Outcome;
	setsid(): Outcome;
	/** Puts a process, or archon itself (0), into a process group, or into one of its own (0) (setpgid(2)). */
	setpgid(pid: number, group: number): Outcome;
	/** Ignored and blocked is what was when archon was started; all else is as by default. */
	restoreSignals(): void;
	/** In the environment that `execute` gives (setenv(3)). */
	setVariable(name: string, value: string): Outcome;
	/** The program that is executed next has the descriptor (fcntl(2), F_SETFD). */
	inherit(fd: number): Outcome;
	/** A program in archon's place, with arguments that each end in NUL and the environment untouched; or -errno. */
	execute(path: string, words: string): Outcome;

	// ── events.c: what the loop waits for ──
	epollCreate(): Outcome;
	/** Adds (1), removes (2) or changes (3) a descriptor's interest (epoll_ctl(2)). */
	epollControl(epoll: number, operation: 1 | 2 | 3, fd: number, events: number): Outcome;
	/** Waits for that many milliseconds, or for ever where they are negative; how many are ready, as pairs of fd and events. */
	epollWait(epoll: number, timeout: number, ready: Int32Array): Outcome;
	/** Where changes of files are told (inotify(7)); -EMFILE: the user has too many of these. */
	openWatches(): Outcome;
	/** The number of a watch: of a folder's names, or of what is in a file, which is not what comes to have its name. */
	addWatch(fd: number, path: string, isFolder: boolean): Outcome;
	removeWatch(fd: number, number: number): Outcome;
	/** Whether a path below what is watched counts: `rules` has a line for each pattern, after `+` of what does and `-` of what does not. */
	isWatched(rules: string, path: string, isFolder: boolean): boolean;
	/** What has changed: the number of the watch, a space, and the name in the folder; number -1: some was lost. -EAGAIN: nothing has. */
	readWatches(fd: number): string[] | Outcome;
	/** Ready when CLOCK_REALTIME was set (timerfd_create(2)); -1: a new descriptor, else that one is quiet until the next time. */
	watchClock(fd: number): Outcome;
	/** CLOCK_MONOTONIC, which no change of the date moves (clock_gettime(2)). */
	now(): number;
	/** The clock of `/proc/PID/stat`: milliseconds since the machine was started, as this container is told (CLOCK_BOOTTIME). */
	sinceBoot(): number;
	/** From here on these signals wait to be read from the descriptor (signalfd(2)), and all others do what they always do. */
	openSignals(signals: readonly number[]): Outcome;
	/** The same for that descriptor, with these signals in place of those before. */
	changeSignals(fd: number, signals: readonly number[]): Outcome;
	/**
	 * The next: SIGNAL_REPORT; 1, or -EAGAIN. It is
	 * pending until `forgetSignal`, also in the next instance.
	 */
	readSignal(fd: number, report: Int32Array): Outcome;
	/** For good. */
	ignoreSignal(signal: number): Outcome;

	// ── descriptors.c ──
	close(fd: number): Outcome;
	read(fd: number, bytes: Uint8Array): Outcome;
	/** From a place in a file (pread(2)). */
	readAt(fd: number, bytes: Uint8Array, at: number): Outcome;
	write(fd: number, bytes: Uint8Array): Outcome;
	/** To a place in a file (pwrite(2)). */
	writeAt(fd: number, bytes: Uint8Array, at: number): Outcome;
	/** At most 64 pieces at once (writev(2)). */
	writePieces(fd: number, pieces: readonly Uint8Array[]): Outcome;
	/** A file in memory only, of a size that nothing changes any more (memfd_create(2)). */
	memoryFile(size: number): Outcome;
	/** `[reading end, writing end]`; only the reading end never blocks. */
	pipe(ends: Int32Array): Outcome;
	/** Makes room for that many descriptors at once: the kernel's table grows slowly where there are threads. */
	reserveFds(count: number): void;
	/** A terminal of 24 rows and 80 columns: `[archon's end, the service's]`; only archon's own never blocks. */
	openTerminal(ends: Int32Array): Outcome;
	/** Gives the terminal at descriptor 0 up (ioctl_tty(2), TIOCNOTTY). */
	leaveTerminal(): Outcome;
	/** Makes the terminal at descriptor 0 that of archon's session, where neither has another (ioctl_tty(2), TIOCSCTTY). */
	attachTerminal(): Outcome;
	/** Puts archon's process group into the foreground of its terminal (tcsetpgrp(3)). */
	takeTerminal(fd: number): Outcome;
	/** How the terminal treats what is typed and shown (termios(3)), for `setTerminalMode` only. */
	terminalMode(fd: number): Uint8Array<ArrayBuffer> | Outcome;
	/**
	 * `isRaw`: not that mode, but it with each byte as it is typed, and none echoed or acted upon; however archon ends, but by
	 * SIGKILL, `leave` of at most 64 bytes is written before that, and the mode put back. `isExact`: a newline that is written is
	 * no more than that.
	 */
	setTerminalMode(fd: number, mode: Uint8Array, isRaw: boolean, leave: string, isExact?: boolean): Outcome;
	/** `[rows, columns]`, 0 where the terminal does not know. */
	terminalSize(fd: number, size: Int32Array): Outcome;
	/** Where that is another size, the processes in the foreground are sent SIGWINCH. */
	setTerminalSize(fd: number, rows: number, columns: number): Outcome;
	/** Of the open file, and so for all that share it. */
	setBlocking(fd: number, isBlocking: boolean): Outcome;
	isTerminal(fd: number): boolean;
	/** Whether nothing can be written to it. */
	isReader(fd: number): boolean;
	isCloseOnExec(fd: number): boolean;
	/** Makes room for that many bytes; whether the kernel allows it (fcntl(2), F_SETPIPE_SZ). */
	growPipe(fd: number, size: number): boolean;
	/** WAITS until there is something to read; false: before that, the reader of another descriptor's pipe went away (poll(2)). */
	awaitReadable(fd: number, pipe: number): boolean;
	/** A uid or gid of -1 stays as it is. */
	fchown(fd: number, uid: number, gid: number): Outcome;
	fchmod(fd: number, mode: number): Outcome;
	ftruncate(fd: number, length: number): Outcome;
	/** Another number for the same open file, which is free; close-on-exec. */
	anotherFd(fd: number): Outcome;
	/** The descriptor also has another number, which is NOT close-on-exec; what that was before is closed (dup2(2)). */
	duplicate(fd: number, number: number): Outcome;
	/** WAITS that many milliseconds. */
	sleep(millis: number): void;

	// ── files.c ── On a dead mount these wait: what a user names is opened by a job.
	open(path: string, flags: number, mode: number): Outcome;
	/** Relative to an open folder. */
	openAt(folder: number, path: string, flags: number, mode: number): Outcome;
	stat(path: string, stat: Stat): Outcome;
	/** Of a symbolic link, not of what it points to. */
	lstat(path: string, stat: Stat): Outcome;
	/** Only this one knows when a file was made. */
	fstat(fd: number, stat: Stat): Outcome;
	lstatAt(folder: number, name: string, stat: Stat): Outcome;
	access(path: string, mode: number): Outcome;
	/** Names without `.` and `..`, no more than `most`. */
	readFolder(path: string, most: number): string[] | Outcome;
	readFolderAt(folder: number, most: number): string[] | Outcome;
	readLink(path: string): string | Outcome;
	/** In an open folder, or where the name is empty of a link that is itself open (O.PATH). */
	readLinkAt(folder: number, name: string): string | Outcome;
	realPath(path: string): string | Outcome;
	/** The first `most` bytes; for files of /proc and /sys. */
	readText(path: string, most: number): string | Outcome;
	readBytes(path: string, most: number): Uint8Array<ArrayBuffer> | Outcome;
	mkdir(path: string, mode: number): Outcome;
	/** In an open folder. */
	mkdirAt(folder: number, name: string, mode: number): Outcome;
	unlink(path: string): Outcome;
	unlinkAt(folder: number, name: string, flags: number): Outcome;
	rename(from: string, to: string): Outcome;
	chmod(path: string, mode: number): Outcome;
	/** No other open file of the same has it until this one is closed; -EAGAIN: another one has it (flock(2)). */
	lock(fd: number): Outcome;
	/** A link at `path` that leads to `to` (symlink(2)). */
	symlink(to: string, path: string): Outcome;
	/** WAITS until what was written is on the disk (fsync(2)). */
	fsync(fd: number): Outcome;

	// ── places.c: files where others may write; places.ts is its face ──
	/**
	 * Where a path leads, step by step and by no link that others may have laid: the folder's real path, and the name in it.
	 * Report: the folder, opened by O_PATH, or -errno, and how far that went; 1 or 2 where the path leads to archon's
	 * own stdout or stderr, else -1; and what was refused. `flags`: PLACE.
	 */
	findPlace(path: string, flags: number, report: Float64Array): readonly string[];
	/** A file there, which is no link and never blocks. Report: what was refused. */
	openIn(folder: number, name: string, flags: number, mode: number, report: Float64Array): Outcome;

	// ── sockets.c ──
	/** Listens at a path that only its owner can reach (unix(7)). */
	listenUnix(path: string): Outcome;
	/** The next connection, which never blocks. */
	accept(fd: number): Outcome;
	/** A name of the abstract namespace begins with a NUL. `type`: SOCK_STREAM or SOCK_DGRAM, which WAITS unless SOCK_NONBLOCK is with it. */
	connectUnix(path: string, type: number): Outcome;
	/**
	 * Two sockets that are connected to each other and never block (unix(7)): SOCK_SEQPACKET, which keeps messages apart, SOCK_STREAM,
	 * or SOCK_DGRAM, where many may have the second one, and the first is told who sent what.
	 */
	socketPair(ends: Int32Array, type: number): Outcome;
	/** Any process may send datagrams to this name of the abstract namespace, and each carries who sent it. */
	bindDatagrams(name: string): Outcome;
	/** Who is at the other end, as the kernel saw it at connect time (SO_PEERCRED): PEER_REPORT. */
	peer(fd: number, report: Int32Array): Outcome;
	/** Its further groups, at connect time (SO_PEERGROUPS); or -errno. */
	peerGroups(fd: number): readonly number[] | Outcome;
	/** 1: the process that connected still has its pid; 0: it has ended and was waited for; -ENOPROTOOPT: the kernel cannot say. */
	peerLives(fd: number): Outcome;
	/** Bytes, and beside them descriptors and their sender (`ANCILLARY`; pid -1: it is not said). How many bytes; 0 at the end. */
	receive(fd: number, bytes: Uint8Array, ancillary: Int32Array): Outcome;
	/** Bytes, and at most 16 descriptors with the first of them; `flags` as MSG_DONTWAIT. */
	send(fd: number, bytes: Uint8Array, fds: readonly number[], flags: number): Outcome;
	/** Closes a descriptor that another process passed. Unlike `close` it does not wait for a socket that lingers (socket(7), SO_LINGER). */
	closeForeign(fd: number): Outcome;
	/** Closes a socket to which others send, and so what they have passed and archon has not read. */
	closeInbox(fd: number): Outcome;
	/** Whether it is an address in figures (inet_pton(3)). */
	isAddress(text: string): boolean;
	/** Begins to connect to an address in figures; writable when that is over. `type`: SOCK_STREAM or SOCK_DGRAM. */
	connectInet(address: string, port: number, type: number): Outcome;
	/** Listens for TCP at an address in figures. */
	listenInet(address: string, port: number): Outcome;
	/** Listens for messages (SOCK_SEQPACKET) at a name of the abstract namespace, which any process in the same network can reach. */
	listenAbstract(name: string): Outcome;
	/**
	 * Binds an address in figures as a program would that is given the descriptor, and listens with as many as may wait where `type` is
	 * SOCK_STREAM. It blocks. `isSixOnly`: an address of IPv6 takes no connections of IPv4.
	 */
	bindFor(address: string, port: number, type: number, isSixOnly: boolean): Outcome;
	/** Whether a port can be bound at all addresses, which it is for a moment only. `type`: SOCK_STREAM or SOCK_DGRAM. */
	tryPort(port: number, type: number): Outcome;
	/**
	 * Listens, or for datagrams is bound, at an address in figures; empty: at all of IPv6 and IPv4. `type`: SOCK_STREAM or SOCK_DGRAM.
	 * Unlike those before it blocks, as it is for services. `isShared`: others that say so too may have the same address (SO_REUSEPORT).
	 */
	bindInet(address: string, port: number, type: number, isShared: boolean, backlog: number): Outcome;
	/**
	 * The same at a path, where only its owner can reach it. `type`: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. `folder`, `name`: where
	 * it is bound if another user could exchange the folder that the path leads to.
	 */
	bindUnix(path: string, type: number, backlog: number, folder: number, name: string): Outcome;
	/** The mode and the owner of a socket in an open folder; uid and gid -1: as it is. -ENOTSOCK: something else has the name. */
	setSocketFile(folder: number, name: string, mode: number, uid: number, gid: number): Outcome;
	/** How many connections may wait from now on (listen(2)). */
	setBacklog(fd: number, backlog: number): Outcome;
	/** SOCK_STREAM and so on; -ENOTSOCK: it is no socket. */
	socketType(fd: number): Outcome;
	/** Whether an end of a connection by TCP is open at this port: 1, 0, or -errno where the kernel does not say (sock_diag(7)). */
	hasConnections(port: number): Outcome;
	/** The address of the other end of a connection, in figures. */
	peerAddress(fd: number): string | Outcome;
	/** Where a socket is bound: its address in figures, or its path; empty: it has none, or one of the abstract namespace. */
	ownAddress(fd: number): string | Outcome;
	/** `[own port, that of the other end]` of a socket for TCP; 0 for the second where it is not connected. */
	ports(fd: number, ports: Int32Array): Outcome;
	/** Of a connection by TCP: short messages are sent at once, and another end that is gone is noticed within minutes (tcp(7)). */
	tuneTcp(fd: number): Outcome;
	/** The errno of what went wrong, once; 0: nothing (SO_ERROR). */
	socketError(fd: number): number;
	shutdownWrite(fd: number): Outcome;

	// ── jobs.c: what may take long, done by a thread; jobs.ts is its face ──
	/** Readable when a job is finished. */
	jobsFd(): Outcome;
	/** Its number. The pieces must stay as they are until it is finished. */
	startJob(kind: number, fd: number, text: string, other: string, numbers: readonly number[], pieces: readonly Uint8Array[]): Outcome;
	/** WAITS until a job is finished, but no longer than so; whether one is. */
	awaitJob(millis: number): boolean;
	/** The next that is finished: JOB_REPORT, and what it brought; undefined: no job is finished. */
	takeJob(report: Float64Array): Uint8Array<ArrayBuffer> | undefined;

	// ── bytes.c ──
	/** A part of bytes as text; what is not UTF-8 is U+FFFD, or kept as U+DC80 to U+DCFF, as in `arguments`. */
	decodeUtf8(bytes: Uint8Array, from: number, to: number, isKept?: boolean): string;
	isUtf8(bytes: Uint8Array, from: number, to: number): boolean;
	/** One byte is one character. */
	decodeLatin1(bytes: Uint8Array, from: number, to: number): string;
	encodeUtf8(text: string): Uint8Array<ArrayBuffer>;
	/** Into bytes, from a place on; how many it took, or -ENOSPC where there is no room for all. */
	writeUtf8(text: string, bytes: Uint8Array, at: number): Outcome;
	writeLatin1(text: string, bytes: Uint8Array, at: number): Outcome;
	/** A number of 52 bits that tells texts apart. */
	hashText(text: string): number;

	// ── lines.c and json.c: lines of output ──
	/** How many newlines there are. */
	countLines(bytes: Uint8Array): number;
	/** Where the first `count` lines end; where there are fewer, the last of them. */
	endOfLines(bytes: Uint8Array, count: number): number;
	/** Each `\r\n` of the first `length` bytes becomes `\n`, in place; how many bytes are left. */
	dropReturns(bytes: Uint8Array, length: number): number;
	/**
	 * Each line after a prefix, and `…` after what has no newline. `isSafe`: what a terminal would act on is written out.
	 * How many bytes that is; where `out` has no room for them, nothing in it counts.
	 */
	prefixLines(bytes: Uint8Array, prefix: Uint8Array, isSafe: boolean, out: Uint8Array): number;
	/** The same with each line as a value of JSON between head and tail: a string, or the object that it is already. */
	jsonLines(bytes: Uint8Array, head: Uint8Array, tail: Uint8Array, out: Uint8Array): number;

	// ── compress.c ──
	/** What was compressed by gzip (1) or zstd (2); -EINVAL where it is broken, -EFBIG where it is more than `most` bytes. */
	decompress(bytes: Uint8Array, kind: 1 | 2, most: number): Uint8Array<ArrayBuffer> | Outcome;

	// ── digest.c ──
	/** A checksum: DIGEST. */
	digest(kind: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> | Outcome;
	/** The same of all that is in a file. WAITS for as long as reading it takes. */
	digestFile(kind: number, fd: number): Uint8Array<ArrayBuffer> | Outcome;
	/** Whether a signature of Ed25519 is that of a message, by the public key of 32 bytes (RFC 8032). */
	verifySignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

	// ── confine.c: what a helper gives up, for good ──
	/** With no other groups. Only a program of one thread (setresuid(2)). */
	becomeUser(uid: number, gid: number): Outcome;
	/** This process and all that it makes write nowhere but below the folder (landlock(7)); -ENOSYS, -EOPNOTSUPP: the kernel cannot. */
	confineWrites(folder: string): Outcome;

	// ── lua.c: Lua for rules, in a process that does nothing else ──
	/**
	 * Begins with an empty world of Lua. `memory`: in bytes; `deadline`: the processor's time for each call, in milliseconds. `prelude`: a
	 * chunk that is given the function `ask`, and gives a table of functions. -ENOMEM: the memory does not suffice for that.
	 */
	luaOpen(memory: number, deadline: number, prelude: string): Outcome;
	/**
	 * Runs a file, or only reads it; the name is `@` and its path. What comes of it: `+`, or a letter and the words of the error: `t` it
	 * took too long, `m` it needs more memory, `x` it had to be cut off, and `luaOpen` must be called, `e` any other.
	 */
	luaRun(name: string, text: Uint8Array, isOnlyRead: boolean): string;
	/** The same for a function of the prelude, with texts that end with NUL each; after `+` stands the text that it gives. */
	luaCall(name: string, texts: string): string;
	/** What scripts have asked for since this was called last: a list of lists of texts, as JSON; at most 64 KiB. */
	luaTake(): string;
	/** Bytes of memory. */
	luaUsed(): number;

	// ── reexec.c: what outlives archon; reexec.ts is its face ──
	/** From here to `leaveSection` no signal that is sent tears apart what is done; it must be short. */
	enterSection(): void;
	leaveSection(): void;
	/** The descriptor of the memory that the previous instance left to this one; -1: there was none. */
	leftMemory(): number;
	/** The memory of the previous instance at a descriptor, or new memory of `size` bytes where that is -1. Only once in an instance. */
	openMemory(fd: number, size: number): Outcome;
	memorySize(): number;
	/** Raises archon's soft limit of open files to the hard one, and gives it; its children have the one that its first instance had. */
	raiseFdLimit(): Outcome;
	/** A part of it, in place. */
	viewMemory(at: number, length: number): Uint8Array<ArrayBuffer>;
	/** Its pages go back to the system, and are zero. */
	releaseMemory(at: number, length: number): Outcome;
	forgetSignal(signal: number): void;
	/** Pairs of signal and origin. */
	pendingSignals(): number[];
	/** From here on a fatal signal re-executes archon. */
	armFaultHandler(): Outcome;
	/** Whether a descriptor lives on. */
	keepFd(fd: number, isKept: boolean): Outcome;
	/** Executes the file at `path`, or archon's own where that is empty, in archon's place. Returns only where that failed. */
	reexecute(path: string, kind: number, words: string): Outcome;

	// ── host.c: the program itself ──
	/** Calls `turn` for ever, and between its calls what promises are due. */
	run(turn: () => void): void;
	/** Is told of promises that are rejected without a handler. */
	onRejection(callback: (reason: unknown) => void): void;
	/** A file that the build put into the executable. */
	embedded(name: string): Uint8Array<ArrayBuffer> | undefined;
	collectGarbage(): void;
}

declare global {
	/** What the executable's host gives; under Node `under-node.ts` has put it here. */
	var native: Sys;
}

export const sys: Sys = globalThis.native;

/** Numbers of Linux, the same on all architectures that archon runs on. */
export const ERRNO = {
	EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENOEXEC: 8, EBADF: 9, EBUSY: 16, ENXIO: 6, ECHILD: 10, EAGAIN: 11, ENOMEM: 12,
	EACCES: 13, EEXIST: 17, ENODEV: 19, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOTTY: 25, ENOSPC: 28,
	EPIPE: 32, ENAMETOOLONG: 36, ENOSYS: 38, ELOOP: 40, EPROTO: 71, EMSGSIZE: 90, EPROTOTYPE: 91, ENOPROTOOPT: 92, EOPNOTSUPP: 95,
	EADDRINUSE: 98, EADDRNOTAVAIL: 99, ECONNRESET: 104, ENOTCONN: 107, ETIMEDOUT: 110, ECONNREFUSED: 111, EINPROGRESS: 115, ESTALE: 116,
	EDQUOT: 122, ECANCELED: 125,
} as const;

/** open(2). The last two have other numbers on other architectures; files.c knows them. */
export const O = {
	RDONLY: 0, WRONLY: 1, RDWR: 2, CREAT: 0o100, EXCL: 0o200, NOCTTY: 0o400, TRUNC: 0o1000, APPEND: 0o2000, NONBLOCK: 0o4000,
	PATH: 0o10000000, NOFOLLOW: 1 << 28, DIRECTORY: 1 << 29,
} as const;

/** Kinds of checksums, as digest.c has them. */
export const DIGEST = {sha256: 1, md5: 2, blake2b: 3} as const;

/** Of a pipe that a service is given: any of its users may open it again, also to write and to read as fopen(3) has "a+". */
export const PIPE_MODE = 0o666;

/** `mode` of a Stat (inode(7)). */
const TYPE = 0o170000;
export const isFile = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o100000;
export const isFolder = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o040000;
export const isLink = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o120000;
export const isFifo = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o010000;
export const isSocket = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o140000;
export const isCharacterDevice = (stat: Stat): boolean => ((stat[STAT.mode] ?? 0) & TYPE) === 0o020000;

export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLHUP = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = O.NONBLOCK;
export const MSG_DONTWAIT = 0x40;
