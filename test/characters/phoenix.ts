/**
 * Burns and rises as itself: a process under the guard that says a line of JSON at the start of each life, and then does
 * what the lines of its input say. Descriptor 3 is a stream that `carry` takes through the memory to descriptor 4.
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {fstatSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync} from 'node:fs';
import * as ffi from 'node:ffi';
import {Worker} from 'node:worker_threads';
import {MEMORY_START, openGuard} from '../../src/kernel/guard.ts';
import {LEDGER_SIZE, openLedger} from '../../src/kernel/ledger.ts';
import {createQueue} from '../../src/kernel/logging/queue.ts';
import {read, releaseMemory, setBlocking, write} from '../../src/kernel/native.ts';

const ROOM = 65_536;
const BOOK = MEMORY_START;
const LEDGER = BOOK + 64;
/** Words of the book. */
const [CARRIES, COUNTS, FIRST, SECOND] = [0, 4, 8, 12];

const opened = openGuard(LEDGER + 4096 + LEDGER_SIZE);
if (typeof opened === 'number') throw new Error(`no memory: ${opened}`);
const guard = opened;
const armed = guard.arm();
/** What this program remembers of what it was told. */
const book = guard.memory.view(BOOK, 64);
const libc = ffi.dlopen(null, {
	pthread_sigmask: {return: 'int32', arguments: ['int32', 'buffer', 'pointer']},
	regcomp: {return: 'int32', arguments: ['buffer', 'string', 'int32']},
	syscall: {return: 'int64', arguments: ['int64', 'int64', 'int64', 'int64']},
}).functions;

const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

say({
	life: guard.lives, pid: process.pid, armed, argv: process.argv.slice(2), argv0: process.argv0,
	causes: guard.causes.map(({kind, signal, words}) => ({kind, signal, words})),
	pair: [book.readUInt32LE(FIRST), book.readUInt32LE(SECOND)], senders: guard.causes.map(({sender}) => sender), pending: guard.pending(),
	fds: readdirSync('/proc/self/fd').length, rss: Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]),
});

/** Before this life: the ledger was begun. */
const wasCarrying = book.readUInt32LE(CARRIES) === 1;

const numberOf = (word: string | undefined): number => Number(word);

const COMMANDS: Readonly<Record<string, (word?: string) => void>> = {
	ping: () => say({pong: true}),
	/** A fault of the main thread: memory that is not there. */
	fault: () => void ffi.getInt8(1n),
	/** A fault at its most awkward: the memory that the guard writes to is gone. */
	hole: () => {
		ftruncateSync(guard.memory.fd, 0);
		book[0] = 1;
	},
	abort: () => process.abort(),
	/** The C library reads nested expressions by calling itself. */
	overflow: () => void libc.regcomp(Buffer.alloc(256), '('.repeat(1_000_000), 1),
	exhaust: () => {
		for (const hoard: number[][] = []; ;) hoard.push(Array.from({length: 1000}, Math.random));
	},
	throw: () => setImmediate(() => {
		throw new Error('a bug');
	}),
	worker: () => inWorker('lib.abort()'),
	'worker-fault': () => inWorker('ffi.getInt8(1n)'),
	/** Signals itself, and stays busy until it is hit. */
	inside: signal => guard.whole(() => {
		execFileSync('kill', [`-${signal}`, `${process.pid}`]);
		say({inside: true});
	}),
	revive: () => say({failed: guard.revive('words of its own')}),
	upgrade: path => {
		const failed = guard.upgrade(path ?? '', '2.0');
		say({failed, fds: readdirSync('/proc/self/fd').length, lives: guard.lives, inherited: inheritedBy()});
	},
	open: path => {
		const [kept, lost] = [openSync(path ?? '', 'r'), openSync(path ?? '', 'r')];
		guard.keep(kept, true);
		say({kept, lost, result: guard.keep(999_999, true)});
	},
	look: fd => say({content: contentOf(numberOf(fd))}),
	child: () => {
		const child: ChildProcess = spawn('sleep', ['1000000'], {stdio: 'ignore'});
		say({child: child.pid});
	},
	children: () => say({children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number)}),
	environment: () => say({own: process.env['ARCHON_LEDGER'] ?? null, inherited: inheritedBy()}),
	/** A signal whose handler in JavaScript never gets the time to run. */
	heardThenFault: signal => {
		process.on(signal as NodeJS.Signals, () => say({late: true}));
		guard.witness([15]);
		process.kill(process.pid, signal as NodeJS.Signals);
		ffi.getInt8(1n);
	},
	/** A signal that comes behind the mask, as one does that comes while the process dies. */
	blockedThenFault: number => {
		const set = Buffer.alloc(128);
		set.writeBigUInt64LE(1n << BigInt(numberOf(number) - 1), 0);
		libc.pthread_sigmask(0, set, 0n);
		libc.syscall(TGKILL, BigInt(process.pid), BigInt(process.pid), BigInt(number ?? 0));
		ffi.getInt8(1n);
	},
	acted: number => {
		guard.heard([numberOf(number)]);
		say({pending: guard.pending()});
	},
	carry: () => {
		for (const fd of [3, 4]) setBlocking(fd, false);
		book.writeUInt32LE(1, CARRIES);
		carry();
	},
	/** Counts two numbers up together, while a thread of its own is about to fault. */
	pairs: () => {
		book.writeUInt32LE(1, COUNTS);
		countPairs();
	},
};

