/**
 * PID 1's end of pools: what their masters tell of nodes is kept as rows, for who asks, and becomes events and the note of the service.
 * No byte of a worker or client is read here, and a master is believed no more than any program of its user: all that it says has
 * bounds. Loaded with the first config that has a pool.
 */
import type {PoolKind} from '../core/event-kinds.ts';
import type {Event} from '../core/event.ts';
import {type Fields, parseObject} from '../core/foreign-json.ts';
import {err, ok, type Result} from '../core/result.ts';
import {entries, find, isPool, type State} from '../core/state.ts';
import {
	ANSWER, ANSWER_MAX, ASK, HAPPENED, NODE, type NodeRow, type Question, QUESTIONS_MAX, ROW, ROWS_MAX, TEXT_MAX, TREE, TREE_NEW,
} from '../features/pools/core/link.ts';
import {noteOf, readHappened, readRow, wordsOf} from '../features/pools/core/told.ts';
import type {AnswerRow, Pooling} from '../features/pools/requests/pooling.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, now} from '../os/clock.ts';
import {encodeMessage, type Message} from '../os/helper-wire.ts';
import type {Helpers} from '../os/helpers.ts';
import type {Log} from '../os/log.ts';
import {tellStatus} from './helper-status.ts';

export interface PoolsParts {
	readonly helpers: Helpers;
	readonly log: Log;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	/** An event of a pool. */
	readonly tell: (kind: PoolKind, pool: string, reason: string, pid: number | null, exit: number | null) => void;
	readonly soon: (act: () => void) => void;
	readonly whole: <T>(act: () => T) => T;
	/** Masters that are there already belong to the instance before. */
	readonly isResumed: boolean;
}

export interface PoolsControl extends Pooling {
	/** The config is another one. */
	renew(): void;
}

/** Events of a pool in a second that are told; the rest is counted. */
const EVENTS_MAX = 200;
/** How long a master may take to answer a question (ms): it may be stopped, or have no time. */
const PATIENCE = 10_000;

interface Pool {
	readonly ask: (question: Question, told: (rows: Result<readonly AnswerRow[], string>) => void) => () => void;
	readonly rows: ReadonlyMap<string, NodeRow>;
	readonly end: () => void;
}

