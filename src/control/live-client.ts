/**
 * A client that never waits: one connection, as many questions at a time as there are (each with a tag), and another
 * connection where archon is re-executed. For programs that show a screen.
 */
import {err, type Result} from '../core/result.ts';
import type {Instant, Millis} from '../core/time.ts';
import {type Answer, BROKEN, invalid, LONG, PATIENCE, PAUSE, type Trouble, TRIES, type Verb} from './client.ts';
import {decodeReply, type Reply} from './protocol.ts';
import {createReader, type Reading, writeRecord} from './records.ts';

/** What a connection is for a live client; `os/sockets/stream.ts` makes these by shape. */
export interface LiveStream {
	send(bytes: Uint8Array): void;
	close(): void;
}

export interface LiveParts {
	/** Another connection to the same archon; the error is why it cannot be had. It never waits. */
	readonly open: (listener: {data(bytes: Uint8Array): void; ended(): void}) => Result<LiveStream, string>;
	/** Whether an error of `open` says that archon has ended, and does not come back by itself. */
	readonly isOver: (why: string) => boolean;
	readonly now: () => Instant;
	/** Calls back once after so long, unless the result is called before. */
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** Hears what becomes of the connection. */
	readonly told: (state: LiveState) => void;
}

/**
 * `broken`: the connection is gone, and another one is tried for. `connected`: there is another one, after `broken` or `lost`.
 * `lost`: there is no archon to connect to; the next question tries again.
 */
export type LiveState = {readonly kind: 'broken' | 'connected'} | {readonly kind: 'lost'; readonly why: string};

/** Hears the answer to one question. */
export interface Hears {
	/** Rows as they come, all that came at once. */
	rows?(rows: Answer['rows']): void;
	/**
	 * The end, once and never within `ask`. `broken`: it ended between its rows, or may be sent again by who wants that;
	 * archon is there. The other troubles are as those of `Client.ask`.
	 */
	done(result: Result<Reply, Trouble>): void;
}

export interface Live {
	/**
	 * The result gives the answer up: nothing is heard of it any more. Where no other answer is awaited, the connection is closed,
	 * which ends at archon what was followed or begun; the next question makes another one.
	 */
	ask(request: Verb, fields: readonly string[], hears: Hears): () => void;
	/** Gives all up for good. */
	close(): void;
}

interface Question {
	readonly request: Verb;
	readonly fields: readonly string[];
	/** null: it was given up. */
	hears: Hears | null;
	hasRows: boolean;
	tries: number;
	began: Instant;
}

export function createLive({open, isOver, now, after, told}: LiveParts): Live {
	const questions = new Map<string, Question>();
	let stream: LiveStream | null = null;
	let reader = createReader();
	let next = 0;
	/** Since when another connection is tried for; null: it is not. */
	let brokenSince: Instant | null = null;
	let wasLost = false;
	let cancelTry = (): void => {};
	let isClosed = false;

	const finish = (tag: string, result: Result<Reply, Trouble>): void => {
		const hears = questions.get(tag)?.hears;
		questions.delete(tag);
		hears?.done(result);
		closeUnused();
	};
	const soon = (tag: string, trouble: Trouble): void => void after(0, () => finish(tag, err(trouble)));

	const heard = (readings: readonly Reading[]): void => {
		/** Rows of one question that follow each other are told together. */
		let [at, rows]: [string, string[][]] = ['', []];
		const tell = (): void => {
			const question = questions.get(at);
			if (question && rows.length > 0) {
				question.hasRows = true;
				question.hears?.rows?.(rows);
			}
			rows = [];
		};
		for (const reading of readings) {
			const tag = reading.tag ?? '';
			if (tag !== at) tell();
			at = tag;
			const reply = reading.kind === 'record' ? decodeReply(reading.fields) : null;
			if (reading.kind === 'record' && !reply && reading.fields[0] === 'Row') {
				rows.push(reading.fields.slice(1));
				continue;
			}
			tell();
			if (reply) finish(tag, {ok: true, value: reply});
			else finish(tag, err(invalid(reading.kind === 'fault' ? reading.reason : reading.fields[0])));
		}
		tell();
	};

	/** What closes a connection, and hears nothing of a later one. */
	const connect = (): Result<null, string> => {
		const own = createReader();
		const opened = open({
			data: bytes => {
				if (reader === own) heard(own.read(bytes));
			},
			ended: () => {
				if (reader === own) broken();
			},
		});
		if (!opened.ok) return opened;
		stream = opened.value;
		reader = own;
		return {ok: true, value: null};
	};
	const disconnect = (): void => {
		stream?.close();
		stream = null;
		reader = createReader();
	};
	const closeUnused = (): void => {
		if (questions.size > 0 && [...questions.values()].every(({hears}) => !hears)) {
			questions.clear();
			cancelTry();
			brokenSince = null;
			disconnect();
		}
	};

	const broken = (): void => {
		disconnect();
		brokenSince = now();
		told({kind: 'broken'});
		cancelTry = after(PAUSE, again);
	};
	const again = (): void => {
		if (isClosed || brokenSince === null) return;
		const connected = connect();
		if (!connected.ok && !isOver(connected.error) && now() - brokenSince < PATIENCE) {
			cancelTry = after(PAUSE, again);
			return;
		}
		brokenSince = null;
		if (connected.ok) back();
		else lost(connected.error);
	};
	/** There is another connection: what may be sent again is. */
	const back = (): void => {
		wasLost = false;
		told({kind: 'connected'});
		for (const [tag, question] of [...questions]) {
			if (now() - question.began > LONG) question.tries = 0;
			if (question.hasRows || question.tries >= TRIES) finish(tag, err(BROKEN));
			else if (!question.request.isRepeatable) finish(tag, err({...BROKEN, kind: 'unanswered'}));
			else send(tag, question);
		}
	};
	const lost = (why: string): void => {
		wasLost = true;
		told({kind: 'lost', why});
		for (const tag of [...questions.keys()]) finish(tag, err({kind: 'lost', reason: why}));
	};

	const send = (tag: string, question: Question): void => {
		const record = writeRecord([question.request.verb, ...question.fields], tag);
		if (!record.ok) return soon(tag, {kind: 'unsent', reason: record.error});
		question.tries += 1;
		question.began = now();
		stream?.send(record.value);
	};
	return {
		ask(request, fields, hears) {
			const tag = (next++).toString(36);
			const question: Question = {request, fields, hears, hasRows: false, tries: 0, began: now()};
			questions.set(tag, question);
			const connected = stream || brokenSince !== null || isClosed ? null : connect();
			if (isClosed) soon(tag, {kind: 'lost', reason: 'the connection was closed'});
			else if (connected && !connected.ok) soon(tag, {kind: 'lost', reason: connected.error});
			else if (stream) send(tag, question);
			if (connected?.ok && wasLost) {
				wasLost = false;
				told({kind: 'connected'});
			}
			return () => {
				question.hears = null;
				closeUnused();
			};
		},
		close() {
			isClosed = true;
			cancelTry();
			questions.clear();
			disconnect();
		},
	};
}
