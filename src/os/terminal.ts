/**
 * The terminal of a person at descriptors 0 and 1, for programs that read it key by key: raw, told of its size, and as it
 * was on every way out: at the end, at an error or fault, at signals, and while the program is suspended.
 */
import {SIG, type SignalNumber} from '../core/signal-numbers.ts';
import {newBytes} from './bytes.ts';
import {errnoText} from './errno.ts';
import type {Poller} from './poller.ts';
import {SIGNAL_REPORT} from './layouts.ts';
import {EPOLLIN, ERRNO, sys} from './sys.ts';
import {err, ok, type Result} from '../core/result.ts';

export interface Size {
	readonly rows: number;
	readonly columns: number;
}

export interface TerminalListener {
	/** What was typed, as it came; it may be overwritten after this returns. */
	typed(bytes: Uint8Array): void;
	/** SIGWINCH: the terminal may have another size. */
	resized(size: Size): void;
	/** The program was stopped, and goes on in the foreground: all is to be drawn again. */
	continued(size: Size): void;
	/** SIGCHLD; it tells nothing of which. */
	childEnded?(): void;
	/**
	 * The program is to end: a signal asks for it, or the terminal is gone (null). Nothing is put right yet: `close` does.
	 * SIGINT comes from elsewhere than the keyboard, unless the terminal is given away.
	 */
	ended(signal: SignalNumber | null): void;
}

/** What is written when the terminal becomes the program's, and before it is given back. */
export interface Setting {
	readonly enter: string;
	/** Of at most 64 bytes it is also written where archon ends by a fault. It may change: see `left`. */
	readonly leave: string;
	/** Whether somebody is there to continue what ^Z stops; not where the shell is a service of archon's. */
	readonly canSuspend?: boolean;
	/** What is written is shown as it is: a newline is no more than that. */
	readonly isExact?: boolean;
}

export interface Terminal {
	size(): Size;
	/** WAITS for a terminal that does not take it. */
	write(text: string | Uint8Array): void;
	/** What is written before it is given back has changed. */
	left(): void;
	/** Whether what is typed is read; what comes meanwhile waits. */
	listen(isOn: boolean): void;
	/** ^Z: the program's process group is stopped, and this returns when it goes on. Where nothing could continue it, at once. */
	suspend(): void;
	/** Gives the terminal to a child in the same process group, as it was, until `take`: nothing is read, and ^Z stops both. */
	give(): void;
	take(): void;
	/** Gives it back for good. */
	close(): void;
}

const [STDIN, STDOUT] = [0, 1];

/** Bytes of `leave` that a fault writes. */
const LEAVE_MAX = 64;

/** Where a terminal says nothing of its size. */
const USUAL: Size = {rows: 24, columns: 80};

const ENDING = [SIG.HUP, SIG.INT, SIG.QUIT, SIG.TERM] as const;
const HEARD: readonly SignalNumber[] = [...ENDING, SIG.TSTP, SIG.CONT, SIG.WINCH, SIG.CHLD];

export function terminalSize(fd = STDOUT): Size {
	const size = new Int32Array(2);
	sys.terminalSize(fd, size);
	const [rows = 0, columns = 0] = size;
	return {rows: rows || USUAL.rows, columns: columns || USUAL.columns};
}

export function openTerminal(poller: Poller, setting: Setting, listener: TerminalListener): Result<Terminal, string> {
	const mode = sys.terminalMode(STDIN);
	if (typeof mode === 'number') return err(`standard input is not a terminal: ${errnoText(-mode)}`);
	const signals = sys.openSignals(HEARD);
	if (signals < 0) return err(`signals cannot be heard: ${errnoText(-signals)}`);
	const report = new Int32Array(Object.keys(SIGNAL_REPORT).length);
	const buffer = newBytes(4096);
	let [isOwn, isOpen, isHeard] = [false, true, true];

	const beRaw = (): void => {
		const {leave} = setting;
		sys.setTerminalMode(STDIN, mode, true, sys.encodeUtf8(leave).length <= LEAVE_MAX ? leave : '', setting.isExact);
	};
	const hear = (): void => {
		if (isOwn && isHeard) poller.watch(STDIN, EPOLLIN, read);
		else poller.forget(STDIN);
	};

	const enter = (): void => {
		if (isOwn || !isOpen) return;
		isOwn = true;
		beRaw();
		writeAll(setting.enter);
		if (isHeard) hear();
	};
	const leave = (): void => {
		if (!isOwn) return;
		isOwn = false;
		poller.forget(STDIN);
		writeAll(setting.leave);
		sys.setTerminalMode(STDIN, mode, false, '');
	};
	const read = (): void => {
		const count = sys.read(STDIN, buffer);
		if (count > 0) listener.typed(buffer.subarray(0, count));
		else if (count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) gone();
	};
	const gone = (): void => {
		if (isOwn) poller.forget(STDIN);
		isOwn = false;
		listener.ended(null);
	};
	const suspend = (): void => {
		if (setting.canSuspend === false) return;
		const wasOwn = isOwn;
		leave();
		sys.changeSignals(signals, HEARD.filter(signal => signal !== SIG.TSTP));
		// To all of the process group, as the terminal does it. A group that nothing could continue is not stopped by it.
		sys.kill(0, SIG.TSTP);
		sys.changeSignals(signals, HEARD);
		if (!wasOwn) return;
		enter();
		listener.continued(terminalSize());
	};
	const obey = (signal: SignalNumber): void => {
		if (!isOpen) return;
		if (signal === SIG.CHLD) listener.childEnded?.();
		else if (signal === SIG.TSTP) suspend();
		else if (signal === SIG.WINCH) listener.resized(terminalSize());
		else if (signal === SIG.CONT) goOn();
		// The keyboard means the child that has the terminal.
		else if (isOwn || (signal !== SIG.INT && signal !== SIG.QUIT)) listener.ended(signal);
	};
	/** Who stopped and continued it may have left the terminal in any mode. */
	const goOn = (): void => {
		if (!isOwn) return;
		beRaw();
		writeAll(setting.enter);
		listener.continued(terminalSize());
	};
	poller.watch(signals, EPOLLIN, () => {
		while (isOpen && sys.readSignal(signals, report) === 1) {
			const number = report[SIGNAL_REPORT.number] ?? 0;
			const signal = HEARD.find(heard => heard === number);
			if (signal !== undefined) obey(signal);
		}
	});
	enter();
	return ok({
		size: terminalSize,
		write: writeAll,
		left: () => isOwn && beRaw(),
		listen(isOn) {
			if (isOn === isHeard) return;
			isHeard = isOn;
			if (isOwn) hear();
		},
		suspend, give: leave, take: enter,
		close() {
			if (!isOpen) return;
			leave();
			isOpen = false;
			poller.forget(signals);
			sys.close(signals);
		},
	});
}

/** All of it; a terminal that is gone takes nothing, and is heard of by reading. */
function writeAll(text: string | Uint8Array): void {
	let bytes = typeof text === 'string' ? sys.encodeUtf8(text) : text;
	while (bytes.length > 0) {
		const count = sys.write(STDOUT, bytes);
		if (count === -ERRNO.EAGAIN) sys.sleep(5);
		else if (count < 0 && count !== -ERRNO.EINTR) return;
		else if (count > 0) bytes = bytes.subarray(count);
	}
}
