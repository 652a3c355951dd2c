/** overseer's daemon and client in homes of their own: what tests do with them. */
import {type ChildProcess, spawn} from 'node:child_process';
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {expect} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {ARCHON} from './archon.ts';

const bin = dirname(ARCHON);
export const OVERSEERD = join(bin, 'overseerd');
export const OVERSEER = join(bin, 'overseer');

/** Generous, as the machine may be busy (ms). */
export const PATIENCE = {timeout: 30_000};

/** A job that goes on until it is stopped. */
export const SLEEP = ['sleep', '1000000'] as const;

/** Two users without rights. */
export const [NOBODY, OTHER] = [65_534, 65_533] as const;

/** The states of a trace, in order, without the numbers of connections. */
export const way = (trace: string): string => [...trace.matchAll(/^overseerd?: .*-> (\S+)$/gm)].map(([, state]) => state).join(' ');

export interface Ended {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Homes extends AsyncDisposable {
	readonly folder: string;
	readonly data: string;
	readonly socket: string;
	readonly env: Readonly<Record<string, string>>;
	/** Writes a file of the config. */
	write(file: string, text: string): void;
	/** `jobs.yaml` with jobs by name, each an executable with arguments, and perhaps a test. */
	jobs(jobs: Readonly<Record<string, readonly [exe: string, ...args: string[]] | {readonly run: readonly string[]; readonly test: readonly string[]}>>): void;
	/** The daemon in the foreground. */
	daemon(...args: readonly string[]): Daemon;
	/** The client, to its end. */
	client(...args: readonly string[]): Promise<Ended>;
	status(): Promise<Record<string, {readonly status: string; readonly pid: number | null; readonly restarts: number}>>;
	port(): number;
	/** The pid of the daemon that has the lock, or had it last. */
	owner(): number;
}

export interface Daemon {
	readonly child: ChildProcess;
	/** What it and its jobs have said. */
	said(): string;
	says(pattern: RegExp): Promise<void>;
	/** It takes requests. */
	accepts(): Promise<void>;
	readonly ended: Promise<Ended>;
}

export interface Options {
	/** The user of all of it. */
	readonly uid?: number;
	readonly env?: Readonly<Record<string, string>>;
}

export function homes({uid, env = {}}: Options = {}): Homes {
	const folder = mkdtempSync(join(tmpdir(), 'overseer-'));
	chmodSync(folder, 0o755);
	const home = join(folder, 'home');
	mkdirSync(home, {mode: 0o700});
	if (uid !== undefined) chownSync(home, uid, uid);
	const data = join(env['XDG_DATA_HOME'] ?? join(home, '.local/share'), 'overseer');
	const config = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'overseer');
	const {PATH = ''} = process.env;
	const all = {HOME: home, PATH, ...env};
	const user = uid === undefined ? {} : {uid, gid: uid};
	const daemons: ChildProcess[] = [];
	undo(() => rmSync(folder, {recursive: true, force: true}));

	const own = (path: string): void => {
		if (uid !== undefined) chownSync(path, uid, uid);
	};
	const owner = (): number => (existsSync(join(data, 'lock')) ? Number(readFileSync(join(data, 'lock'), 'utf8')) : 0);

