/**
 * `npm run bench:pools`: commands of a program that loads for a second, started cold and from a pool that has it warm. Writes
 * bench/results/pools.json and then the table of it in docs/explained/performance.md. Needs a build, and takes half a minute.
 *
 * A command's time is from before its client is started by this program, whose own part of making a process is in it.
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {undo} from '../scripts/undo.ts';
import {lookAtMachine} from './machine.ts';
import type {PoolFigure, PoolFigures} from './pool-figures.ts';
import {median, quantile} from './statistics.ts';

const root = join(import.meta.dirname, '..');
const ARCHON = join(root, 'dist', 'archon');
const RESULTS = join(import.meta.dirname, 'results', 'pools.json');
/** How often each is tried; commands of a crowd, and those of them at a time. */
const [COLD, WARM, CROWD, AT_ONCE, CHANGES] = [5, 200, 200, 20, 10];
/** As the pool is told, in milliseconds. */
const DELAY = 300;
/** Megabytes that the program loads, and nodes of the tree that have it. */
const [LOADED, NODES] = [20, 6];

const PLAN = `import sys
import heavy


def leaf():
    import small


def hello():
    print("hello")


def wait():
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
`;
/** A fork that says something, for each line that is read: what a warm start cannot be faster than. */
const FORK = `import heavy, os, sys
for line in sys.stdin:
    if os.fork() == 0:
        os.write(1, b"hello\\n")
        os._exit(0)
    os.wait()
`;

/** When a command said its first byte, and when it ended, in milliseconds from before it was started. */
interface Times {
	readonly first: number;
	readonly last: number;
}

/** The program must end with 0. */
async function time(command: string, args: readonly string[], cwd: string): Promise<Times> {
	const began = performance.now();
	const child = spawn(command, args, {cwd, stdio: ['ignore', 'pipe', 'inherit']});
	let first = NaN;
	child.stdout.once('data', () => (first = performance.now() - began));
	const ended = once(child, 'exit').then(() => performance.now() - began);
	const [code] = await once(child, 'close') as [number | null];
	if (code !== 0 || Number.isNaN(first)) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
	return {first, last: await ended};
}

async function several<Sample>(count: number, one: () => Promise<Sample>): Promise<Sample[]> {
	const samples: Sample[] = [];
	for (let i = 0; i < count; i++) samples.push(await one());
	return samples;
}

/** When it was heard, and the number in it. */
interface Heard {
	readonly at: number;
	readonly pid: number;
}

/** Waits for what a child says; what it has said before that is gone then. */
function hear(child: ChildProcess): (pattern: RegExp) => Promise<Heard> {
	let waiting: {readonly pattern: RegExp; readonly done: (heard: Heard) => void} | null = null;
	let text = '';
	const look = (): void => {
		const found = waiting?.pattern.exec(text);
		if (!found || !waiting) return;
		text = text.slice(found.index + found[0].length);
		const {done} = waiting;
		waiting = null;
		done({at: performance.now(), pid: Number(found[1])});
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
	const child = spawn('python3', ['-c', FORK], {cwd: folder, stdio: ['pipe', 'pipe', 'inherit']});
	const says = hear(child);
	const samples = await several(WARM, async () => {
		const began = performance.now();
		child.stdin.write('\n');
		return (await says(/hello\n/)).at - began;
	});
	child.stdin.end();
	await once(child, 'close');
	return samples;
}

/** What a process takes, with its share of what several share (PSS), in MiB. */
function memory(pid: number | undefined): number {
	const [, kibibytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
	return Number(kibibytes) / 1024;
}

/** The program alone, once it has loaded. */
async function memoryAlone(): Promise<number> {
	const child = spawn('python3', ['plan.py', 'wait'], {cwd: folder, stdio: ['pipe', 'pipe', 'inherit']});
	await hear(child)(/ready\n/);
	const taken = memory(child.pid);
	child.stdin.end();
	await once(child, 'close');
	return taken;
}

if (!existsSync(ARCHON)) {
	process.stderr.write('bench: dist/archon is not there: npm run build\n');
	process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'bench-pools-'));
undo(() => rmSync(folder, {recursive: true, force: true}));
const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
write('heavy.py', `import time\ntime.sleep(1)\nDATA = b"x" * ${LOADED * 2 ** 20}\n`);
write('small.py', 'N = 0\n');
write('plan.py', PLAN);
const worker = join(root, 'workers', 'archon_worker.py');
const others = Object.fromEntries(Array.from({length: NODES - 2}, (_, i) => [`other${i}`, {}]));
write('zeus.json', JSON.stringify({command: `python3 ${worker} plan.py`, plan: {boot: {leaf: {hello: []}, ...others}}}));

const machine = lookAtMachine();
const cold = await several(COLD, () => time('python3', ['plan.py', 'hello'], folder));
const forks = await bareForks();
const alone = await memoryAlone();
const master = spawn(ARCHON, ['zeus', '--file-change-delay', `${DELAY}ms`, 'start'], {cwd: folder, stdio: ['ignore', 'pipe', 'ignore']});
undo(() => master.kill('SIGKILL'));
const says = hear(master);
const pids: number[] = [];
for (let left = NODES; left > 0; left--) await says(/^\S+ \S+ ready (\d+).*\n/m).then(({pid}) => pids.push(pid));
const hello = (): Promise<Times> => time(ARCHON, ['zeus', 'hello'], folder);
await several(10, hello);
const client = await several(WARM, () => time(ARCHON, ['zeus', 'version'], folder));
const warm = await several(WARM, hello);
const shared = pids.reduce((sum, pid) => sum + memory(pid), 0) / NODES;
const began = performance.now();
let left = CROWD;
await Promise.all(Array.from({length: AT_ONCE}, async () => {
	while (left-- > 0) await hello();
}));
const crowd = performance.now() - began;
const changes = await several(CHANGES, async () => {
	const at = performance.now();
	write('small.py', `N = ${at}\n`);
	return (await says(/^\S+ leaf ready .*\n/m)).at - at;
});
master.kill('SIGTERM');
await once(master, 'close');

const first = (samples: readonly Times[]): number[] => samples.map(({first}) => first);
const row = (title: string, value: number, unit: PoolFigure['unit'] = 'ms'): PoolFigure => ({title, value, unit});
const figures: readonly PoolFigure[] = [
	row('cold: the program is started, until its first byte, median', median(first(cold))),
	row('a bare fork of a Python that has it loaded, until its first byte, median', median(forks)),
	row('the client alone (`archon zeus version`), until its first byte, median', median(first(client))),
	row('warm: `archon zeus hello`, until its first byte, median', median(first(warm))),
	row('the same, 99th percentile', quantile(first(warm), 0.99)),
	row('the same, until the client has ended, median', median(warm.map(({last}) => last))),
	row(`${CROWD} commands, ${AT_ONCE} at a time, all of them`, crowd),
	row(`a file of one node is changed, until that is ready again, ${DELAY} ms of delay with it, median`, median(changes)),
	row('memory (PSS) of the program alone', alone, 'MiB'),
	row(`memory (PSS) of each node, of ${NODES} that are forks`, shared, 'MiB'),
];
const results: PoolFigures = {machine, figures};
writeFileSync(RESULTS, `${JSON.stringify(results, null, '\t')}\n`);
for (const {title, value, unit} of figures) process.stdout.write(`${value.toFixed(1).padStart(10)} ${unit.padEnd(3)}  ${title}\n`);
execFileSync('npm', ['run', '-s', 'docs'], {cwd: root, stdio: 'inherit'});
