/** The one executable: looks at its name and its arguments, and becomes daemon, one-command init, check or client. */
import {writeSync} from 'node:fs';
import {basename} from 'node:path';
import {startupSnapshot} from 'node:v8';
import manifest from '../package.json' with {type: 'json'};
import type {Surroundings} from './config/planning.ts';
import type {Argv} from './config/service.ts';
import {LOGGING, START_RATE} from './core/defaults.ts';
import {err, ok} from './core/model.ts';

const {version} = manifest;

/** Wrong usage or a bad config; the system failed archon itself. */
const USAGE = 100;
const SYSTEM = 111;
/** As a shell tells of SIGPIPE. */
const BROKEN_PIPE = 141;

const NO_CONFIG = 'there is no config at /etc/archon/archon.yaml or in /etc/archon/conf.d';

const HELP = `archon ${version}: the init a container deserves

usage: archon [up] [-c FILE] [--socket PATH] [[--] CMD ARGS…]   supervise the services of FILE, and CMD as main
       archon -- CMD ARGS…                                      run CMD alone, as its init; no config is read
       archon check [FILE] [--json]                             tell every problem of a config
       archon help config                                       every key of a config
       archon --help | --version

FILE is, where -c does not name it, $ARCHON_CONFIG or /etc/archon/archon.yaml with /etc/archon/conf.d/*.yaml over it.
archonctl looks and steers: see archonctl --help.

exit status: of the essential service or CMD that ended it; 128 and the signal that killed that; 0 after a shutdown
that was asked for; 100 bad config or usage; 111 the system failed archon; 126, 127 CMD cannot be executed, is not found
`;

// The executable holds archon as it is when everything that most starts need has been loaded and tried once.
if (startupSnapshot.isBuildingSnapshot()) {
	void import('./rehearsal.ts').then(({rehearse}) => rehearse());
	startupSnapshot.setDeserializeMainFunction(begin);
} else {
	begin();
}

function begin(): void {
	main(process.argv.slice(2)).catch((error: unknown) => {
		// A reader that went away (`archonctl status | head -1`) is no failure of ours to talk about.
		if (codeOf(error) === 'EPIPE') process.exit(BROKEN_PIPE);
		refuse(`archon: cannot run here: ${error instanceof Error ? error.message : error}`, SYSTEM);
		process.exit();
	});
}

async function main(args: readonly string[]): Promise<void> {
	const name = basename(process.argv0);
	if (name === 'archonctl') return client(args);
	if (name !== 'archon' && await standIn(name, args)) return;
	const [first, ...rest] = args;
	if (first === '--version' || first === '-V' || first === 'version') return say(`archon ${version}\n`);
	if (first === 'help' && rest[0] === 'config') return say((await import('./config/describe.ts')).describeSchema());
	if (first === '--help' || first === '-h' || first === 'help') return say(HELP);
	if (first === 'check') return check(rest);
	if (first === '--ledger-format') return say(`${(await import('./kernel/ledger.ts')).FORMAT}\n`);
	return up(first === 'up' ? rest : args);
}

function say(text: string): void {
	write(1, text);
}

/** Ends archon before it began; the status tells it where nobody reads stderr. */
function refuse(text: string, status: number): void {
	process.exitCode = status;
	try {
		write(2, text.endsWith('\n') ? text : `${text}\n`);
	} catch {}
}

interface Invocation {
	readonly file: string | null;
	readonly socket: string | null;
	/** The command, and whether `--` stood before it. */
	readonly command: readonly string[];
	readonly isBare: boolean;
}

