/** The one executable: looks at its name and its arguments, and becomes daemon, one-command init, check or client. */
import './os/globals.ts';
import {basename} from './core/path.ts';
import {LOGGING, START_RATE} from './core/defaults.ts';
import type {Lookups} from './config/planning.ts';
import type {Problem} from './config/problems.ts';
import type {Argv} from './config/service.ts';
import {err, ok} from './core/result.ts';
import {bytesOf, concat, textOf} from './os/bytes.ts';
import {env, isReexecuted} from './os/environment.ts';
import {BrokenPipe, errnoText} from './os/errno.ts';
import {pid, uid} from './os/identity.ts';
import {ERRNO, sys} from './os/sys.ts';

/** The build puts it in (package.json). */
declare const VERSION: string | undefined;
const version = typeof VERSION === 'undefined' ? 'source' : VERSION;

/** Wrong usage or a bad config; the system failed archon itself. */
const USAGE = 100;
const SYSTEM = 111;
/** As a shell tells of SIGPIPE. */
const BROKEN_PIPE = 141;

const CHECK_USAGE = 'usage: archon check [FILE] [--env-file FILE] [--json]';
const NO_CONFIG = 'there is no config at /etc/archon/archon.yaml or in /etc/archon/conf.d';

const HELP = `archon ${version}: the init a container deserves

usage: archon [up] [OPTIONS] [[--] CMD ARGS…]                   supervise the services of FILE, and CMD as main
       archon -- CMD ARGS…                                      run CMD alone, as its init; no config is read
       archon check [FILE] [--env-file FILE] [--json]           tell every problem of a config
       archon help config                                       every key of a config
       archon --help | --version

FILE is, where -c does not name it, $ARCHON_CONFIG or /etc/archon/archon.yaml with /etc/archon/conf.d/*.yaml over it.
options of up: -c FILE; --socket PATH, where archonctl finds it; --env-file FILE, variables for \${NAME} in the config that
archon's own environment does not have (as docker compose's .env; several may be given).
archonctl looks and steers: see archonctl --help.

exit status: of the essential service or CMD that ended it; 128 and the signal that killed that; 0 after a shutdown
that was asked for; 100 bad config or usage; 111 the system failed archon; 126, 127 CMD cannot be executed, is not found
`;

/** The status with which archon ends when `main` is done; null: it goes on. */
type Status = number | null;

main(sys.arguments()).then(status => {
	if (status !== null) sys.exit(status);
}, (error: unknown) => {
	// A reader that went away (`archonctl status | head -1`) is no failure of ours to talk about.
	if (error instanceof BrokenPipe) sys.exit(BROKEN_PIPE);
	sys.exit(refuse(`archon: cannot run here: ${error instanceof Error ? error.message : error}`, SYSTEM));
});

async function main([name = '', ...args]: readonly string[]): Promise<Status> {
	const called = basename(name);
	if (called === 'archonctl') return client(args);
	if (called !== 'archon') {
		const status = await standIn(called, name, args);
		if (status !== undefined) return status;
	}
	const [first, ...rest] = args;
	if (first === '--version' || first === '-V' || first === 'version') return say(`archon ${version}\n`);
	if (first === 'help' && rest[0] === 'config') return say((await import('./config/describe.ts')).describeSchema());
	if (first === '--help' || first === '-h' || first === 'help') return say(HELP);
	if (first === 'check') return check(rest);
	if (first === '--handoff-format') return say(`${(await import('./os/reexec/handoff.ts')).FORMAT}\n`);
	return up(first === 'up' ? rest : args);
}

/** Says what was asked for. */
function say(text: string): 0 {
	write(1, text);
	return 0;
}

/** Says why archon ends before it began; the status tells it where nobody reads stderr. */
function refuse(text: string, status: number): number {
	try {
		write(2, text.endsWith('\n') ? text : `${text}\n`);
	} catch {}
	return status;
}

interface Invocation {
	readonly file: string | null;
	readonly socket: string | null;
	/** Of variables for the config's texts. */
	readonly envFiles: readonly string[];
	/** The command, and whether `--` stood before it. */
	readonly command: readonly string[];
	readonly isBare: boolean;
}

function readArguments(args: readonly string[]): Invocation | string {
	const values = new Map<string, string>();
	const envFiles: string[] = [];
	const invocation = (command: readonly string[], isBare: boolean): Invocation =>
		({file: values.get('-c') ?? null, socket: values.get('--socket') ?? null, envFiles, command, isBare});
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] ?? '';
		if (arg === '--') return invocation(args.slice(i + 1), false);
		if (!arg.startsWith('-')) return invocation(args.slice(i), true);
		const [name = '', ...joined] = arg.split('=');
		const option = name === '--config' ? '-c' : name;
		if (option !== '-c' && option !== '--socket' && option !== '--env-file') return `unknown option ${name}; see archon --help`;
		const value = joined.length > 0 ? joined.join('=') : args[++i];
		if (!value) return `${name} needs a value; see archon --help`;
		if (option === '--env-file') envFiles.push(value);
		else values.set(option, value);
	}
	return invocation([], true);
}

