/** How pages ask archon: several questions at once, and what many visitors look at, once for all who have the same rights. */
import {GRAPH, GRAPH_ROW, type GraphRow} from '../../../control/requests/graph/wire.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../../../control/requests/status/wire.ts';
import {USAGE, USAGE_ROW, type UsageRow} from '../../../control/requests/usage/wire.ts';
import type {Verb} from '../../../control/client.ts';
import {createMeter, type Load} from '../../../cli/top/load.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import {now} from '../../../os/clock.ts';
import type {Visitor} from '../visitor.ts';

export type Rows = readonly (readonly string[])[];

/** `isAway`: archon does not answer; else it has refused. */
export interface Refused {
	readonly isAway: boolean;
	readonly why: string;
}

/** Asks archon one thing. The result gives the answer up. */
export function ask(
	visitor: Pick<Visitor, 'ask'>, request: Verb, fields: readonly string[], done: (answer: Result<Rows, Refused>) => void,
): () => void {
	const all: (readonly string[])[] = [];
	return visitor.ask(request, fields, {
		rows: rows => void all.push(...rows),
		done(result) {
			if (!result.ok) done(err({isAway: true, why: result.error.reason}));
			else if (result.value.kind === 'Error') done(err({isAway: false, why: result.value.reason}));
			else done(ok(all));
		},
	});
}

/** What services use, and how much of a processor since the last look. */
export interface Used {
	readonly usages: readonly UsageRow[];
	readonly loads: ReadonlyMap<string, Load>;
}

/** What all with the same rights are told alike. */
interface Shared {
	readonly services: Kept<readonly StatusRow[]>;
	readonly graph: Kept<readonly GraphRow[]>;
	readonly used: Kept<Used>;
}

/** Rights for which something is kept; of tokens there are few. */
const SHARED_MAX = 64;
/** How old what is told may be. Archon measures its services longer than it lists them. */
const [SERVICES_AGE, GRAPH_AGE, USED_AGE]: readonly [Millis, Millis, Millis] = [200, 2000, 4000];
/** What takes long is asked less often: never more than a part of the time. */
const PART = 10;
/** After a pause so long the first look tells of long ago; another one is had soon. */
const [OLD, FIRST_AGE]: readonly [Millis, Millis] = [60_000, 1000];

function createShared(): {of(visitor: Visitor): Shared; forget(): void} {
	let known = new Map<string, Shared>();
	return {
		forget: () => void (known = new Map([...known].map(([key, {graph, used}]) => [key, {services: servicesOf(), graph, used}]))),
		of(visitor) {
			// PID 1 sees to rights when it is asked; who may see the same services is told the same.
			const key = JSON.stringify([visitor.role === 'none', visitor.services]);
			const found = known.get(key);
			if (found) return found;
			const [oldest] = known.keys();
			if (known.size >= SHARED_MAX && oldest !== undefined) known.delete(oldest);
			const made: Shared = {
				services: servicesOf(),
				graph: createKept(GRAPH, () => GRAPH_AGE, rows => rows.map(GRAPH_ROW.decode)),
				used: usedOf(),
			};
			known.set(key, made);
			return made;
		},
	};
}

const servicesOf = (): Kept<readonly StatusRow[]> => createKept(STATUS, () => SERVICES_AGE, rows => rows.map(STATUS_ROW.decode));

function usedOf(): Kept<Used> {
	const meter = createMeter();
	let then = -Infinity;
	return createKept(USAGE, () => now() - then > OLD ? FIRST_AGE : USED_AGE, rows => {
		const usages = rows.map(USAGE_ROW.decode);
		then = now();
		return {usages, loads: meter(usages, then)};
	});
}

/** The newest answer to one question. */
interface Kept<T> {
	/**
	 * Calls back, perhaps at once. What was asked for one is heard by all who come meanwhile, and asked again for another one where that
	 * one is gone. The result gives it up.
	 */
	get(visitor: Visitor, done: (answer: Result<T, Refused>) => void): () => void;
}

interface Waiting<T> {
	readonly visitor: Visitor;
	readonly done: (answer: Result<T, Refused>) => void;
}

function createKept<T>(request: Verb, mostOf: () => Millis, read: (rows: Rows) => T): Kept<T> {
	let last: {readonly value: T; readonly until: Instant} | null = null;
	/** The first of them is the one who asks. */
	let waiting = new Set<Waiting<T>>();

	function begin(first: Waiting<T>): void {
		const [began, most] = [now(), mostOf()];
		ask(first.visitor, request, [], answer => {
			// What it was asked for is gone: another one asks.
			if (!waiting.has(first)) return;
			const heard: Result<T, Refused> = answer.ok ? ok(read(answer.value)) : answer;
			if (heard.ok) last = {value: heard.value, until: now() + Math.max(most, (now() - began) * PART)};
			const told = waiting;
			waiting = new Set();
			for (const {done} of told) done(heard);
		});
	}

	return {
		get(visitor, done) {
			const own: Waiting<T> = {visitor, done};
			if (last && now() < last.until) {
				done(ok(last.value));
				return () => {};
			}
			waiting.add(own);
			if (waiting.size === 1) begin(own);
			return () => {
				const [first] = waiting;
				waiting.delete(own);
				const [next] = waiting;
				if (first === own && next) begin(next);
			};
		},
	};
}

/** Of this helper. */
export const shared = createShared();

/** Calls back when each of these has; the result gives them up, and nothing is heard any more. */
export function together(begin: readonly ((done: () => void) => () => void)[], done: () => void): () => void {
	let [left, isOver] = [begin.length, false];
	const cancels = begin.map(each => each(() => {
		left -= 1;
		if (left === 0 && !isOver) done();
	}));
	return () => {
		isOver = true;
		for (const cancel of cancels) cancel();
	};
}
