/** The way of a command that shows a screen to archon: a connection that never waits, in archon's own event loop. */
import {createLive, type Live, type LiveState, type LiveStream} from '../control/live-client.ts';
import {ok, type Result} from '../core/result.ts';
import {createPoller} from '../os/poller.ts';
import {after} from '../os/reactor.ts';
import {openStream, type StreamListener} from '../os/sockets/stream.ts';
import {sys} from '../os/sys.ts';
import type {Io} from './command.ts';
import {firstOf, isOver} from './places.ts';

/** The error says why archon cannot be reached. Another connection is to the same place as the first. */
export function reachLive(io: Io, socket: string | null, told: (state: LiveState) => void): Result<Live, string> {
	const poller = createPoller();
	// What comes by the first stream is heard by whatever the client has for it when it asks for one.
	let listener: StreamListener | null = null;
	const first = firstOf(io, socket, (path, isNamed) => openStream(poller, path, isNamed, {
		data: bytes => listener?.data(bytes),
		ended: () => listener?.ended(),
	}));
	if (!first.ok) return first;
	const {path, isNamed} = first.value;
	let ready: LiveStream | null = first.value.value;
	return ok(createLive({
		open(hears) {
			const stream = ready;
			ready = null;
			if (!stream) return openStream(poller, path, isNamed, hears);
			listener = hears;
			return ok(stream);
		},
		isOver: why => isOver(path, why),
		now: sys.now, after, told,
	}));
}
