/** Small inits side by side: the original out of Debian's package, and archon under its name, held to the same expectations. */
import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

const dist = join(import.meta.dirname, '../../dist');

export type Name = 'tini' | 'dumb-init' | 'catatonit';

/** Rows for `describe.each`: who it is, and the executable. */
export const both = (name: Name): readonly (readonly [who: string, path: string])[] => [['the original', `/usr/bin/${name}`], ['archon', join(dist, name)]];

export interface Start {
	/** As PID 1 of a PID namespace of its own; else beside the test's other processes. */
	readonly isInit?: boolean;
	readonly env?: Readonly<Record<string, string>>;
	/** Without the test's own environment. */
	readonly isBare?: boolean;
	readonly cwd?: string;
	/** Words before the init, which must execute it. */
	readonly wrapper?: readonly string[];
}

export interface Seen {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** An init that runs. */
export interface Init extends AsyncDisposable {
	/** As this machine sees it; of what runs the namespace, where it is PID 1. */
	readonly pid: number;
	stdout(): string;
	stderr(): string;
	/** Waits until what it wrote, to stdout and stderr one after the other, matches. */
	says(pattern: RegExp): Promise<RegExpExecArray>;
	signal(signal: NodeJS.Signals | number): void;
	write(text: string): void;
	ended(): Promise<Seen>;
}

export function start(path: string, args: readonly string[], {isInit = false, env = {}, isBare = false, cwd, wrapper = []}: Start = {}): Init {
	const namespace = isInit ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] : [];
	const [program = '', ...words] = [...namespace, ...wrapper, path, ...args];
	const child = spawn(program, words, {env: isBare ? env : {...process.env, NODE_OPTIONS: '', ...env}, cwd, stdio: 'pipe'});
	const texts = {stdout: '', stderr: ''};
	const waiting = new Set<() => void>();
	for (const name of ['stdout', 'stderr'] as const) {
		child[name].on('data', (data: Buffer) => {
			texts[name] += data.toString('latin1');
			for (const look of waiting) look();
		});
	}
	child.stdin.on('error', () => {});
	const end = ending(child, texts);
	let isOver = false;
	void end.then(() => {
		isOver = true;
		for (const look of waiting) look();
	});
	return {
		pid: child.pid ?? 0,
		stdout: () => texts.stdout,
		stderr: () => texts.stderr,
		says: pattern => new Promise((resolve, reject) => {
			const look = (): void => {
				const match = pattern.exec(`${texts.stdout}${texts.stderr}`);
				if (match) resolve(match);
				else if (isOver) reject(new Error(`it ended and never said ${pattern}:\n${texts.stdout}${texts.stderr}`));
				else return;
				waiting.delete(look);
			};
			waiting.add(look);
			look();
		}),
		signal: signal => void process.kill(child.pid ?? 0, signal),
		write: text => void child.stdin.write(text),
		ended: () => {
			child.stdin.end();
			return end;
		},
		async [Symbol.asyncDispose]() {
			child.stdin.end();
			// An init that is killed leaves its program to somebody else; nothing of a test outlives it.
			const isRunning = child.exitCode === null && child.signalCode === null;
			if (isRunning) for (const pid of [child.pid ?? 0, ...below(child.pid ?? 0)]) putDown(pid);
			if (isRunning) await new Promise(resolve => child.once('exit', resolve));
			child.stdout.destroy();
			child.stderr.destroy();
		},
	};
}

/** All processes below one, as far as they are still its descendants. */
function below(pid: number): number[] {
	let text = '';
	try {
		text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
	} catch {
		return [];
	}
	const children = text.trim().split(' ').filter(word => word !== '').map(Number);
	return [...children, ...children.flatMap(below)];
}

/** SIGKILL to one that may be gone. */
function putDown(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		return;
	}
}

/** Its end, and all that it and its remaining processes wrote; an init that a signal killed has no status: -1. */
function ending(child: ChildProcess, texts: {stdout: string; stderr: string}): Promise<Seen> {
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', code => resolve({status: code ?? -1, ...texts}));
	});
}

/** Starts it and waits for its end. */
export async function see(path: string, args: readonly string[], how: Start = {}): Promise<Seen> {
	await using init = start(path, args, how);
	return await init.ended();
}

/** Waits in perl, and for no longer than until a handler can run: a signal may come just before a wait. */
export const REST = 'select undef, undef, undef, 0.1 while 1;';

/**
 * A perl that prints the number of each signal that it is sent, and ends with 7 at the second SIGTERM. `$name` is said first.
 * The handler of a fault's signal runs at once, in the middle of whatever perl does: nothing is buffered, or it would be written twice.
 */
export const listener = (name = '', more = ''): readonly string[] => ['perl', '-e', `use Config; $| = 1; my $terms = 0;
	my @names = split " ", $Config{sig_name};
	for my $number (1 .. 31, 34 .. 64) {
		my $signal = $names[$number]; next if !$signal || $signal =~ /^(KILL|STOP|CHLD|CLD)$/;
		my $line = "${name}got $number\\n";
		$SIG{$signal} = sub { syswrite STDOUT, $line; exit 7 if $number == 15 && ++$terms == 2; };
	}
	${more}
	syswrite STDOUT, "${name}ready\\n"; ${REST}`];

/** The init as the leader of a session with a terminal of its own; what is written to it is typed there. */
export function startOnTerminal(path: string, args: readonly string[], how: Start = {}): Init {
	const line = [path, ...args].map(word => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ');
	return start('-qec', [`exec ${line}`, '/dev/null'], {...how, wrapper: ['script'], env: {SHELL: '/bin/sh', ...how.env}});
}

/** The state of a process by its letter (proc(5)): S sleeps, T is stopped. */
export function stateOf(pid = ''): string {
	const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
	return stat[stat.lastIndexOf(')') + 2] ?? '';
}
