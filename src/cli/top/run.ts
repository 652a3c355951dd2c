/** `archonctl top` on the terminal: keys, size, signals and the pager lead to the program, and its frames to the screen. */
import type {LiveState} from '../../control/live-client.ts';
import {errnoText} from '../../os/errno.ts';
import {runInForeground} from '../../os/foreground.ts';
import {isPersonThere} from '../../os/person.ts';
import {createPoller} from '../../os/poller.ts';
import {after, run} from '../../os/reactor.ts';
import {candidates, DEFAULT_PATH, hasProgram} from '../../os/spawn/lookup.ts';
import {sys} from '../../os/sys.ts';
import {openTerminal, type Terminal} from '../../os/terminal.ts';
import {EXIT, type Io, type ReachLive} from '../command.ts';
import {paged, pagerOf} from '../pager.ts';
import {complain} from '../reply.ts';
import {createDecoder, ESCAPE_PAUSE, type Input} from '../terminal/keys.ts';
import {ENTER, LEAVE} from '../terminal/screen.ts';
import {createProgram, type Machine, type Choices, type Program} from './program.ts';

/** `logs`: the words of a command that prints the lines of the service whose name follows them. */
export interface TopChoices extends Omit<Choices, 'size'> {
	readonly logs: readonly string[];
}

/** As a shell tells of a program that a signal has ended. */
const SIGNALLED = 128;

/** Until the person leaves, archon is gone, or a signal comes. */
export async function runTop(io: Io, reachLive: ReachLive, choices: TopChoices): Promise<number> {
	let [program, terminal]: [Program | null, Terminal | null] = [null, null];
	const {promise, resolve} = Promise.withResolvers<number>();
	/** The pager has the terminal: what ends the program waits for it. */
	let isAway = false;
	let ending: (() => void) | null = null;
	const finish = (status: number, problem: string | null): void => {
		if (isAway) {
			ending ??= () => finish(status, problem);
			return;
		}
		program = null;
		terminal?.close();
		if (problem !== null) complain(io, problem);
		resolve(status);
	};
	const told = (state: LiveState): void => {
		if (state.kind === 'lost') finish(EXIT.unreachable, `archon is gone: ${state.why}`);
		else program?.connected(state.kind === 'connected');
	};
	const [main, log] = [await reachLive(told), await reachLive(() => {})];
	if (!main.ok) return refuse(io, main.error, EXIT.unreachable);
	if (!log.ok) return refuse(io, log.error, EXIT.unreachable);
	if (!isPersonThere() || io.env['TERM'] === 'dumb') {
		return refuse(io, 'top needs a terminal whose cursor can be moved; archonctl status shows services anywhere', EXIT.usage);
	}
	const keys = createKeys(inputs => program?.input(inputs));
	const opened = openTerminal(createPoller(), {enter: ENTER, leave: LEAVE}, {
		typed: keys,
		resized: size => program?.resized(size),
		continued: size => program?.continued(size),
		ended: signal => finish(signal === null ? EXIT.unreachable : SIGNALLED + signal, null),
	});
	if (!opened.ok) return refuse(io, opened.error, EXIT.usage);
	terminal = opened.value;
	const paging: Paging = {
		begins() {
			isAway = true;
		},
		ends() {
			isAway = false;
			ending?.();
			return ending === null;
		},
	};
	const machine = machineOf(terminal, io, choices.logs, paging, problem => finish(problem === null ? EXIT.ok : EXIT.refused, problem));
	program = createProgram({main: main.value, log: log.value}, machine, {...choices, size: terminal.size()});
	run();
	return promise;
}

function refuse(io: Io, problem: string, status: number): number {
	complain(io, problem);
	return status;
}

/** From bytes to keys; the key Escape is one when no other byte follows it soon. */
function createKeys(input: (inputs: readonly Input[]) => void): (bytes: Uint8Array) => void {
	const decoder = createDecoder();
	let cancel = (): void => {};
	return bytes => {
		cancel();
		const inputs = decoder.read(bytes);
		if (decoder.isPending()) cancel = after(ESCAPE_PAUSE, () => input(decoder.flush()));
		if (inputs.length > 0) input(inputs);
	};
}

/** Hears of the pager. */
interface Paging {
	begins(): void;
	/** Whether the program goes on. */
	ends(): boolean;
}

function machineOf(terminal: Terminal, {env}: Io, logs: readonly string[], paging: Paging, quit: Machine['quit']): Machine {
	const path = env['PATH'] ?? DEFAULT_PATH;
	return {
		after, quit,
		now: sys.now, wallClock: Date.now,
		write: terminal.write,
		suspend: terminal.suspend,
		page(name, done) {
			const pager = pagerOf(env, program => hasProgram(program, path));
			if (pager === null) return done('there is no pager: neither $PAGER, less nor more');
			const command = paged([...logs, name], pager);
			if (!hasProgram(command[0], path)) return done(`the pager needs ${candidates(command[0], path)[0]}`);
			terminal.give();
			paging.begins();
			const back = (problem: string | null): void => {
				if (!paging.ends()) return;
				terminal.take();
				done(problem);
			};
			const made = runInForeground(command, () => back(null));
			if (made < 0) back(`cannot start the pager: ${errnoText(-made)}`);
		},
	};
}
