/**
 * A person's terminal for tests: a program on a pseudo-terminal of its own, and the screen that it makes there, as
 * xterm.js shows it. Nothing here waits for a time to pass.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {ReadStream} from 'node:tty';
import {Terminal as Screen} from '@xterm/headless';
import {undo} from '../../scripts/undo.ts';
import {openTerminal} from '../../src/os/descriptors.ts';
import {sys} from '../../src/os/sys.ts';

export interface Options {
	readonly rows?: number;
	readonly columns?: number;
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly cwd?: string;
}

export interface Terminal extends AsyncDisposable {
	readonly pid: number;
	/** The lines that are visible, without blanks at their ends; none below the last that has something. */
	screen(): readonly string[];
	/** Those and what has scrolled out above them. */
	all(): readonly string[];
	/** Row and column of the cursor, from 0. */
	cursor(): readonly [row: number, column: number];
	/** All that the program wrote, as it came. */
	written(): string;
	/** Types: bytes as a keyboard sends them, `\r` for Enter. */
	press(keys: string): void;
	resize(rows: number, columns: number): void;
	/** Waits until what is visible, as one text, matches. */
	until(pattern: RegExp | string): Promise<void>;
	/** Waits until a look at the screen is content. */
	untilIt(is: (screen: readonly string[]) => boolean): Promise<void>;
	/** Whether typed bytes come as they are, without an echo. */
	isRaw(): boolean;
	/** Hangs up, as a terminal does that is closed. */
	hangUp(): void;
	/** The exit status, or 128 and the signal, once the program has ended and all that it wrote is on the screen. */
	ended(): Promise<number>;
}

/** How long `until` waits before it says what is there instead. */
const PATIENCE = 10_000;

const SIGNALS: Readonly<Record<string, number>> = {SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15};

/** The terminal is the program's controlling one, and the program leads its session. */
export function onTerminal(argv: readonly string[], {rows = 24, columns = 80, env = {}, cwd}: Options = {}): Terminal {
	const ends = openTerminal();
	if (typeof ends === 'number') throw new Error(`no terminal: errno ${-ends}`);
	const [own, theirs] = ends;
	sys.setTerminalSize(own, rows, columns);
	const child = spawn('setsid', ['-c', ...argv], {
		stdio: [theirs, theirs, theirs], env: {...process.env, NO_COLOR: undefined, TERM: 'xterm-256color', ...env}, ...cwd === undefined ? {} : {cwd},
	});
	const screen = new Screen({rows, cols: columns, scrollback: 10_000, allowProposedApi: true});
	const waiting = new Set<() => void>();
	let [written, parsing, hasEnded] = ['', 0, false];
	const look = (): void => {
		for (const each of [...waiting]) each();
	};
	const input = new ReadStream(own);
	const parse = (data: Buffer): void => {
		written += data.toString('latin1');
		parsing += 1;
		screen.write(data, () => {
			parsing -= 1;
			look();
		});
	};
	input.on('data', parse);
	// EIO: the other end is open no more.
	input.on('error', () => {});
	// What a terminal answers to questions of programs.
	screen.onData(text => void input.write(text));
	const closed = new Promise<void>(resolve => {
		input.once('close', resolve);
	});
	// Who still waits has waited for too much.
	void closed.then(look);
	const end = once(child, 'exit').then(([code, signal]) => {
		hasEnded = true;
		// The other end is held open for as long as the program runs, so that its last words are not lost.
		sys.close(theirs);
		return code === null ? 128 + (SIGNALS[String(signal)] ?? 0) : Number(code);
	});
	const undone = undo(() => child.kill('SIGKILL'));

	const lines = (from: number): readonly string[] => {
		const {active} = screen.buffer;
		const found = Array.from({length: active.length - from}, (_, i) => active.getLine(from + i)?.translateToString(true).trimEnd() ?? '');
		while (found.at(-1) === '') found.pop();
		return found;
	};
	const visible = (): readonly string[] => lines(screen.buffer.active.baseY);
	const untilIt = (is: (screen: readonly string[]) => boolean): Promise<void> => new Promise((resolve, reject) => {
		const done = (finish: () => void): void => {
			clearTimeout(timer);
			waiting.delete(check);
			finish();
		};
		const check = (): void => {
			if (is(visible())) done(resolve);
			else if (hasEnded && parsing === 0 && input.destroyed) done(() => reject(new Error(`it ended, and there is\n${visible().join('\n')}`)));
		};
		const timer = setTimeout(() => done(() => reject(new Error(`there is only\n${visible().join('\n')}`))), PATIENCE);
		waiting.add(check);
		check();
	});
	const terminal: Terminal = {
		pid: child.pid ?? 0,
		screen: visible,
		all: () => lines(0),
		cursor: () => [screen.buffer.active.cursorY, screen.buffer.active.cursorX],
		written: () => written,
		press: keys => void input.write(keys),
		resize(rows, columns) {
			screen.resize(columns, rows);
			sys.setTerminalSize(own, rows, columns);
		},
		until: pattern => untilIt(screen => (typeof pattern === 'string' ? screen.join('\n').includes(pattern) : pattern.test(screen.join('\n')))),
		untilIt,
		isRaw: () => isRaw(own),
		hangUp: () => void input.destroy(),
		async ended() {
			const status = await end;
			await closed;
			while (parsing > 0) await new Promise<void>(resolve => screen.write('', resolve));
			return status;
		},
		async [Symbol.asyncDispose]() {
			undone[Symbol.dispose]();
			await end;
			input.destroy();
		},
	};
	return terminal;
}

/** ICANON of `c_lflag`, the fourth word (termios(3)). */
function isRaw(fd: number): boolean {
	const mode = sys.terminalMode(fd);
	return typeof mode !== 'number' && (new Int32Array(mode.slice(0, 16).buffer)[3] ?? 0) % 4 < 2;
}
