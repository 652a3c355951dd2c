/**
 * The built executable on this machine, without docker: as PID 1 of a PID namespace of its own, or as an
 * ordinary process. Events are its lines and its end; nothing here waits for a time to pass.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect} from 'vitest';
import {undo} from '../../scripts/undo.ts';

const dist = join(import.meta.dirname, '../../dist');
export const ARCHON = join(dist, 'archon');

export interface Boot {
	/** The config, as YAML; null: none is given. */
	readonly config: string | null;
	/** Another executable than archon's. */
	readonly program?: string;
	/** Behind the options. */
	readonly args?: readonly string[];
	/** As PID 1 of a namespace; else beside the test's other processes. */
	readonly isInit?: boolean;
	readonly env?: Readonly<Record<string, string>>;
	/** Where stdout and stderr lead instead of to `log`. */
	readonly stdout?: number;
	/** Words before archon itself, which must execute it. */
	readonly wrapper?: readonly string[];
}

export interface Answer {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Archon extends AsyncDisposable {
	/** Its pid as this machine sees it. */
	readonly pid: number;
	readonly socket: string;
	readonly folder: string;
	/** All that it and its services wrote so far. */
	log(): string;
	/** Waits until the log matches. */
	says(pattern: RegExp): Promise<RegExpExecArray>;
	ctl(...args: readonly string[]): Promise<Answer>;
	status(): Promise<Record<string, {status: string; pid: number | null; restarts: number}>>;
	/** A raw connection to the control socket, or to one that was named otherwise. */
	connect(path?: string): Promise<Wire>;
	signal(signal: NodeJS.Signals | number): void;
	/** Its exit status, once it has ended. */
	ended(): Promise<number>;
}

export async function boot({config, program: executable = ARCHON, args = [], isInit = true, env = {}, stdout, wrapper = []}: Boot): Promise<Archon> {
	const folder = mkdtempSync(join(tmpdir(), 'archon-'));
	const socket = join(folder, 'archon.sock');
	const file = join(folder, 'archon.yaml');
	if (config !== null) writeFileSync(file, config);
	const options = [...(config === null ? [] : ['-c', file]), '--socket', socket, ...args];
	const namespace = isInit ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] : [];
	const [program = '', ...words] = [...namespace, ...wrapper, executable, ...options];
	const child = spawn(program, words, {
		env: {...process.env, NODE_OPTIONS: '', ...env}, stdio: ['ignore', stdout ?? 'pipe', stdout ?? 'pipe'],
	});
	// When the tests end, by an interrupt as well; until then a test may read what is left of an archon that has ended.
	undo(() => rmSync(folder, {recursive: true, force: true}));
	undo(() => child.kill(isInit ? 'SIGKILL' : 'SIGTERM'));
	return started(child, folder, socket, isInit);
}

