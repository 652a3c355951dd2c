/**
 * PID 1's end of rules in Lua: tells the helper `archon.rules` of events, and does what rules ask for as far as it is an action. No
 * script is ever read here. A helper that does not answer is killed, and the event at which it fell silent is left out.
 * Loaded with the first config that has `rules`.
 */
import {byNeed} from '../core/by-need.ts';
import type {Event} from '../core/event.ts';
import type {OwnKind} from '../core/event-kinds.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {
	ANSWER, ASKED_AT_ONCE, ASKED_EACH_SECOND, ASKS, DISABLED, DONE, EVENT, KEEPS, KEPT, type KeptValue, LIST, LOAD, type LuaRules, ROW,
	START, TRY, WANTS,
} from '../core/lua-rules.ts';
import {plainText} from '../core/plain.ts';
import {err, ok, type Result} from '../core/result.ts';
import {SIG} from '../core/signal-numbers.ts';
import {find, isHelper, type State} from '../core/state.ts';
import type {Millis} from '../core/time.ts';
import type {Events, KeptEvent} from '../features/events/core.ts';
import {endOf, readAsked, readKept, readList, readReport, readTried, readWants} from '../features/rules/core/asks.ts';
import type {Ruling} from '../features/rules/requests/ruling.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, now} from '../os/clock.ts';
import {encodeMessage, PAYLOAD_MAX} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import type {Log} from '../os/log.ts';
import type {Handoff} from '../os/reexec/handoff.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {lendControl} from './helper-control.ts';

const depending = byNeed(() => import('./rule-dependency.ts'));

export interface RulesParts {
	readonly link: Link;
	readonly log: Log;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	readonly listener: () => Listener | null;
	readonly events: Events;
	readonly say: (kind: OwnKind, reason: string) => void;
	/** The number of the first event that rules are told of, unless a previous instance of archon has told them of some. */
	readonly from: number;
	readonly handoff: Pick<Handoff, 'get' | 'put' | 'delete'>;
	readonly soon: (act: () => void) => void;
	readonly whole: <T>(act: () => T) => T;
}

export interface RulesControl extends Ruling {
	/** What the config says now: files that differ are read again. */
	set(rules: LuaRules | null): void;
}

const NAME = `${HELPER_PREFIX}rules`;
/** Under it is written, for the next instance of archon, at which event rules go on. */
const RECORD = 'rules';
/** Events that the helper has and has not told rules of yet; how many are looked at at a stretch. */
const [UNDER_WAY, AT_ONCE] = [16, 64];
/** How long the helper may say nothing while it has something to do, beside what the deadline of rules lets one take. */
const PATIENCE: Millis = 10_000;
/** Values that rules keep. */
const KEPT_MAX = 256;
/** Rows of an answer: rules and files. */
const ROWS_MAX = 512;
/** Until what was left out is told (ms). */
const TELL_AGAIN: Millis = 5000;

interface Question {
	readonly kind: string;
	readonly rows: string[];
	readonly told: (rows: Result<readonly string[], string>) => void;
}

