/**
 * A supervisor as PID 1, in a PID namespace of its own or in a container, and all that the bench does to it. Both
 * places have the same files at the same paths and are seen from outside by pids of this machine, so that whatever
 * is measured is measured in the same way.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {execa} from 'execa';
import {err, ok, type Result} from '../src/core/result.ts';
import type {Place} from './findings.ts';
import type {Kit} from './kit.ts';
import {activityOf, childOf, isThere, type Member, members} from './processes.ts';
import type {Command, Job, Log, Supervisor} from './supervisors/supervisor.ts';
import {createWitness, now, type Witness} from './witness.ts';

export interface World extends AsyncDisposable {
	readonly supervisor: Supervisor;
	readonly job: Job;
	readonly witness: Witness;
	/** PID 1 as this machine sees it. */
	readonly pid: number;
	/** When PID 1 was executed, on the witness's clock. */
	readonly began: number;
	isOver(): boolean;
	/** All processes but the services: the supervisor, and whatever it needs to do its work. */
	supervising(): readonly number[];
	/** By the pids that services say they have. */
	services(): ReadonlyMap<number, Member>;
	/** What PID 1 said last. */
	lastWords(): string;
}

export interface Request {
	readonly program: 'beacon' | 'writer';
	readonly count: number;
	/** `file`: into the folder `log` of the world, in files of `size` bytes. */
	readonly log?: {readonly kind: 'file'; readonly size: number; readonly files: number} | {readonly kind: 'pipe'; readonly to: string};
	readonly mebibytes?: number;
	/** How many are written at once. */
	readonly lines?: number;
}

/** How long PID 1 may take until it is executed; a container takes a while. */
const PATIENCE = 20_000;

let made = 0;

/** Or why it cannot be had. */
export async function boot(kit: Kit, place: Place, supervisor: Supervisor, request: Request): Promise<Result<World, string>> {
	const {most} = supervisor;
	if (request.count > most) return err(most === 1 ? 'runs one command' : `takes no more than ${most} services`);
	const folder = mkdtempSync(join(kit.folder, `${supervisor.name}-`));
	const job = describe(kit, place, request, folder);
	const start = supervisor.start(job);
	if (typeof start === 'string') {
		rmSync(folder, {recursive: true, force: true});
		return err(start);
	}
	const witness = createWitness(join(folder, 'signs'));
	const output = request.log?.kind === 'pipe' ? request.log.to : join(folder, 'output');
	const environment = {
		PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, LANG: 'C.UTF-8',
		BENCH_SIGNS: witness.path, BENCH_OUTPUT: output, BENCH_MEBIBYTES: String(request.mebibytes ?? 0),
		BENCH_LINES: String(request.lines ?? 1), ...start.environment,
	};
	const mark = kit.program('mark');
	const inside = place === 'namespace'
		? inNamespace([mark, ...start.command], environment, folder)
		: await inContainer(kit, [mark, ...start.command], environment, folder);
	const lastWords = (): string => (request.log?.kind === 'pipe' ? '' : tail(output));
	const end = async (): Promise<void> => {
		await inside.end();
		witness[Symbol.dispose]();
		rmSync(folder, {recursive: true, force: true, maxRetries: 3});
	};
	const isMarked = await witness.until(signs => signs.some(({kind}) => kind === 'marked'), PATIENCE, inside.isOver);
	const pid = isMarked ? await inside.pid() : null;
	const began = witness.signs.find(({kind}) => kind === 'marked')?.at ?? 0;
	if (pid === null) {
		const said = inside.said() || lastWords();
		await end();
		return err(`cannot be PID 1 here: ${said || 'it was not executed'}`);
	}
	const own = (): ReadonlySet<number> => new Set(witness.signs.filter(({kind}) => kind !== 'marked').map(sign => sign.pid));
	return ok({
		supervisor, job, witness, pid, began, lastWords,
		isOver: () => !isThere(pid),
		supervising() {
			const services = own();
			return members(pid).filter(member => !services.has(member.inside)).map(member => member.pid);
		},
		services() {
			const services = own();
			return new Map(members(pid).filter(({inside}) => services.has(inside)).map(member => [member.inside, member]));
		},
		[Symbol.asyncDispose]: end,
	});
}

