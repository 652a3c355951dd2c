/**
 * Burns and rises as itself: a process with the fault handler that says a line of JSON at the start of each life, and then does
 * what the lines of its input say. Descriptor 3 is a stream that `carry` takes through the memory to descriptor 4. It is
 * run by the engine of the tests, which knows ways to die (deaths.c).
 */
import {exec} from '../../src/core/defaults.ts';
import {bytesOf, newBytes, textOf} from '../../src/os/bytes.ts';
import {env} from '../../src/os/environment.ts';
import {MEMORY_START, openReexec} from '../../src/os/reexec/reexec.ts';
import {HANDOFF_SIZE, openHandoff} from '../../src/os/reexec/handoff.ts';
import {createQueue} from '../../src/features/logging/os/queue.ts';
import {candidates} from '../../src/os/spawn/lookup.ts';
import {after, onUncaught, run, soon, watch} from '../../src/os/reactor.ts';
import {blockOf, encode} from '../../src/os/spawn/request.ts';
import {EPOLLIN, O, type Sys, sys} from '../../src/os/sys.ts';

const {die} = native as Sys & {die(how: string): void};

const ROOM = 65_536;
const BOOK = MEMORY_START;
const HANDOFF = BOOK + 64;
/** Words of the book. */
const [CARRIES, COUNTS, FIRST, SECOND] = [0, 1, 2, 3];

const pid = sys.getpid();
const opened = openReexec(HANDOFF + 4096 + HANDOFF_SIZE);
if (typeof opened === 'number') throw new Error(`no memory: ${opened}`);
const reexec = opened;
const armed = reexec.arm();
/** What this program remembers of what it was told. */
const memory = reexec.memory.view(BOOK, 64);
const book = new Int32Array(memory.buffer, memory.byteOffset, 16);

const say = (line: object): void => void sys.write(1, bytesOf(`${JSON.stringify(line)}\n`));

const signals = sys.openSignals([1, 15, 37, 64]);
const report = new Int32Array(5);
const readSignals = (): void => {
	while (sys.readSignal(signals, report) === 1);
};
readSignals();

const fds = (): number => {
	const names = sys.readFolder('/proc/self/fd', 10_000);
	return typeof names === 'number' ? names : names.length;
};
const textAt = (path: string): string => String(sys.readText(path, 65_536));

say({
	life: reexec.reexecutions, pid, armed, argv: sys.arguments().slice(2), argv0: sys.arguments()[0],
	causes: reexec.causes.map(({kind, signal, words}) => ({kind, signal, words})),
	pair: [book[FIRST], book[SECOND]], senders: reexec.causes.map(({sender}) => sender), pending: reexec.pending().map(({signal}) => signal),
	fds: fds(), rss: Number(/VmRSS:\s+(\d+)/.exec(textAt('/proc/self/status'))?.[1]),
});

/** Before this instance: the handoff was begun. */
const wasCarrying = book[CARRIES] === 1;

/** The pid of a process with this one's streams and variables, as a service has them; or below 0. */
function startCommand(argv: readonly [string, ...string[]]): number {
	const bytes = encode({
		exec: exec(argv), paths: candidates(argv[0], env()['PATH'] ?? ''), environment: [blockOf(env())], uid: null, gid: null, groups: null,
		fds: [0, 1, 2], cgroup: null, tag: 0, oom: null, seat: 'session', isListening: false,
	});
	return bytes ? sys.endSpawn(sys.beginSpawn(bytes), new Int32Array(3)) : -1;
}

/** Runs a command to its end. */
function runToEnd(argv: readonly [string, ...string[]]): void {
	const started = startCommand(argv);
	while (sys.waitPid(started, report) === 0 && report[0] === 0) sys.sleep(1);
}

