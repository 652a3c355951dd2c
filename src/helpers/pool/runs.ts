/** The clients of a pool, and the runners of their commands: descriptors from the one to the other, a pid and a status back. */
import type {Millis} from '../../core/time.ts';
import type {Effect, Level} from '../../features/pools/core/effect.ts';
import type {Event, Run} from '../../features/pools/core/event.ts';
import {failure} from '../../features/pools/core/run.ts';
import {CLIENTS_MAX} from '../../features/pools/core/state.ts';
import {cutMessages, formatHand, formatNumber, readClient, readRunner} from '../../features/pools/core/wire.ts';
import {bytesOf, newBytes} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {pid as ownPid, uid as ownUid} from '../../os/identity.ts';
import {ANCILLARY} from '../../os/layouts.ts';
import type {Poller} from '../../os/poller.ts';
import {peerOf} from '../../os/sockets/trust.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, newAncillary, O, sys} from '../../os/sys.ts';
import {passedEnvironment} from './environment.ts';
import {createFraming, decode, type Framing} from './framing.ts';
import {openAgain} from './open-again.ts';
import type {Room} from './room.ts';

export interface RunParts {
	readonly poller: Poller;
	readonly tell: (event: Event) => void;
	readonly log: (level: Level, text: string) => void;
	/** Its end is to be told; `socket`: one that the process has made. */
	readonly track: (pid: number, socket: number) => void;
	/** The names of variables that commands get of their clients'. */
	readonly envPass: () => readonly string[];
	/** How many clients there may be. */
	readonly room: () => Room;
}

export interface Runs {
	/** From now on clients that come to this socket are heard. */
	listen(door: number): void;
	/** A run's COMMAND, which is the hearer's. `hasEnv`: its worker takes an environment. */
	runner(run: Run, fd: number, pid: number, hasEnv: boolean): void;
	/** Hands all that a client has given to its runner. */
	hand(run: Run): void;
	answer(answer: Extract<Effect, {kind: 'answer'}>): void;
	/** Reads what a runner had said before it ended. */
	drain(pid: number): void;
	/** Clients that wait, or whose command runs. */
	count(): number;
	close(): void;
}

interface Client {
	readonly run: Run;
	/** 0: the kernel does not know it, as it is in another namespace. */
	readonly pid: number;
	framing: Framing | null;
	asked: {readonly argc: number; readonly pid: number; readonly command: string} | null;
	wantsEnv: boolean;
	/** ARGS, STDIO, STDERR and the environment, until they are handed over. */
	fds: number[];
	/** Its run is known to the machine. */
	isTold: boolean;
	command: Command | null;
	giveUp: () => void;
	/** No more of a text is written: its stream is about to be closed. */
	stopText: () => void;
}

/** The socket of a runner. */
interface Command {
	readonly fd: number;
	readonly pid: number;
	readonly hasEnv: boolean;
	heard: number;
}

const FEW_FILES = ', as many as it may by the number of files that it can open (ulimits: {nofile: 10000} raises that)';
/** From a client's connection until all is there that it sends; and what it may take to take a text. */
const PATIENCE: Millis = 5000;
const TEXT_PATIENCE: Millis = 1000;
/** While no descriptor is left. */
const PAUSE: Millis = 1000;
const TEXT_MAX = 64 * 1024;
/** Messages of a runner: it has two to say. */
const RUNNER_MAX = 16;
const AT_ONCE = 64;
const [STDIO, STDERR] = [1, 2];

const buffer = newBytes(64 * 1024);
const beside = newAncillary();