export function createRulesControl(
	{link, log, state, dispatch, listener, events, say, from, handoff, soon, whole}: RulesParts,
): RulesControl {
	let rules: LuaRules | null = null;
	/** The number of the event that is looked at next. */
	let next = Number(handoff.get(RECORD) ?? from);
	let isOff = false;
	/** What rules want to hear of; undefined: the helper has not said so. */
	let wants: ReadonlySet<string> | null | undefined;
	let underWay: KeptEvent[] = [];
	let waiting: Uint8Array[] = [];
	let last = 0;
	let isSoon = false;
	let isUp = false;
	let [room, roomAt, leftOut] = [ASKED_AT_ONCE, now(), 0];
	const kept = new Map<string, KeptValue>();
	const questions = new Map<number, Question>();
	let unfollow: (() => void) | null = null;
	let calm = (): void => {};

	// ── Events ──

	function stir(): void {
		if (isSoon) return;
		isSoon = true;
		soon(() => whole(() => {
			isSoon = false;
			pump();
		}));
	}

	function pump(): void {
		for (let message = waiting[0]; message; message = waiting[0]) {
			if (link.post(message) !== 'sent') return;
			waiting.shift();
		}
		if (!isUp || wants === undefined) return;
		while (underWay.length < UNDER_WAY) {
			const missed = events.first() - next;
			if (missed > 0) {
				log.warn(`rules were not told of ${missed} events: they are not kept any more`);
				next += missed;
			}
			const batch = events.read(next, AT_ONCE);
			if (batch.length === 0) return;
			for (const event of batch) {
				if (underWay.length >= UNDER_WAY) break;
				if (isMeant(event) && !post(event)) return;
				next = event.number + 1;
			}
			note();
		}
	}

	function note(): void {
		if (!isOff) handoff.put(RECORD, String(underWay[0]?.number ?? next));
	}

	/** Of archon's helpers rules are not told: what they bring about themselves would have no end. */
	const isMeant = ({kind, service}: KeptEvent): boolean => (wants?.has(kind) ?? true) && !service.startsWith(HELPER_PREFIX);

	function post(event: KeptEvent): boolean {
		const {number, at, kind, service, from: previous, to, pid, exit, count, reason} = event;
		const {code, signal} = endOf(exit, reason);
		const instance = /:(\d+)$/.exec(service)?.[1];
		const fields = {
			number, event: kind, service: service || null, instance: instance === undefined ? null : Number(instance), pid, code, signal,
			state: to || null, previous: previous || null, time: at, count, reason: reason || null,
		};
		const bytes = bytesOf(JSON.stringify(fields));
		const isSent = link.post(encodeMessage(EVENT, number >>> 0, bytes)) === 'sent';
		if (isSent) underWay.push(event);
		if (isSent && underWay.length === 1) watch();
		return isSent;
	}

	/** From now on the helper has so long to say something. */
	function watch(): void {
		calm();
		if (underWay.length === 0 && questions.size === 0) return;
		const patience = PATIENCE + 20 * (rules?.deadline ?? 0);
		calm = after(patience, () => whole(() => {
			const [event] = underWay;
			const at = event ? `at the event ${event.kind}${event.service ? ` of ${event.service}` : ''}` : 'to a client';
			log.error(`${NAME} has not answered for ${patience / 1000} s ${at}: it is killed, and starts again without that event`);
			const entry = find(state(), NAME);
			if (entry) dispatch({kind: 'signal', id: entry.id, signal: SIG.KILL});
		}));
	}

	// ── What rules ask for ──

	/** Whether there is still room for one more; the others are counted, and told once. */
	function mayAsk(): boolean {
		const at = now();
		room = Math.min(ASKED_AT_ONCE, room + (at - roomAt) * ASKED_EACH_SECOND / 1000);
		roomAt = at;
		if (room >= 1) {
			room -= 1;
			return true;
		}
		if (leftOut++ === 0) {
			after(TELL_AGAIN, () => whole(() => {
				log.warn(`rules ask for more than ${ASKED_EACH_SECOND} things in a second: ${leftOut} were left out`);
				leftOut = 0;
			}));
		}
		return false;
	}

	function act(text: string): void {
		const asked = readAsked(text, {runAs: rules?.runAs ?? null});
		if (!asked) return;
		const {rule, event, service, actions, depends, variables, refused} = asked;
		for (const why of refused) log.warn(`rule ${rule}: ${why}`);
		for (const fields of depends) depend(rule, fields);
		if (actions.length === 0) return;
		const entry = service === '' ? undefined : find(state(), service);
		// Of helpers rules are not told, and nothing of a rule runs as their users: programs for root may be theirs (archon.sync).
		const about = entry && !isHelper(entry) ? entry.id : null;
		const why = service === '' ? event : `${event} of ${service}`;
		dispatch({kind: 'act', by: `rule ${rule}`, about, why, actions, variables});
	}

	function depend(rule: string, fields: readonly string[]): void {
		const made = depending().readDependency(state(), fields);
		if (!made.ok) log.warn(`rule ${rule}: archon.depend: ${plainText(made.error)}`);
		else if (made.value) dispatch(made.value);
	}

	function keep(text: string): void {
		const value = readKept(text);
		if (!value) return;
		const [key, kind] = value;
		if (kind === 'nil') kept.delete(key);
		else if (kept.has(key) || kept.size < KEPT_MAX) kept.set(key, value);
	}

	function ask(kind: string, payload: string, told: Question['told']): () => void {
		if (!isUp) {
			told(err(`${NAME} does not run: archonctl status and the log say why`));
			return () => {};
		}
		const id = ++last;
		questions.set(id, {kind, rows: [], told});
		waiting.push(encodeMessage(kind, id, bytesOf(payload)));
		pump();
		watch();
		return () => void questions.delete(id);
	}

	function end(id: number, result: (question: Question) => Result<readonly string[], string>): void {
		const question = questions.get(id);
		questions.delete(id);
		question?.told(result(question));
	}

	link.use({
		opened() {
			isUp = true;
			const values = [...kept.values()].map(value => bytesOf(JSON.stringify(value)));
			waiting = values.filter(({length}) => length <= PAYLOAD_MAX).map(bytes => encodeMessage(KEPT, 0, bytes));
			waiting.push(encodeMessage(START));
			pump();
		},
		heard(message) {
			if (lendControl({role: 'rules', link, state, listener}, message)) return;
			const {kind, id, payload} = message;
			if (kind === DONE) {
				underWay.shift();
				note();
				stir();
			} else if (kind === WANTS) {
				const {last: done, kinds} = readWants(textOf(payload));
				wants = kinds;
				next = Math.max(next, done + 1);
				note();
				unfollow ??= events.follow(stir);
				stir();
			} else if (kind === ASKS) {
				if (mayAsk()) act(textOf(payload));
			} else if (kind === KEEPS) {
				keep(textOf(payload));
			} else if (kind === DISABLED) {
				const [rule = '', why = ''] = readList(textOf(payload)) ?? [];
				if (mayAsk()) say('rule-disabled', `${rule}: ${why}`);
			} else if (kind === ROW) {
				const rows = questions.get(id)?.rows;
				if (rows && rows.length < ROWS_MAX) rows.push(textOf(payload));
			} else if (kind === ANSWER) {
				end(id, ({rows}) => ok(rows));
			}
			watch();
		},
		room: stir,
		closed() {
			isUp = false;
			wants = undefined;
			calm();
			// At the first one it has ended, whatever the reason: it must not end at it again.
			const [first] = underWay;
			if (first) next = first.number + 1;
			underWay = [];
			note();
			waiting = [];
			for (const id of [...questions.keys()]) end(id, () => err(`${NAME} has ended: the log says why`));
		},
	});

	const reports = (told: Parameters<Ruling['list']>[0]) => (rows: Result<readonly string[], string>): void =>
		told(rows.ok ? ok(rows.value.map(readReport).filter(row => row !== null)) : rows);
	return {
		set(given) {
			const isSame = given !== null && rules !== null;
			rules = given;
			if (isSame && isUp) waiting.push(encodeMessage(LOAD));
			// Of what was while there were none they are not told.
			if (given && isOff) next = events.last() + 1;
			isOff = !given;
			if (!given) {
				handoff.delete(RECORD);
				unfollow?.();
				unfollow = null;
				kept.clear();
			}
			stir();
		},
		list: told => ask(LIST, '', reports(told)),
		reload: told => ask(LOAD, '', reports(told)),
		attempt: (rule, fields, told) => ask(TRY, JSON.stringify({rule, fields}), rows =>
			told(rows.ok ? ok(rows.value.map(readTried).filter(row => row !== null)) : rows)),
	};
}
