/** `archonctl`: the way from its arguments to one of its commands, to a running archon, and to an exit status. */
import {type Client, createClient, PATIENCE, PAUSE} from '../control/client.ts';
import type {Channel} from '../control/transport.ts';
import {jsonEscaped, plainText, withoutC1} from '../core/plain.ts';
import {ok, type Result} from '../core/result.ts';
import {sys} from '../os/sys.ts';
import {isPersonThere} from '../os/person.ts';
import {parseArguments} from './arguments.ts';
import {type Arguments, type Command, EXIT, type Io} from './command.ts';
import {GLOBAL, optionsOf, usageOf} from './global.ts';
import {firstOf, isOver} from './places.ts';
import {complain, printJson} from './reply.ts';
import {TABLE} from './table.ts';

/** Another program may answer in place of archon: a person's terminal obeys nothing of what it says. */
const harmless = (io: Io): Io => ({
	...io,
	stdout: text => io.stdout(io.isJson ? withoutC1(text, jsonEscaped) : withoutC1(text)),
	stderr: text => io.stderr(plainText(text)),
});

/** `argv` without the program's own name. Gives the exit status. */
export async function runCli(argv: readonly string[], plain: Io): Promise<number> {
	const io = harmless(asksForJson(argv) ? {...plain, isJson: true} : plain);
	const before = parseArguments(argv, GLOBAL, true);
	if (!before.ok) return misuse(io, before.error, null);
	const [name, ...rest] = before.value.operands;
	if (before.value.has('--version')) return print(io, `archonctl ${io.version}\n`);
	if (before.value.has('--help')) return print(io, await overview());
	if (name === undefined && (!isPersonThere() || io.env['TERM'] === 'dumb')) {
		io.stderr(await overview());
		return EXIT.usage;
	}
	const command = await TABLE.find(name ?? 'shell');
	if (!command) return answerHabit(name ?? '', rest, argv, io);
	const args = parseArguments(rest, [...optionsOf(command), ...GLOBAL], command.endsOptions);
	if (!args.ok) return misuse(io, args.error, command);
	if (args.value.has('--help')) return print(io, (await import('./help.ts')).describe(command));
	if (args.value.has('--version')) return print(io, `archonctl ${io.version}\n`);
	const {operands} = args.value;
	if (operands.length < command.least) return misuse(io, `${name} needs more arguments`, command);
	if (operands.length > command.most) return misuse(io, `${name}: unexpected argument ${operands[command.most]}`, command);
	const last = (option: string): string | null =>
		[...before.value.values(option), ...args.value.values(option)].at(-1) ?? null;
	const named = [...before.value.values('--host'), ...args.value.values('--host')];
	const given = named.length > 0 || last('--socket') !== null || !io.env['ARCHON_HOST'] ? named : [io.env['ARCHON_HOST']];
	const common = GLOBAL.filter(({value}) => value !== null).flatMap(({names: [name]}) =>
		[...before.value.values(name), ...args.value.values(name)].flatMap(value => [name, value]));
	const pages = io.mayPage && command.isLong && !io.isJson && ![before.value, args.value].some(given => given.has('--no-pager'))
		&& !args.value.has('--follow');
	const {paged, pagerFor, hasLeft} = pages ? await import('./paged.ts') : {};
	const pager = pagerFor?.(io) ?? null;
	const shown = pager === null ? undefined : paged?.(io, pager);
	const tellsIo = shown ? harmless(shown.io) : io;
	const carryOut = async (socket: string | null, args: Arguments, io: Io): Promise<number> => {
		const status = await command.run(args, io, talk => {
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
		}, async told => (await import('./live.ts')).reachLive(io, socket, told), dial => firstOf(io, socket, dial),
		words => runCli([...common, ...words], {...plain, mayPage: false}));
		if (command.isQuiet && args.has('--json') && status === EXIT.ok) printJson(io, {ok: true});
		return status;
	};
	try {
		if (given.length === 0) return await carryOut(last('--socket'), args.value, tellsIo);
		const {goToAll} = await import('./host.ts');
		return await goToAll({
			given, socket: last('--socket'), tokenFile: last('--token-file'), limit: last('--host-timeout'), words: rest, command, args: args.value,
			io: tellsIo, carryOut: (place, args, differs) => carryOut(place, args, differs ? harmless({...plain, ...differs}) : tellsIo),
		});
	} catch (error) {
		if (!hasLeft?.(error)) throw error;
		return EXIT.ok;
	} finally {
		shown?.finish();
	}
}

/** Whether the answer is to be JSON; known before the arguments are, for what is wrong with these. */
function asksForJson(argv: readonly string[]): boolean {
	const end = argv.indexOf('--');
	return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** What people type who come from other supervisors is done, where archon has the same, or is answered with what archon has. */
async function answerHabit(name: string, rest: readonly string[], argv: readonly string[], io: Io): Promise<number> {
	const {habitOf} = await import('./habits.ts');
	const habit = habitOf(name, rest);
	if (!habit) return misuse(io, TABLE.unknown(name), null);
	if (habit.kind === 'say') return misuse(io, `${name}: ${habit.text}`, null);
	return runCli([...argv.slice(0, argv.length - rest.length - 1), ...habit.words], io);
}

// ── Archon ───────────────────────────────────────────────────────────────────────────────────────

/** Tries the places of the socket one after the other. */
function reach(io: Io, socket: string | null): Result<Client, string> {
	const found = firstOf(io, socket, io.connect);
	if (!found.ok) return found;
	const {value, path, isNamed} = found.value;
	return ok(createClient(value, () => reachAgain(io, path, isNamed), sys.now));
}

/** Its listener outlives archon's crashes; archon that ends on purpose takes the socket away. */
function reachAgain(io: Io, path: string, isNamed: boolean): Channel | null {
	const until = sys.now() + PATIENCE;
	for (let waited = 0; waited < PATIENCE && sys.now() < until; waited += PAUSE) {
		io.rest(PAUSE);
		const channel = io.connect(path, isNamed);
		if (channel.ok) return channel.value;
		if (isOver(path, channel.error)) return null;
	}
	return null;
}

/** The help is loaded where it is asked for, and not with each command. */
const overview = async (): Promise<string> => (await import('./help.ts')).overview(await TABLE.all());

function misuse(io: Io, problem: string, command: Command | null): number {
	complain(io, problem);
	if (command && !io.isJson) io.stderr(`${usageOf(command)}\n`);
	return EXIT.usage;
}

function print(io: Io, text: string): number {
	io.stdout(text);
	return EXIT.ok;
}
