/**
 * `archonctl`: the table of its commands, and the way from arguments to one of them and to an exit status.
 * Synchronous from end to end, so that nothing has to be loaded but what is needed to ask and to print.
 */
import {type Client, createClient} from '../control/client.ts';
import {type Channel, socketPaths} from '../control/transport.ts';
import {err, ok, type Result} from '../core/result.ts';
import {nearest} from '../core/nearest.ts';
import {sys} from '../os/sys.ts';
import {parseArguments} from './arguments.ts';
import {type Command, EXIT, type Io} from './command.ts';
import {describe, GLOBAL, overview, usageOf} from './help.ts';
import {daemon, run} from './launch.ts';
import {logs, reopen} from '../features/logging/commands/logs.ts';
import {raw} from './raw.ts';
import {complain} from './reply.ts';
import {history, status, tree} from './show.ts';
import {reload, restart, shutdown, signal, start, stop} from './steer.ts';
import {upgrade, version} from './upgrade.ts';

/** `argv` without the program's own name. Gives the exit status. */
export function runCli(argv: readonly string[], io: Io): number {
	const before = parseArguments(argv, GLOBAL, true);
	if (!before.ok) return misuse(io, before.error, null);
	const [name, ...rest] = before.value.operands;
	if (before.value.has('--version')) return print(io, `archonctl ${io.version}\n`);
	if (before.value.has('--help')) return print(io, overview(COMMANDS));
	if (name === undefined) {
		io.stderr(overview(COMMANDS));
		return EXIT.usage;
	}
	const command = findCommand(name);
	if (!command) return misuse(io, unknownCommand(name), null);
	const args = parseArguments(rest, [...command.options, ...GLOBAL], command.endsOptions);
	if (!args.ok) return misuse(io, args.error, command);
	if (args.value.has('--help')) return print(io, describe(command));
	if (args.value.has('--version')) return print(io, `archonctl ${io.version}\n`);
	const {operands} = args.value;
	if (operands.length < command.least) return misuse(io, `${name} needs more arguments`, command);
	if (operands.length > command.most) return misuse(io, `${name} takes no ${operands[command.most]}`, command);
	const socket = [...before.value.values('--socket'), ...args.value.values('--socket')].at(-1) ?? null;
	return command.run(args.value, io, talk => {
		const client = reach(io, socket);
		if (!client.ok) {
			complain(io, client.error);
			return EXIT.unreachable;
		}
		try {
			return talk(client.value);
		} finally {
			client.value.close();
		}
	});
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

const help: Command = {
	name: 'help',
	usage: '[COMMAND]',
	summary: 'explain a command',
	details: [],
	options: [],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl help run'],
	run: ({operands: [name]}, io) => {
		const command = name === undefined ? null : findCommand(name);
		if (name === undefined) io.stdout(overview(COMMANDS));
		else if (command) io.stdout(describe(command));
		else complain(io, unknownCommand(name));
		return name === undefined || command ? EXIT.ok : EXIT.usage;
	},
};

const COMMANDS: readonly Command[] = [
	status, history, tree, logs, start, stop, restart, reload, signal, run, daemon, reopen, upgrade, version, shutdown, raw, help,
];

const findCommand = (name: string): Command | null => COMMANDS.find(command => command.name === name) ?? null;

function unknownCommand(name: string): string {
	const meant = nearest(name, COMMANDS.map(command => command.name));
	const hint = meant === null ? 'archonctl help lists them all' : `did you mean ${meant}?`;
	return `unknown command ${name}; ${hint}`;
}

// ── Archon ───────────────────────────────────────────────────────────────────────────────────────

const NO_SUCH_FILE = 'no such file or directory';

/** Tries the places of the socket one after the other. */
function reach(io: Io, socket: string | null): Result<Client, string> {
	const failures: {readonly path: string; readonly why: string}[] = [];
	const isNamed = socket !== null || Boolean(io.env['ARCHON_SOCKET']);
	for (const path of socket === null ? socketPaths(io.env, io.uid) : [socket]) {
		const channel = io.connect(path, isNamed);
		if (channel.ok) return ok(createClient(channel.value, () => reachAgain(io, path, isNamed), sys.now));
		failures.push({path, why: channel.error});
	}
	// A place where something is says more than one where nothing is.
	const telling = failures.find(({why}) => why !== NO_SUCH_FILE) ?? failures[0];
	const {path = '', why = ''} = telling ?? {};
	return err(`cannot reach archon at ${path}: ${why}; ${hintFor(why)}`);
}

/** How long archon may be deaf while it is re-executed, and how often that is tried, in milliseconds. */
const PATIENCE = 3000;
const PAUSE = 20;

/** Its listener outlives archon's crashes; archon that ends on purpose takes the socket away. */
function reachAgain(io: Io, path: string, isNamed: boolean): Channel | null {
	for (let waited = 0; waited < PATIENCE; waited += PAUSE) {
		io.rest(PAUSE);
		const channel = io.connect(path, isNamed);
		if (channel.ok) return channel.value;
		if (channel.error === NO_SUCH_FILE) return null;
	}
	return null;
}

const hintFor = (why: string): string => why === 'permission denied'
	? 'only root and archon\'s own user may'
	: 'is archon running? --socket or $ARCHON_SOCKET say where';

function misuse(io: Io, problem: string, command: Command | null): number {
	complain(io, problem);
	if (command) io.stderr(`${usageOf(command)}\n`);
	return EXIT.usage;
}

function print(io: Io, text: string): number {
	io.stdout(text);
	return EXIT.ok;
}
