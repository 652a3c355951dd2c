/**
 * Who is attached to the terminals of services: each client is told what is written from where it is, as fast as it reads, and
 * one of them types. It is loaded with the first of them.
 */
import {type Call, OK, refuse, refuseForBug} from '../../../control/call.ts';
import type {Daemon} from '../../../control/daemon.ts';
import {choose} from '../../../control/names.ts';
import {clip} from '../../../control/records.ts';
import type {Scope} from '../../../control/scope.ts';
import type {Effect} from '../../../core/effect.ts';
import type {Entry} from '../../../core/entry.ts';
import type {Id} from '../../../core/ids.ts';
import {exitStatus, refusalStatus} from '../../../core/outcome.ts';
import type {Phase} from '../../../core/phase.ts';
import {entryOf, type State} from '../../../core/state.ts';
import {describeRefusal, lastEnd, pidOf} from '../../../core/status.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Size, Terminals} from '../core/terminals.ts';
import type {InputRequest} from './input/wire.ts';
import type {ResizeRequest} from './resize/wire.ts';
import {encodeTerminalRow, PIECE, type TerminalRow} from './rows.ts';
import type {TerminalRequest} from './terminal/wire.ts';

export interface Seats {
	/** What it returns is to be called if the client leaves before the reply: only its viewing ends. */
	open(request: TerminalRequest, call: Call): () => void;
	/** The size of the terminal of a service that does not exist yet. */
	prepare(name: string, size: Size): void;
	/** The same as `open` for a service that the client has just made, and whose end it is told by other means. */
	openFor(entry: Entry, size: Size, call: Call): () => void;
	input(request: InputRequest, call: Call): void;
	resize(request: ResizeRequest, call: Call): void;
	onEffects(effects: readonly Effect[]): void;
}

/** Clients of one terminal who only look on; and all of them, so that those leave room for who may type. */
const [VIEWERS_MAX, SEATS_MAX] = [16, 32];
/** Bytes that may wait in a connection before it is told more: what comes meanwhile is kept once for all clients. */
const ROOM = 128 << 10;

interface Seat {
	readonly number: number;
	readonly id: Id;
	readonly name: string;
	readonly call: Call;
	/** Whether it ends with the service. */
	readonly isOwn: boolean;
	mayWrite: boolean;
	/** Up to where it was told. */
	place: number;
	unfollow: () => void;
	isOver: boolean;
}

