/** `archonctl` on a terminal: a shell whose commands are those of `archonctl`. */
import type {Live, LiveState} from '../../control/live-client.ts';
import type {Result} from '../../core/result.ts';
import {SHELL} from '../../core/helper-roles.ts';
import {createPoller} from '../../os/poller.ts';
import {run as runLoop} from '../../os/reactor.ts';
import {isPersonThere} from '../../os/person.ts';
import {openTerminal, type Setting, type Terminal} from '../../os/terminal.ts';
import {errnoText} from '../../os/errno.ts';
import {dial} from '../../os/sockets/client.ts';
import {createKeeper, type Keeper, type Lent} from '../../os/sockets/lent.ts';
import {O, sys} from '../../os/sys.ts';
import {type Command, EXIT, type Io, type Table} from '../command.ts';
import {GLOBAL} from '../global.ts';
import {lookOf} from '../look.ts';
import {complain, usageError} from '../reply.ts';
import {complete, type Known, type Verb} from '../shell/complete.ts';
import {openHistory} from '../shell/history-file.ts';
import {isKept, remember} from '../shell/history.ts';
import {begin, endOf} from '../shell/job.ts';
import {promptOf} from '../shell/prompt.ts';
import {createSession, type Session} from '../shell/session.ts';
import {createWatcher, type Watcher} from '../shell/watcher.ts';

export const shell = (table: Table): Command => ({
	name: 'shell',
	usage: '',
	summary: 'offer these commands in a shell on this terminal, as archonctl alone does',
	details: [
		'Each command is typed as behind archonctl. Tab completes, ^R searches earlier lines, ^C ends a command,',
		'^D leaves. Nothing ends with the shell but what it runs.',
	],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	onHosts: {refuses: () => 'the shell is for one, and a command has to be named; status shows all'},
	examples: ['archonctl', 'docker exec -it app archonctl'],
	async run(_args, io, _reach, reachLive, reachBy, again) {
		if (!isPersonThere() || io.env['TERM'] === 'dumb') return usageError(io, NO_TERMINAL);
		const tell: {state(state: LiveState): void} = {state() {}};
		const connect = (): Promise<Result<Live, string>> => reachLive(state => tell.state(state));
		let live = await connect();
		// It is started before archon listens.
		for (let tries = 0; !live.ok && isService(io) && tries < TRIES; tries++) {
			io.rest(PAUSE);
			live = await connect();
		}
		if (!live.ok) {
			complain(io, live.error);
			return EXIT.unreachable;
		}
		const verbs = async (): Promise<readonly Verb[]> =>
			[...(await table.all()).map(command => ({...command, options: [...command.options, ...OWN_OPTIONS]})), ...OWN];
		const client = live.value;
		const keeper = createKeeper(() => {
			let last: Lent | null = null;
			reachBy((path, isNamed) => {
				last = {path, result: dial(path, isNamed, 0)};
				return last.result;
			});
			return last;
		});
		const load = (name: string): void => void table.find(name);
		return new Promise(resolve => converse({io, live: client, tell, verbs, again, keeper, load}, resolve));
	},
});

const NO_TERMINAL = 'the shell needs a terminal whose cursor can be moved: docker run and docker exec give one with -it';

/** Of those that all commands have, what is of use here. */
const OWN_OPTIONS = GLOBAL.filter(({names: [name]}) => name === '--help');

const own = (name: string, usage: string, most: number): Verb => ({name, usage, most, options: [], endsOptions: false});

/** What only the shell knows. */
const OWN: readonly Verb[] = [own('exit', '', 0), own('fg', 'NAME', 1), own('clear', '', 0)];

const KEYS = `
In this shell: exit or ^D leaves; fg NAME attaches to a service; clear, ^L clears the screen. What follows ; is
the next command, quotes are as in sh, and a line that begins with a space is not remembered.
Keys: Tab completes; ^C ends a command or clears the line; ^R searches lines of before, Up and ^P show them;
^A ^E ^B ^F Alt-B Alt-F move; ^W ^U ^K Alt-D cut, ^Y puts back; ^T exchanges, ^_ undoes; ^Z suspends.
`;

/** Bracketed paste: what is pasted is told apart from what is typed. */
const SETTING: Setting = {enter: '\x1b[?2004h', leave: '\x1b[?2004l'};

/** The service that `archon --shell` has of it: nothing would continue what ^Z stops there. */
const isService = ({env}: Io): boolean => env['ARCHON_SERVICE'] === SHELL;