async function up(args: readonly string[]): Promise<Status> {
	const invocation = readArguments(args);
	if (typeof invocation === 'string') return refuse(`archon: ${invocation}`, USAGE);
	const {file, envFiles, command, isBare} = invocation;
	if (!isBare && command.length === 0) return refuse('archon: a command must follow --; see archon --help', USAGE);
	// `archon -- CMD` is one-command mode whatever configs lie around; a bare CMD is the image's, for the config's main.
	if (!isBare && file === null) return oneCommand(command, invocation.socket);
	const [{findConfig}, {files, filesAtStart}] = await Promise.all([import('./config/read.ts'), import('./os/files.ts')]);
	const found = findConfig({file, env: env(), envFiles, files: filesAtStart});
	if (found.origin === 'none' && (command.length > 0 || !isReexecuted())) {
		if (command.length > 0) return oneCommand(command, invocation.socket);
		return refuse(`archon: ${NO_CONFIG}, and no command was given; see archon --help`, USAGE);
	}
	const [{formatProblem}, {plan}, {needsYaml}] = await Promise.all([
		import('./config/problems.ts'), import('./config/plan.ts'), import('./config/yaml/parse.ts'),
	]);
	let around = await lookups(needsYaml(found.files));
	const read = ({files, dotenv, problems}: typeof found): ReturnType<typeof plan> =>
		(problems.length > 0 ? err(problems) : plan(files, command.length > 0 ? command : null, {...around, dotenv}));
	// A life that goes on from the last one has no use for the config, and is not ended by what is wrong with it.
	const planned = isReexecuted() ? ok(null) : read(found);
	if (!planned.ok) {
		const told = planned.error.map(formatProblem).join('\n');
		(await import('./os/termination.ts')).writeTermination(`archon: ${told}`);
		return refuse(told, USAGE);
	}
	const [{placesFor, runDaemon}, {SUPERVISING}] = await Promise.all([import('./programs/supervise.ts'), import('./core/signals.ts')]);
	const {notes, ...config} = planned.value ?? {notes: []};
	runDaemon({
		config: 'services' in config ? config : null, meanings: SUPERVISING, sockets: placesFor(invocation.socket),
		notes: [...found.notes, ...notes].map(formatProblem), version,
		reread(done) {
			const again = findConfig({file, env: env(), envFiles, files});
			const tell = (): void => {
				const planned = read(again);
				done(planned.ok ? planned : err(planned.error.map(formatProblem)));
			};
			if (around.readYaml !== noYaml || !needsYaml(again.files)) return tell();
			void lookups(true).then(whole => {
				around = whole;
				tell();
			});
		},
	});
	return null;
}

/** What a config may name beyond its own text. */
async function lookups(withYaml: boolean): Promise<Omit<Lookups, 'dotenv'>> {
	const readYaml = withYaml ? (await import('./config/yaml/full.ts')).readYaml : noYaml;
	const [{readFolder, readShared}, {files}, {findUser}, {DEFAULT_PATH, hasProgram}] = await Promise.all([
		import('./config/read.ts'), import('./os/files.ts'), import('./os/spawn/users.ts'), import('./os/spawn/lookup.ts'),
	]);
	return {
		environment: env(), readFile: file => readShared(file, files), listFolder: folder => readFolder(folder, files), findUser, readYaml,
		hasProgram: name => hasProgram(name, env()['PATH'] ?? DEFAULT_PATH),
	};
}

/** Most configs are plain, and all of YAML is a lot to load. */
const noYaml: Lookups['readYaml'] = () => {
	throw new Error('a reader of YAML is missing');
};

/** What comes of being called by the name of another init; undefined: it is no such name. */
async function standIn(called: string, name: string, args: readonly string[]): Promise<Status | undefined> {
	const {dialectOf} = await import('./dropin/names.ts');
	const reading = dialectOf(called)?.(args, {name, env: env(), pid, version});
	switch (reading?.kind) {
		case undefined: return undefined;
		case 'run':
			(await import('./programs/single.ts')).runSingle(reading.order, called);
			return null;
		case 'license': return say(textOf(sys.embedded('LICENSE') ?? new Uint8Array()));
		case 'say': {
			const {line: {fd, text}, status} = reading;
			if (fd === 2) return refuse(text, status);
			say(text);
			return status;
		}
	}
}

/** One command in archon's own manner: every signal is the command's, archon itself is silent, and nobody but the command decides. */
async function oneCommand(command: readonly string[], socket: string | null): Promise<null> {
	const [{oneCommand: service}, {placesFor, runDaemon}, {ONE_COMMAND}, {rememberInherited}] = await Promise.all([
		import('./config/service.ts'), import('./programs/supervise.ts'), import('./core/signals.ts'), import('./os/reexec/inherited.ts'),
	]);
	// What the last life left is archon's own.
	if (!isReexecuted()) rememberInherited();
	const wantsSocket = socket !== null || env()['ARCHON_SOCKET'] !== undefined;
	runDaemon({
		config: {
			services: [service(command as Argv)], shutdownGrace: Infinity, startRate: START_RATE, whenIdle: 'failed',
			logging: LOGGING, events: LOGGING,
			level: 'warn', signals: [],
		},
		meanings: ONE_COMMAND, sockets: wantsSocket ? placesFor(socket) : [], reread: null, notes: [], version,
		isPayload: true,
	});
	return null;
}

