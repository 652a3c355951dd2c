/** A trigger, as overseer's daemon asks for it on its own control socket: one after the other, and its answer as one line. */
import {decodeReply} from '../control/protocol.ts';
import {createReader, plainField} from '../control/records.ts';
import {after} from '../os/clock.ts';
import {bytesOf, newBytes} from '../os/bytes.ts';
import {close, read, streamPair} from '../os/descriptors.ts';
import {errnoText} from '../os/errno.ts';
import {gid, pid, uid} from '../os/identity.ts';
import type {Poller} from '../os/poller.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {EPOLLIN, ERRNO, MSG_DONTWAIT, sys} from '../os/sys.ts';
import {TRIGGER_TIME} from '../features/overseer/core/homes.ts';

export interface TriggerParts {
	readonly poller: Poller;
	/** Null: there is no control socket. */
	readonly listener: () => Listener | null;
}

/** Calls back with what a trigger has done. Who asks while one is under way waits for the next: that one may have read too early. */
export type Trigger = (done: (line: string) => void) => void;

/** Of an answer, in characters. */
const ANSWER_MAX = 2000;

export function createTrigger(parts: TriggerParts): Trigger {
	let waiting: ((line: string) => void)[] = [];
	let isBusy = false;
	function next(): void {
		const those = waiting;
		waiting = [];
		isBusy = those.length > 0;
		if (!isBusy) return;
		ask(parts, line => {
			for (const done of those) done(line.slice(0, ANSWER_MAX));
			next();
		});
	}
	return done => {
		waiting.push(done);
		if (!isBusy) next();
	};
}

/** As a client that is archon itself. */
function ask({poller, listener}: TriggerParts, done: (line: string) => void): void {
	const socket = listener();
	if (!socket) return done('there is no control socket, see the log');
	const ends = streamPair();
	if (typeof ends === 'number') return done(`cannot make a connection: ${errnoText(-ends)}`);
	const [own, theirs] = ends;
	const reader = createReader();
	const bytes = newBytes(4096);
	let text = '';
	const finish = (line: string): void => {
		cancel();
		poller.forget(own);
		close(own);
		done(line);
	};
	const cancel = after(TRIGGER_TIME, () => poller.whole(() => finish(`still under way after ${TRIGGER_TIME / 1000} s`)));
	poller.watch(own, EPOLLIN, () => {
		const count = read(own, bytes);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count <= 0) return finish('archon has closed the connection');
		for (const reading of reader.read(bytes.subarray(0, count))) {
			if (reading.kind === 'fault') return finish(reading.reason);
			const {fields} = reading;
			const reply = decodeReply(fields);
			if (!reply) text = fields.at(-1) ?? '';
			else return finish(reply.kind === 'Error' ? lineOf(reply.reason) : lineOf(text));
		}
	});
	sys.send(own, bytesOf('Trigger\n'), [], MSG_DONTWAIT);
	socket.admit(theirs, {pid, uid, gid, groups: [], owner: null});
}

/** One line of printable characters. */
const lineOf = (text: string): string => plainField(text.trim().replaceAll(/\s*\n\s*/g, '; '));
