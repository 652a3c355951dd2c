/**
 * Answers that go on: server-sent events, or JSON in lines. A client that does not read is told so and let go; it comes back with the
 * last id.
 */
import type {Millis} from '../../../core/time.ts';
import {after, soon} from '../../../os/clock.ts';
import type {Answer, Request, Streaming} from '../http/message.ts';

export const EVENTS_TYPE = 'text/event-stream; charset=utf-8';
export const LINES_TYPE = 'application/x-ndjson; charset=utf-8';

/** Bytes that a client may leave unread, with room below what HTTP bears. */
const BACKLOG_MAX = 768 << 10;

/** Proxies close what says nothing. */
const QUIET_MAX: Millis = 25_000;

export interface Told {
	/** Where the client goes on when it comes back. */
	readonly id?: string | number;
	/** Left out: what the stream is about. */
	readonly kind?: 'gap' | 'dropped' | 'trouble';
	readonly data: unknown;
}

export interface EventStream {
	tell(told: readonly Told[]): void;
	/** From where the client would go on now, without telling it anything. */
	mark(id: string | number): void;
	/** `last`: is told before. */
	end(last?: Told): void;
	/** For a handler to hand back. */
	readonly gone: () => void;
}

/** `stopped` is called once, when it has ended in any way. */
export function streamTo(request: Request, answer: Answer, isSse: boolean, stopped: () => void): EventStream {
	let out: Streaming | null = answer.stream(200, {'content-type': isSse ? EVENTS_TYPE : LINES_TYPE});
	let rest = (): void => {};
	const write = (text: string): void => {
		if (!out || text === '') return;
		out.write(text);
		rest();
		rest = isSse ? after(QUIET_MAX, () => write(':\n\n')) : () => {};
	};
	const textOf = ({id, kind, data}: Told): string => {
		const json = JSON.stringify(data);
		if (!isSse) return `${json}\n`;
		return `${id === undefined ? '' : `id: ${id}\n`}${kind === undefined ? '' : `event: ${kind}\n`}data: ${json}\n\n`;
	};
	const stop = (): void => {
		if (!out) return;
		out = null;
		rest();
		stopped();
	};
	const stream: EventStream = {
		gone: stop,
		mark: id => write(isSse ? `id: ${id}\n\n` : ''),
		end(last) {
			if (last) write(textOf(last));
			out?.end();
			stop();
		},
		tell(told) {
			write(told.map(textOf).join(''));
			if (out && out.backlog() > BACKLOG_MAX) stream.end(SLOW);
		},
	};
	// The client hears at once that it is connected, and how long to wait before it comes back.
	write(isSse ? 'retry: 2000\n\n' : '');
	// Its head is all that HEAD asks for.
	if (request.method === 'HEAD') soon(() => stream.end());
	return stream;
}

const SLOW: Told = {kind: 'dropped', data: {error: 'this client reads too slowly: connect again, with the last id as Last-Event-ID'}};

/** What is missing before what comes next. */
export const gap = (missed: number | null, why: string): Told => ({kind: 'gap', data: {missed, why}});

/** Whether the client wants server-sent events. */
export const wantsEvents = (request: Request): boolean => (request.header('accept') ?? '').includes('text/event-stream');

/** After what the client has seen, by its own word: the header of one that comes back counts more than the query that it began with. */
export const sinceOf = (request: Request): string | undefined => request.header('last-event-id') ?? request.query.get('since');
