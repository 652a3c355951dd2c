/** A pool in the foreground with workers in Python, and clients of it by the wire alone. */
import {type ChildProcess, spawn} from 'node:child_process';
import {chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {ARCHON} from './archon.ts';

const root = join(import.meta.dirname, '../..');
export const WORKER = join(root, 'workers/archon_worker.py');
const CLIENT = join(root, 'test/characters/pool-client.py');

/** How long a step may take on a machine that does much else. */
export const PATIENCE = 180_000;

export interface Answer {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Pool extends AsyncDisposable {
	readonly pid: number;
	readonly folder: string;
	readonly socket: string;
	readonly child: ChildProcess;
	log(): string;
	/** Waits until what it has said from `from` on matches. */
	says(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
	/** By name: the status that was said last. */
	nodes(): Record<string, string>;
	/** The pid of a node that is ready; waits until it is another one than `before`. */
	ready(node: string, before?: number): Promise<number>;
	write(name: string, text: string): void;
	client(...words: readonly string[]): Promise<Answer>;
	/** As `client`, with something on its stdin. */
	feed(input: string, ...words: readonly string[]): Promise<Answer>;
	/** A client that goes on, and what it has said. */
	begin(...words: readonly string[]): {readonly child: ChildProcess; says(pattern: RegExp): Promise<RegExpExecArray>};
	signal(signal: NodeJS.Signals): void;
	ended(): Promise<number>;
	/** How many descriptors the master has. */
	descriptors(): number;
}

export interface PoolFiles {
	readonly plan: object;
	/** Of plan.py; null: `command` needs none. */
	readonly code?: string;
	readonly command?: string;
	readonly items?: Readonly<Record<string, string>>;
	readonly socket?: string;
	readonly args?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** Where an earlier pool was. */
	readonly folder?: string;
	/** What it is started by, as `unshare`. */
	readonly wrapper?: readonly string[];
	/** Whose it is; else that of the tests. */
	readonly uid?: number;
}

interface Heard {
	text(): string;
	says(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
	readonly ended: Promise<number>;
}

/** Hears a process, and tells what it has said. */
function hear(child: ChildProcess): Heard {
	let text = '';
	let isOver = false;
	const waiting = new Set<() => void>();
	const wake = (): void => waiting.forEach(look => look());
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on('data', (data: Buffer) => {
			text += data.toString();
			wake();
		});
	}
	const ended = new Promise<number>(resolve => {
		child.once('close', (code, signal) => {
			isOver = true;
			resolve(code ?? (signal ? 1000 : -1));
			wake();
		});
	});
	return {
		ended,
		text: () => text,
		says: (pattern, from = 0) => new Promise((resolve, reject) => {
			const look = (): void => {
				const match = pattern.exec(text.slice(from));
				if (match) resolve(match);
				else if (isOver) reject(new Error(`it ended and never said ${pattern}:\n${text}`));
				else return;
				waiting.delete(look);
			};
			waiting.add(look);
			look();
		}),
	};
}

export async function pool(files: PoolFiles): Promise<Pool> {
	const {plan, code = '', command = `python3 ${WORKER} plan.py`, items, socket: path, args = [], env = {}, folder: earlier, wrapper = [], uid} = files;
	const folder = earlier ?? realpathSync(mkdtempSync(join(tmpdir(), 'pool-')));
	const socket = path ?? join(folder, '.zeus.sock');
	writeFileSync(join(folder, 'zeus.json'), JSON.stringify({command, plan, items}));
	writeFileSync(join(folder, 'plan.py'), code);
	if (uid !== undefined) chownSync(folder, uid, uid);
	undo(() => rmSync(folder, {recursive: true, force: true}));
	const [program = '', ...words] = [...wrapper, ARCHON, 'zeus', 'start', ...args];
	const child = spawn(program, words, {
		cwd: folder, env: {...process.env, NODE_OPTIONS: '', PYTHONDONTWRITEBYTECODE: '1', ...path && {ZEUSSOCK: path}, ...env},
		stdio: ['ignore', 'pipe', 'pipe'], ...uid !== undefined && {uid, gid: uid},
	});
	undo(() => child.kill('SIGKILL'));
	const {text, says, ended} = hear(child);
	const client = async (input: string | null, words: readonly string[]): Promise<Answer> => {
		const {exitCode, stdout, stderr} = await execa('python3', [CLIENT, socket, ...words], {
			reject: false, stripFinalNewline: false, ...input === null ? {stdin: 'ignore'} : {input},
		});
		return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
	};
	const it: Pool = {
		pid: child.pid ?? 0, folder, socket, child, says, log: text,
		nodes() {
			const said = text().matchAll(/^\d\S+Z ([\w-]+) (waiting|booting|ready|crashed)/gm);
			return Object.fromEntries([...said].map(([, node = '', status = '']) => [node, status]));
		},
		async ready(node, before) {
			let pid = 0;
			await expect.poll(() => {
				const all = [...text().matchAll(new RegExp(`^\\d\\S+Z ${node} (\\w+) (\\d+|-)`, 'gm'))];
				const [, status, number] = all.at(-1) ?? [];
				pid = status === 'ready' ? Number(number) : 0;
				return pid > 0 && pid !== before;
			}, {timeout: PATIENCE, message: `${node} is not ready: ${text()}`}).toBe(true);
			return pid;
		},
		write: (name, text) => writeFileSync(join(folder, name), text),
		client: (...words) => client(null, words),
		feed: (input, ...words) => client(input, words),
		begin(...words) {
			const child = spawn('python3', [CLIENT, socket, ...words], {stdio: ['ignore', 'pipe', 'pipe']});
			undo(() => child.kill('SIGKILL'));
			return {child, says: hear(child).says};
		},
		signal: signal => void child.kill(signal),
		ended: () => ended,
		descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
		async [Symbol.asyncDispose]() {
			if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
			await ended;
			if (!earlier) rmSync(folder, {recursive: true, force: true});
		},
	};
	await Promise.race([says(/Z \S+ waiting |: unbooted/), ended]);
	return it;
}

/** Whether a process is there and no zombie. */
export function lives(pid: number): boolean {
	const path = `/proc/${pid}/stat`;
	if (!existsSync(path)) return false;
	try {
		return !/\) [ZX] /.test(readFileSync(path, 'utf8'));
	} catch {
		return false;
	}
}

export const parentOf = (pid: number): number => Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
