/**
 * One run of a program: what it is given it reads from its standard input and from descriptor 3, and never from its words or its
 * variables. It ends with its process group, at the latest after its time.
 */
import type {Millis} from '../../core/time.ts';
import {newBytes, textOf} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {close} from '../../os/descriptors.ts';
import {errnoText} from '../../os/errno.ts';
import {CONNECTION} from '../../os/helper-wire.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, ERRNO, sys} from '../../os/sys.ts';
import {endOf, NOT_FOUND} from '../child.ts';

export interface Order {
	readonly program: string;
	readonly words: readonly string[];
	/** At most as much as a pipe has room for, each. */
	readonly input: Uint8Array;
	readonly beside: Uint8Array | null;
	readonly timeout: Millis;
}

export interface Ended {
	/** An exit status of a shell; null: it did not end in time. */
	readonly status: number | null;
	/** The beginning of what it said on stdout and on stderr. */
	readonly out: string;
	readonly said: string;
}

/** Descriptor of what is `beside`. */
export const BESIDE = 3;
/** Bytes that are kept of what it says. */
const SAID_MAX = 64 * 1024;
const SIGKILL = 9;
/** What its process group still says after its end, in milliseconds. */
const AFTERWARDS: Millis = 200;

/** The error says why it could not be run. */
export async function execute({program, words, input, beside, timeout}: Order, poller: Poller): Promise<Ended | string> {
	const pipes: Int32Array[] = [];
	const open = (): Int32Array | null => {
		const ends = new Int32Array(2);
		if (sys.pipe(ends) < 0) return null;
		pipes.push(ends);
		return ends;
	};
	const closeAll = (): void => pipes.forEach(ends => ends.forEach(fd => void (fd >= 0 && close(fd))));
	const [own, out, said, more] = [open(), open(), open(), beside ? open() : null];
	if (!own || !out || !said || (beside && !more)) {
		closeAll();
		return 'there are no descriptors left';
	}
	// All of it fits in: nothing waits.
	give(own, input);
	if (more && beside) give(more, beside);
	const pid = sys.fork();
	if (pid === 0) become(program, words, [own[0] ?? -1, out[1] ?? -1, said[1] ?? -1, more?.[0] ?? -1]);
	const readers = [out, said].map(ends => {
		const [reading = -1, writing = -1] = ends;
		close(writing);
		ends.fill(-1);
		return capture(reading, poller);
	});
	closeAll();
	if (pid < 0) {
		readers.forEach(({stop}) => stop());
		return errnoText(-pid);
	}
	let isLate = false;
	const cancel = after(timeout, () => {
		isLate = true;
		sys.kill(-pid, SIGKILL);
		sys.kill(pid, SIGKILL);
	});
	const status = await endOf(pid, poller);
	cancel();
	sys.kill(-pid, SIGKILL);
	await Promise.race([Promise.all(readers.map(({whole}) => whole)), new Promise<void>(resolve => after(AFTERWARDS, resolve))]);
	const [first = '', second = ''] = readers.map(({stop}) => stop());
	return {status: isLate ? null : status, out: first, said: second};
}

function give(ends: Int32Array, bytes: Uint8Array): void {
	const [, writing = -1] = ends;
	sys.write(writing, bytes);
	close(writing);
	ends[1] = -1;
}

/** In the new process. */
function become(program: string, words: readonly string[], fds: readonly number[]): never {
	sys.restoreSignals();
	sys.setsid();
	// The helper's connection to archon is no business of the program's.
	sys.close(CONNECTION);
	for (const [number, fd] of fds.entries()) if (fd >= 0) sys.duplicate(fd, number);
	sys.execute(program, `${words.join('\0')}\0`);
	sys.exit(NOT_FOUND);
}

function capture(fd: number, poller: Poller): {readonly whole: Promise<void>; readonly stop: () => string} {
	const bytes = newBytes(4096);
	let text = '';
	let isOpen = true;
	let done = (): void => {};
	const whole = new Promise<void>(resolve => (done = resolve));
	const stop = (): string => {
		if (isOpen) {
			poller.forget(fd);
			close(fd);
		}
		isOpen = false;
		done();
		return text;
	};
	poller.watch(fd, EPOLLIN, () => {
		const count = sys.read(fd, bytes);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count <= 0) stop();
		else text = (text + textOf(bytes, 0, count)).slice(0, SAID_MAX);
	});
	return {whole, stop};
}
