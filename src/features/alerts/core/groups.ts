/**
 * What is told to whom and when: what goes wrong together is one message, what lasts is told again after a while, and what is
 * over once. A service that fails again and again is told of ever less often. Pure, but for what it keeps.
 */
import {fits} from '../../../core/name-pattern.ts';
import {isObject} from '../../../core/foreign-json.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';

/** Something that has happened, as of an event. */
export interface Happened {
	readonly kind: string;
	/** Empty: archon as a whole. */
	readonly service: string;
	readonly reason: string;
	/** In ms since 1970. */
	readonly at: number;
}

export interface GroupRules {
	readonly groupWait: Millis;
	readonly repeat: Millis;
	readonly receivers: readonly {readonly name: string; readonly on: readonly string[]; readonly services: readonly string[]}[];
}

/** One thing in a message. `event`: it is no state, and has no end. */
export interface Item {
	readonly state: 'firing' | 'recovered' | 'event';
	readonly kind: string;
	readonly service: string;
	readonly reason: string;
	/** How often it has happened since it began, or since it was told last. */
	readonly count: number;
	/** When it was first and last, in ms since 1970. */
	readonly since: number;
	readonly at: number;
}

export interface Batch {
	readonly receiver: string;
	/** Those with which something is wrong come first. */
	readonly items: readonly Item[];
	/** What else has happened, of which nothing is kept. */
	readonly more: number;
}

export interface Groups {
	hear(happened: Happened, now: Instant): void;
	/** An action or a rule wants something told, to all who hear of the service. */
	want(service: string, text: string, at: number, now: Instant): void;
	/** What is due, which counts as told from here on. */
	due(now: Instant): readonly Batch[];
	nextDeadline(): Instant;
	/** How many services a receiver was told of with which something still is wrong. */
	firing(receiver: string): number;
	/** All of it, for `saved`. */
	save(): unknown;
}

/** Kinds that say that something is wrong, for as long as none of `OVER` has come. */
const WRONG: ReadonlySet<string> = new Set(['failed', 'unhealthy', 'blocked', 'backoff', 'restarting', 'killed']);

/** Kinds that say that it is not any more; of one that is unhealthy only `healthy` does. */
const BETTER: ReadonlySet<string> = new Set(['ready', 'healthy', 'completed']);

/** An operator, or what decides, wants it down: nothing is wrong, and it has not recovered either. */
const GONE: ReadonlySet<string> = new Set(['stopped', 'removed', 'skipped']);

/** What has to be heard of beside what receivers want. */
export const HEARD: readonly string[] = [...BETTER, ...GONE];

/** What explicit alerts are called. */
export const ALERT_KIND = 'alert';

/** How many things are remembered for a receiver; and of a reason, characters. */
const [KNOWN_MAX, REASON_MAX] = [500, 200];

interface Known extends Item {
	/** How often it was told, and when last. */
	readonly told: number;
	readonly toldAt: Instant;
	readonly toldKind: string;
	/** When it is to be told; NEVER: there is nothing new. */
	readonly due: Instant;
}

interface Group {
	readonly known: Map<string, Known>;
	/** What else has happened, and when that is to be told. */
	more: number;
	moreDue: Instant;
}