export function createSeats(daemon: Daemon, terminals: Terminals): Seats {
	const seats = new Map<Id, Set<Seat>>();
	let count = 0;

	const seatsOf = (id: Id): ReadonlySet<Seat> => seats.get(id) ?? NONE;
	const writerOf = (id: Id): Seat | undefined => [...seatsOf(id)].find(({mayWrite}) => mayWrite);
	const tell = ({call}: Seat, ...rows: readonly TerminalRow[]): void => call.send(rows.map(encodeTerminalRow));

	function sit({id, service: {name}}: Entry, size: Size | null, manner: Manner, call: Call, isOwn: boolean): Seat {
		const writer = size && writerOf(id);
		if (writer && manner.steals) {
			writer.mayWrite = false;
			tell(writer, {kind: 'role', role: 'reads'});
		}
		const mayWrite = size !== null && !(writer && !manner.steals);
		const seat: Seat = {
			number: ++count, id, name, call, isOwn, mayWrite, place: 0, isOver: false, unfollow: () => {},
		};
		const present = mayWrite ? size : terminals.size(name);
		tell(seat, {kind: 'attached', seat: seat.number, role: mayWrite ? 'writes' : 'reads', ...present});
		const known = seats.get(id);
		if (known) known.add(seat);
		else seats.set(id, new Set([seat]));
		try {
			begin(seat, size, manner);
		} catch (error) {
			// No client would leave it.
			stand(seat);
			throw error;
		}
		return seat;
	}

	/** Tells what was written, and from now on what is. */
	function begin(seat: Seat, size: Size | null, {withHistory, from}: Manner): void {
		const {id, name, call} = seat;
		let isWhole = true;
		if (from !== null) {
			seat.place = from;
			pump(seat);
		} else {
			isWhole = show(seat, withHistory);
		}
		tell(seat, {kind: 'live'});
		if (seat.mayWrite && size) {
			resizeAll(seat, size);
			if (!isWhole) terminals.redraw(id, name);
		}
		seat.unfollow = terminals.follow(id, () => pump(seat));
		call.whenDrained(() => pump(seat));
	}

	/** The whole screen, as far as it is known; whether that is all of it. */
	function show(seat: Seat, withHistory: boolean): boolean {
		const {text, end, isWhole} = terminals.picture(seat.id, withHistory);
		for (let at = 0; at < text.length; at += PIECE) tell(seat, {kind: 'output', place: end, text: text.slice(at, at + PIECE)});
		seat.place = end;
		return isWhole;
	}

	/** A bug here ends this answer, and does not reach the service that writes. */
	function pump(seat: Seat): void {
		try {
			sendMore(seat, ROOM);
		} catch (error) {
			stand(seat);
			refuseForBug(seat.call)(error);
		}
	}

	function sendMore(seat: Seat, room: number): void {
		while (!seat.isOver && seat.call.pending() <= room) {
			const {text, end, missing} = terminals.from(seat.id, seat.place, PIECE);
			if (missing > 0) {
				tell(seat, {kind: 'skipped', count: missing});
				if (!show(seat, true) && seat.mayWrite) terminals.redraw(seat.id, seat.name);
			} else if (text === '') {
				return;
			} else {
				seat.place = end;
				tell(seat, {kind: 'output', place: end, text});
			}
		}
	}

	/** Whether that is another size than before. */
	function resizeAll(seat: Seat, size: Size): boolean {
		const {rows, columns} = terminals.size(seat.name);
		terminals.resize(seat.id, seat.name, size);
		if (rows === size.rows && columns === size.columns) return false;
		for (const other of seatsOf(seat.id)) if (other !== seat) tell(other, {kind: 'size', ...size});
		return true;
	}

	function stand(seat: Seat): void {
		seat.isOver = true;
		seat.unfollow();
		const others = seats.get(seat.id);
		others?.delete(seat);
		if (others?.size === 0) seats.delete(seat.id);
	}

	/** The seat that a request names, if it may write. */
	function writer(name: string, number: number, {scope}: Call): Result<Seat, string> {
		const entry = only(daemon.state(), name, scope);
		if (!entry.ok) return entry;
		for (const seat of seatsOf(entry.value.id)) {
			if (seat.number === number) return seat.mayWrite ? ok(seat) : err(`another client types into the terminal of ${seat.name}`);
		}
		return err(`no client has the seat ${number} at the terminal of ${clip(name, 64)}`);
	}

	/** The service is at rest: what it said last, and how it ended. */
	function finish(seat: Seat, reply: Parameters<Call['reply']>[0]): void {
		sendMore(seat, Infinity);
		stand(seat);
		if (!seat.isOwn) seat.call.reply(reply);
	}

	function changed(before: Entry, after: Entry): void {
		const [ended, began] = [runOf(before.phase), runOf(after.phase)];
		for (const seat of [...seatsOf(after.id)]) {
			if (ended !== null && ended !== began) {
				sendMore(seat, Infinity);
				const {refusal, outcome} = after;
				const exit = refusal ? refusalStatus(refusal) : outcome && exitStatus(outcome);
				tell(seat, {kind: 'ended', exit, how: lastEnd(after)});
			}
			const pid = before.phase.kind === 'spawning' ? pidOf(after.phase) : null;
			if (pid !== null) tell(seat, {kind: 'began', pid});
			if (isAtRest(entryOf(daemon.state(), after.id) ?? after)) finish(seat, replyOf(after));
		}
	}

	return {
		prepare: (name, size) => terminals.prepare(name, size),
		open(request, call) {
			const entry = only(daemon.state(), request.name, call.scope);
			// Of a service that ended while its client was cut off, that client is told what it said last.
			const isRest = entry.ok && isAtRest(entry.value) && request.from !== null;
			const refusal = entry.ok ? whyNot(entry.value, isRest) : entry.error;
			if (!entry.ok || refusal !== null) {
				refuse(call, refusal ?? '');
				return () => {};
			}
			const most = request.size ? SEATS_MAX : VIEWERS_MAX;
			if (seatsOf(entry.value.id).size >= most) {
				refuse(call, `${most} clients are attached to ${entry.value.service.name} already`);
				return () => {};
			}
			const seat = sit(entry.value, request.size, request, call, false);
			if (isRest) finish(seat, replyOf(entry.value));
			return () => stand(seat);
		},
		openFor(entry, size, call) {
			const seat = sit(entry, size, {withHistory: true, from: null, steals: false}, call, true);
			return () => stand(seat);
		},
		input({name, seat, bytes}, call) {
			const found = writer(name, seat, call);
			if (!found.ok) return refuse(call, found.error);
			const typed = Uint8Array.from(bytes, character => character.charCodeAt(0));
			const isTaken = terminals.type(found.value.id, typed, () => call.reply(OK));
			if (!isTaken) refuse(call, `too much waits for the terminal of ${found.value.name} already: its program does not read`);
		},
		resize({name, seat, rows, columns}, call) {
			const found = writer(name, seat, call);
			if (!found.ok) return refuse(call, found.error);
			if (!resizeAll(found.value, {rows, columns})) terminals.redraw(found.value.id, found.value.name);
			call.reply(OK);
		},
		onEffects(effects) {
			if (seats.size === 0) return;
			for (const effect of effects) {
				if (effect.kind === 'changed') changed(effect.before, effect.after);
				if (effect.kind !== 'forgotten') continue;
				for (const seat of [...seatsOf(effect.entry.id)]) finish(seat, replyOf(effect.entry));
			}
		},
	};
}

