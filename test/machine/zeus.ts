/** A pool's master for tests of its client (zeus-master.py), and the client as a person and a script call it. */
import {spawn} from 'node:child_process';
import {chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import {undo} from '../../scripts/undo.ts';
import {onTerminal, type Options, type Terminal} from './terminal.ts';

export const ZEUS = join(import.meta.dirname, '../../dist/zeus');
/** Else a terminal drops what was written when ^C is typed, and with it what a command writes about that. */
const KEEPS = 'stty noflsh';
const MASTER = join(import.meta.dirname, 'zeus-master.py');

export interface Answer {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Called {
	readonly input?: string | Uint8Array;
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly uid?: number;
}

export interface Pool extends AsyncDisposable {
	readonly folder: string;
	readonly socket: string;
	readonly pid: number;
	/** Waits for a line that matches. */
	says(pattern: RegExp): Promise<RegExpExecArray>;
	/** Calls the client in the pool's folder. */
	run(args: readonly string[], called?: Called): Promise<Answer>;
	onTerminal(args: readonly string[], options?: Options): Terminal;
	/** A shell of a person there. */
	shell(): Promise<Terminal>;
	/** By SIGKILL, so that its socket stays. */
	kill(): Promise<void>;
}

export function newFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'zeus-'));
	undo(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
}

export async function callZeus(args: readonly string[], {input, cwd, env = {}, uid}: Called & {readonly cwd: string}): Promise<Answer> {
	const {exitCode, stdout, stderr} = await execa(ZEUS, args, {
		cwd, reject: false, stripFinalNewline: false, env: {ZEUSSOCK: '', ...env},
		...input === undefined ? {stdin: 'ignore'} : {input}, ...uid === undefined ? {} : {uid, gid: uid},
	});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
}

/** `uid`: the user that it runs as. */
export async function openPool(uid?: number): Promise<Pool> {
	const folder = newFolder();
	const path = join(folder, '.zeus.sock');
	if (uid !== undefined) chownSync(folder, uid, uid);
	const user = uid === undefined ? {} : {uid, gid: uid};
	const child = spawn('python3', ['-', path], {stdio: ['pipe', 'pipe', 'inherit'], ...user});
	child.stdin.end(readFileSync(MASTER));
	const undone = undo(() => child.kill('SIGKILL'));
	const ended = new Promise<void>(resolve => {
		child.once('exit', () => resolve());
	});
	let text = '';
	const waiting = new Set<() => void>();
	createInterface(child.stdout).on('line', line => {
		text += `${line}\n`;
		for (const look of [...waiting]) look();
	});
	const pool: Pool = {
		folder, socket: path, pid: child.pid ?? 0,
		says: pattern => new Promise(resolve => {
			const look = (): void => {
				const match = pattern.exec(text);
				if (!match) return;
				waiting.delete(look);
				resolve(match);
			};
			waiting.add(look);
			look();
		}),
		run: (args, called = {}) => callZeus(args, {cwd: folder, ...called}),
		onTerminal: (args, options = {}) =>
			onTerminal(['sh', '-c', `${KEEPS}; exec "$@"`, 'sh', ZEUS, ...args], {cwd: folder, ...options}),
		async shell() {
			writeFileSync(join(folder, 'rc'), `${KEEPS}; PS1='$ '; alias zeus=${ZEUS}; bind 'set enable-bracketed-paste off'\n`);
			const terminal = onTerminal(['bash', '--rcfile', join(folder, 'rc'), '-i'], {cwd: folder, columns: 160, env: {HISTFILE: '/dev/null'}});
			await terminal.until('$');
			return terminal;
		},
		async kill() {
			child.kill('SIGKILL');
			await ended;
		},
		async [Symbol.asyncDispose]() {
			await pool.kill();
			undone[Symbol.dispose]();
		},
	};
	await pool.says(/^listens$/m);
	return pool;
}

/** What is in a file of a folder. */
export const fileIn = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');