export function createRuns({poller, tell, log, track, envPass, room}: RunParts): Runs {
	const all = new Map<Run, Client>();
	let last = 0;
	let door = -1;
	/** Clients wait before the door until others have gone. */
	let isShut = false;
	/** Clients of which the machine knows. */
	let told = 0;
	// Given up to take a client off the queue when no descriptor is left.
	let spare = sys.open('/dev/null', O.RDONLY, 0);
	let endPause = (): void => {};

	// ── CLIENT ──

	function take(): void {
		const {clients, refused} = room();
		for (let left = AT_ONCE; left > 0; left--) {
			if (all.size >= clients + refused) return shut();
			const fd = sys.accept(door);
			if (fd === -ERRNO.EMFILE || fd === -ERRNO.ENFILE) return pause();
			if (fd < 0) return;
			const peer = peerOf(fd);
			if (peer && (peer.uid === ownUid || peer.uid === 0)) meet(fd, peer.pid);
			else turnAway(fd);
		}
	}

	/** One is turned away, so that it does not wait for ever; the others are looked at later: epoll would report them again at once. */
	function pause(): void {
		sys.close(spare);
		const fd = sys.accept(door);
		if (fd >= 0) turnAway(fd);
		spare = sys.open('/dev/null', O.RDONLY, 0);
		log('error', `${fd < 0 ? 'clients wait' : 'a client was turned away'}: too many open files`);
		shut();
		endPause = after(PAUSE, open);
	}

	/** Those that are told that there are too many go within seconds. */
	function shut(): void {
		if (isShut) return;
		isShut = true;
		poller.forget(door);
	}

	function open(): void {
		if (!isShut || door < 0) return;
		isShut = false;
		poller.watch(door, EPOLLIN, take);
	}

	/** It has no stream yet to say anything on. */
	function turnAway(fd: number): void {
		sys.send(fd, bytesOf(formatNumber(0) + formatNumber(1)), [], MSG_DONTWAIT);
		sys.closeInbox(fd);
	}

	function meet(fd: number, pid: number): void {
		const run = ++last;
		const client: Client = {
			run, pid, framing: null, asked: null, wantsEnv: false, fds: [], isTold: false, command: null, stopText() {},
			giveUp: after(PATIENCE, () => {
				log('warn', `client ${pid} did not say all of what it wants within ${PATIENCE / 1000} s`);
				remove(client);
			}),
		};
		all.set(run, client);
		client.framing = createFraming(fd, poller, {
			text: text => heard(client, text),
			fd: passed => took(client, passed),
			ended(why) {
				if (why !== null) log('warn', `client ${pid} ${why}`);
				client.framing = null;
				if (client.isTold) tell({kind: 'gone', run});
				else remove(client);
			},
		});
	}

	function heard(client: Client, text: string): string | null {
		const said = readClient(text);
		if (!said.ok) return said.error;
		if (said.value.kind === 'env') {
			if (client.fds.length > STDERR) return 'speaks of its environment too late';
			client.wantsEnv = true;
			return null;
		}
		if (client.asked) return 'asks twice';
		client.asked = said.value;
		return whole(client);
	}

	function took(client: Client, fd: number): string | null {
		client.fds.push(fd);
		if (client.fds.length > (client.wantsEnv ? STDERR + 2 : STDERR + 1)) return 'passed too many descriptors';
		return whole(client);
	}

	/** Tells of it once all is there. */
	function whole(client: Client): null {
		const {run, asked, fds, wantsEnv, pid} = client;
		if (!asked || fds.length < (wantsEnv ? STDERR + 2 : STDERR + 1)) return null;
		client.giveUp();
		const {clients} = room();
		client.isTold = told < clients;
		if (client.isTold) told++;
		if (client.isTold) tell({kind: 'asked', run, clientPid: pid || asked.pid, argc: asked.argc, command: asked.command});
		else answer({kind: 'answer', run, pid: 0, text: null, on: 'stderr', status: 1,
			...failure(`the pool has ${clients} clients already${clients < CLIENTS_MAX ? FEW_FILES : ''}`)});
		return null;
	}

	function remove(client: Client): void {
		if (!all.delete(client.run)) return;
		if (client.isTold) told--;
		client.giveUp();
		client.stopText();
		client.framing?.close();
		client.fds.splice(0).forEach(fd => sys.closeForeign(fd));
		if (client.command) closeCommand(client.command);
		client.command = null;
		open();
	}

	function answer({run, pid, text, on, status}: Extract<Effect, {kind: 'answer'}>): void {
		const client = all.get(run);
		if (!client) return;
		if (pid !== null) client.framing?.send(formatNumber(pid));
		const end = (): void => {
			if (status === null || !all.has(run)) return;
			client.framing?.send(formatNumber(status));
			remove(client);
		};
		const fd = client.fds[on === 'stdio' ? STDIO : STDERR];
		if (text === null || fd === undefined || !client.framing) end();
		else writeText(client, fd, text, end);
	}

	/** Writes as much of it as the client takes in a second. */
	function writeText(client: Client, given: number, text: string, done: () => void): void {
		let bytes = bytesOf(text).subarray(0, TEXT_MAX);
		// No socket can be opened again, and none has to: each send says whether it waits.
		const own = openAgain(given, O.WRONLY | O.APPEND);
		const fd = own === -ERRNO.ENXIO ? given : own;
		let isWatched = false;
		const stop = (): void => {
			client.stopText = () => {};
			cancel();
			if (isWatched) poller.forget(fd);
			if (own >= 0) sys.closeForeign(own);
		};
		const end = (): void => {
			stop();
			done();
		};
		const cancel = after(TEXT_PATIENCE, end);
		client.stopText = stop;
		const flush = (): void => {
			while (bytes.length > 0 && fd >= 0) {
				const count = own >= 0 ? sys.write(fd, bytes) : sys.send(fd, bytes, [], MSG_DONTWAIT);
				if (count === -ERRNO.EINTR) continue;
				if (count === -ERRNO.EAGAIN) {
					if (!isWatched) poller.watch(fd, EPOLLOUT, flush);
					isWatched = true;
					return;
				}
				if (count <= 0) break;
				bytes = bytes.subarray(count);
			}
			end();
		};
		flush();
	}

	// ── COMMAND ──

	function hearCommand(client: Client): void {
		for (let left = AT_ONCE; left > 0 && client.command; left--) {
			const {command, run} = client;
			const count = sys.receive(command.fd, buffer, beside);
			if (count === -ERRNO.EINTR) continue;
			if (count < 0) return;
			const passed = beside.subarray(ANCILLARY.fds, ANCILLARY.fds + (beside[ANCILLARY.count] ?? 0));
			const parts = passed.length > 0 ? null : cutMessages(decode).push(buffer.subarray(0, count));
			passed.forEach(fd => void sys.closeForeign(fd));
			if (!parts || ++command.heard > RUNNER_MAX) return garbled(client, parts ? 'says more than two things' : 'passed a descriptor');
			for (const text of parts) {
				const said = readRunner(text);
				if (!said.ok) return garbled(client, said.error);
				if (said.value.kind === 'begun' && said.value.pid === ownPid) return garbled(client, 'names the master as its command');
				tell({...said.value, run});
			}
		}
	}

	function garbled(client: Client, why: string): void {
		if (client.command) closeCommand(client.command);
		client.command = null;
		tell({kind: 'garbled', run: client.run, why});
	}

	function closeCommand({fd}: Command): void {
		poller.forget(fd);
		sys.closeInbox(fd);
	}

	return {
		listen(fd) {
			door = fd;
			poller.watch(fd, EPOLLIN, take);
		},
		runner(run, fd, pid, hasEnv) {
			const client = all.get(run);
			track(pid, fd);
			if (!client || client.command) sys.closeForeign(fd);
			else {
				client.command = {fd, pid, hasEnv, heard: 0};
				poller.watch(fd, EPOLLIN, () => hearCommand(client));
			}
			tell({kind: 'runner', run, pid});
		},
		hand(run) {
			const client = all.get(run);
			const {command, asked, fds = []} = client ?? {};
			if (!client || !command || !asked) return;
			const [args = -1, stdio = -1, stderr = -1, env] = fds;
			const environment = command.hasEnv ? passedEnvironment(env, envPass()) : -1;
			const nothing = newBytes(1);
			let result = sys.send(command.fd, bytesOf(formatHand(client.pid || asked.pid, asked.argc)), [], MSG_DONTWAIT);
			for (const fd of [args, stdio, stderr, ...environment >= 0 ? [environment] : []]) {
				if (result >= 0) result = sys.send(command.fd, nothing, [fd], MSG_DONTWAIT);
			}
			client.fds.splice(0).forEach(fd => sys.closeForeign(fd));
			if (environment >= 0) sys.close(environment);
			if (result < 0) garbled(client, 'does not take what its client gives');
		},
		answer,
		drain(pid) {
			for (const client of all.values()) if (client.command?.pid === pid) hearCommand(client);
		},
		count: () => all.size,
		close() {
			endPause();
			if (door >= 0 && !isShut) poller.forget(door);
			door = -1;
			for (const client of all.values()) remove(client);
			sys.close(spare);
		},
	};
}
