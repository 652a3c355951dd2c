/** `Plan`: what a reload of archon's config would do now. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** What becomes of a service, in the order in which people read of it. */
export const FATES = ['added', 'removed', 'restarted', 'updated', 'kept'] as const;

export type Fate = (typeof FATES)[number];

export type PlanRow =
	/** What becomes of a service; `updated`: its process is kept under new settings. */
	| {readonly kind: Fate; readonly name: string}
	/** A key whose value is another; the values are empty where they are long, or may be secret. */
	| {readonly kind: 'key'; readonly name: string; readonly key: string; readonly before: string; readonly after: string}
	/** The same of archon's own settings. */
	| {readonly kind: 'setting'; readonly key: string; readonly before: string; readonly after: string}
	/** A process that would stop or start, in this order. */
	| {readonly kind: 'stop' | 'start'; readonly name: string}
	/** The last reload was undone, and why. */
	| {readonly kind: 'undone'; readonly name: string; readonly why: string};

export const PLAN_ROW: Rows<PlanRow> = {
	encode(row) {
		switch (row.kind) {
			case 'key': return [row.kind, row.name, row.key, row.before, row.after];
			case 'setting': return [row.kind, row.key, row.before, row.after];
			case 'undone': return [row.kind, row.name, row.why];
			default: return [row.kind, row.name];
		}
	},
	decode([kind = '', first = '', second = '', third = '', fourth = '']) {
		if (kind === 'key') return {kind, name: first, key: second, before: third, after: fourth};
		if (kind === 'setting') return {kind, key: first, before: second, after: third};
		if (kind === 'undone') return {kind, name: first, why: second};
		if (kind === 'stop' || kind === 'start') return {kind, name: first};
		return {kind: FATES.find(fate => fate === kind) ?? 'kept', name: first};
	},
};

export const PLAN = wire('plan', {}, {verb: 'Plan', role: 'observe', isRepeatable: true});

export type PlanRequest = RequestOf<typeof PLAN>;

const NAME = {name: 'of the service'};
const SETTING = {
	key: 'as the config calls it', before: 'its value now; empty: it is not written, too long, or may be secret',
	after: 'its value then, in the same way',
};
// No spread, for which the bundler would keep what only the page says.
const KEY = {name: NAME.name, key: SETTING.key, before: SETTING.before, after: SETTING.after};
const FORMS: readonly RowForm[] = [
	{kind: 'added', means: 'a service that would be new', columns: NAME},
	{kind: 'removed', means: 'a service that would stop for good', columns: NAME},
	{kind: 'restarted', means: 'a service that would be started again, as its process would be made differently', columns: NAME},
	{kind: 'updated', means: 'a service whose process would be kept under new settings', columns: NAME},
	{kind: 'kept', means: 'a service of which nothing changes', columns: NAME},
	{kind: 'key', means: 'what differs for the service that it comes after', columns: KEY},
	{kind: 'setting', means: 'what differs for archon itself', columns: SETTING},
	{kind: 'stop', means: 'a process that would stop, in order', columns: NAME},
	{kind: 'start', means: 'a process that would start, in order', columns: NAME},
	{
		kind: 'undone', means: 'the last reload was undone, and the files still say what it said',
		columns: {name: 'of the service that did not become ready', why: 'in words'},
	},
];

export const pages: Pages = {
	Plan: {
		help: 'show what a reload of the config would change now; nothing is changed',
		rows: FORMS,
		reply: '`Ok`; `Error` with every problem of the config',
		examples: [['Plan', 'Row,restarted,web', 'Row,key,web,umask,022,077', 'Row,kept,job', 'Row,stop,web', 'Row,start,web', 'Ok']],
	},
};
