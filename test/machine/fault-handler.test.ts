/** Every way to die that PID 1 survives by the fault handler, and what it finds again in its next instance. */
import {type ChildProcess, spawn} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {copyFileSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {ENGINE, script} from './engine.ts';

let PHOENIX = '';
beforeAll(async () => {
	PHOENIX = await script('phoenix');
});

const ARGV = ['a b', ''];

interface Line {
	readonly life?: number;
	readonly [key: string]: unknown;
}

interface Phoenix extends AsyncDisposable {
	/** As this machine sees it. */
	pid(): number;
	/** The next line that it says. */
	next(): Promise<Line>;
	/** Does as the command says, and gives back the next line. */
	tell(command: string): Promise<Line>;
	readonly child: ChildProcess;
}

interface Rising {
	readonly isInit?: boolean;
	/** The most memory that it may have, in KiB. */
	readonly memory?: number;
	/** From descriptor 3 on. */
	readonly stdio?: readonly 'pipe'[];
}

/** Rises for the first time, whose line has been read when this returns. */
async function rise({isInit = true, memory, stdio = []}: Rising = {}): Promise<Phoenix> {
	const limit = memory === undefined ? [] : ['prlimit', `--as=${memory * 1024}`];
	const words = [...limit, ENGINE, PHOENIX, ...ARGV];
	const namespace = isInit ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] : ['env'];
	const [program = '', ...args] = [...namespace, ...words];
	const child = spawn(program, args, {stdio: ['pipe', 'pipe', 'inherit', ...stdio]});
	const lines: Line[] = [];
	const waiting: ((line: Line) => void)[] = [];
	let rest = '';
	child.stdout?.on('data', (data: Buffer) => {
		const texts = (rest + data.toString()).split('\n');
		rest = texts.pop() ?? '';
		for (const text of texts) {
			const line = JSON.parse(text) as Line;
			const next = waiting.shift();
			if (next) next(line);
			else lines.push(line);
		}
	});
	const ended = new Promise<void>(resolve => {
		child.once('close', () => {
			for (const next of waiting) next({ended: [child.exitCode, child.signalCode]});
			resolve();
		});
	});
	const next = (): Promise<Line> => new Promise(resolve => {
		const line = lines.shift();
		if (line) resolve(line);
		else waiting.push(resolve);
	});
	const phoenix: Phoenix = {
		child, next,
		pid() {
			const own = child.pid ?? 0;
			const pid = isInit ? Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim()) : own;
			// A signal to 0 would be for the tests themselves.
			if (pid === 0) throw new Error('it has ended');
			return pid;
		},
		tell(command) {
			child.stdin?.write(`${command}\n`);
			return next();
		},
		async [Symbol.asyncDispose]() {
			child.kill('SIGKILL');
			await ended;
		},
	};
	expect(await next()).toMatchObject({life: 0, armed: 0, causes: [], pending: []});
	return phoenix;
}

