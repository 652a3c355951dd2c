/**
 * What holds of the seam wherever it is: cases that give plain values, told of by `native.test.ts`, which runs them under
 * Node and on the executable's engine.
 */
import {ANCILLARY, PLACE, STAT} from '../../src/os/layouts.ts';
import {
	EPOLLIN, ERRNO, isFile, isFolder, isLink, isSocket, newAncillary, newStat, O, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_SEQPACKET, SOCK_STREAM, type Sys,
} from '../../src/os/sys.ts';

export interface Case {
	readonly name: string;
	/** `folder` is empty and the case's own. */
	readonly run: (sys: Sys, folder: string) => unknown;
	readonly gives: unknown;
	/** Node has threads, and what is left of it in a copy of its process cannot go on. */
	readonly isForEngine?: boolean;
}

const text = (sys: Sys, bytes: Uint8Array, count: number): string => sys.decodeUtf8(bytes, 0, count);
const bytes = (...numbers: readonly number[]): Uint8Array => Uint8Array.from(numbers);

export const CASES: readonly Case[] = [
	{
		name: 'a file is made, written, read, looked at, renamed and removed',
		run(sys, folder) {
			const path = `${folder}/zażółć`;
			const fd = sys.open(path, O.RDWR | O.CREAT | O.EXCL, 0o640);
			const again = sys.open(path, O.RDWR | O.CREAT | O.EXCL, 0o640);
			const wrote = [sys.write(fd, sys.encodeUtf8('hello')), sys.writePieces(fd, [bytes(32), sys.encodeUtf8('world')])];
			const room = new Uint8Array(100);
			const read = text(sys, room, sys.readAt(fd, room, 3));
			const stat = newStat();
			sys.fstat(fd, stat);
			const about = [isFile(stat), stat[STAT.size], (stat[STAT.mode] ?? 0) & 0o777];
			const names = sys.readFolder(folder, 10);
			const moved = sys.rename(path, `${folder}/b`);
			return [again, wrote, read, about, names, moved, sys.stat(path, stat), sys.unlink(`${folder}/b`), sys.unlink(`${folder}/b`), sys.close(fd), sys.close(fd)];
		},
		gives: [-ERRNO.EEXIST, [5, 6], 'lo world', [true, 11, 0o640], ['zażółć'], 0, -ERRNO.ENOENT, 0, -ERRNO.ENOENT, 0, -ERRNO.EBADF],
	},
	{
		name: 'a pair of sockets keeps messages apart, says when there is no room, and that the other end is gone',
		run(sys) {
			const [ends, room] = [new Int32Array(2), new Uint8Array(100)];
			const [made, [one = -1, other = -1]] = [sys.socketPair(ends, SOCK_SEQPACKET), ends];
			const none = sys.read(other, room);
			const sent = [sys.send(one, sys.encodeUtf8('ab'), [], 0), sys.send(one, sys.encodeUtf8('c'), [], 0)];
			const got = [text(sys, room, sys.read(other, room)), text(sys, room, sys.read(other, room))];
			const gone = (): number => sys.send(other, bytes(1), [], 0);
			let full = 0;
			for (let i = 0; i < 1000 && full >= 0; i++) full = sys.send(other, new Uint8Array(4096), [], 0);
			return [made, sys.isCloseOnExec(one), sys.isCloseOnExec(other), none, sent, got, full, sys.close(one), gone(), gone(), sys.close(other)];
		},
		gives: [0, true, true, -ERRNO.EAGAIN, [2, 1], ['ab', 'c'], -ERRNO.EAGAIN, 0, -ERRNO.ECONNRESET, -ERRNO.EPIPE, 0],
	},
	{
		name: 'a pair of sockets for datagrams says who sent what, and what is received never waits',
		run(sys) {
			const [ends, room, beside] = [new Int32Array(2), new Uint8Array(100), newAncillary()];
			const [made, [one = -1, other = -1]] = [sys.socketPair(ends, SOCK_DGRAM), ends];
			const sent = [sys.send(other, sys.encodeUtf8('ab'), [], 0), sys.receive(one, room, beside), beside[ANCILLARY.pid] === sys.getpid()];
			const blocks = sys.setBlocking(one, true);
			return [made, sent, blocks, sys.receive(one, room, beside), sys.close(one), sys.close(other)];
		},
		gives: [0, [2, 2, true], 0, -ERRNO.EAGAIN, 0, 0],
	},
	{
		name: 'names that are not UTF-8 go out as they came in',
		run(sys, folder) {
			const path = `${folder}/a\udcff\udc80b`;
			const fd = sys.open(path, O.WRONLY | O.CREAT, 0o600);
			const names = sys.readFolder(folder, 10);
			return [fd >= 0, names, sys.unlink(path), sys.close(fd)];
		},
		gives: [true, ['a\udcff\udc80b'], 0, 0],
	},
	{
		name: 'what changes in a folder and in a file is told by the number of its watch',
		run(sys, folder) {
			const path = `${folder}/seen`;
			const fd = sys.openWatches();
			const watches = [sys.addWatch(fd, folder, true), sys.addWatch(fd, path, false), sys.addWatch(fd, '/dev/null', true)];
			const before = sys.readWatches(fd);
			const file = sys.open(path, O.WRONLY | O.CREAT, 0o600);
			const own = sys.addWatch(fd, path, false);
			sys.write(file, bytes(1));
			sys.close(file);
			sys.rename(path, `${path}\udcff`);
			sys.unlink(`${path}\udcff`);
			const told = sys.readWatches(fd);
			const names = typeof told === 'number' ? told : told.map(each => each.replace(`${own} `, 'file ').replace(`${watches[0]} `, 'folder '));
			return [fd >= 0, watches.map(watch => Math.min(watch, 0)), before, names, sys.isCloseOnExec(fd), sys.close(fd), sys.readWatches(-1)];
		},
		gives: [
			true, [0, -ERRNO.ENOENT, -ERRNO.ENOTDIR], -ERRNO.EAGAIN,
			['folder seen', 'folder seen', 'file ', 'folder seen', 'folder seen\udcff', 'file ', 'file ', 'file ', 'folder seen\udcff'],
			true, 0, -ERRNO.EBADF,
		],
	},
	{
		name: 'the clock on the wall is watched, and is quiet as long as it is not set',
		run(sys) {
			const [epoll, ready] = [sys.epollCreate(), new Int32Array(2)];
			const fd = sys.watchClock(-1);
			sys.epollControl(epoll, 1, fd, EPOLLIN);
			const before = sys.epollWait(epoll, 0, ready);
			return [
				fd >= 0, before, sys.watchClock(fd) === fd, sys.epollWait(epoll, 0, ready), sys.isCloseOnExec(fd), sys.close(fd), sys.close(epoll),
				sys.watchClock(epoll),
			];
		},
		gives: [true, 0, true, 0, true, 0, 0, -ERRNO.EBADF],
	},
	{
		name: 'folders, links and what they lead to',
		run(sys, folder) {
			const [stat, link] = [newStat(), newStat()];
			const made = [sys.mkdir(`${folder}/a`, 0o700), sys.mkdir(`${folder}/a`, 0o700), sys.mkdir(`${folder}/b/c`, 0o700)];
			sys.stat(`${folder}/a`, stat);
			sys.lstat('/proc/self/cwd', link);
			const open = sys.open(`${folder}/a`, O.RDONLY | O.DIRECTORY, 0);
			const inside = sys.openAt(open, 'file', O.WRONLY | O.CREAT, 0o600);
			return [
				made, isFolder(stat), isLink(link), sys.readFolderAt(open, 10), sys.unlinkAt(open, 'file', 0), sys.readFolder(`${folder}/a`, 10),
				sys.readLink(folder), sys.readText('/no/such', 10), sys.readFolder('/no/such', 1), sys.access(folder, 0), sys.access('/no/such', 0),
				[open, inside].map(sys.close),
			];
		},
		gives: [
			[0, -ERRNO.EEXIST, -ERRNO.ENOENT], true, true, ['file'], 0, [], -ERRNO.EINVAL, -ERRNO.ENOENT, -ERRNO.ENOENT, 0, -ERRNO.ENOENT, [0, 0],
		],
	},
	{
		name: 'a path leads where no other user can lead it',
		run(sys, folder) {
			const [report, doubt] = [new Float64Array(5), new Float64Array(3)];
			const [path = '', name] = sys.findPlace(`${folder}/new/x.log`, PLACE.make, report);
			const [place = -1, stream] = report;
			const made = sys.openIn(place, 'x.log', O.WRONLY | O.CREAT | O.APPEND, 0o600, doubt);
			const none = [sys.openIn(place, 'y', O.RDONLY, 0, doubt), sys.openIn(place, '.', O.RDONLY, 0, doubt)];
			sys.findPlace('/proc/self/cwd/x', 0, report);
			const magic = [report[0], report[2]];
			sys.findPlace(folder, 0, report);
			const isFolderItself = report[0];
			sys.findPlace(`${folder}/./new//`, PLACE.folder, report);
			return [path.endsWith('/new'), name, stream, made >= 0, none, magic, isFolderItself, [place, made, report[0] ?? -1].map(sys.close)];
		},
		gives: [true, 'x.log', -1, true, [-ERRNO.ENOENT, -ERRNO.EISDIR], [-ERRNO.ELOOP, 2], -ERRNO.EISDIR, [0, 0, 0]],
	},
	{
		name: 'text and bytes',
		run(sys) {
			const room = new Uint8Array(6);
			return [
				[...sys.encodeUtf8('aż€🙂')], sys.decodeUtf8(bytes(97, 0xc5, 0xbc, 0xff, 0xe2, 0x82, 98), 0, 7), sys.decodeUtf8(bytes(1, 97, 98, 99), 1, 3),
				[...sys.encodeUtf8('\ud800')], sys.isUtf8(bytes(0xc5, 0xbc), 0, 2), sys.isUtf8(bytes(0xc5), 0, 1), sys.decodeLatin1(bytes(97, 0xff, 0x80), 0, 3),
				sys.writeUtf8('ab€', room, 1), [...room], sys.writeUtf8('ab€', room, 2), sys.writeLatin1('ÿa', room, 4), [...room],
				sys.writeLatin1('abc', room, 4),
			];
		},
		gives: [
			[97, 0xc5, 0xbc, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x99, 0x82], 'aż\ufffd\ufffdb', 'ab', [0xef, 0xbf, 0xbd], true, false, 'aÿ\x80',
			5, [0, 97, 98, 0xe2, 0x82, 0xac], -ERRNO.ENOSPC, 2, [0, 97, 98, 0xe2, 0xff, 97], -ERRNO.ENOSPC,
		],
	},
	{
		name: 'a pipe never blocks its reader, and epoll tells what is there',
		run(sys) {
			const [ends, ready, room] = [new Int32Array(2), new Int32Array(8), new Uint8Array(10)];
			const made = sys.pipe(ends);
			const [reader = -1, writer = -1] = ends;
			const epoll = sys.epollCreate();
			const added = [sys.epollControl(epoll, 1, reader, 1), sys.epollControl(epoll, 1, reader, 1)];
			const before = [sys.read(reader, room), sys.epollWait(epoll, 0, ready)];
			sys.write(writer, bytes(1, 2, 3));
			const there = [sys.epollWait(epoll, 1000, ready), ready[0] === reader, ready[1]];
			const after = [sys.read(reader, room), sys.isCloseOnExec(reader), sys.isReader(reader), sys.isReader(writer), sys.growPipe(writer, 65_536)];
			sys.close(writer);
			return [made, added, before, there, after, sys.read(reader, room), sys.read(-1, room), [reader, epoll].map(sys.close)];
		},
		gives: [0, [0, -ERRNO.EEXIST], [-ERRNO.EAGAIN, 0], [1, true, 1], [3, true, true, false, true], 0, -ERRNO.EBADF, [0, 0]],
	},
	{
		name: 'a terminal echoes and waits for lines, is raw, and is as it was again; its size is told',
		run(sys) {
			const [ends, size, room] = [new Int32Array(2), new Int32Array(2), new Uint8Array(100)];
			const made = sys.openTerminal(ends);
			const [own = -1, theirs = -1] = ends;
			sys.setBlocking(theirs, false);
			const mode = sys.terminalMode(theirs);
			if (typeof mode === 'number') return mode;
			const type = (typed: string): unknown => {
				sys.write(own, sys.encodeUtf8(typed));
				const read = sys.read(theirs, room);
				return [read < 0 ? read : text(sys, room, read), sys.read(own, room)];
			};
			const cooked = [type('ab'), type('\r')];
			const raw = [sys.setTerminalMode(theirs, mode, true, ''), type('\x03'), type('c\r')];
			const again = [sys.setTerminalMode(theirs, mode, false, ''), type('d')];
			const sizes = [sys.terminalSize(own, size), ...size, sys.setTerminalSize(own, 10, 33), sys.terminalSize(theirs, size), ...size];
			const wrong = [sys.terminalMode(-1), sys.setTerminalMode(theirs, bytes(1), false, ''), sys.terminalSize(-1, size)];
			return [made, cooked, raw, again, sizes, wrong, [own, theirs].map(sys.close)];
		},
		gives: [
			0, [[-ERRNO.EAGAIN, 2], ['ab\n', 2]], [0, ['\x03', -ERRNO.EAGAIN], ['c\r', -ERRNO.EAGAIN]], [0, [-ERRNO.EAGAIN, 1]],
			[0, 24, 80, 0, 0, 10, 33], [-ERRNO.EBADF, -ERRNO.EINVAL, -ERRNO.EBADF], [0, 0],
		],
	},
	{
		name: 'descriptors travel with bytes over a unix socket, and the peer is known',
		run(sys, folder) {
			const path = `${folder}/sock`;
			const [listener, stat, room, beside, report] = [sys.listenUnix(path), newStat(), new Uint8Array(100), newAncillary(), new Int32Array(3)];
			sys.stat(path, stat);
			const client = sys.connectUnix(path, SOCK_STREAM);
			const server = sys.accept(listener);
			const peer = [sys.peer(server, report), report[0] === sys.getpid(), report[1] === sys.getuid(), report[2] === sys.getgid()];
			const more = [Array.isArray(sys.peerGroups(server)), [1, -ERRNO.ENOPROTOOPT].includes(sys.peerLives(server))];
			const ends = new Int32Array(2);
			sys.pipe(ends);
			const [reader = -1, writer = -1] = ends;
			const sent = sys.send(client, sys.encodeUtf8('hello'), Array.from({length: 16}, () => writer), 0);
			const got = sys.receive(server, room, beside);
			const fds = [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + (beside[ANCILLARY.count] ?? 0))];
			sys.write(fds[15] ?? -1, bytes(7));
			const through = [sys.read(reader, room), room[0], fds.every(sys.isCloseOnExec)];
			const [again, none] = [sys.listenUnix(path), sys.receive(server, room, beside)];
			sys.shutdownWrite(client);
			const end = [sys.receive(server, room, beside), beside[ANCILLARY.count], sys.close(client)];
			const gone = [sys.send(server, bytes(1), [], 0), sys.connectUnix('/no/such', SOCK_STREAM), sys.connectUnix('x'.repeat(200), SOCK_STREAM)];
			[...fds, reader, writer, server, listener].forEach(sys.close);
			return [isSocket(stat), (stat[STAT.mode] ?? 0) & 0o777, peer, more, sent, got, fds.length, through, again, none, end, gone, sys.connectUnix(path, SOCK_STREAM)];
		},
		gives: [
			true, 0o600, [0, true, true, true], [true, true], 5, 5, 16, [1, 7, true], -ERRNO.EADDRINUSE, -ERRNO.EAGAIN, [0, 0, 0],
			[-ERRNO.EPIPE, -ERRNO.ENOENT, -ERRNO.ENAMETOOLONG], -ERRNO.ECONNREFUSED,
		],
	},
	{
		name: 'what others have passed is closed with the socket that it waits in, or alone',
		run(sys, folder) {
			const path = `${folder}/inbox`;
			const [listener, ends, stat] = [sys.listenUnix(path), new Int32Array(2), newStat()];
			const client = sys.connectUnix(path, SOCK_STREAM);
			const server = sys.accept(listener);
			sys.pipe(ends);
			const [reader = -1, writer = -1] = ends;
			const sent = sys.send(client, sys.encodeUtf8('hello'), [writer, writer], 0);
			const closed = [sys.closeForeign(writer), sys.fstat(writer, stat)];
			const held = sys.read(reader, new Uint8Array(1));
			const inbox = [sys.closeInbox(server), sys.fstat(server, stat), sys.read(reader, new Uint8Array(1)), sys.send(client, bytes(1), [], 0)];
			[reader, client, listener].forEach(sys.close);
			return [sent, closed, held, inbox];
		},
		gives: [5, [0, -ERRNO.EBADF], -ERRNO.EAGAIN, [0, -ERRNO.EBADF, 0, -ERRNO.EPIPE]],
	},
	{
		name: 'a datagram says who sent it, and whether it was cut',
		run(sys) {
			const name = `archon/contract/${sys.getpid()}-${sys.now()}`;
			const [fd, room, beside] = [sys.bindDatagrams(name), new Uint8Array(4), newAncillary()];
			const none = [sys.receive(fd, room, beside), beside[ANCILLARY.pid]];
			const to = sys.connectUnix(`\0${name}`, SOCK_DGRAM | SOCK_NONBLOCK);
			const sent = [sys.send(to, sys.encodeUtf8('hello'), [], 0), sys.receive(fd, room, beside), beside[ANCILLARY.isCut], beside[ANCILLARY.pid] === sys.getpid()];
			sys.close(to);
			return [fd >= 0, none, sent, sys.bindDatagrams(name), sys.connectUnix('/no/such', SOCK_DGRAM), sys.close(fd)];
		},
		gives: [true, [-ERRNO.EAGAIN, -1], [5, 4, 1, true], -ERRNO.EADDRINUSE, -ERRNO.ENOENT, 0],
	},
	{
		name: 'a connection to an address, or that it is refused',
		run(sys) {
			const fd = sys.connectInet('127.0.0.1', 1, SOCK_STREAM);
			sys.sleep(20);
			return [
				sys.isAddress('127.0.0.1'), sys.isAddress('::1'), sys.isAddress('localhost'), sys.connectInet('localhost', 1, SOCK_STREAM),
				fd < 0 ? -fd : sys.socketError(fd), fd < 0 ? 0 : sys.close(fd),
			];
		},
		gives: [true, true, false, -ERRNO.EINVAL, ERRNO.ECONNREFUSED, 0],
	},
	{
		name: 'a file is locked for one who opened it, until that is closed',
		run(sys, folder) {
			const [one, other] = [1, 2].map(() => sys.open(`${folder}/lock`, O.RDWR | O.CREAT, 0o600));
			const locked = [sys.lock(one ?? -1), sys.lock(one ?? -1), sys.lock(other ?? -1)];
			sys.close(one ?? -1);
			return [locked, sys.lock(other ?? -1), sys.close(other ?? -1), sys.lock(other ?? -1)];
		},
		gives: [[0, 0, -ERRNO.EAGAIN], 0, 0, -ERRNO.EBADF],
	},
	{
		name: 'ports of a listener that the kernel chose one for, and of both ends of a connection',
		run(sys) {
			const listener = sys.listenInet('127.0.0.1', 0);
			const [at, from, to] = [new Int32Array(2), new Int32Array(2), new Int32Array(2)];
			const found = [sys.ports(listener, at), sys.ports(listener, new Int32Array(1)), sys.ports(-1, at)];
			const client = sys.connectInet('127.0.0.1', at[0] ?? 0, SOCK_STREAM);
			let server = -1;
			while (server < 0) server = sys.accept(listener);
			sys.ports(client, from);
			sys.ports(server, to);
			[listener, client, server].forEach(sys.close);
			return [found, (at[0] ?? 0) > 0, at[1], from[1] === at[0], to[0] === at[0], to[1] === from[0]];
		},
		gives: [[0, -ERRNO.EINVAL, -ERRNO.EBADF], true, 0, true, true, true],
	},
	{
		name: 'a listener for TCP, and whose connection that is',
		run(sys) {
			const listeners = ['127.0.0.1', 'localhost', '203.0.113.1'].map(address => sys.listenInet(address, 0));
			const [listener = -1] = listeners;
			const [pair, number] = [new Int32Array(2), 100];
			const made = sys.socketPair(pair, SOCK_STREAM);
			const [one = -1, other = -1] = pair;
			const moved = [sys.duplicate(other, number), sys.isCloseOnExec(number), sys.isCloseOnExec(other), sys.close(other)];
			const through = [sys.write(one, bytes(1, 2)), sys.write(one, bytes(3)), sys.read(number, new Uint8Array(10))];
			const found = [sys.accept(listener), sys.peerAddress(one), sys.peerAddress(listener), sys.ownAddress(one), sys.tuneTcp(one) < 0, sys.tuneTcp(listener)];
			[listener, one, number].forEach(sys.close);
			return [listeners.slice(1), made, moved, through, found];
		},
		gives: [
			[-ERRNO.EINVAL, -99], 0, [100, false, true, 0], [2, 1, 3], [-ERRNO.EAGAIN, -97, -107, '', true, 0],
		],
	},
	{
		name: 'signals are read with their sender, and are known as pending until they are forgotten',
		run(sys) {
			const [report, ready] = [new Int32Array(5), new Int32Array(2)];
			const [fd, epoll] = [sys.openSignals([12]), sys.epollCreate()];
			const same = sys.changeSignals(fd, [10, 12]) === fd;
			sys.epollControl(epoll, 1, fd, 1);
			const none = sys.readSignal(fd, report);
			sys.kill(sys.getpid(), 10);
			const told = sys.epollWait(epoll, 1000, ready);
			return [none, told, sys.readSignal(fd, report), report[0], report[2] === sys.getpid(), report[4], sys.readSignal(fd, report), same, sys.close(epoll)];
		},
		gives: [-ERRNO.EAGAIN, 1, 1, 10, true, 0, -ERRNO.EAGAIN, true, 0],
	},
	{
		name: 'processes and their limits',
		run(sys) {
			const own = sys.pidfdOpen(sys.getpid());
			return [
				own >= 0, sys.pidfdSignal(own, 0), sys.close(own), sys.pidfdSignal(own, 0), sys.kill(999_999_999, 0), sys.kill(sys.getpid(), 0), sys.waitPid(sys.getpid(), new Int32Array(3)),
				sys.hardLimit(sys.getpid(), 7) > 0, sys.getsid(sys.getpid()) >= 0, sys.pageSize() >= 4096, sys.now() <= sys.sinceBoot(), sys.strerror(2), sys.strerror(24),
			];
		},
		gives: [true, 0, 0, -ERRNO.EBADF, -ERRNO.ESRCH, 0, -ERRNO.ECHILD, true, true, true, true, 'No such file or directory', 'Too many open files'],
	},
	{
		name: 'a new process is a copy of this one until it is a program of its own',
		isForEngine: true,
		run(sys, folder) {
			const [report, ends, room] = [new Int32Array(3), new Int32Array(2), new Uint8Array(100)];
			sys.pipe(ends);
			const [reader = -1, writer = -1] = ends;
			const pid = sys.fork();
			if (pid === 0) {
				const seat = [sys.setsid() === sys.getpid(), sys.getsid(0) === sys.getpid(), sys.setpgid(0, 0), sys.attachTerminal(), sys.takeTerminal(reader)];
				const usr = sys.open('/usr', O.PATH | O.DIRECTORY, 0);
				const went = [sys.fchdir(usr), sys.fchdir(-1), sys.setVariable('SAID', 'by\udcffte'), sys.execute('/no/such', 'a\0')];
				sys.restoreSignals();
				sys.write(writer, sys.encodeUtf8(`${JSON.stringify([...seat, ...went])} `));
				sys.execute('/bin/sh', `sh\0-c\0exec >${folder}/out; pwd; printf %s "$SAID$1"; exit 7\0-\0\udcc3.\0`);
				sys.exit(1);
			}
			sys.close(writer);
			sys.setBlocking(reader, true);
			let told = '';
			for (let count = 1; count > 0;) {
				count = sys.read(reader, room);
				told += sys.decodeLatin1(room, 0, Math.max(0, count));
			}
			const held = sys.pidfdOpen(pid);
			while (sys.waitPid(pid, report) === 0 && report[0] === 0) sys.sleep(1);
			// Another process may have the number by now, and is not meant.
			const late = sys.pidfdSignal(held, 9);
			const out = sys.open(`${folder}/out`, O.RDONLY, 0);
			told += sys.decodeLatin1(room, 0, sys.read(out, room));
			return [told, report[0] === pid, report[2], late, [held, reader, out].map(sys.close)];
		},
		gives: [`[true,true,-${ERRNO.EPERM},-${ERRNO.ENOTTY},-${ERRNO.ENOTTY},0,-${ERRNO.EBADF},0,-${ERRNO.ENOENT}] /usr\nby\xffte\xc3.`, true, 7, -ERRNO.ESRCH, [0, 0, 0]],
	},
	{
		name: 'memory that is free again is given back, and used again before more is taken',
		isForEngine: true,
		run(sys) {
			const room = new Uint8Array(200);
			const pages = (): number => {
				const fd = sys.open('/proc/self/statm', O.RDONLY, 0);
				const statm = text(sys, room, sys.read(fd, room));
				sys.close(fd);
				return Number(statm.split(' ')[1]);
			};
			const fill = (): unknown[] => Array.from({length: 100_000}, (_, i) => ({name: `entry ${i}`, list: [i, i + 1], next: {i}}));
			let [kept, most, sums] = [[] as unknown[], 0, 0];
			sys.collectGarbage();
			const before = pages();
			for (let round = 0; round < 4; round++) {
				kept = fill();
				sums += kept.length;
				if (round === 0) most = pages();
			}
			const again = pages();
			kept = [];
			sys.collectGarbage();
			const after = pages();
			return [sums, most - before > 4000, again < before + 2.5 * (most - before), after - before < (most - before) / 4];
		},
		gives: [400_000, true, true, true],
	},
	{
		name: 'a job is done by a thread, and told of once',
		run(sys, folder) {
			const report = new Float64Array(6);
			sys.jobsFd();
			const number = sys.startJob(8, -1, '127.0.0.1', '', [SOCK_STREAM], []);
			const other = sys.startJob(9, -1, folder, '', [0], []);
			const results = new Map<number, unknown>();
			for (let i = 0; i < 10 && results.size < 2; i++) {
				sys.awaitJob(1000);
				for (let brought = sys.takeJob(report); brought; brought = sys.takeJob(report)) {
					results.set(report[0] ?? 0, [report[1], sys.decodeUtf8(brought, 0, brought.length)]);
				}
			}
			return [results.get(number), results.get(other), sys.awaitJob(0)];
		},
		gives: [[0, '127.0.0.1\0'], [0, ''], false],
	},
	{
		name: 'a job that hangs holds up no other, also where a thread was free for only one of them',
		run(sys, folder) {
			const [report, ends, room] = [new Float64Array(6), new Int32Array(2), new Uint8Array(1 << 20)];
			const next = (): number => (sys.awaitJob(2000) && sys.takeJob(report) ? report[0] ?? 0 : -1);
			sys.jobsFd();
			let held = 0;
			for (let i = 0; i < 20; i++) {
				// Threads of the round before are gone by then, and the one of this job is still there after it.
				sys.sleep(40);
				sys.startJob(9, -1, folder, '', [0], []);
				next();
				sys.sleep(1);
				sys.pipe(ends);
				const [reader = -1, writer = -1] = ends;
				const hung = sys.startJob(0, writer, '', '', [], [room]);
				const other = sys.startJob(9, -1, folder, '', [0], []);
				if (next() !== other) held++;
				sys.setBlocking(reader, true);
				for (let left = room.length; left > 0;) left -= sys.read(reader, room);
				while (report[0] !== hung) next();
				[reader, writer].map(sys.close);
				if (held > 0) break;
			}
			return held;
		},
		gives: 0,
	},
	{
		name: 'lines',
		run(sys) {
			const lines = sys.encodeUtf8('a\r\nb\nc');
			const out = new Uint8Array(100);
			const count = sys.prefixLines(lines, sys.encodeUtf8('> '), true, out);
			return [sys.countLines(lines), sys.endOfLines(lines, 1), sys.endOfLines(lines, 9), sys.dropReturns(lines, lines.length), text(sys, lines, 5), count > 0];
		},
		gives: [2, 3, 5, 5, 'a\nb\nc', true],
	},
];