function describe(kit: Kit, place: Place, {program, count, log: wanted}: Request, folder: string): Job {
	let log: Log | null = null;
	if (wanted?.kind === 'pipe') log = {kind: 'pipe'};
	if (wanted?.kind === 'file') {
		log = {...wanted, folder: join(folder, 'log')};
		mkdirSync(log.folder);
	}
	const archon = place === 'namespace' ? kit.archon : '/usr/bin/archon';
	return {folder, program: kit.program(program), count, log, archon, archonHere: kit.archon, pm2: kit.pm2, node: kit.node};
}

interface Inside {
	pid(): Promise<number | null>;
	/** Nothing more can come of it. */
	isOver(): boolean;
	said(): string;
	end(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

function inNamespace(command: Command, env: Environment, cwd: string): Inside {
	// With the bench ends unshare, and with that everything in the namespace, however the bench ends.
	const words = ['--pdeathsig', 'KILL', 'unshare', '--pid', '--fork', '--mount-proc', '--kill-child', ...command];
	const child: ChildProcess = spawn('setpriv', words, {cwd, env, stdio: ['ignore', 'ignore', 'pipe']});
	let said = '';
	child.stderr?.on('data', (data: Buffer) => void (said += data.toString()));
	child.on('error', error => void (said += error.message));
	const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
	return {
		isOver,
		said: () => said.trim(),
		pid: () => Promise.resolve(childOf(child.pid ?? 0)),
		async end() {
			if (isOver()) return;
			const over = new Promise<void>(resolve => void child.once('exit', () => resolve()));
			child.kill('SIGKILL');
			await over;
		},
	};
}

/** Of this run of the bench. */
export const containerName = (which: string): string => `archon-bench-${process.pid}-${which}`;

async function inContainer(kit: Kit, command: Command, env: Environment, cwd: string): Promise<Inside> {
	const name = containerName(String(++made));
	const [program, ...words] = command;
	const volumes = [`${kit.folder}:${kit.folder}`, ...kit.shared.map(folder => `${folder}:${folder}:ro`)];
	const {exitCode, stderr} = await execa('docker', [
		'run', '--detach', '--name', name, '--network', 'none', '--log-driver', 'none', '--pids-limit', '-1',
		...volumes.flatMap(volume => ['--volume', volume]), '--workdir', cwd,
		...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
		'--entrypoint', program, kit.image, ...words,
	], {reject: false, timeout: PATIENCE});
	let isOver = exitCode !== 0;
	return {
		isOver: () => isOver,
		said: () => stderr.trim(),
		async pid() {
			const {stdout} = await execa('docker', ['inspect', '--format', '{{.State.Pid}}', name], {reject: false, timeout: PATIENCE});
			return Number(stdout) || null;
		},
		async end() {
			isOver = true;
			await execa('docker', ['rm', '--force', name], {reject: false, timeout: 60_000});
		},
	};
}

function tail(path: string): string {
	try {
		return readFileSync(path, 'utf8').trim().split('\n').slice(-2).join(' / ').slice(-300);
	} catch {
		return '';
	}
}

/** s6 and runit delay what ends within its first second. */
const REST = 1500;
/** Nothing is under way any more when no more than so much processor time is spent in half a second; waited for that long. */
const QUIET = 20;
const RESTLESS = 10_000;

/** Leaves a supervisor alone until it has nothing more to do with its start. */
export async function settle({supervising, isOver}: World): Promise<void> {
	await sleep(REST);
	const [pids, end] = [supervising(), now() + RESTLESS];
	const spent = (): number => [...activityOf(pids).values()].reduce((sum, {cpu}) => sum + cpu, 0);
	for (let before = spent(); now() < end && !isOver();) {
		await sleep(500);
		const after = spent();
		if (after - before < QUIET) return;
		before = after;
	}
}