describe('PID 1 with the fault handler lives on', () => {
	test.each([
		['a fault of its own', 'fault', 11],
		['abort(3)', 'abort', 6],
		['a stack that has grown too deep', 'overflow', 11],
		['abort(3) in another thread', 'thread-abort', 6],
		['a fault in another thread', 'thread-fault', 11],
	])('after %s', async (_, command, signal) => {
		await using phoenix = await rise();
		const causes = [{kind: 'fault', signal}];
		expect(await phoenix.tell(`die ${command}`)).toMatchObject({life: 1, pid: 1, armed: 0, argv: ARGV, argv0: ENGINE, causes});
		expect(await phoenix.tell('ping')).toEqual({pong: true});
	});

	test.each([
		['an uncaught exception', 'throw', 'a bug'],
		['an unhandled rejection', 'reject', 'a bug'],
		['calls that have grown too deep', 'sink', 'Maximum call stack size exceeded'],
		['an exhausted heap', 'exhaust', 'out of memory'],
	])('after %s, with its message', async (_, command, words) => {
		await using phoenix = await rise({memory: 400_000});
		expect(await phoenix.tell(command)).toMatchObject({life: 1, pid: 1, causes: [{kind: 'bug', signal: 0, words}]});
		expect(await phoenix.tell('ping')).toEqual({pong: true});
	});

	test('after each fatal signal that somebody sends, and knows who', async () => {
		await using phoenix = await rise();
		const signals = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'] as const;
		for (const [i, signal] of signals.entries()) {
			process.kill(phoenix.pid(), signal);
			const line = await phoenix.next();
			expect(line).toMatchObject({life: i + 1, pid: 1});
			expect((line['causes'] as object[]).at(-1)).toMatchObject({kind: 'sent'});
			// This test is in another PID namespace, and so has no pid there.
			expect((line['senders'] as number[]).at(-1)).toBe(0);
		}
	});

	test('whose memory cannot be truncated', async () => {
		await using phoenix = await rise();
		expect(await phoenix.tell('cut')).toEqual({cut: -1}); // EPERM: it is sealed (memfd_create(2)).
		expect(await phoenix.tell('die fault')).toMatchObject({life: 1, pid: 1});
	});

	test('fifty times in a row, and grows no bigger', async () => {
		await using phoenix = await rise();
		const lives: Line[] = [];
		while (lives.length < 50) lives.push(await phoenix.tell('die fault'));
		const [early, late] = [lives[9], lives[49]] as [Line, Line];
		expect(late).toMatchObject({life: 50, pid: 1, fds: early['fds']});
		expect(late['causes']).toHaveLength(8);
		expect(Number(late['rss'])).toBeLessThan(Number(early['rss']) * 1.2);
	});

	test('also where it is not PID 1', async () => {
		await using phoenix = await rise({isInit: false});
		expect(await phoenix.tell('die fault')).toMatchObject({life: 1, pid: phoenix.pid(), causes: [{kind: 'fault', signal: 11}]});
	});
});

describe('the next instance', () => {
	test('has the descriptors that were kept, and none of the others', async () => {
		await using phoenix = await rise();
		const file = join(mkdtempSync(join(tmpdir(), 'archon-fault-')), 'file');
		writeFileSync(file, 'content');
		const {kept, lost, result} = await phoenix.tell(`open ${file}`);
		expect(result).toBe(-9);
		await phoenix.tell('die abort');
		expect(await phoenix.tell(`look ${lost}`)).not.toEqual({content: 'content'});
		expect(await phoenix.tell(`look ${kept}`)).toEqual({content: 'content'});
		// It was not kept again.
		await phoenix.tell('die abort');
		expect(await phoenix.tell(`look ${kept}`)).not.toEqual({content: 'content'});
	});

	test('has the same children', async () => {
		await using phoenix = await rise();
		const {child} = await phoenix.tell('child');
		await phoenix.tell('die fault');
		expect(await phoenix.tell('children')).toEqual({children: [child]});
	});

	test('gives nothing of it to its children', async () => {
		await using phoenix = await rise();
		await phoenix.tell('die fault');
		expect(await phoenix.tell('environment')).toEqual({own: null, inherited: '0 1 2 '});
	});

	test('hears of a signal that came before the fault, until it has acted on it', async () => {
		await using phoenix = await rise();
		expect(await phoenix.tell('heardThenFault 15')).toMatchObject({life: 1, pending: [15]});
		expect(await phoenix.tell('die fault')).toMatchObject({life: 2, pending: [15]});
		expect(await phoenix.tell('acted 15')).toEqual({pending: []});
		expect(await phoenix.tell('die fault')).toMatchObject({life: 3, pending: []});
	});

	test.each([1, 15, 37, 64])('hears of signal %i, which came while the process died', async signal => {
		await using phoenix = await rise();
		expect(await phoenix.tell(`die blocked ${signal}`)).toMatchObject({life: 1, pending: [signal]});
		expect(await phoenix.tell(`acted ${signal}`)).toEqual({pending: []});
	});
});