const COMMANDS: Readonly<Record<string, (word?: string) => void>> = {
	ping: () => say({pong: true}),
	die: how => die(how ?? ''),
	/** Would be a fault at its most awkward: the memory that the fault handler writes to is gone. */
	cut: () => {
		const names = sys.readFolder('/proc/self/fd', 10_000);
		if (typeof names === 'number') return;
		const fd = names.find(name => String(sys.readLink(`/proc/self/fd/${name}`)).includes('memfd:archon'));
		say({cut: sys.ftruncate(Number(fd), 0)});
	},
	exhaust: () => {
		for (const hoard: number[][] = []; ;) hoard.push(Array.from({length: 1000}, Math.random));
	},
	throw: () => soon(() => {
		throw new Error('a bug');
	}),
	reject: () => void Promise.reject(new Error('a bug')),
	sink: () => {
		const sink = (): number => 1 + sink();
		sink();
	},
	/** Signals itself by another process, and stays busy until it is hit. */
	inside: signal => reexec.whole(() => {
		runToEnd(['kill', `-${signal}`, `${pid}`]);
		say({inside: true});
	}),
	revive: () => say({failed: reexec.revive('words of its own')}),
	upgrade: path => {
		const failed = reexec.upgrade(path ?? '', '2.0');
		say({failed, fds: fds(), lives: reexec.reexecutions, inherited: inheritedBy()});
	},
	open: path => {
		const [kept, lost] = [sys.open(path ?? '', O.RDONLY, 0), sys.open(path ?? '', O.RDONLY, 0)];
		reexec.keepFd(kept, true);
		say({kept, lost, result: reexec.keepFd(999_999, true)});
	},
	look: fd => {
		const bytes = newBytes(100);
		const count = sys.readAt(Number(fd), bytes, 0);
		say({content: count < 0 ? null : textOf(bytes, 0, count)});
	},
	child: () => {
		say({child: startCommand(['sleep', '1000000'])});
	},
	children: () => say({children: textAt(`/proc/self/task/${pid}/children`).trim().split(' ').map(Number)}),
	environment: () => say({own: env()['ARCHON_HANDOFF'] ?? null, inherited: inheritedBy()}),
	/** A signal that was read and not acted on. */
	heardThenFault: signal => {
		sys.kill(pid, Number(signal));
		readSignals();
		die('fault');
	},
	acted: number => {
		reexec.heard(Number(number));
		say({pending: reexec.pending().map(({signal}) => signal)});
	},
	carry: () => {
		for (const fd of [3, 4]) sys.setBlocking(fd, false);
		book[CARRIES] = 1;
		carry();
	},
	/** Counts two numbers up together, while a thread is about to fault. */
	pairs: () => {
		book[COUNTS] = 1;
		countPairs();
	},
};

/** What a child has of archon's variables and of descriptors. */
function inheritedBy(): string {
	const child = startCommand(['sleep', '1000000']);
	// Its name comes after its descriptors were closed (execve(2)); that it executes is known a little earlier.
	while (textAt(`/proc/${child}/comm`) !== 'sleep\n') sys.sleep(1);
	const variables = textAt(`/proc/${child}/environ`).split('\0').filter(variable => variable.startsWith('ARCHON_'));
	const found = sys.readFolder(`/proc/${child}/fd`, 100);
	sys.kill(child, 9);
	return [...variables, ...(typeof found === 'number' ? [] : found), ''].join(' ');
}

/** As much as goes, again and again, through a queue that outlives a life. */
function carry(): void {
	for (const fd of [3, 4]) reexec.keepFd(fd, true);
	const handoff = openHandoff(reexec.memory, HANDOFF, !wasCarrying, sys.releaseMemory);
	const queue = createQueue(handoff.blocks, 'carry');
	const bytes = newBytes(ROOM);
	const pump = (): number => reexec.whole(() => {
		const count = queue.size() < ROOM ? sys.read(3, bytes) : -1;
		if (count > 0) queue.put(bytes.subarray(0, count));
		return count;
	});
	const flush = (): number => reexec.whole(() => {
		const [piece] = queue.peek(ROOM);
		const count = piece ? sys.write(4, piece) : -1;
		if (count > 0) queue.take(count);
		return count;
	});
	const step = (): void => {
		for (let i = 0; i < 100; i++) {
			const flushed = flush();
			const pumped = pump();
			if (pumped === 0 && queue.size() === 0) {
				say({carried: true, lives: reexec.reexecutions});
				sys.exit(0);
			}
			if (flushed <= 0 && pumped <= 0) break;
		}
		after(1, step);
	};
	step();
}

function countPairs(): void {
	die('thread-fault');
	const step = (): void => {
		reexec.whole(() => {
			book[FIRST] = (book[FIRST] ?? 0) + 1;
			for (const end = sys.now() + 1; sys.now() < end;);
			book[SECOND] = (book[SECOND] ?? 0) + 1;
		});
		soon(step);
	};
	step();
}

onUncaught(error => void reexec.revive(error instanceof Error ? error.message : String(error)));

const input = newBytes(4096);
let rest = '';
watch(0, EPOLLIN, () => {
	const count = sys.read(0, input);
	if (count <= 0) sys.exit(0);
	const lines = (rest + textOf(input, 0, count)).split('\n');
	rest = lines.pop() ?? '';
	for (const line of lines) {
		const at = line.indexOf(' ');
		COMMANDS[at < 0 ? line : line.slice(0, at)]?.(at < 0 ? undefined : line.slice(at + 1));
	}
});
if (wasCarrying) carry();
if (book[COUNTS] === 1) countPairs();
run();
