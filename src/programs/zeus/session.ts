/**
 * A command of a pool, as if it were started here: arguments, streams, signals and the terminal go to it, and its exit status is
 * that of the client. On every way out the person's terminal is as it was before.
 */
import {SIG, type SignalNumber} from '../../core/signal-numbers.ts';
import {formatAsk} from '../../features/pools/core/wire.ts';
import {bytesOf, latin1Of, newBytes} from '../../os/bytes.ts';
import {streamPair} from '../../os/descriptors.ts';
import {errnoText} from '../../os/errno.ts';
import {SIGNAL_REPORT} from '../../os/layouts.ts';
import {after, forget, run, watch} from '../../os/reactor.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, sys} from '../../os/sys.ts';
import {refuse} from '../streams.ts';
import {type CommandProcess, followCommand} from './command.ts';
import {modeOf, openEnds, setUp} from './ends.ts';
import {createInput} from './input.ts';
import {createOutput} from './output.ts';
import {personsSize, personsTerminal} from './person.ts';
import type {Pool} from './reach.ts';
import {endOfFile, type Key, keyOf} from './terminal-mode.ts';
import {createReader, NOTHING} from './wire.ts';

export interface Run {
	readonly command: string;
	readonly args: readonly string[];
	/** Whether the command has a terminal; null: as this program has one. */
	readonly tty: boolean | null;
}

/** Each ends in NUL. */
const listOf = (texts: readonly string[]): Uint8Array => bytesOf(texts.map(text => `${text}\0`).join(''));

const [STDIN, STDOUT, STDERR] = [0, 1, 2];
/** Of the client where the pool failed it. */
const FAILED = 1;
/** How long a command may go on after its terminal has gone away, in milliseconds. */
const FAREWELL = 2000;
/** How long it may prepare for being stopped. */
const PREPARATION = 50;

const FORWARDED = [SIG.HUP, SIG.INT, SIG.QUIT, SIG.USR1, SIG.USR2, SIG.TERM] as const;
const HEARD: readonly SignalNumber[] = [...FORWARDED, SIG.TSTP, SIG.CONT, SIG.WINCH];

const KEYS = {interrupt: SIG.INT, quit: SIG.QUIT} as const;