describe('on purpose', () => {
	test('it executes itself or another file, and the words arrive', async () => {
		await using phoenix = await rise();
		expect(await phoenix.tell('revive')).toMatchObject({life: 1, causes: [{kind: 'bug', words: 'words of its own'}]});
		const other = join(mkdtempSync(join(tmpdir(), 'archon-fault-')), 'other');
		copyFileSync(ENGINE, other);
		expect(await phoenix.tell(`upgrade ${other}`)).toMatchObject({life: 2, pid: 1, causes: [{}, {kind: 'upgrade', words: '2.0'}]});
	});

	test('a file that cannot be executed changes nothing', async () => {
		await using phoenix = await rise();
		await phoenix.tell('open /etc/hostname');
		expect(await phoenix.tell('upgrade /no/such')).toMatchObject({failed: -2, lives: 0, inherited: '0 1 2 '});
		expect(await phoenix.tell('die fault')).toMatchObject({life: 1, causes: [{kind: 'fault'}]});
	});
});

test('a signal that somebody sends is postponed to the end of what must be whole', async () => {
	await using phoenix = await rise();
	expect(await phoenix.tell('inside SEGV')).toEqual({inside: true});
	expect(await phoenix.next()).toMatchObject({life: 1, causes: [{kind: 'sent', signal: 11}]});
});

/** Looks at a process's state as fast as it can; with SIGTERM it says how often it looked, and how often that was a zombie. */
const LOOKER = `my ($end, $looks, $dead) = (0, 0, 0); $SIG{TERM} = sub { $end = 1 };
	until ($end) { open my $stat, "<", "/proc/$ARGV[0]/stat" or last; $looks++; $dead++ if <$stat> =~ /\\) [ZX] / }
	print "$looks $dead"`;

test('a fault of another thread waits for the end of what must be whole, and is no moment the end of the process', async () => {
	await using phoenix = await rise();
	const looker = execa('perl', ['-e', LOOKER, String(phoenix.pid())]);
	for (let life = await phoenix.tell('pairs'); Number(life.life) < 10; life = await phoenix.next()) {
		const [first, second] = life['pair'] as [number, number];
		expect(first).toBe(second);
	}
	looker.kill('SIGTERM');
	const [looks, dead] = (await looker).stdout.split(' ').map(Number);
	expect(looks).toBeGreaterThan(100);
	expect(dead).toBe(0);
});

test('no byte of a stream is lost or doubled in a storm of signals that somebody sends', async () => {
	await using phoenix = await rise({stdio: ['pipe', 'pipe']});
	const [input, output] = [phoenix.child.stdio[3], phoenix.child.stdio[4]] as [Duplex, Duplex];
	const [sent, received] = [createHash('sha256'), createHash('sha256')];
	const chunks = Array.from({length: 64}, () => randomBytes(65_536));
	let [count, strike] = [0, 0];
	output.on('data', (data: Buffer) => {
		received.update(data);
		count += data.length;
		// In bursts, so that more than one thread is hit at once.
		for (let i = 0; count >= strike && i < 3; i++) strikeIt(i % 2 ? 'SIGBUS' : 'SIGSEGV');
		if (count >= strike) strike = count + Math.floor(Math.random() * 150_000);
	});
	function strikeIt(signal: NodeJS.Signals): void {
		try {
			process.kill(phoenix.pid(), signal);
		} catch {
			// It has ended: what comes last has been on its way.
		}
	}
	const finished = once(output, 'end');
	phoenix.child.stdin?.write('carry\n');
	for (const chunk of chunks) {
		sent.update(chunk);
		input.write(chunk);
	}
	input.end();
	let line = await phoenix.next();
	while (line['carried'] === undefined && line['ended'] === undefined) line = await phoenix.next();
	expect(line).toMatchObject({carried: true});
	await finished;
	expect(Number(line['lives'])).toBeGreaterThan(10);
	expect(count).toBe(64 * 65_536);
	expect(received.digest('hex')).toBe(sent.digest('hex'));
});
