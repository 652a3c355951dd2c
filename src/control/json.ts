/** What programs are told of rows: one form for `archonctl … --json` and for HTTP. */
import type {EventRow} from '../features/events/requests/subscribe/rows.ts';
import type {LogStream} from '../features/logging/core.ts';
import type {StartRow} from './requests/blame/wire.ts';
import type {GraphRow} from './requests/graph/wire.ts';
import type {TreeRow} from './requests/tree/wire.ts';
import type {VersionRow} from './requests/version/wire.ts';
import type {WhyRow} from './requests/why/wire.ts';

// ── why ──────────────────────────────────────────────────────────────────────────────────────────

type WhyOf<K extends WhyRow['kind']> = Extract<WhyRow, {kind: K}>;

/** The rows about one service. */
export interface Story {
	readonly service: WhyOf<'service'>;
	readonly rows: readonly WhyRow[];
}

/** The rows of each service. */
export function storiesOf(rows: readonly WhyRow[]): readonly Story[] {
	const stories: {service: WhyOf<'service'>; rows: WhyRow[]}[] = [];
	for (const row of rows) {
		if (row.kind === 'service') stories.push({service: row, rows: []});
		else stories.at(-1)?.rows.push(row);
	}
	return stories;
}

export const rowsOfKind = <K extends WhyRow['kind']>({rows}: Story, kind: K): readonly WhyOf<K>[] =>
	rows.filter((row): row is WhyOf<K> => row.kind === kind);

export function storyJson(story: Story): object {
	const {name, status, since, starts} = story.service;
	const [wanted] = rowsOfKind(story, 'wanted').map(({runs, by, why: words, at}) => ({runs, by, why: words, at}));
	const [end] = rowsOfKind(story, 'end').map(({name: who, at, exit, how}) => ({name: who, at, exit, how}));
	return {
		name, status, since, starts, wanted,
		chain: rowsOfKind(story, 'link').map(link => ({name: link.name, status: link.status, why: link.why})),
		next: rowsOfKind(story, 'next').map(next => ({name: next.name, at: next.at, what: next.what})),
		end: end ?? null,
		lines: rowsOfKind(story, 'line').map(line => ({name: line.name, stream: line.stream, at: line.at, text: line.text})),
		waiting: rowsOfKind(story, 'waiting').map(waiting => waiting.name),
		help: rowsOfKind(story, 'help').map(({command, does}) => ({command, does})),
	};
}

// ── tree ─────────────────────────────────────────────────────────────────────────────────────────

const HELPER = 'archon.';

/** Those that are shown unless all are asked for: no commands of probes and hooks, none of archon's helpers, and what these have made. */
export function shown(processes: readonly TreeRow[]): readonly TreeRow[] {
	const hidden = new Set<number>();
	return processes.filter(({pid, parent, kind, service}) => {
		const isHidden = kind === 'command' || hidden.has(parent) || service?.startsWith(HELPER);
		if (isHidden) hidden.add(pid);
		return !isHidden;
	});
}

// ── graph ────────────────────────────────────────────────────────────────────────────────────────

type GraphOf<K extends GraphRow['kind']> = Extract<GraphRow, {kind: K}>;
type Other = Exclude<GraphRow, {kind: 'service'} | {kind: 'need'}>;

export interface Graph {
	readonly services: readonly GraphOf<'service'>[];
	readonly needs: readonly GraphOf<'need'>[];
	readonly others: readonly Other[];
}

export const graphOf = (rows: readonly GraphRow[]): Graph => ({
	services: rows.filter(row => row.kind === 'service'), needs: rows.filter(row => row.kind === 'need'),
	others: rows.filter((row): row is Other => row.kind === 'conflict' || row.kind === 'on-failure'),
});

export function graphJson({services, needs, others}: Graph): object {
	const pairs = (kind: 'conflict' | 'on-failure'): readonly object[] =>
		others.filter(row => row.kind === kind).map(({name, other}) => ({service: name, other}));
	return {
		services: services.map(({name, status, type}) => ({name, status, type})),
		needs: needs.map(({name, other, condition, strength, isMet, restarts}) =>
			({service: name, needs: other, condition, strength, met: isMet, restart: restarts})),
		conflicts: pairs('conflict'), on_failure: pairs('on-failure'),
	};
}

// ── blame ────────────────────────────────────────────────────────────────────────────────────────

const begunAt = ({asked, waited}: StartRow): number => asked + waited;
export const readyAt = (row: StartRow): number => begunAt(row) + (row.took ?? 0);

/** From each service back to the first that nothing was waited for; without names, that of the one that was ready last. */
export function chainsOf(rows: readonly StartRow[], names: readonly string[]): readonly (readonly StartRow[])[] {
	const byName = new Map(rows.map(row => [row.name, row]));
	return (names.length > 0 ? names : lastOf(rows)).map(name => {
		const chain = new Set<StartRow>();
		for (let row = byName.get(name); row && !chain.has(row); row = byName.get(row.after)) chain.add(row);
		return [...chain];
	});
}

/** The one that was ready last, if any is. */
function lastOf(rows: readonly StartRow[]): readonly string[] {
	let last: StartRow | null = null;
	for (const row of rows) if (row.took !== null && (!last || readyAt(row) >= readyAt(last))) last = row;
	return last ? [last.name] : [];
}

/** When the chain begins. */
export const origin = (chain: readonly StartRow[]): number => chain.reduce((least, row) => Math.min(least, begunAt(row)), Infinity);

export const blameJson = (rows: readonly StartRow[], chains: readonly (readonly StartRow[])[]): object => ({
	services: rows.map(({name, asked, waited, took, after}) => ({name, asked, waited, took, after: after || null})),
	chains: chains.map(chain => ({
		name: chain[0]?.name,
		links: chain.map(row => ({
			name: row.name, begun: begunAt(row) - origin(chain), ready: row.took === null ? null : readyAt(row) - origin(chain),
		})),
	})),
});

// ── events, lines, version ───────────────────────────────────────────────────────────────────────

const timeOf = (millis: number): string => new Date(millis).toISOString();
const orNull = (text: string): string | null => text || null;

export const eventJson = ({number, at, event, service, next, from, to, pid, run, exit, count, reason}: EventRow): object => ({
	number, time: timeOf(at), kind: event, service: orNull(service), from: orNull(from), to: orNull(to), pid, run, exit, count,
	next: next === null ? null : timeOf(next), reason: orNull(reason),
});

/** A line of a service's output. */
export interface Line {
	readonly name: string;
	/** Milliseconds since 1970; -Infinity: not known. */
	readonly at: number;
	/** null: not known. */
	readonly stream: LogStream | null;
	readonly text: string;
}

/** With the keys of the log driver `json`. */
export function lineJson({name, at, stream, text}: Line): object {
	const [service, instance] = name.split(':');
	return {
		time: at === -Infinity ? null : timeOf(at), service,
		...instance === undefined ? {} : {instance: Number(instance)}, stream, message: text,
	};
}

/** `own`: the version of who asks. */
export const versionJson = ({version, lives, cause}: VersionRow, own: string): object =>
	({archon: version, archonctl: own, lives, cause: cause === '' ? null : cause});
