/** `npm run bench:pools`: commands of a program that loads for a second, started cold and from a pool that has it warm. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {undo} from '../scripts/undo.ts';
import {median, quantile} from './statistics.ts';

const root = join(import.meta.dirname, '..');
const ARCHON = join(root, 'dist', 'archon');
const RESULTS = join(import.meta.dirname, 'results', 'pools.json');
/** How often each is tried; commands of a crowd, and those of them at a time. */
const [COLD, WARM, CROWD, AT_ONCE, CHANGES] = [5, 100, 200, 20, 10];
/** As the pool is told, in milliseconds. */
const DELAY = 300;

const PLAN = `import sys
import heavy


def leaf():
    import small


def hello():
    print("hello")


if __name__ == "__main__":
    hello()
`;
/** A fork that says something, for each line that is read: what a warm start cannot be faster than. */
const FORK = `import os, sys
for line in sys.stdin:
    if os.fork() == 0:
        os.write(1, b"hello\\n")
        os._exit(0)
    os.wait()
`;

/** One row of the table: a title, and its figure in milliseconds. */
interface PoolFigure {
	readonly title: string;
	readonly millis: number;
}

/** From a start until the first byte of stdout; the program must end with 0. */
async function firstByte(command: string, args: readonly string[], cwd: string): Promise<number> {
	const began = performance.now();
	const child = spawn(command, args, {cwd, stdio: ['ignore', 'pipe', 'inherit']});
	let at = NaN;
	child.stdout.once('data', () => (at = performance.now() - began));
	const [code] = await once(child, 'close') as [number | null];
	if (code !== 0 || Number.isNaN(at)) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
	return at;
}

async function several(count: number, one: () => Promise<number>): Promise<number[]> {
	const samples: number[] = [];
	for (let i = 0; i < count; i++) samples.push(await one());
	return samples;
}

/** Hears the lines of a child, each with the time that it came at. */
function hear(child: ChildProcess): (pattern: RegExp) => Promise<number> {
	let waiting: {readonly pattern: RegExp; readonly done: (at: number) => void} | null = null;
	let text = '';
	const look = (): void => {
		const found = waiting?.pattern.exec(text);
		if (!found || !waiting) return;
		text = text.slice(found.index + found[0].length);
		const {done} = waiting;
		waiting = null;
		done(performance.now());
	};
	child.stdout?.on('data', (data: Buffer) => {
		text += data.toString();
		look();
	});
	return pattern => new Promise(done => {
		waiting = {pattern, done};
		look();
	});
}

async function bareForks(): Promise<number[]> {
	const child = spawn('python3', ['-c', FORK], {stdio: ['pipe', 'pipe', 'inherit']});
	const says = hear(child);
	const samples = await several(WARM, async () => {
		const began = performance.now();
		child.stdin.write('\n');
		return await says(/hello\n/) - began;
	});
	child.stdin.end();
	await once(child, 'close');
	return samples;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-pools-'));
undo(() => rmSync(folder, {recursive: true, force: true}));
const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
write('heavy.py', 'import time\ntime.sleep(1)\n');
write('small.py', 'N = 0\n');
write('plan.py', PLAN);
const worker = join(root, 'workers', 'archon_worker.py');
write('zeus.json', JSON.stringify({command: `python3 ${worker} plan.py`, plan: {boot: {leaf: {hello: []}}}}));

const cold = await several(COLD, () => firstByte('python3', ['plan.py'], folder));
const forks = await bareForks();
const master = spawn(ARCHON, ['zeus', '--file-change-delay', `${DELAY}ms`, 'start'], {cwd: folder, stdio: ['ignore', 'pipe', 'inherit']});
undo(() => master.kill('SIGKILL'));
const says = hear(master);
await says(/ leaf ready .*\n/);
const hello = (): Promise<number> => firstByte(ARCHON, ['zeus', 'hello'], folder);
await several(5, hello);
const warm = await several(WARM, hello);
const began = performance.now();
let left = CROWD;
await Promise.all(Array.from({length: AT_ONCE}, async () => {
	while (left-- > 0) await hello();
}));
const crowd = performance.now() - began;
const changes = await several(CHANGES, async () => {
	const at = performance.now();
	write('small.py', `N = ${at}\n`);
	return await says(/ leaf ready .*\n/) - at;
});
master.kill('SIGTERM');
await once(master, 'close');

const figures: readonly PoolFigure[] = [
	{title: 'cold: the program is started, until its first byte', millis: median(cold)},
	{title: 'a bare fork of a warm Python, until its first byte', millis: median(forks)},
	{title: 'warm: `archon zeus`, until its first byte', millis: median(warm)},
	{title: 'the same, 99th percentile', millis: quantile(warm, 0.99)},
	{title: `${CROWD} commands, ${AT_ONCE} at a time`, millis: crowd},
	{title: `a file is changed, until its node is ready again (${DELAY} of it are the delay)`, millis: median(changes)},
];
writeFileSync(RESULTS, `${JSON.stringify(figures, null, '\t')}\n`);
for (const {title, millis} of figures) process.stdout.write(`${millis.toFixed(1).padStart(10)} ms  ${title}\n`);
