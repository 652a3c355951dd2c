/** What the handlers of requests are made with, and what they are. */
import type {Effect} from '../core/effect.ts';
import {type Lazily, lazily} from '../core/lazily.ts';
import type {State} from '../core/state.ts';
import type {Seats} from '../features/attach/requests/seats.ts';
import {encodeRow} from './protocol.ts';
import type {Call} from './call.ts';
import type {Daemon} from './daemon.ts';
import {createTransients, type Transients} from './transient-services.ts';
import {createWaiters, type Waiters} from './waiters.ts';

export interface Context {
	readonly daemon: Daemon;
	readonly waiters: Waiters;
	readonly transients: Transients;
	readonly board: Board;
	/** Who is attached to terminals; loaded with the first of them. */
	readonly seats: Lazily<Seats>;
	/** Calls back with every batch of effects, after they were performed. */
	watch(callback: (effects: readonly Effect[]) => void): void;
}

/** Carries out a request, at once or later. What it returns is to be called if the client leaves before the reply. */
export type Handle<Request> = (request: Request, call: Call) => (() => void) | void;

/** Makes the handler of one kind of request, with all that it keeps between them. */
export type Make<Request> = (context: Context) => Handle<Request>;

export function createContext(daemon: Daemon, watch: Context['watch']): Context {
	const transients = createTransients(daemon);
	const waiters = createWaiters(daemon.state);
	let attached: Seats | null = null;
	// Before the others: what a service said last comes before the reply about its end.
	watch(effects => attached?.onEffects(effects));
	watch(transients.onEffects);
	watch(waiters.onEffects);
	return {daemon, waiters, transients, board: createBoard(daemon), seats: lazily(async () => (attached = await loadSeats(daemon))), watch};
}

async function loadSeats(daemon: Daemon): Promise<Seats> {
	const {createSeats} = await import('../features/attach/requests/seats.ts');
	return new Promise((resolve, reject) => daemon.terminals(terminals => resolve(createSeats(daemon, terminals)), reject));
}

/** Answers that several clients ask for in one turn of the loop are made once. */
export interface Board {
	rows(question: string, find: () => readonly (readonly string[])[]): readonly string[];
}

/** How many questions are remembered, and their length in characters. */
const [QUESTIONS_MAX, QUESTION_MAX] = [8, 200];

function createBoard(daemon: Daemon): Board {
	const answers = new Map<string, readonly string[]>();
	let state: State | null = null;
	return {
		rows(question, find) {
			if (state !== daemon.state()) answers.clear();
			const known = answers.get(question);
			if (known) return known;
			const rows = find().map(row => encodeRow(row, null));
			if (state === null) {
				daemon.soon(() => {
					state = null;
					answers.clear();
				});
			}
			state = daemon.state();
			if (answers.size < QUESTIONS_MAX && question.length <= QUESTION_MAX) answers.set(question, rows);
			return rows;
		},
	};
}