type Manner = Pick<TerminalRequest, 'withHistory' | 'from' | 'steals'>;

const NONE: ReadonlySet<Seat> = new Set();

const runOf = (phase: Phase): number | null => 'run' in phase ? phase.run : null;

/** The one service that a name chooses. */
function only(state: State, name: string, scope: Scope): Result<Entry, string> {
	const chosen = choose(state, [name], scope);
	if (!chosen.ok) return chosen;
	const [first, ...others] = chosen.value;
	if (!first) return err(`no service matches ${clip(name, 64)}`);
	if (others.length === 0) return ok(first.entry);
	const names = chosen.value.slice(0, 3).map(({entry}) => entry.service.name).join(', ');
	return err(`${clip(name, 64)} is ${others.length + 1} services: ${names}${others.length > 2 ? ', …' : ''}; name one`);
}

const isAtRest = ({phase}: Entry): boolean => phase.kind === 'down' || phase.kind === 'done';

function whyNot(entry: Entry, mayRest: boolean): string | null {
	const {name, exec} = entry.service;
	if (!exec.tty) return `${name} has no terminal: it needs tty: true; archonctl logs -f ${name} shows its output`;
	if (mayRest || !isAtRest(entry)) return null;
	const end = lastEnd(entry);
	return `${name} is not running${end === '' ? '' : ` (${end})`}; archonctl start ${name} starts it`;
}

function replyOf({service: {name}, refusal, outcome}: Entry): Parameters<Call['reply']>[0] {
	if (refusal) return {kind: 'Error', reason: `cannot start ${name}: ${describeRefusal(refusal)}`};
	return outcome ? {kind: 'ExitStatus', code: exitStatus(outcome)} : {kind: 'Error', reason: `${name} was stopped before it was started`};
}
