/** The sockets of a pool's nodes: how a process becomes one, what it says and is told, and the files that it names. */
import {SIG} from '../../core/signal-numbers.ts';
import type {Millis} from '../../core/time.ts';
import type {Event, Peer, Run} from '../../features/pools/core/event.ts';
import type {Level} from '../../features/pools/core/effect.ts';
import {cutLines, formatOrder, type NodeMessage, type NodeOrder, readNode, readRegistration} from '../../features/pools/core/wire.ts';
import {newBytes} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {errnoText} from '../../os/errno.ts';
import {pid as ownPid} from '../../os/identity.ts';
import {ANCILLARY} from '../../os/layouts.ts';
import type {Poller} from '../../os/poller.ts';
import {peerOf} from '../../os/sockets/trust.ts';
import {EPOLLIN, ERRNO, isFifo, newAncillary, newStat, O, SOCK_DGRAM, SOCK_STREAM, sys} from '../../os/sys.ts';
import {createFraming, decode, type Framing} from './framing.ts';
import {openAgain} from './open-again.ts';

export interface NodeParts {
	readonly poller: Poller;
	readonly tell: (event: Event) => void;
	readonly log: (level: Level, text: string) => void;
	/** Its end is to be told; `socket`: one that the process has made. */
	readonly track: (pid: number, socket: number) => void;
	/** The COMMAND of a run has come from a runner; the descriptor is the hearer's. `hasEnv`: the worker takes an environment. */
	readonly runner: (run: Run, fd: number, pid: number, hasEnv: boolean) => void;
}

export interface Nodes {
	/** The root's end of MASTER. */
	readonly theirs: number;
	send(peer: Peer, order: NodeOrder): void;
	/** The next descriptor on that NODE is this run's COMMAND. */
	watchRun(peer: Peer, run: Run): void;
	drop(peer: Peer): void;
	/** Reads what a process had said before it ended. */
	drain(pid: number): void;
	close(): void;
}

/** A process that has said nothing yet, or that it is a node, or that is one. */
interface Connection {
	readonly peer: Peer;
	readonly pid: number;
	readonly fd: number;
	/** Of its process, until it is a node; -1 from then on, and where it has ended. */
	pidfd: number;
	framing: Framing | null;
	/** What `P:` says. */
	named: {readonly parent: number; readonly name: string} | null;
	/** What came before its FEATURE; null: that is there. */
	early: NodeMessage[] | null;
	feature: number;
	readonly lines: ReturnType<typeof cutLines>;
	hasEnv: boolean;
	readonly runs: Run[];
	/** Bytes of FEATURE in this second, and when that began. */
	bytes: number;
	since: number;
	giveUp: () => void;
}

/** From the descriptor on MASTER until its FEATURE is there. */
const PATIENCE: Millis = 5000;
/** Processes that say at once that they are nodes, and messages of one before its FEATURE. */
const [NEW_MAX, EARLY_MAX] = [64, 8];
const AT_ONCE = 64;
/** Bytes of FEATURE that are read at a stretch, as much as a pipe may hold, and in a second. */
const [STRETCH, BYTES_EACH_SECOND] = [1024 * 1024, 64 * 1024 * 1024];
const SECOND = 1000;

const buffer = newBytes(64 * 1024);
const names = newBytes(64 * 1024);
const beside = newAncillary();
const ends = new Int32Array(2);