/** Options of a command that asks another archon than the shell's, or the same as somebody else. */
const ELSEWHERE = /^(?:-H|--host|--socket|--token-file)/;

/** How often, and how long between (ms). */
const [TRIES, PAUSE] = [100, 20];

interface Conversation {
	readonly io: Io;
	readonly live: Live;
	readonly tell: {state(state: LiveState): void};
	/** Loads all commands, for the first Tab. */
	readonly verbs: () => Promise<readonly Verb[]>;
	readonly again: (words: readonly string[]) => Promise<number>;
	/** Of the connection that commands have one after the other. */
	readonly keeper: Keeper;
	/** Loads a command, so that it is there when it is typed the next time. */
	readonly load: (name: string) => void;
}

function converse({io, live, tell, verbs, again, keeper, load}: Conversation, resolve: (status: number) => void): void {
	const canSuspend = !isService(io);
	const file = openHistory(io.env);
	let history = file.lines;
	let child = 0;

	const leave = (status: number): void => {
		terminal.close();
		live.close();
		keeper.close();
		resolve(status);
	};
	const opened = openTerminal(createPoller(), {...SETTING, canSuspend}, {
		typed: bytes => session.typed(bytes),
		resized: size => session.resized(size),
		continued: () => session.continued(),
		childEnded() {
			const outcome = endOf(child);
			if (!outcome) return;
			child = 0;
			keeper.ended();
			terminal.take();
			session.ended(outcome);
		},
		ended: signal => leave(signal === null ? 129 : 128 + signal),
	});
	if (!opened.ok) {
		complain(io, opened.error);
		return resolve(EXIT.usage);
	}
	const terminal: Terminal = opened.value;
	const {isColoured} = lookOf(io);
	const watcher: Watcher = createWatcher(() => live, () => session.changed(), line => session.note(line));
	tell.state = watcher.told;

	const start = (name: string, words: readonly string[], act = () => again([name, ...words])): 'under way' | 'done' => {
		terminal.give();
		const mayAsk = name !== 'help' && !words.some(word => ELSEWHERE.test(word)) && !ELSEWHERE.test(name);
		const pid = begin(act, {canSuspend, complain: why => complain(io, why), keeper, mayAsk});
		if (pid >= 0) {
			child = pid;
			load(name);
			return 'under way';
		}
		terminal.take();
		terminal.write(`cannot begin a command: ${errnoText(-pid)}\r\n`);
		return 'done';
	};
	const carryOut = ([first, ...rest]: readonly string[]): 'under way' | 'done' | 'leave' => {
		const words = first === 'archonctl' ? rest : [first ?? '', ...rest];
		switch (words[0]) {
			case 'exit': case 'quit': return 'leave';
			case 'clear': {
				terminal.write('\x1b[H\x1b[2J');
				return 'done';
			}
			case 'fg': return start('attach', words.slice(1));
			case 'help': case '?': case undefined: return start('help', words.slice(1), async () => {
				const status = await again(['help', ...words.slice(1)]);
				if (words.length < 2) io.stdout(KEYS);
				return status;
			});
			case 'shell': {
				terminal.write('this is the shell\r\n');
				return 'done';
			}
			default: return start(words[0], words.slice(1));
		}
	};
	const session: Session = createSession({
		terminal,
		prompt: () => promptOf(watcher.standing(), isColoured),
		refresh: watcher.refresh,
		complete: (line, at, done) => void verbs().then(found =>
			watcher.refresh(() => done(complete(line, at, knownOf(found, watcher.names()))))),
		begin: carryOut,
		remember(line) {
			const next = remember(history, line);
			if (next !== history && isKept(line)) file.add(line);
			history = next;
			return history;
		},
		leave: () => leave(EXIT.ok),
	}, history);
	terminal.write(`archon ${io.version}: help tells the commands, Tab completes, ^D leaves\r\n`);
	session.begin();
	runLoop();
}

const knownOf = (verbs: readonly Verb[], names: readonly string[]): Known => ({verbs, names, list});

/** More are not worth being looked at. */
const LISTED_MAX = 1000;

function list(folder: string): readonly string[] {
	const path = folder === '' ? '.' : folder;
	const names = sys.readFolder(path, LISTED_MAX);
	if (typeof names === 'number') return [];
	return names.map(name => {
		const fd = sys.open(`${path}/${name}`, O.PATH | O.DIRECTORY, 0);
		if (fd >= 0) sys.close(fd);
		return fd >= 0 ? `${name}/` : name;
	});
}
