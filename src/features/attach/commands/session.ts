/**
 * A person at the terminal of a service: what it writes goes to their own terminal as it is, what they type goes there, and on
 * every way out their terminal is as it was before.
 */
import type {Live} from '../../../control/live-client.ts';
import type {Verb, Trouble} from '../../../control/client.ts';
import type {Reply} from '../../../control/protocol.ts';
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {complain, tellReply, tellTrouble} from '../../../cli/reply.ts';
import type {Result} from '../../../core/result.ts';
import {bytesOfLatin1, latin1Of} from '../../../os/bytes.ts';
import {createPoller} from '../../../os/poller.ts';
import {soon, turn} from '../../../os/reactor.ts';
import {openTerminal, type Terminal, terminalSize} from '../../../os/terminal.ts';
import {createTracker, enter, leave} from '../core/modes.ts';
import {escapeBytes} from '../core/terminals.ts';
import {INPUT} from '../requests/input/wire.ts';
import {RESIZE} from '../requests/resize/wire.ts';
import {TERMINAL, VIEW} from '../requests/terminal/wire.ts';
import {decodeTerminalRow, type SeatRole, type TerminalRow} from '../requests/rows.ts';
import {createFilter, type DetachKeys} from './keys.ts';

export interface Manner {
	readonly name: string;
	/** Whether what is typed is sent. */
	readonly types: boolean;
	readonly detachKeys: DetachKeys;
	/** The request whose answer has the rows of `Terminal`; `past`: how it was before the connection broke, null before that. */
	readonly ask: (past: Past | null) => readonly [Verb, readonly string[]];
	/** What else is asked once the connection was broken: its reply is the end as well. */
	readonly askAgain?: () => readonly [Verb, readonly string[]];
	/** Whether the person is told what becomes of the service; else it is as if they had started it here themselves. */
	readonly tells: boolean;
	/** Hears rows of other kinds. */
	readonly row?: (row: readonly string[]) => void;
	/** What becomes of an answer that breaks off. */
	readonly ended: (result: Result<Reply, Trouble>) => Result<Reply, Trouble> | null;
}

/** What the client had when its connection broke. */
export interface Past {
	/** Up to where it was told. */
	readonly from: number;
	readonly role: SeatRole;
}

/** The request by which it goes on: who typed types again, and who looked on does not come before. */
export function askAgain(name: string, {from, role}: Past): readonly [Verb, readonly string[]] {
	const {rows, columns} = terminalSize();
	const since = `archon.from=${from}`;
	return role === 'reads' ? [VIEW, [name, since]] : [TERMINAL, [name, String(rows), String(columns), since, 'archon.steal=yes']];
}