function readArguments(args: readonly string[]): Invocation | string {
	const values = new Map<string, string>();
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] ?? '';
		const invocation = (command: readonly string[], isBare: boolean): Invocation =>
			({file: values.get('-c') ?? null, socket: values.get('--socket') ?? null, command, isBare});
		if (arg === '--') return invocation(args.slice(i + 1), false);
		if (!arg.startsWith('-')) return invocation(args.slice(i), true);
		const [name = '', ...joined] = arg.split('=');
		const option = name === '--config' ? '-c' : name;
		if (option !== '-c' && option !== '--socket') return `unknown option ${name}; see archon --help`;
		const value = joined.length > 0 ? joined.join('=') : args[++i];
		if (!value) return `${name} needs a value; see archon --help`;
		values.set(option, value);
	}
	return {file: values.get('-c') ?? null, socket: values.get('--socket') ?? null, command: [], isBare: true};
}

async function up(args: readonly string[]): Promise<void> {
	const invocation = readArguments(args);
	if (typeof invocation === 'string') return refuse(`archon: ${invocation}`, USAGE);
	const {file, command, isBare} = invocation;
	if (!isBare && command.length === 0) return refuse('archon: a command must follow --; see archon --help', USAGE);
	// `archon -- CMD` is one-command mode whatever configs lie around; a bare CMD is the image's, for the config's main.
	if (!isBare && file === null) return oneCommand(command, invocation.socket);
	const {findConfig} = await import('./config/read.ts');
	const found = findConfig({file, env: process.env});
	if (found.origin === 'none' && (command.length > 0 || !isReborn())) {
		if (command.length > 0) return oneCommand(command, invocation.socket);
		return refuse(`archon: ${NO_CONFIG}, and no command was given; see archon --help`, USAGE);
	}
	const [{formatProblem}, {plan}] = await Promise.all([import('./config/problems.ts'), import('./config/plan.ts')]);
	const around = await surroundings();
	const read = ({files, problems}: typeof found): ReturnType<typeof plan> =>
		(problems.length > 0 ? err(problems) : plan(files, command.length > 0 ? command : null, around));
	// A life that goes on from the last one has no use for the config, and is not ended by what is wrong with it.
	const planned = isReborn() ? ok(null) : read(found);
	if (!planned.ok) {
		const told = planned.error.map(formatProblem).join('\n');
		(await import('./kernel/termination.ts')).writeTermination(`archon: ${told}`);
		return refuse(told, USAGE);
	}
	const [{placesFor, runDaemon}, {SUPERVISING}] = await Promise.all([import('./daemon.ts'), import('./kernel/signals.ts')]);
	const {notes, ...config} = planned.value ?? {notes: []};
	runDaemon({
		config: 'services' in config ? config : null, meanings: SUPERVISING, sockets: placesFor(invocation.socket),
		notes: notes.map(formatProblem), version,
		reread() {
			const again = read(findConfig({file, env: process.env}));
			return again.ok ? again : err(again.error.map(formatProblem));
		},
	});
}

/** Whether archon was executed anew by its last life. */
const isReborn = (): boolean => process.env['ARCHON_LEDGER'] !== undefined;

/** What a config may name beyond its own text. */
async function surroundings(): Promise<Surroundings> {
	const [{readSource: readFile}, {findUser}] = await Promise.all([import('./config/read.ts'), import('./kernel/users.ts')]);
	return {environment: process.env, readFile, findUser};
}

/** Whether it was called by the name of another init; then it is that one. */
async function standIn(name: string, args: readonly string[]): Promise<boolean> {
	const [{dialectOf}, {isTerminal}] = await Promise.all([import('./dropin/names.ts'), import('./kernel/native.ts')]);
	const reading = dialectOf(name)?.(args, {
		name: process.argv0, env: process.env, pid: process.pid, isTty: isTerminal(0), version,
	});
	switch (reading?.kind) {
		case 'run': (await import('./lone.ts')).runLone(reading.order, name); break;
		case 'license': say(await license()); break;
		case 'say': {
			const {line: {fd, text}, status} = reading;
			if (fd === 2) return refuse(text, status), true;
			process.exitCode = status;
			say(text);
		}
	}
	return reading !== undefined;
}

