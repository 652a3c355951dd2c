/**
 * Answers to `Logs`: what is kept of each source, and with `follow` what comes from then on. Services and
 * archon never wait for a client: what one does not read is dropped behind a bound, counted, and told to that client.
 */
import type {Effect} from '../../../../core/effect.ts';
import type {Entry} from '../../../../core/entry.ts';
import type {Id} from '../../../../core/ids.ts';
import type {Service} from '../../../../core/service.ts';
import type {LogLine} from '../../core.ts';
import {find} from '../../../../core/state.ts';
import type {Call} from '../../../../control/call.ts';
import type {Daemon} from '../../../../control/daemon.ts';
import {encodeLogRow, type LogRow} from './rows.ts';
import {choose, fitsAny, isOpen as mayGrow, within} from '../../../../control/names.ts';
import type {Scope} from '../../../../control/scope.ts';
import type {LogsRequest} from './wire.ts';

export interface Subscriptions {
	/** What it returns is to be called if the client leaves before the reply. */
	open(request: LogsRequest, call: Call): () => void;
	onEffects(effects: readonly Effect[]): void;
}

/** archon's own name as a source, unless a service has it. */
const OWN = 'archon';

/** A service or archon itself, whose lines are sent. */
interface Source {
	/** null: archon itself. */
	readonly id: Id | null;
	readonly name: string;
	/** Why archon does not read its output, for a client that asks for this service alone; null: it does, or several are asked for. */
	readonly unseen: string | null;
}

interface Subscription {
	/** A process was made for a service: it may be one that the subscription does not know yet, or that had no pipes before. */
	spawned(entry: Entry): void;
	forget(id: Id): void;
}

export function createSubscriptions(daemon: Daemon): Subscriptions {
	const subscriptions = new Set<Subscription>();
	const store: Store = {queued: 0};
	return {
		open(request, call) {
			const sources = sourcesOf(daemon, request.names, call.scope);
			if (typeof sources === 'string') {
				call.reply({kind: 'Error', reason: sources});
				return () => {};
			}
			const subscription = createSubscription({daemon, request, call, sources, store}, () => void subscriptions.delete(subscription));
			if (request.follow) subscriptions.add(subscription);
			subscription.begin();
			return subscription.leave;
		},
		onEffects(effects) {
			if (subscriptions.size === 0) return;
			for (const effect of effects) {
				if (effect.kind === 'changed' && effect.before.phase.kind === 'spawning') {
					for (const subscription of subscriptions) subscription.spawned(effect.after);
				}
				if (effect.kind === 'forgotten') for (const subscription of subscriptions) subscription.forget(effect.entry.id);
			}
		},
	};
}

const OURS: Source = {id: null, name: OWN, unseen: null};

/** The sources that the names choose; without names all of the scope. Or an error about a name that chooses none. */
function sourcesOf(daemon: Daemon, names: readonly string[], scope: Scope): readonly Source[] | string {
	const state = daemon.state();
	if (names.length === 0) {
		const all = within(state, scope);
		// archon's own events tell of all services.
		return [...all.map(entry => sourceOf(entry, all.length === 1)), ...scope.isWhole ? [OURS] : []];
	}
	const isOurs = (name: string): boolean => name === OWN && !find(state, OWN);
	if (!scope.isWhole && names.some(isOurs)) return scope.refusal(OWN);
	const chosen = choose(state, names.filter(name => !isOurs(name)), scope);
	if (!chosen.ok) return chosen.error;
	return [...chosen.value.map(({entry, isNamed}) => sourceOf(entry, isNamed)), ...names.some(isOurs) ? [OURS] : []];
}

/** `isMeant`: asked for by itself, and not only among others. */
const sourceOf = ({id, service}: Entry, isMeant: boolean): Source =>
	({id, name: service.name, unseen: isMeant ? unseen(service) : null});

function unseen({ready, exec: {tty, output}}: Service): string | null {
	switch (output.kind) {
		case 'lines': return null;
		case 'inherit': return tty || ready?.kind === 'log' ? null : 'it has archon\'s own stdout and stderr';
		case 'files': return tty ? null : `it writes to ${[output.stdout, output.stderr].map(path => path ?? '/dev/null').join(' and ')}`;
		case 'passed': return 'it has the streams of the client that runs it';
	}
}

/** Bytes that wait in the connection before more is given to it. */
const ROOM = 256 * 1024;
/** Characters of new lines that may wait for one client; further lines are dropped until these are sent. */
const LIMIT = 1 << 20;
/** Characters of new lines that may wait for all clients together. */
const ALL_LIMIT = 16 << 20;
/** What a line costs beside its text. */
const OVERHEAD = 64;
/** Characters that are sent at once, but at least one row: in bytes at most four times as much. */
const CHUNK = 64 * 1024;

/** Lines on their way to the client. */
interface Batch {
	readonly name: string;
	readonly lines: readonly LogLine[];
	/** What they count for in `queued`; 0 for lines that are kept in memory anyway. */
	readonly size: number;
}

/** New lines that wait for clients of all subscriptions, in characters. */
interface Store {
	queued: number;
}

interface SubscriptionParts {
	readonly daemon: Daemon;
	readonly request: LogsRequest;
	readonly call: Call;
	readonly sources: readonly Source[];
	readonly store: Store;
}

