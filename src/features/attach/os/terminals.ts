/**
 * Terminals of services, for those who are attached: keeps what is written, types, and sets sizes. It is loaded with the first
 * terminal, and a service without one costs nothing here.
 */
import type {Id} from '../../../core/ids.ts';
import {after} from '../../../os/clock.ts';
import {close, write} from '../../../os/descriptors.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {EPOLLOUT, ERRNO, sys} from '../../../os/sys.ts';
import {type Size, type Terminals, USUAL} from '../core/terminals.ts';
import {createHistory, type History} from './history.ts';

export interface TerminalKeeper extends Terminals {
	/** A terminal was made for the next run, or is taken over from the previous instance. */
	opened(id: Id, name: string, fd: number, isInherited: boolean): void;
	wrote(id: Id, bytes: Uint8Array): void;
	/** It is closed after this. */
	closing(id: Id): void;
	forget(id: Id, name: string): void;
}

interface Terminal {
	/** archon's end; -1: the service has none now. */
	fd: number;
	/** The same file by a number of its own, which can be waited for apart from what is read; -1: nothing waits. */
	writer: number;
	history: History | null;
	readonly followers: Set<() => void>;
	/** What is typed and was not taken yet. */
	queue: {bytes: Uint8Array; readonly done: () => void}[];
	queued: number;
}

/** What may wait to be typed into one terminal, in bytes. */
const QUEUE_MAX = 256 << 10;
/** What is told at once, so that who reads in time misses nothing, in bytes. */
const PIECE = 16 << 10;
/** Between the two sizes by which a program is made to draw: less, and some would see only the second, in milliseconds. */
const WINK = 50;

export function createTerminals(poller: Poller, handoff: Handoff): TerminalKeeper {
	const terminals = new Map<Id, Terminal>();
	const sizes = new Map<string, Size>();

	function of(id: Id): Terminal {
		const known = terminals.get(id);
		if (known) return known;
		const terminal: Terminal = {fd: -1, writer: -1, history: null, followers: new Set(), queue: [], queued: 0};
		terminals.set(id, terminal);
		return terminal;
	}

	const historyOf = (id: Id): History => of(id).history ??= createHistory(handoff, keyOf(id));

	function flush(terminal: Terminal): void {
		const done: (() => void)[] = [];
		for (let first = terminal.queue[0]; first && terminal.fd >= 0; first = terminal.queue[0]) {
			const count = write(terminal.fd, first.bytes);
			if (count === -ERRNO.EAGAIN) break;
			// A terminal that is gone takes nothing, and what was for it with it.
			const taken = count < 0 ? first.bytes.length : count;
			terminal.queued -= taken;
			first.bytes = first.bytes.subarray(taken);
			if (first.bytes.length > 0) continue;
			terminal.queue.shift();
			done.push(first.done);
		}
		if (terminal.queue.length > 0 && terminal.writer < 0) waitFor(terminal);
		if (terminal.queue.length === 0) rest(terminal);
		for (const tell of done) tell();
	}

	function waitFor(terminal: Terminal): void {
		terminal.writer = sys.anotherFd(terminal.fd);
		if (terminal.writer >= 0) poller.watch(terminal.writer, EPOLLOUT, () => flush(terminal));
	}

	/** Nothing waits any more. */
	function rest(terminal: Terminal): void {
		if (terminal.writer < 0) return;
		poller.forget(terminal.writer);
		close(terminal.writer);
		terminal.writer = -1;
	}

	function closing(id: Id): void {
		const terminal = terminals.get(id);
		if (!terminal) return;
		rest(terminal);
		terminal.fd = -1;
		const {queue} = terminal;
		terminal.queue = [];
		terminal.queued = 0;
		for (const {done} of queue) done();
	}

	function prepare(name: string, size: Size): void {
		sizes.set(name, size);
		handoff.put(sizeKeyOf(name), `${size.rows} ${size.columns}`);
	}

	return {
		opened(id, name, fd, isInherited) {
			const terminal = of(id);
			terminal.fd = fd;
			if (isInherited) {
				const size = sizeOf(handoff.past.get(sizeKeyOf(name)) ?? '');
				if (size) sizes.set(name, size);
				historyOf(id);
				return;
			}
			terminal.history?.restart();
			const size = sizes.get(name);
			if (size) sys.setTerminalSize(fd, size.rows, size.columns);
		},
		wrote(id, bytes) {
			const history = historyOf(id);
			for (let at = 0; at < bytes.length; at += PIECE) {
				history.put(bytes.subarray(at, at + PIECE));
				for (const tell of of(id).followers) tell();
			}
		},
		closing,
		forget(id, name) {
			closing(id);
			terminals.get(id)?.history?.forget();
			terminals.delete(id);
			sizes.delete(name);
			handoff.delete(sizeKeyOf(name));
		},
		from: (id, place, most) => historyOf(id).from(place, most),
		picture: (id, withHistory) => historyOf(id).picture(withHistory),
		follow(id, told) {
			const {followers} = of(id);
			followers.add(told);
			return () => void followers.delete(told);
		},
		type(id, bytes, done) {
			const terminal = of(id);
			if (terminal.queued + bytes.length > QUEUE_MAX) return false;
			if (terminal.fd < 0 || bytes.length === 0) {
				done();
				return true;
			}
			terminal.queue.push({bytes, done});
			terminal.queued += bytes.length;
			if (terminal.queue.length === 1) flush(terminal);
			return true;
		},
		size: name => sizes.get(name) ?? USUAL,
		prepare,
		resize(id, name, size) {
			const before = sizes.get(name) ?? USUAL;
			prepare(name, size);
			const {fd = -1, history, followers} = terminals.get(id) ?? {};
			const isOther = before.rows !== size.rows || before.columns !== size.columns;
			if (isOther && history?.resized()) for (const tell of followers ?? []) tell();
			if (fd >= 0) sys.setTerminalSize(fd, size.rows, size.columns);
		},
		redraw(id, name) {
			const {fd = -1} = terminals.get(id) ?? {};
			if (fd < 0) return;
			const {rows, columns} = sizes.get(name) ?? USUAL;
			// Many programs draw only where the size is another one.
			sys.setTerminalSize(fd, rows === 1 ? 2 : rows - 1, columns);
			after(WINK, () => {
				const now = sizes.get(name) ?? USUAL;
				if (terminals.get(id)?.fd === fd) sys.setTerminalSize(fd, now.rows, now.columns);
			});
		},
	};
}

const keyOf = (id: Id): string => `screen ${id}`;
const sizeKeyOf = (name: string): string => `size ${name}`;

function sizeOf(text: string): Size | null {
	const [rows = 0, columns = 0] = text.split(' ').map(Number);
	return rows > 0 && columns > 0 ? {rows, columns} : null;
}