const TGKILL = process.arch === 'x64' ? 234n : 131n;

function inWorker(act: string): void {
	new Worker(`
		const ffi = require('node:ffi');
		const lib = ffi.dlopen(null, {abort: {return: 'void', arguments: []}}).functions;
		${act};
	`, {eval: true});
}

function contentOf(fd: number): string | null {
	try {
		fstatSync(fd);
		return readFileSync(fd, 'utf8');
	} catch {
		return null;
	}
}

const inheritedBy = (): string => execFileSync('sh', ['-c', 'env | grep ARCHON_ ; ls /proc/$$/fd | tr "\\n" " "'], {encoding: 'utf8'});

/** As much as goes, again and again, through a queue that outlives a life. */
function carry(): void {
	for (const fd of [3, 4]) guard.keep(fd, true);
	const {memory} = guard;
	const ledger = openLedger(memory, LEDGER, !wasCarrying, (at, length) => releaseMemory(memory.fd, at, length));
	const queue = createQueue(ledger.blocks, 'carry');
	const bytes = Buffer.alloc(ROOM);
	const pump = (): number => guard.whole(() => {
		const count = queue.size() < ROOM ? read(3, bytes) : -1;
		if (count > 0) queue.put(bytes.subarray(0, count));
		return count;
	});
	const flush = (): number => guard.whole(() => {
		const [piece] = queue.peek(ROOM);
		const count = piece ? write(4, piece) : -1;
		if (count > 0) queue.take(count);
		return count;
	});
	const step = (): void => {
		for (let i = 0; i < 100; i++) {
			const flushed = flush();
			const pumped = pump();
			if (pumped === 0 && queue.size() === 0) {
				say({carried: true, lives: guard.lives});
				process.exit(0);
			}
			if (flushed <= 0 && pumped <= 0) break;
		}
		setTimeout(step, 1);
	};
	step();
}

function countPairs(): void {
	inWorker('ffi.getInt8(1n)');
	const step = (): void => {
		guard.whole(() => {
			book.writeUInt32LE(book.readUInt32LE(FIRST) + 1, FIRST);
			for (const end = performance.now() + 1; performance.now() < end;);
			book.writeUInt32LE(book.readUInt32LE(SECOND) + 1, SECOND);
		});
		setImmediate(step);
	};
	step();
}

process.on('uncaughtException', ({message}) => guard.revive(message));

let rest = '';
process.stdin.on('data', (data: Buffer) => {
	const lines = (rest + data.toString()).split('\n');
	rest = lines.pop() ?? '';
	for (const line of lines) {
		const [name = '', word] = line.split(' ');
		COMMANDS[name]?.(word);
	}
});
if (wasCarrying) carry();
if (book.readUInt32LE(COUNTS) === 1) countPairs();
