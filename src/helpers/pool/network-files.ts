/**
 * Changes of files that another program sees, where the kernel tells none (mounts of other machines): by TCP on this machine, a path
 * a line. It is told each path that is watched, and says which have changed.
 */
import type {Result} from '../../core/result.ts';
import {err, ok} from '../../core/result.ts';
import type {Millis} from '../../core/time.ts';
import {newBytes} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {errnoText} from '../../os/errno.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, sys} from '../../os/sys.ts';
import type {FileMonitor} from './files/monitor.ts';

export interface NetworkFiles {
	/** These are watched from now on. */
	watched(paths: readonly string[]): void;
	close(): void;
}

export interface NetworkFilesParts {
	readonly poller: Pick<Poller, 'watch' | 'forget' | 'change'>;
	readonly port: number;
	/** What is watched: nothing else is told as changed. */
	readonly monitor: Pick<FileMonitor, 'has' | 'paths'>;
	changed(paths: readonly string[]): void;
}

interface Peer {
	readonly fd: number;
	/** What it has said behind the last newline. */
	begun: string;
	/** What it is to be told, and how much of that is; and the bytes that are on their way. */
	queue: string[];
	at: number;
	bytes: Uint8Array;
}

const HOST = '127.0.0.1';
const PEERS_MAX = 8;
/** While no descriptor is left. */
const PAUSE: Millis = 1000;
/** Of one path. */
const LINE_MAX = 4096;
/** Paths that one is still to be told, and of one write. */
const [QUEUE_MAX, BATCH_MAX] = [200_000, 500];
/** Paths that have been told and are not told again when a node boots again. */
const TOLD_MAX = 200_000;

const buffer = newBytes(16 * 1024);

/** A port as `ZEUS_NETWORK_FILE_MONITOR_PORT` has it; null: it is not one. */
export function readPort(text: string): number | null {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port > 0 && port < 65_536 ? port : null;
}

/** The error says why none is there. Any user of this machine can connect to it. */
export function openNetworkFiles({poller, port, monitor, changed}: NetworkFilesParts): Result<NetworkFiles, string> {
	const listener = sys.listenInet(HOST, port);
	if (listener < 0) return err(`cannot listen at ${HOST}:${port}: ${errnoText(-listener)}`);
	const peers = new Set<Peer>();
	let told = new Set<string>();
	let endPause = (): void => {};

	function leave(peer: Peer): void {
		peers.delete(peer);
		poller.forget(peer.fd);
		sys.close(peer.fd);
	}

	/** Until then epoll would report those that wait again and again. */
	function pause(): void {
		poller.forget(listener);
		endPause = after(PAUSE, () => poller.watch(listener, EPOLLIN, meet));
	}

	function meet(): void {
		const fd = sys.accept(listener);
		if (fd === -ERRNO.EMFILE || fd === -ERRNO.ENFILE) return pause();
		if (fd < 0) return;
		if (peers.size >= PEERS_MAX) {
			sys.close(fd);
			return;
		}
		const peer: Peer = {fd, begun: '', queue: [...monitor.paths()].filter(isOneLine), at: 0, bytes: newBytes(0)};
		peers.add(peer);
		poller.watch(fd, EPOLLIN, events => {
			if (events & EPOLLOUT) send(peer);
			if (peers.has(peer) && (events & ~EPOLLOUT) !== 0) hear(peer);
		});
		send(peer);
	}

	function send(peer: Peer): void {
		for (;;) {
			if (peer.bytes.length === 0) {
				const batch = peer.queue.slice(peer.at, peer.at + BATCH_MAX);
				peer.at += batch.length;
				if (batch.length === 0) {
					peer.queue = [];
					peer.at = 0;
					return poller.change(peer.fd, EPOLLIN);
				}
				peer.bytes = sys.encodeUtf8(`${batch.join('\n')}\n`);
			}
			const count = sys.send(peer.fd, peer.bytes, [], MSG_DONTWAIT);
			if (count === -ERRNO.EINTR) continue;
			if (count === -ERRNO.EAGAIN) return poller.change(peer.fd, EPOLLIN | EPOLLOUT);
			if (count < 0) return leave(peer);
			peer.bytes = peer.bytes.subarray(count);
		}
	}

	function hear(peer: Peer): void {
		const count = sys.read(peer.fd, buffer);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count <= 0) return leave(peer);
		// A character may be parted here: as bytes it is whole again when its line is.
		const lines = (peer.begun + sys.decodeLatin1(buffer, 0, count)).split('\n');
		peer.begun = lines.pop() ?? '';
		const paths = lines.map(pathOf).filter(path => monitor.has(path));
		if (peer.begun.length > LINE_MAX) leave(peer);
		if (paths.length > 0) changed(paths);
	}

	poller.watch(listener, EPOLLIN, meet);
	return ok({
		watched(paths) {
			const others = paths.filter(path => isOneLine(path) && !told.has(path));
			if (others.length === 0) return;
			if (told.size + others.length > TOLD_MAX) told = new Set();
			for (const path of others) told.add(path);
			for (const peer of [...peers]) {
				const isSlow = peer.queue.length + others.length > QUEUE_MAX;
				if (!isSlow) for (const path of others) peer.queue.push(path);
				if (isSlow) leave(peer);
				else if (peer.bytes.length === 0) send(peer);
			}
		},
		close() {
			endPause();
			for (const peer of [...peers]) leave(peer);
			poller.forget(listener);
			sys.close(listener);
		},
	});
}

const isOneLine = (path: string): boolean => !path.includes('\n');

function pathOf(line: string): string {
	const bytes = newBytes(line.length);
	sys.writeLatin1(line, bytes, 0);
	return sys.decodeUtf8(bytes, 0, bytes.length, true).replace(/\r$/, '');
}