/** Bytes in one request: each takes four characters at most. */
const PIECE = 8 << 10;
/** Requests under way, so that typing does not wait for each answer. */
const AHEAD = 4;
/** Bytes that wait to be sent before no more is read, and before it is again. */
const [MANY, FEW] = [64 << 10, 16 << 10];
/** What a turn of the loop may wait for, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Gives the exit status, once the person or the service has ended it. */
export async function attendTerminal(io: Io, reachLive: Parameters<Command['run']>[3], manner: Manner): Promise<number> {
	const {name, types, tells} = manner;
	let status: number | null = null;
	let terminal: Terminal | null = null;
	let tracker = createTracker();
	let undo = leave(tracker.modes());
	let seat: number | null = null;
	let role: SeatRole = 'reads';
	let place: number | null = null;
	let wasBroken = false;
	/** What was typed and is not sent, one character a byte; and what was sent and is not answered, in order. */
	let typed = '';
	let under: string[] = [];
	/** Told once the terminal is the person's again. */
	let last = '';
	const filter = createFilter(manner.detachKeys);

	const end = (value: number, why = ''): void => {
		status ??= value;
		last = why;
		// What waits for the next event is to see it.
		soon(() => {});
	};
	const note = (text: string): void => {
		if (tells) terminal?.write(`\r\n[${text}]\r\n`);
	};
	/** The person's terminal is as the service's next run finds a new one. */
	const reset = (): void => {
		terminal?.write(undo);
		tracker = createTracker();
		undo = leave(tracker.modes());
		terminal?.left();
	};
	const show = (text: string): void => {
		tracker.take(text);
		const next = leave(tracker.modes());
		const renew = (): void => {
			undo = next;
			terminal?.left();
		};
		// A fault may come at any time: what there is more to undo is known before it is done, and what is less after it.
		if (next.length > undo.length) renew();
		terminal?.write(bytesOfLatin1(text));
		if (next !== undo) renew();
	};

	// ── What is typed ──

	const send = (): void => {
		while (seat !== null && typed !== '' && under.length < AHEAD) {
			const piece = typed.slice(0, PIECE);
			typed = typed.slice(PIECE);
			under.push(piece);
			live.ask(INPUT, [name, String(seat), escapeBytes(piece)], {
				done(result) {
					// Where archon was re-executed nearly nothing that was not answered was typed: it is sent again.
					if (!result.ok) return;
					under.shift();
					send();
				},
			});
		}
		if (typed.length < FEW) terminal?.listen(true);
	};
	const open = (): Terminal | null => {
		const setting = {
			isExact: true,
			get enter() {
				return enter(tracker.modes());
			},
			get leave() {
				return undo;
			},
		};
		const opened = openTerminal(createPoller(), setting, {
			typed(bytes) {
				const {text, isDetached} = filter.take(latin1Of(bytes));
				if (types && role === 'writes') typed += text;
				send();
				if (typed.length > MANY) terminal?.listen(false);
				if (isDetached) end(EXIT.ok, `detached from ${name}`);
			},
			resized: ({rows, columns}) => resize(rows, columns),
			continued: ({rows, columns}) => resize(rows, columns),
			ended: signal => end(128 + (signal ?? 1)),
		});
		if (opened.ok) return opened.value;
		end(EXIT.usage, opened.error);
		return null;
	};
	/** Where that is the size already, all is drawn again. */
	const resize = (rows: number, columns: number): void => {
		if (seat !== null && role === 'writes') live.ask(RESIZE, [name, String(seat), String(rows), String(columns)], {done() {}});
	};
	/** The size may have changed between the question for the terminal and the first that could be heard of it. */
	const catchUp = (rows: number, columns: number): void => {
		const own = terminalSize();
		if (own.rows !== rows || own.columns !== columns) resize(own.rows, own.columns);
	};

	// ── What is told ──

	const take = (row: TerminalRow): void => {
		switch (row.kind) {
			case 'attached': {
				seat = row.seat;
				role = row.role;
				typed = under.join('') + typed;
				under = [];
				terminal ??= open();
				if (!wasBroken) welcome(row.rows, row.columns);
				catchUp(row.rows, row.columns);
				return send();
			}
			case 'output':
				place = row.place;
				return show(row.text);
			case 'skipped':
				reset();
				return note(`${row.count} bytes are missing here: this terminal reads too slowly`);
			case 'role':
				role = row.role;
				typed = '';
				return note(`another client types into ${name} now; this one only looks on`);
			case 'ended':
				reset();
				return note(`${name} ended: ${row.how}`);
			case 'began': return note(`${name} runs again, with pid ${row.pid}`);
			default: return undefined;
		}
	};
	const welcome = (rows: number, columns: number): void => {
		if (!tells) return;
		const own = terminalSize();
		const other = role === 'reads' && (rows !== own.rows || columns !== own.columns) ? `; it has ${rows} rows and ${columns} columns` : '';
		const mere = role === 'writes' ? '' : types ? ', and another client types there: --steal takes over' : ', only to look on';
		terminal?.write(`[attached to ${name}${mere}${other}]\r\n`);
	};
	const done = (result: Result<Reply, Trouble>): void => {
		const final = manner.ended(result);
		if (final === null) {
			wasBroken = true;
			return begin();
		}
		end(final.ok && final.value.kind === 'ExitStatus' ? final.value.code : EXIT.refused);
		answer = final;
	};
	let answer: Result<Reply, Trouble> | null = null;
	const begin = (): void => {
		seat = null;
		live.ask(...manner.ask(wasBroken ? {from: place ?? 0, role} : null), {
			done,
			rows(rows) {
				for (const fields of rows) {
					const row = decodeTerminalRow(fields);
					if (row) take(row);
					else manner.row?.(fields);
				}
			},
		});
		if (!wasBroken || !manner.askAgain) return;
		live.ask(...manner.askAgain(), {
			done,
			rows(rows) {
				for (const row of rows) manner.row?.(row);
			},
		});
	};

	const reached = await reachLive(({kind}) => {
		if (kind === 'broken') seat = null;
	});
	if (!reached.ok) {
		complain(io, reached.error);
		return EXIT.unreachable;
	}
	const live: Live = reached.value;
	begin();
	while (status === null) {
		turn(LONGEST);
		await Promise.resolve();
	}
	const wasAttached = terminal !== null;
	(terminal as Terminal | null)?.close();
	live.close();
	if (last !== '') io.stderr(wasAttached ? `\n[${last}]\n` : `archonctl: ${last}\n`);
	const final = answer as Result<Reply, Trouble> | null;
	if (final === null) return status;
	if (final.ok) return tellReply(final.value, io);
	return tellTrouble(final.error.kind === 'lost' ? {...final.error, reason: `archon is gone: ${final.error.reason}`} : final.error, io);
}