/** What is wrong with a config, and what is worth a line; `words`: what is said where nothing is wrong. */
interface Verdict {
	readonly problems: readonly Problem[];
	readonly notes: readonly Problem[];
	readonly words: string;
}

async function check(args: readonly string[]): Promise<number> {
	const asJson = args.includes('--json');
	const {fileProblem, formatProblem} = await import('./config/problems.ts');
	const verdict = await judge(args.filter(arg => arg !== '--json')).catch((error: unknown): Verdict => {
		if (!asJson) throw error;
		const why = error instanceof Error ? error.message : String(error);
		return {problems: [fileProblem('', `archon cannot check this: ${why}`)], notes: [], words: ''};
	});
	const {problems, notes, words} = verdict;
	const status = problems.length > 0 ? USAGE : 0;
	if (asJson) {
		const told = [
			...problems.map(problem => ({severity: 'problem', ...problem})), ...notes.map(note => ({severity: 'note', ...note})),
		];
		say(`${JSON.stringify(told, null, '\t')}\n`);
		return status;
	}
	if (status !== 0) return refuse(problems.map(formatProblem).join('\n'), status);
	for (const note of notes) say(`${formatProblem(note)}\n`);
	return say(words);
}

async function judge(args: readonly string[]): Promise<Verdict> {
	const {fileProblem} = await import('./config/problems.ts');
	const refused = (...problems: readonly Problem[]): Verdict => ({problems, notes: [], words: ''});
	const [file, ...rest] = args;
	// The file comes first, as of old, or anywhere among the options.
	const request = readArguments(file === undefined || file.startsWith('-') ? args : [...rest, file]);
	if (typeof request === 'string') return refused(fileProblem('', `archon: ${request}`));
	const [named = request.file, ...others] = request.command;
	if (others.length > 0 || !request.isBare || request.socket !== null || (request.file !== null && named !== request.file)) {
		return refused(fileProblem('', CHECK_USAGE));
	}
	const [{findConfig}, {filesAtStart: files}, {judgeConfig}, {needsYaml}, {isBareScript}] = await Promise.all([
		import('./config/read.ts'), import('./os/files.ts'), import('./config/plan.ts'), import('./config/yaml/parse.ts'),
		import('./os/spawn/diagnose.ts'),
	]);
	const found = findConfig({file: named, env: env(), envFiles: request.envFiles, files});
	if (found.origin === 'none') return refused(fileProblem('', `archon: ${NO_CONFIG}`));
	if (found.problems.length > 0) return refused(...found.problems);
	const around = await lookups(needsYaml(found.files));
	const {plan, problems, notes} = judgeConfig(found.files, null, {...around, dotenv: found.dotenv, isBareScript, isElsewhere: true});
	const names = plan?.services.map(({name}) => name) ?? [];
	const count = `${names.length} ${names.length === 1 ? 'service' : 'services'}`;
	return {problems, notes: [...found.notes, ...notes], words: `${count}, in this order: ${names.join(', ')}\n`};
}

async function client(args: readonly string[]): Promise<number> {
	const [{runCli}, {connect}] = await Promise.all([import('./cli/commands.ts'), import('./os/sockets.ts')]);
	try {
		return runCli(args, {
			connect, rest: sys.sleep, env: env(), version,
			stdout: text => write(1, text),
			stderr: text => write(2, text),
			stdin,
			isTty: sys.isTerminal(1), uid,
		});
	} catch (error) {
		if (error instanceof BrokenPipe) throw error;
		return refuse(`archonctl: ${error instanceof Error ? error.message : error}`, SYSTEM);
	}
}

/** All that comes, to its end. */
function stdin(): string {
	const parts: Uint8Array[] = [];
	for (;;) {
		const bytes = new Uint8Array(64 * 1024);
		const count = sys.read(0, bytes);
		if (count === -ERRNO.EINTR) continue;
		if (count <= 0) return textOf(concat(parts));
		parts.push(bytes.subarray(0, count));
	}
}

/** All of it, also where somebody made the descriptor non-blocking and its reader is slow. */
function write(fd: number, text: string): void {
	let bytes: Uint8Array = bytesOf(text);
	while (bytes.length > 0) {
		const count = sys.write(fd, bytes);
		if (count === -ERRNO.EAGAIN) sys.sleep(5);
		else if (count === -ERRNO.EPIPE) throw new BrokenPipe();
		else if (count < 0 && count !== -ERRNO.EINTR) throw new Error(errnoText(-count));
		else if (count > 0) bytes = bytes.subarray(count);
	}
}