	return {
		folder, data, socket: join(data, 'overseer.sock'), env: all, owner,
		write(file, text) {
			for (const path of [dirname(config), config]) {
				if (existsSync(path)) continue;
				mkdirSync(path, {recursive: true, mode: 0o700});
				own(path);
			}
			writeFileSync(join(config, file), text);
			own(join(config, file));
		},
		jobs(jobs) {
			this.write('jobs.yaml', JSON.stringify({jobs: Object.entries(jobs).map(([name, job]) => {
				const commandOf = ([exe, ...args]: readonly string[]): object => ({exe, args});
				return 'run' in job
					? {name, job_command: commandOf(job.run), test_command: commandOf(job.test)}
					: {name, job_command: commandOf(job)};
			})}));
		},
		daemon(...args) {
			const child = spawn(OVERSEERD, args, {env: all, stdio: ['ignore', 'pipe', 'pipe'], ...user});
			daemons.push(child);
			undo(() => child.kill('SIGKILL'));
			return follow(child, join(data, 'overseer.sock'));
		},
		async client(...args) {
			const {exitCode, stdout, stderr} = await execa(OVERSEER, args, {
				env: all, extendEnv: false, reject: false, stdin: 'ignore', ...user,
			});
			return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
		},
		async status() {
			const {stdout} = await execa(join(bin, 'archonctl'), ['--socket', join(data, 'control.sock'), 'status', '--json'], {reject: false, ...user});
			const rows = stdout === '' ? [] : JSON.parse(String(stdout)) as {name: string; status: string; pid: number | null; restarts: number}[];
			return Object.fromEntries(rows.map(row => [row.name, row]));
		},
		port: () => Number(readFileSync(join(data, 'port'), 'utf8')),
		async [Symbol.asyncDispose]() {
			const pid = owner();
			for (const child of daemons) child.kill('SIGTERM');
			// One that a client has started is a daemon of this folder, by its own lock.
			if (pid > 0 && existsSync(join(data, 'overseer.sock'))) {
				try {
					process.kill(pid, 'SIGTERM');
				} catch {}
			}
			await expect.poll(() => existsSync(join(data, 'overseer.sock')) && pid > 0 && isAlive(pid), PATIENCE).toBe(false);
			rmSync(folder, {recursive: true, force: true});
		},
	};
}

/** Whether it runs; a zombie does not. */
export function isAlive(pid: number): boolean {
	const file = `/proc/${pid}/stat`;
	return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}

function follow(child: ChildProcess, socket: string): Daemon {
	const texts = {stdout: '', stderr: ''};
	for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (data: Buffer) => (texts[name] += data.toString('latin1')));
	const said = (): string => texts.stdout + texts.stderr;
	return {
		child, said,
		async says(pattern) {
			await expect.poll(said, PATIENCE).toMatch(pattern);
		},
		async accepts() {
			await expect.poll(() => existsSync(socket), PATIENCE).toBe(true);
		},
		ended: new Promise(resolve => void child.once('close', (code, signal) =>
			resolve({...texts, status: code ?? (signal ? 1000 : -1)}))),
	};
}

export interface Visit {
	readonly socket: Socket;
	said(): string;
	/** All that was said, when the other end has closed the connection. */
	readonly ended: Promise<string>;
}

/** A client of a kind of its own. `to`: a path, or a port of this machine. */
export async function visit(to: string | number, words = ''): Promise<Visit> {
	const socket = typeof to === 'string' ? connect(to) : connect({port: to, host: '127.0.0.1'});
	let said = '';
	socket.on('data', data => (said += data.toString('latin1')));
	const ended = new Promise<string>(resolve => {
		socket.on('error', () => resolve(said));
		socket.on('close', () => resolve(said));
	});
	await new Promise<void>((resolve, reject) => {
		socket.once('connect', resolve);
		socket.once('error', reject);
	});
	undo(() => void socket.destroy());
	if (words !== '') socket.write(words);
	return {socket, said: () => said, ended};
}

/** Says words to a port as another user, and gives what it was told. `then`: Python that is done with the socket s in place of reading. */
export async function visitAs(uid: number, port: number, words: string, then = 'print(s.makefile().read(), end="")'): Promise<string> {
	const {stdout} = await execa('python3', ['-c', `
import os, socket, sys
os.setgid(${uid}); os.setuid(${uid})
s = socket.create_connection(('127.0.0.1', ${port}))
s.sendall(${JSON.stringify(words)}.encode())
${then}
`], {env: {PATH: '/usr/bin:/bin'}, extendEnv: false});
	return String(stdout);
}