/** Returns at once; the program ends when the command has. */
export function attend(pool: Pool, {command: name, args, tty}: Run): null {
	const person = personsTerminal();
	const [isTyped, isShown] = [sys.isTerminal(STDIN), sys.isTerminal(STDOUT)];
	/** One descriptor is both stdin and stdout, and so is a terminal only where both are. */
	const isTerminal = tty ?? (isTyped && isShown);
	const ownsKeys = isTerminal && isTyped;
	let told = NOTHING;
	let command: CommandProcess = {signal() {}};
	let [isEnding, isSuspending] = [false, false];

	const end = (status: number, why?: string): never => {
		person.give();
		sys.exit(why === undefined ? status : refuse(`zeus: ${why}`, status));
	};
	const made = <Made extends object>(ends: Made | number): Made =>
		(typeof ends === 'number' ? end(FAILED, `there are no streams for the command: ${errnoText(-ends)}`) : ends);
	const main = made(openEnds(isTerminal));
	const errors = made(openEnds(tty ?? sys.isTerminal(STDERR)));
	setUp(main, isTyped ? STDIN : null, ownsKeys);
	setUp(errors, sys.isTerminal(STDERR) ? STDERR : null, ownsKeys);

	/** The command's terminals have the size of the person's. */
	const mirrorSize = (): void => {
		const size = personsSize();
		if (size) for (const {own, isTerminal} of [main, errors]) if (isTerminal) sys.setTerminalSize(own, ...size);
	};

	// ── The request ──

	const [argsOwn, argsTheirs] = made(streamPair());
	sys.setBlocking(argsTheirs, true);
	/** Variables that the pool asks for in `env_pass`; what else there is, it drops. */
	const variables = pool.uid === sys.getuid() || pool.uid === 0 ? listOf(sys.environment()) : null;
	const memory = variables === null ? -1 : sys.memoryFile(variables.length);
	if (variables !== null && memory >= 0) sys.writeAt(memory, variables, 0);

	const ask = (): void => {
		const fds = [argsTheirs, main.theirs, errors.theirs, ...memory >= 0 ? [memory] : []];
		// What it has said before it closed the connection is read below.
		sys.send(pool.fd, bytesOf(formatAsk(args.length, sys.getpid(), name, memory >= 0)), [], 0);
		for (const fd of fds) {
			sys.send(pool.fd, newBytes(1), [fd], 0);
			sys.close(fd);
		}
		sys.setBlocking(pool.fd, false);
	};
	const sendArguments = (): void => {
		let pending = listOf(args);
		watch(argsOwn, EPOLLOUT, () => {
			const count = pending.length === 0 ? 0 : sys.write(argsOwn, pending);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			pending = pending.subarray(count < 0 ? pending.length : count);
			if (pending.length > 0) return;
			forget(argsOwn);
			sys.close(argsOwn);
		});
	};

	// Nothing of a signal is lost from here on, and the pool begins while the rest of this is made ready.
	const signals = sys.openSignals(HEARD);
	mirrorSize();
	ask();
	sendArguments();

	// ── Streams ──

	const input = createInput(STDIN, main.own, {
		read: bytes => {
			if (!ownsKeys) return;
			const mode = modeOf(main.own);
			for (const code of mode ? bytes : []) {
				const key = mode && keyOf(mode, code);
				if (key) pressed(key);
			}
		},
		ended() {
			if (!main.isTerminal) return void sys.shutdownWrite(main.own);
			// A raw terminal has no end but that it is gone.
			if (ownsKeys) return hangUp();
			const mode = modeOf(main.own);
			const character = mode && endOfFile(mode);
			// The first may only end a line.
			if (character) sys.write(main.own, new Uint8Array([character, character]));
		},
	});
	const outputs = [
		createOutput(main.own, STDOUT, () => {
			// The next that the command writes fails as it would with a pipe of its own.
			input.close();
			sys.close(main.own);
		}),
		createOutput(errors.own, STDERR, () => void sys.close(errors.own)),
	];

	// ── Signals and keys ──

	const pressed = (key: Key): void => {
		// As the terminal does it, to all of the process group.
		if (key === 'suspend') suspend(0);
		else command.signal(KEYS[key]);
	};
	/** The command has a session of its own, where SIGTSTP stops nothing by itself: it may prepare for being stopped, and is. */
	const suspend = (whom: number): void => {
		if (isEnding || isSuspending) return;
		isSuspending = true;
		command.signal(SIG.TSTP);
		after(PREPARATION, () => {
			isSuspending = false;
			if (!isEnding) stop(whom);
		});
	};
	const stop = (whom: number): void => {
		command.signal(SIG.STOP);
		person.give();
		sys.changeSignals(signals, HEARD.filter(signal => signal !== SIG.TSTP));
		// A group that nothing could continue is not stopped by it.
		sys.kill(whom, SIG.TSTP);
		sys.changeSignals(signals, HEARD);
		goOn();
	};
	const goOn = (): void => {
		mirrorSize();
		resume();
		command.signal(SIG.CONT);
	};
	/** Who continued it may have left the terminal in any mode, or have kept it. */
	const resume = (): void => {
		if (told.pid === null || told.pid === 0 || isEnding) return;
		if (!ownsKeys || person.take()) input.start();
		else input.stop();
	};
	const hangUp = (): void => {
		command.signal(SIG.HUP);
		after(FAREWELL, () => {
			command.signal(SIG.KILL);
			end(128 + SIG.HUP);
		});
	};
	const obey = (signal: SignalNumber): void => {
		if (signal === SIG.WINCH) {
			mirrorSize();
			command.signal(signal);
		} else if (signal === SIG.CONT) {
			goOn();
		} else if (signal === SIG.TSTP) {
			suspend(sys.getpid());
		} else if (told.pid === null || isEnding) {
			end(128 + signal);
		} else if (signal === SIG.HUP) {
			hangUp();
		} else {
			command.signal(signal);
		}
	};
	const report = new Int32Array(Object.keys(SIGNAL_REPORT).length);
	watch(signals, EPOLLIN, () => {
		while (sys.readSignal(signals, report) === 1) obey(report[SIGNAL_REPORT.number] ?? 0);
	});

	// ── What the pool tells ──

	const begun = (pid: number): void => {
		if (pid === 0) return;
		// Where the pool is in another PID namespace its numbers mean others here.
		if (pool.pid > 0) {
			// What is typed from then on is for who reads this terminal next.
			command = followCommand(pid, pool.uid, () => input.stop());
		}
		resume();
	};
	/** All that was written is shown before the program ends. */
	const finish = (status: number, why?: string): void => {
		if (isEnding) return;
		isEnding = true;
		forget(pool.fd);
		input.stop();
		let left = outputs.length;
		for (const output of outputs) {
			output.drain(() => {
				left -= 1;
				if (left === 0) end(status, why);
			});
		}
	};
	const fail = (why: string): void => {
		command.signal(SIG.KILL);
		finish(FAILED, why);
	};
	const reader = createReader(latin1Of);
	const buffer = newBytes(256);
	const hear = (): void => {
		const count = sys.read(pool.fd, buffer);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count <= 0) return fail(`the pool at ${pool.path} has ended${told.pid ? `, and ${name} with it` : ` before ${name} began`}`);
		const before = told.pid;
		const now = reader(buffer.subarray(0, count));
		if (now === null) return fail(`what listens at ${pool.path} does not speak as a pool does`);
		told = now;
		if (before === null && told.pid !== null) {
			begun(told.pid);
			// A person who sees what the command says types for it: by now the terminal is as that needs it.
			for (const output of outputs) output.start();
		}
		// Who is not answered has said nothing on which it could be told.
		const isRefused = told.status === FAILED && told.pid === 0 && ![0, pool.uid].includes(sys.getuid());
		const why = isRefused ? `the pool at ${pool.path} answers only its own user (${pool.uid}) and root` : undefined;
		if (told.status !== null) finish(told.status, why);
	};

	watch(pool.fd, EPOLLIN, hear);
	run();
	return null;
}