function createSubscription(
	{daemon, request, call, sources, store}: SubscriptionParts, ended: () => void,
): Subscription & {begin(): void; leave(): void} {
	const {names, follow, stream} = request;
	/** Whether a service that comes later may be meant as well. */
	const isOpen = names.length === 0 || names.some(name => mayGrow(daemon.state(), name));
	const cancels = new Map<Id | null, () => void>();
	/** Sources whose kept lines have not been sent. */
	let waiting = [...sources];
	let queue: Batch[] = [];
	/** Rows of lines that have left the queue: more than are sent at once only for a long line. */
	let rows: readonly (readonly string[])[] = [];
	let queued = 0;
	let dropped = 0;
	let isLive = !follow;
	let isOver = false;

	const send = (...rows: readonly LogRow[]): void => call.send(rows.flatMap(encodeLogRow));

	/** Sends what is kept of a source and follows it from the same moment on: no line is missed, and none is sent twice. */
	function beginWith({id, name}: Source): void {
		const kept = daemon.logs.tail(id, stream === null && request.since === null ? request.lines : Infinity);
		const asked = choosing(kept, request);
		if (needsFile(kept, asked, request)) send(...daemon.logs.files(id).map(mark => ({...mark, kind: 'file', name} as const)));
		if (asked.length > 0) queue.push({name, lines: asked, size: 0});
		if (follow) cancels.set(id, daemon.logs.follow(id, lines => onLines(name, lines)));
	}

	function onLines(name: string, lines: readonly LogLine[]): void {
		const mine = stream === null ? lines : lines.filter(line => line.stream === stream);
		if (mine.length === 0) return;
		// What is dropped is dropped in one piece, so that the client can be told where. Nothing is dropped for a client
		// that reads, even if others do not: with nothing in its queue it would never be told how many lines are missing.
		if (dropped > 0 || queued > LIMIT || (store.queued > ALL_LIMIT && call.pending() > ROOM)) {
			dropped += mine.length;
			return;
		}
		const size = mine.reduce((size, {text}) => size + text.length + OVERHEAD, 0);
		queue.push({name, lines: mine, size});
		queued += size;
		store.queued += size;
		pump();
	}

	/** A bug here ends this answer, and does not reach the service that writes. */
	function pump(): void {
		try {
			sendAll();
		} catch (error) {
			leave();
			call.reply({kind: 'Error', reason: `a bug in archon: ${String(error)}`});
		}
	}

	function sendAll(): void {
		while (!isOver && call.pending() <= ROOM) {
			if (sendNext()) continue;
			const source = waiting.shift();
			if (source) beginWith(source);
			else if (!isLive) {
				isLive = true;
				send({kind: 'live'});
			} else {
				if (!follow || (cancels.size === 0 && !isOpen)) end();
				return;
			}
		}
	}

	/** The next lines, or how many are missing behind them; whether there was something. */
	function sendNext(): boolean {
		if (rows.length === 0 && queue.length > 0) rows = takeLines();
		if (rows.length > 0) {
			const count = upTo(CHUNK, rows, ([, , , , text = '']) => text.length);
			call.send(rows.slice(0, count));
			rows = rows.slice(count);
			return true;
		}
		if (dropped === 0) return false;
		send({kind: 'dropped', count: dropped});
		dropped = 0;
		return true;
	}

	/** The next lines of the queue as rows. */
	function takeLines(): readonly (readonly string[])[] {
		const batch = queue.shift();
		if (!batch) return [];
		const {name, lines, size} = batch;
		const count = upTo(CHUNK, lines, ({text}) => text.length + OVERHEAD);
		if (count < lines.length) queue.unshift({...batch, lines: lines.slice(count)});
		else {
			queued -= size;
			store.queued -= size;
		}
		return lines.slice(0, count).flatMap(line => encodeLogRow({...line, kind: 'line', name}));
	}

	function end(): void {
		leave();
		call.reply({kind: 'Ok'});
	}

	function leave(): void {
		isOver = true;
		for (const cancel of cancels.values()) cancel();
		cancels.clear();
		store.queued -= queued;
		queued = 0;
		queue = [];
		rows = [];
		waiting = [];
		ended();
	}

	return {
		leave,
		begin() {
			send(...sources.map(({name}): LogRow => ({kind: 'source', name})));
			for (const {name, unseen: why} of sources) if (why !== null) send({kind: 'unseen', name, why});
			call.whenDrained(pump);
			pump();
		},
		spawned({id, service}) {
			const {name} = service;
			const cancel = cancels.get(id);
			if (cancel) {
				cancel();
				cancels.set(id, daemon.logs.follow(id, lines => onLines(name, lines)));
				return;
			}
			const isKnown = waiting.some(source => source.id === id);
			if (isKnown || !isOpen || !(names.length === 0 || fitsAny(names, service)) || !call.scope.has(service)) return;
			send({kind: 'source', name});
			waiting.push({id, name, unseen: null});
			pump();
		},
		forget(id) {
			waiting = waiting.filter(source => source.id !== id);
			cancels.get(id)?.();
			cancels.delete(id);
			pump();
		},
	};
}

/** How many of them, but at least one, have no more than `most` together. */
function upTo<T>(most: number, list: readonly T[], size: (one: T) => number): number {
	let left = most;
	const end = list.findIndex(one => (left -= size(one)) < 0);
	return end < 0 ? list.length : Math.max(1, end);
}

/** Of the lines that are kept, those that are asked for. */
function choosing(kept: readonly LogLine[], {lines, stream, since}: LogsRequest): readonly LogLine[] {
	const fitting = stream === null && since === null
		? kept
		: kept.filter(line => (stream === null || line.stream === stream) && (since === null || line.at >= since));
	return fitting.length > lines ? fitting.slice(fitting.length - lines) : fitting;
}

/** Whether older lines are asked for than those that are kept. */
function needsFile([oldest]: readonly LogLine[], asked: readonly LogLine[], {lines, since}: LogsRequest): boolean {
	return asked.length < lines && !(since !== null && oldest !== undefined && oldest.at < since);
}