/** An asset of the executable; when run from source, the file. */
async function license(): Promise<string> {
	const [{getAsset, isSea}, {readFileSync}] = await Promise.all([import('node:sea'), import('node:fs')]);
	return isSea() ? getAsset('LICENSE', 'utf8') : readFileSync(`${import.meta.dirname}/../LICENSE`, 'utf8');
}

/** One command in archon's own manner: every signal is the command's, archon itself is silent, and nobody but the command decides. */
async function oneCommand(command: readonly string[], socket: string | null): Promise<void> {
	const [{oneCommand: service}, {placesFor, runDaemon}, {ONE_COMMAND}] = await Promise.all([
		import('./config/service.ts'), import('./daemon.ts'), import('./kernel/signals.ts'),
	]);
	const wantsSocket = socket !== null || process.env['ARCHON_SOCKET'] !== undefined;
	runDaemon({
		config: {
			services: [service(command as Argv)], shutdownGrace: Infinity, startRate: START_RATE, logging: LOGGING, events: LOGGING,
			level: 'warn',
		},
		meanings: ONE_COMMAND, sockets: wantsSocket ? placesFor(socket) : [], reread: null, notes: [], version,
	});
}

async function check(args: readonly string[]): Promise<void> {
	const asJson = args.includes('--json');
	const [file = null, ...others] = args.filter(arg => arg !== '--json');
	if (others.length > 0 || file?.startsWith('-')) return refuse('usage: archon check [FILE] [--json]', USAGE);
	const [{findConfig}, {formatProblem}, {plan}] = await Promise.all([
		import('./config/read.ts'), import('./config/problems.ts'), import('./config/plan.ts'),
	]);
	const found = findConfig({file, env: process.env});
	if (found.origin === 'none') return refuse(`archon: ${NO_CONFIG}`, USAGE);
	const planned = found.problems.length > 0 ? {ok: false as const, error: found.problems} : plan(found.files, null, await surroundings());
	const problems = planned.ok ? [] : planned.error;
	process.exitCode = problems.length > 0 ? USAGE : 0;
	if (asJson) return say(`${JSON.stringify(problems, null, '\t')}\n`);
	if (!planned.ok) return refuse(problems.map(formatProblem).join('\n'), USAGE);
	const {services, notes} = planned.value;
	for (const note of notes) say(`${formatProblem(note)}\n`);
	say(`${services.length} ${services.length === 1 ? 'service' : 'services'}, in this order: ${services.map(({name}) => name).join(', ')}\n`);
}

async function client(args: readonly string[]): Promise<void> {
	const [{runCli}, {connect}, {exitNow, isTerminal}, {readFileSync}] = await Promise.all([
		import('./cli/commands.ts'), import('./kernel/sockets.ts'), import('./kernel/native.ts'), import('node:fs'),
	]);
	try {
		const status = runCli(args, {
			connect, rest, env: process.env, version,
			stdout: text => write(1, text),
			stderr: text => write(2, text),
			stdin: () => readFileSync(0, 'utf8'),
			isTty: isTerminal(1), uid: process.getuid?.() ?? 0,
		});
		// All is written, and nothing of Node's need be taken down piece by piece.
		exitNow(status);
	} catch (error) {
		if (codeOf(error) === 'EPIPE') throw error;
		refuse(`archonctl: ${error instanceof Error ? error.message : error}`, SYSTEM);
	}
}

/**
 * All of it at once, also where somebody made the descriptor non-blocking and its reader is slow; to make a stream
 * of it, Node would load its modules for networks.
 */
function write(fd: number, text: string): void {
	let bytes: Uint8Array = Buffer.from(text);
	while (bytes.length > 0) {
		try {
			bytes = bytes.subarray(writeSync(fd, bytes));
		} catch (error) {
			if (codeOf(error) !== 'EAGAIN') throw error;
			rest(5);
		}
	}
}

/** Memory that nobody changes: the wait always takes its time, in milliseconds. */
const rest = (millis: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);

const codeOf = (error: unknown): unknown => error instanceof Error && 'code' in error ? error.code : undefined;
