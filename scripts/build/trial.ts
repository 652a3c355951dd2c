/**
 * Tries an executable before it replaces one that works: its version, one command, and a small config as PID 1 of a PID
 * namespace, which comes up, survives a fault and ends. It takes a tenth of a second, and at most some seconds.
 *
 * As a program it tries the one that is named: `node scripts/build/trial.ts dist/archon`.
 */
import {readFileSync, rmSync} from 'node:fs';
import {access, mkdtemp, open, readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {execa} from 'execa';
import {undo} from '../undo.ts';

/** Everything together; a loaded machine takes a tenth of it. */
const PATIENCE = 20_000;

/** `up` has its turn when everything else is up. */
const CONFIG = `
services:
  prepare: {type: oneshot, command: "true"}
  daemon: {command: sleep 1000, depends_on: {prepare: {condition: service_completed_successfully}}}
  deaf: {command: sh -c 'trap "" TERM; sleep 1000', depends_on: [daemon], stop_grace_period: 0.1s}
  up: {type: oneshot, command: echo everything is up, depends_on: [daemon, deaf]}
`;

export interface Trial {
	/** What could not be tried here as it should be. */
	readonly weaker: readonly string[];
}

/** Throws an error that says what the executable did not do. `archonctl` must be a link beside it. */
export async function tryExecutable(archon: string, version: string): Promise<Trial> {
	const folder = await mkdtemp(join(tmpdir(), 'archon-trial-'));
	using _ = undo(() => rmSync(folder, {recursive: true, force: true}));
	await demandStatic(archon);
	const ctl = (...args: readonly string[]) => said(join(dirname(archon), 'archonctl'), args, folder);
	expect('archonctl --version', (await ctl('--version')).out, `archonctl ${version}`);
	const command = await said(archon, ['--', 'sh', '-c', 'echo "$0"; exit 7', 'word'], folder);
	expect('archon -- CMD', `${command.out}, exit status ${command.status}`, 'word, exit status 7');

	await writeFile(join(folder, 'archon.yaml'), CONFIG);
	const {words, weaker} = await namespace(folder);
	const init = start([...words, archon, '-c', join(folder, 'archon.yaml'), '--socket', socket(folder)], folder);
	using _end = undo(() => init.kill());
	await init.says(/everything is up[^]*up completed|up completed[^]*everything is up/, 'starting a config');
	const status = async (): Promise<string> => summary((await ctl('status', '--json')).out);
	const before = await status();
	expect('archonctl status', before.replaceAll(/ \d+/g, ''), 'prepare exited, daemon running, deaf running, up exited');
	const pid = words.length > 0 ? childOf(init.pid) : init.pid;
	process.kill(pid, 'SIGSEGV');
	await init.says(/SIGSEGV/, 'surviving a fault (SIGSEGV)');
	// The same processes.
	expect('archonctl status after a fault', await status(), before);
	expect('archonctl run after a fault', (await ctl('run', '--', 'sh', '-c', 'exit 3')).status, '3');
	process.kill(pid, 'SIGTERM');
	expect('the exit status after SIGTERM', await init.ended, '0');
	return {weaker};
}

/** As in an image without any library. */
async function demandStatic(archon: string): Promise<void> {
	await using file = await open(archon);
	const {buffer} = await file.read({buffer: Buffer.alloc(4096), position: 0});
	if (buffer.toString('latin1', 0, 4) !== '\x7fELF') throw new Error(`${archon} is not an executable of Linux`);
	// elf(5): program headers of 56 bytes, whose first word is their type; PT_INTERP is 3.
	const [begin, size, count] = [Number(buffer.readBigUInt64LE(32)), buffer.readUInt16LE(54), buffer.readUInt16LE(56)];
	for (let i = 0; i < count; i++) {
		if (buffer.readUInt32LE(begin + i * size) !== 3) continue;
		throw new Error('the new executable is not static: an image would need libraries for it');
	}
}

/** The words before a program that make it PID 1 of a PID namespace; or none, and why. */
async function namespace(folder: string): Promise<{words: readonly string[]; weaker: readonly string[]}> {
	let why = '';
	for (const user of [[], ['--user', '--map-root-user']]) {
		// Whatever becomes of the build, nothing outlives it.
		const words = ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, '--pid', '--fork', '--mount-proc', '--kill-child'];
		const {status, err} = await said(words[0] ?? '', [...words.slice(1), 'true'], folder);
		if (status === '0') return {words, weaker: []};
		why ||= err;
	}
	return {words: [], weaker: [`archon was tried as an ordinary process and not as PID 1: no PID namespace can be had here (${why})`]};
}

interface Running {
	readonly pid: number;
	says(pattern: RegExp, doing: string): Promise<void>;
	/** How it ended: an exit status, or a signal. */
	readonly ended: Promise<string>;
	kill(): void;
}

function start([program = '', ...args]: readonly string[], cwd: string): Running {
	const child = execa(program, args, {...options(cwd), all: true, buffer: false});
	let [text, isOver] = ['', false];
	const waiting = new Set<() => void>();
	const wake = (): void => {
		for (const look of waiting) look();
	};
	child.all.on('data', (data: Buffer) => {
		text += data.toString();
		wake();
	});
	const ended = child.then(({exitCode, signal, shortMessage}) => {
		isOver = true;
		wake();
		return String(exitCode ?? signal ?? shortMessage);
	});
	return {
		pid: child.pid ?? 0, ended,
		kill: () => void child.kill('SIGKILL'),
		says: (pattern, doing) => new Promise((resolve, reject) => {
			const look = (): void => {
				if (pattern.test(text)) resolve();
				else if (isOver) reject(new Error(`the new executable fails at ${doing}:\n${text.trim()}`));
				else return;
				waiting.delete(look);
			};
			waiting.add(look);
			look();
		}),
	};
}

async function said(program: string, args: readonly string[], cwd: string): Promise<{out: string; err: string; status: string}> {
	const {stdout, stderr, exitCode, signal, shortMessage} = await execa(program, args, options(cwd));
	return {out: stdout ?? '', err: stderr || (shortMessage?.split('\n').at(-1) ?? ''), status: String(exitCode ?? signal ?? shortMessage)};
}

const socket = (folder: string): string => join(folder, 'archon.sock');

const options = (cwd: string) => ({
	cwd, env: {ARCHON_SOCKET: socket(cwd), ARCHON_CONFIG: '', NO_COLOR: '1'},
	reject: false, stdin: 'ignore', timeout: PATIENCE, killSignal: 'SIGKILL',
} as const);

/** `web running 7, job exited`. */
function summary(status: string): string {
	try {
		const services = JSON.parse(status) as {name: string; status: string; pid: number | null}[];
		return services.map(({name, status, pid}) => [name, status, pid ?? ''].join(' ').trim()).join(', ');
	} catch {
		return status;
	}
}

function childOf(pid: number): number {
	const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
	if (child > 0) return child;
	throw new Error('the new executable is not there any more after it has started a config');
}

function expect(what: string, is: string, shall: string): void {
	if (is === shall) return;
	throw new Error(`the new executable is not what it should be: ${what} gives ${JSON.stringify(is)}, not ${JSON.stringify(shall)}`);
}

if (import.meta.main) {
	const archon = resolve(process.argv[2] ?? 'dist/archon');
	const root = dirname(dirname(import.meta.dirname));
	try {
		await access(archon);
		const {version} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {version: string};
		for (const note of (await tryExecutable(archon, version)).weaker) console.error(`trial: ${note}`);
	} catch (error) {
		console.error(`trial: ${error instanceof Error ? error.message : String(error)}`);
		process.exitCode = 1;
	}
}