export function createPoolsControl({helpers, log, state, dispatch, tell, soon, whole, isResumed}: PoolsParts): PoolsControl {
	const pools = new Map<string, Pool>();
	const followers = new Set<(pool: string, node: string | null) => void>();
	const changed = (name: string, node: string | null): void => followers.forEach(told => told(name, node));

	function open(name: string): Pool {
		const link = helpers.pool(name);
		const rows = new Map<string, NodeRow>();
		const named = new Set<string>();
		const questions = new Map<number, {readonly rows: AnswerRow[]; readonly told: (rows: Result<readonly AnswerRow[], string>) => void}>();
		let waiting: Uint8Array[] = [];
		let last = 0;
		let isUp = false;
		let goesOn = isResumed;
		let isNoteSoon = false;
		let note = '';
		let [heardAt, heard, left] = [now(), 0, 0];

		function pump(): void {
			for (let message = waiting[0]; message; message = waiting[0]) {
				if (link.post(message) !== 'sent') return;
				waiting.shift();
			}
		}

		/** As if the master had said it by sd_notify(3). */
		function renote(): void {
			isNoteSoon = false;
			const entry = find(state(), name);
			const text = noteOf([...rows.values()]);
			if (entry && isPool(entry) && text !== note && tellStatus(dispatch, entry, text)) note = text;
		}

		function soonNote(): void {
			if (isNoteSoon) return;
			isNoteSoon = true;
			soon(() => whole(renote));
		}

		function hear(row: NodeRow): void {
			if (!rows.has(row.node) && rows.size >= ROWS_MAX) return;
			rows.set(row.node, row);
			named.add(row.node);
			changed(name, row.node);
			soonNote();
		}

		function settle(): void {
			for (const node of [...rows.keys()]) if (!named.has(node)) rows.delete(node);
			changed(name, null);
			soonNote();
			if (goesOn) {
				const ready = [...rows.values()].filter(({status}) => status === 'ready').length;
				log.info(`pool ${name} goes on: ${ready} of ${rows.size} nodes ready`);
			}
			goesOn = false;
		}

		function happened(fields: Fields): void {
			const event = readHappened(fields);
			if (!event) return;
			if (now() - heardAt >= 1000) [heardAt, heard] = [now(), 0];
			if (++heard <= EVENTS_MAX) return tell(event.kind, name, wordsOf(event), event.pid, event.status);
			if (left++ > 0) return;
			after(1000, () => whole(() => {
				log.warn(`pool ${name}: ${left} events were not kept: there are more than ${EVENTS_MAX} in a second`);
				left = 0;
			}));
		}

		function end(id: number, result: (rows: readonly AnswerRow[]) => Result<readonly AnswerRow[], string>): void {
			const question = questions.get(id);
			questions.delete(id);
			question?.told(result(question.rows));
		}

		function closed(): void {
			isUp = false;
			waiting = [];
			rows.clear();
			named.clear();
			note = '';
			for (const id of [...questions.keys()]) end(id, () => err(`the pool ${name} has ended: archonctl status and the log say why`));
			changed(name, null);
		}

		function onMessage({kind, id, payload}: Message): void {
			if (kind === TREE) return settle();
			if (kind === TREE_NEW) return named.clear();
			if (kind === ANSWER) {
				const why = textOf(payload).slice(0, TEXT_MAX);
				return end(id, rows => (why === '' ? ok(rows) : err(why)));
			}
			const fields = parseObject(textOf(payload));
			if (!fields) return;
			if (kind === NODE) {
				const row = readRow(fields);
				if (row) hear(row);
			} else if (kind === HAPPENED) {
				happened(fields);
			} else if (kind === ROW) {
				const found = questions.get(id)?.rows;
				if (found && found.length < ANSWER_MAX) found.push(fields);
			}
		}

		link.use({
			opened() {
				isUp = true;
				named.clear();
				pump();
			},
			heard: onMessage,
			room: pump,
			closed,
		});
		return {
			rows,
			ask(question, told) {
				// Who asks and does not wait leaves a question behind for a master that does not read.
				const isBusy = Math.max(questions.size, waiting.length) >= QUESTIONS_MAX;
				const why = !isUp ? 'does not run: archonctl status says why' : isBusy ? 'has too many questions to answer' : null;
				if (why !== null) {
					told(err(`the pool ${name} ${why}`));
					return () => {};
				}
				const id = ++last;
				const calm = after(PATIENCE, () => whole(() => end(id, () => err(`the pool ${name} has not answered for ${PATIENCE / 1000} s`))));
				questions.set(id, {rows: [], told(rows) {
					calm();
					told(rows);
				}});
				waiting.push(encodeMessage(ASK, id, bytesOf(JSON.stringify(question))));
				pump();
				return () => {
					calm();
					questions.delete(id);
				};
			},
			end() {
				closed();
				helpers.forget(name);
			},
		};
	}

	return {
		renew() {
			const there = new Set([...entries(state())].filter(isPool).map(({service: {name}}) => name));
			for (const name of there) if (!pools.has(name)) pools.set(name, open(name));
			for (const [name, pool] of pools) {
				if (there.has(name)) continue;
				pools.delete(name);
				pool.end();
			}
		},
		rows: name => [...pools.get(name)?.rows.values() ?? []],
		follow(callback) {
			followers.add(callback);
			return () => void followers.delete(callback);
		},
		ask(name, question, told) {
			const pool = pools.get(name);
			if (pool) return pool.ask(question, told);
			told(err(`${name} is no pool`));
			return () => {};
		},
	};
}