export function createNodes({poller, tell, log, track, runner}: NodeParts): Nodes {
	const made = sys.socketPair(ends, SOCK_DGRAM);
	if (made < 0) throw new Error(`a pair of sockets: ${errnoText(-made)}`);
	const [master = -1, theirs = -1] = ends;
	const all = new Map<Peer, Connection>();
	let last = 0;
	let news = 0;
	poller.watch(master, EPOLLIN, listen);

	// ── MASTER ──

	function listen(): void {
		for (let left = AT_ONCE; left > 0; left--) {
			const count = sys.receive(master, buffer, beside);
			if (count === -ERRNO.EINTR) continue;
			if (count < 0) return;
			const sender = beside[ANCILLARY.pid] ?? -1;
			const passed = [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + (beside[ANCILLARY.count] ?? 0))];
			const [fd, ...more] = passed;
			more.forEach(each => sys.closeForeign(each));
			const why = fd === undefined || more.length > 0 ? 'passed no one descriptor as a node' : meet(fd, sender);
			if (why === null) continue;
			if (fd !== undefined) sys.closeForeign(fd);
			end(sender, why);
		}
	}

	/** Why it is no node's socket. */
	function meet(fd: number, sender: number): string | null {
		if (sys.socketType(fd) !== SOCK_STREAM) return 'passed what is no socket of a node';
		const pid = peerOf(fd)?.pid ?? 0;
		if (pid !== sender || pid <= 1 || pid === ownPid) return `passed a socket of process ${pid} as its own`;
		if (news >= NEW_MAX) return `would be one of more than ${NEW_MAX} nodes that begin at once`;
		let pidfd = sys.pidfdOpen(pid);
		// It has ended, and the number may be another's; what it has said is heard, which may be why.
		if (pidfd >= 0 && sys.peerLives(fd) === 0) {
			sys.close(pidfd);
			pidfd = -1;
		}
		const peer = ++last;
		news++;
		const connection: Connection = {
			peer, pid, fd, pidfd, framing: null, named: null, early: [], feature: -1, lines: cutLines(decode),
			hasEnv: false, runs: [], bytes: 0, since: 0,
			giveUp: after(PATIENCE, () => refuse(connection, connection.named ? 'passed no pipe for its files' : 'did not say which node it is')),
		};
		all.set(peer, connection);
		connection.framing = createFraming(fd, poller, {
			came: () => readFeature(connection),
			text: text => heard(connection, text),
			fd: passed => took(connection, passed),
			ended: why => over(connection, why),
		});
		return null;
	}

	/** Ends a process that is no node, by the kernel's word who it is, and says so. */
	function end(pid: number, why: string): void {
		log('warn', `process ${pid} ${why}: it is ended`);
		if (pid > 1 && pid !== ownPid) sys.kill(pid, SIG.KILL);
	}

	function refuse(connection: Connection, why: string): void {
		log('warn', `process ${connection.pid} ${why}: it is ended`);
		if (connection.pidfd >= 0) sys.pidfdSignal(connection.pidfd, SIG.KILL);
		remove(connection);
	}

	// ── NODE ──

	function heard(connection: Connection, text: string): string | null {
		const {pid, named, early} = connection;
		if (!named) {
			const said = readRegistration(text);
			if (!said.ok) return said.error;
			if (said.value.pid !== pid) return `says that it is process ${said.value.pid}`;
			connection.named = said.value;
			return null;
		}
		const said = readNode(text);
		if (!said.ok) return said.error;
		if (early && early.push(said.value) > EARLY_MAX) return 'says much and passes no pipe for its files';
		if (!early) hear(connection, said.value);
		return null;
	}

	function hear(connection: Connection, message: NodeMessage): void {
		if (message.kind === 'capable') connection.hasEnv = message.of.includes('E');
		tell({kind: 'said', peer: connection.peer, message});
	}

	function took(connection: Connection, fd: number): string | null {
		const {peer, named, early, runs} = connection;
		const run = early ? undefined : runs.shift();
		const why = early ? beginFeature(connection, fd) : takeRunner(connection, run, fd);
		if (why !== null) sys.closeForeign(fd);
		if (why !== null || !early || !named) return why;
		settle(connection);
		track(connection.pid, connection.fd);
		tell({kind: 'registered', peer, pid: connection.pid, parent: named.parent, name: named.name});
		for (const message of early) if (all.has(peer)) hear(connection, message);
		return null;
	}

	function takeRunner(connection: Connection, run: Run | undefined, fd: number): string | null {
		if (run === undefined) return 'passed a descriptor for which it was not asked';
		if (sys.socketType(fd) !== SOCK_DGRAM) return 'passed what is no socket of a runner';
		const pid = peerOf(fd)?.pid ?? 0;
		if (pid <= 1 || pid === ownPid) return `passed a socket of process ${pid} as its runner's`;
		runner(run, fd, pid, connection.hasEnv);
		return null;
	}

	function over(connection: Connection, why: string | null): void {
		const isNode = connection.early === null;
		if (!isNode && why !== null) return refuse(connection, why);
		if (isNode) readFeature(connection);
		remove(connection);
		if (isNode) tell({kind: 'closed', peer: connection.peer, why});
	}

	function remove(connection: Connection): void {
		if (!all.delete(connection.peer)) return;
		settle(connection);
		connection.framing?.close();
		closeFeature(connection);
	}

	/** It is a node, or never will be. */
	function settle(connection: Connection): void {
		if (!connection.early) return;
		connection.early = null;
		connection.giveUp();
		news--;
		if (connection.pidfd >= 0) sys.close(connection.pidfd);
		connection.pidfd = -1;
	}

	// ── FEATURE ──

	const about = newStat();

	function beginFeature(connection: Connection, fd: number): string | null {
		if (!connection.named) return 'passed a descriptor before it said which node it is';
		if (sys.fstat(fd, about) < 0 || !isFifo(about) || !sys.isReader(fd)) return 'passed what is no pipe for its files';
		const own = openAgain(fd, O.RDONLY);
		if (own < 0) return `passed a pipe that cannot be read: ${errnoText(-own)}`;
		sys.closeForeign(fd);
		connection.feature = own;
		poller.watch(own, EPOLLIN, () => readFeature(connection));
		return null;
	}

	function readFeature(connection: Connection): void {
		const {feature, peer, lines} = connection;
		if (feature < 0 || connection.early) return;
		for (let left = STRETCH; left > 0 && connection.feature >= 0;) {
			const count = sys.read(feature, names);
			if (count === -ERRNO.EAGAIN) return;
			if (count === -ERRNO.EINTR) continue;
			if (count <= 0) return closeFeature(connection);
			left -= count;
			const now = sys.now();
			if (now - connection.since > SECOND) [connection.since, connection.bytes] = [now, 0];
			connection.bytes += count;
			const paths = connection.bytes > BYTES_EACH_SECOND ? null : lines.push(names.subarray(0, count));
			if (!paths) return wrong(connection, 'names files without end');
			const strange = paths.find(path => !path.startsWith('/'));
			if (strange !== undefined) return wrong(connection, `names the file ${JSON.stringify(strange.slice(0, 40))}, which is no absolute path`);
			if (paths.length > 0) tell({kind: 'loaded', peer, paths});
		}
	}

	function wrong(connection: Connection, why: string): void {
		remove(connection);
		tell({kind: 'closed', peer: connection.peer, why});
	}

	function closeFeature(connection: Connection): void {
		if (connection.feature < 0) return;
		poller.forget(connection.feature);
		sys.closeForeign(connection.feature);
		connection.feature = -1;
	}

	return {
		theirs,
		send(peer, order) {
			const connection = all.get(peer);
			if (connection?.framing?.send(formatOrder(order)) !== false) return;
			remove(connection);
			tell({kind: 'closed', peer, why: 'does not read what it is told'});
		},
		watchRun: (peer, run) => void all.get(peer)?.runs.push(run),
		drop(peer) {
			const connection = all.get(peer);
			if (!connection) return;
			readFeature(connection);
			remove(connection);
		},
		drain(pid) {
			for (const connection of all.values()) if (connection.pid === pid) connection.framing?.drain();
		},
		close() {
			for (const connection of all.values()) remove(connection);
			poller.forget(master);
			sys.closeInbox(master);
			sys.close(theirs);
		},
	};
}