async function started(child: ChildProcess, folder: string, socket: string, isInit: boolean): Promise<Archon> {
	let text = '';
	const waiting = new Set<() => void>();
	for (const stream of [child.stdout, child.stderr]) {
		let rest = '';
		stream?.on('data', (data: Buffer) => {
			// The two streams meet in one text, line by line.
			const lines = rest + data.toString('latin1');
			const end = lines.lastIndexOf('\n') + 1;
			text += lines.slice(0, end);
			rest = lines.slice(end);
			for (const look of waiting) look();
		});
	}
	const end = new Promise<number>(resolve => {
		child.once('close', (code, signal) => {
			resolve(code ?? (signal ? 1000 : -1));
			for (const look of waiting) look();
		});
	});
	const pid = isInit ? await childOf(child) : child.pid ?? 0;

	const archon: Archon = {
		pid, socket, folder,
		log: () => text,
		says: pattern => new Promise((resolve, reject) => {
			const look = (): void => {
				const match = pattern.exec(text);
				if (match) resolve(match);
				else if (child.exitCode !== null) reject(new Error(`archon ended and never said ${pattern}:\n${text}`));
				else return;
				waiting.delete(look);
			};
			waiting.add(look);
			look();
		}),
		async ctl(...args) {
			const {exitCode, stdout, stderr} = await execa(join(dist, 'archonctl'), args, {
				env: {ARCHON_SOCKET: socket}, reject: false, stdin: 'ignore', ...ownerOf(socket),
			});
			return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
		},
		async status() {
			// Services may have spoken before archon listens.
			await expect.poll(() => existsSync(socket)).toBe(true);
			const {stdout, stderr} = await archon.ctl('status', '--json');
			if (stdout === '') throw new Error(`archonctl status: ${stderr}`);
			const list = JSON.parse(stdout) as {name: string; status: string; pid: number | null; restarts: number}[];
			return Object.fromEntries(list.map(service => [service.name, service]));
		},
		connect: (path = socket) => wire(path),
		signal(signal) {
			// To 0 it would be sent to the tests themselves.
			if (pid === 0) throw new Error(`archon has ended already:\n${text}`);
			process.kill(pid, signal);
		},
		ended: () => end,
		async [Symbol.asyncDispose]() {
			// With its PID namespace ends everything in it; an ordinary archon ends what it started.
			if (child.exitCode === null) process.kill(isInit ? child.pid ?? 0 : pid, isInit ? 'SIGKILL' : 'SIGTERM');
			await end;
		},
	};
	return archon;
}

/** Root's archonctl trusts no other user: an archon of another one is asked by that one. */
function ownerOf(socket: string): {readonly uid?: number; readonly gid?: number} {
	const {uid = 0, gid = 0} = statSync(socket, {throwIfNoEntry: false}) ?? {};
	return uid === 0 || uid === process.getuid?.() ? {} : {uid, gid};
}

/** The archon below unshare(1), once it is there; 0 where it has ended before anybody saw it. */
async function childOf(child: ChildProcess): Promise<number> {
	const list = `/proc/${child.pid}/task/${child.pid}/children`;
	let found = 0;
	await expect.poll(() => {
		found = existsSync(list) ? Number(readFileSync(list, 'utf8').trim().split(' ')[0]) : 0;
		return found > 0 || child.exitCode !== null;
	}).toBe(true);
	return found;
}

/** Bytes to and from the control socket, whatever they are. */
export interface Wire {
	send(bytes: string | Uint8Array): void;
	/** The next whole lines; `count`: how many. */
	lines(count: number): Promise<string[]>;
	/** Everything until the other end closes. */
	rest(): Promise<string>;
	end(): void;
	destroy(): void;
}

/** Its file is there a moment before archon listens. */
async function connected(path: string, tries = 1000): Promise<Socket> {
	const socket = connect(path);
	try {
		await once(socket, 'connect');
		return socket;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || tries === 0) throw error;
		return connected(path, tries - 1);
	}
}

async function wire(path: string): Promise<Wire> {
	const socket = await connected(path);
	let text = '';
	let isOver = false;
	const waiting = new Set<() => void>();
	const wake = (): void => waiting.forEach(look => look());
	socket.on('data', data => {
		text += data.toString('latin1');
		wake();
	});
	socket.on('close', () => {
		isOver = true;
		wake();
	});
	socket.on('error', () => {});
	const until = (isDone: () => boolean): Promise<void> => new Promise(resolve => {
		const look = (): void => {
			if (!isDone() && !isOver) return;
			waiting.delete(look);
			resolve();
		};
		waiting.add(look);
		look();
	});
	return {
		send: bytes => void socket.write(bytes),
		async lines(count) {
			await until(() => text.split('\n').length > count);
			const lines = text.split('\n');
			text = lines.slice(count).join('\n');
			return lines.slice(0, count);
		},
		async rest() {
			await until(() => false);
			return text;
		},
		end: () => void socket.end(),
		destroy: () => void socket.destroy(),
	};
}