/** `saved`: what another one of these has kept, whatever it is. */
export function createGroups({groupWait, repeat, receivers}: GroupRules, saved: unknown = null): Groups {
	const before = isObject(saved) ? saved : {};
	const groups = new Map<string, Group>(receivers.map(({name}) => [name, restored(before[name])]));

	/** The pause before it is told again, twice as long each time. */
	const spaced = ({told, toldAt}: Pick<Known, 'told' | 'toldAt'>, now: Instant): Instant =>
		(told === 0 ? now + groupWait : Math.max(now + groupWait, toldAt + Math.min(repeat, groupWait * 2 ** Math.min(told, 30))));

	function keep(group: Group, key: string, known: Known, now: Instant): void {
		if (!group.known.has(key) && group.known.size >= KNOWN_MAX) {
			// What is over makes room for what is not.
			const old = [...group.known].find(([, {state, due}]) => state !== 'firing' && due === NEVER);
			if (!old) {
				if (group.more++ === 0) group.moreDue = now + groupWait;
				return;
			}
			group.known.delete(old[0]);
		}
		group.known.set(key, known);
	}

	function raise(group: Group, {kind, service, reason, at}: Happened, now: Instant): void {
		const known = group.known.get(service);
		const next = {state: 'firing', kind, service, reason: reason.slice(0, REASON_MAX), at} as const;
		if (!known) {
			keep(group, service, {...next, count: 1, since: at, told: 0, toldAt: 0, toldKind: '', due: now + groupWait}, now);
		} else if (known.state === 'firing') {
			// That it has failed for good is worth a word beside that it was started again.
			const isWorse = kind === 'failed' && known.toldKind !== 'failed' && known.told > 0;
			const due = isWorse ? Math.min(known.due, now + groupWait) : known.due;
			group.known.set(service, {...known, ...next, count: known.count + 1, due});
		} else {
			group.known.set(service, {...known, ...next, count: 1, since: at, due: spaced(known, now)});
		}
	}

	function recover(group: Group, {kind, service, at}: Happened, now: Instant): void {
		const known = group.known.get(service);
		if (known?.state !== 'firing' || (known.kind === 'unhealthy' && kind === 'ready')) return;
		const due = known.due === NEVER || known.toldKind !== '' ? now + groupWait : known.due;
		group.known.set(service, {...known, state: 'recovered', at, due});
	}

	function drop(group: Group, service: string): void {
		const known = group.known.get(service);
		if (known?.state !== 'firing') return;
		if (known.told === 0) group.known.delete(service);
		else group.known.set(service, {...known, state: 'recovered', toldKind: '', due: NEVER});
	}

	function note(group: Group, key: string, {kind, service, reason, at}: Happened, now: Instant): void {
		const known = group.known.get(key);
		const next = {state: 'event', kind, service, reason: reason.slice(0, REASON_MAX), at} as const;
		const isNew = known === undefined || known.due === NEVER;
		keep(group, key, {
			...known ?? {told: 0, toldAt: 0, toldKind: ''}, ...next, count: isNew ? 1 : known.count + 1, since: isNew ? at : known.since,
			due: isNew ? spaced(known ?? {told: 0, toldAt: 0}, now) : known.due,
		}, now);
	}

	const meant = (service: string): readonly (readonly [GroupRules['receivers'][number], Group])[] =>
		receivers.flatMap(receiver => {
			const group = groups.get(receiver.name);
			return group && hears(receiver.services, service) ? [[receiver, group] as const] : [];
		});

	return {
		hear(happened, now) {
			const {kind, service} = happened;
			for (const [{on}, group] of meant(service)) {
				if (BETTER.has(kind)) recover(group, happened, now);
				if (GONE.has(kind)) drop(group, service);
				if (!on.includes(kind)) continue;
				if (WRONG.has(kind)) raise(group, happened, now);
				else note(group, `${service}\n${kind}`, happened, now);
			}
		},
		want(service, text, at, now) {
			const happened = {kind: ALERT_KIND, service, reason: text, at};
			for (const [, group] of meant(service)) note(group, `${service}\n${ALERT_KIND}\n${text.slice(0, REASON_MAX)}`, happened, now);
		},
		due(now) {
			const batches: Batch[] = [];
			for (const [receiver, group] of groups) {
				const {known, more, moreDue} = group;
				const isDue = moreDue <= now || [...known.values()].some(each => each.due <= now);
				if (isDue) {
					const items: Item[] = [];
					for (const [key, each] of known) {
						// What would be due a moment later is told with it.
						if (each.due > now + groupWait) continue;
						const {state, kind, service, reason, count, since, at, told, toldKind} = each;
						items.push({state, kind, service, reason, count, since, at});
						const isTold = state === 'recovered' && toldKind !== '';
						known.set(key, {
							...each, count: state === 'firing' ? count : 0, toldAt: now, told: isTold ? told : told + 1,
							toldKind: state === 'recovered' ? '' : kind, due: state === 'firing' ? now + repeat : NEVER,
						});
					}
					[group.more, group.moreDue] = [0, NEVER];
					const rank = {firing: 0, event: 1, recovered: 2};
					batches.push({receiver, items: items.sort((a, b) => rank[a.state] - rank[b.state]), more});
				}
				for (const [key, {state, due, toldAt}] of known) {
					if (state !== 'firing' && due === NEVER && now - toldAt >= repeat) known.delete(key);
				}
			}
			return batches;
		},
		nextDeadline() {
			let next = NEVER;
			for (const {known, moreDue} of groups.values()) {
				next = Math.min(next, moreDue);
				for (const {due} of known.values()) next = Math.min(next, due);
			}
			return next;
		},
		firing: receiver => [...groups.get(receiver)?.known.values() ?? []].filter(({state, told}) => state === 'firing' && told > 0).length,
		save: () => Object.fromEntries([...groups].map(([name, {known}]) => [name, {known: [...known].map(encoded)}])),
	};
}

/** NEVER has no form in JSON. */
const encoded = ([key, known]: readonly [string, Known]): readonly [string, object] =>
	[key, {...known, due: known.due === NEVER ? null : known.due}];

function restored(saved: unknown): Group {
	const group: Group = {known: new Map(), more: 0, moreDue: NEVER};
	if (!isObject(saved) || !Array.isArray(saved['known'])) return group;
	for (const each of saved['known'].slice(0, KNOWN_MAX)) {
		if (!Array.isArray(each)) continue;
		const [key, value] = each as readonly unknown[];
		const known = knownIn(value);
		if (typeof key === 'string' && known) group.known.set(key, known);
	}
	return group;
}

/** Null: it is something else. */
function knownIn(value: unknown): Known | null {
	if (!isObject(value)) return null;
	const text = (key: string): string => (typeof value[key] === 'string' ? value[key] : '');
	const number = (key: string, otherwise = 0): number => (typeof value[key] === 'number' ? value[key] : otherwise);
	const state = (['firing', 'recovered', 'event'] as const).find(each => each === value['state']);
	return state === undefined ? null : {
		state, kind: text('kind'), service: text('service'), reason: text('reason'), toldKind: text('toldKind'), count: number('count'),
		since: number('since'), at: number('at'), told: number('told'), toldAt: number('toldAt'), due: number('due', NEVER),
	};
}

/** Whether a receiver hears of a service; an instance has the name of the service before a colon. */
const hears = (patterns: readonly string[], service: string): boolean =>
	patterns.length === 0 || patterns.some(pattern => fits(pattern, service) || fits(pattern, service.replace(/:\d+$/, '')));
