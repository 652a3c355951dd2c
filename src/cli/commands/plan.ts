/** `archonctl plan`. */
import {type Fate, FATES, PLAN, PLAN_ROW, type PlanRow} from '../../control/requests/plan/wire.ts';
import {listed} from '../../core/listed.ts';
import {type Command, EXIT} from '../command.ts';
import {rowsOf} from '../reply.ts';

export const plan: Command = {
	name: 'plan',
	usage: '[--json]',
	summary: 'show what a reload of the config would change now',
	details: [
		'+ added, - removed, ~ changed, with the keys that differ and whether the process is kept, = kept; then the',
		'order in which processes would stop and start. Nothing is changed. Values of variables are never shown.',
	],
	options: [{names: ['--json'], value: null, help: 'one object'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl plan && archonctl reload --rollback'],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, PLAN, [], io);
		if (!rows.ok) return rows.error;
		const plan = rows.value.map(PLAN_ROW.decode);
		io.stdout(args.has('--json') ? `${JSON.stringify(asObject(plan), null, 2)}\n` : render(plan));
		return EXIT.ok;
	}),
};

type KeyRow = Extract<PlanRow, {kind: 'key'}>;

/** What differs, by the name of the service. */
const keysIn = (plan: readonly PlanRow[]): ReadonlyMap<string, readonly KeyRow[]> =>
	Map.groupBy(plan.filter((row): row is KeyRow => row.kind === 'key'), ({name}) => name);

const namesOf = (plan: readonly PlanRow[], kind: Fate | 'stop' | 'start'): readonly string[] =>
	plan.flatMap(row => (row.kind === kind && 'name' in row ? [row.name] : []));

function asObject(plan: readonly PlanRow[]): object {
	const keysOf = keysIn(plan);
	const changed = plan.flatMap(row => (row.kind === 'restarted' || row.kind === 'updated' ? [{
		name: row.name, restarts: row.kind === 'restarted',
		keys: (keysOf.get(row.name) ?? []).map(({key, before, after}) => ({key, before, after})),
	}] : []));
	const undone = plan.flatMap(row => (row.kind === 'undone' ? [{name: row.name, why: row.why}] : []));
	return {
		added: namesOf(plan, 'added'), removed: namesOf(plan, 'removed'), changed, kept: namesOf(plan, 'kept'),
		settings: plan.flatMap(row => (row.kind === 'setting' ? [{key: row.key, before: row.before, after: row.after}] : [])),
		stop: namesOf(plan, 'stop'), start: namesOf(plan, 'start'), undone: undone[0] ?? null,
	};
}

/** Why the process of a changed service stays or not. */
const ENDS: Readonly<Record<Fate, string>> = {
	added: 'added', removed: 'removed', restarted: 'restarted', updated: 'kept (its process stays)', kept: 'kept',
};
const MARKS: Readonly<Record<Fate, string>> = {added: '+', removed: '-', restarted: '~', updated: '~', kept: '='};

function render(plan: readonly PlanRow[]): string {
	const lines: string[] = [];
	for (const row of plan) if (row.kind === 'undone') lines.push(`! the last reload was undone: ${row.why}`);
	const keys = keysIn(plan);
	for (const fate of FATES) {
		const names = namesOf(plan, fate);
		if (fate === 'kept') {
			if (names.length > 0) lines.push(`= ${names.length} kept`);
		} else {
			for (const group of groupsOf(names, keys)) lines.push(lineOf(fate, group));
		}
	}
	for (const row of plan) if (row.kind === 'setting') lines.push(`~ archon  ${wordsOf(row)}: applied at once`);
	if (lines.every(line => line.startsWith('='))) return 'nothing would change\n';
	for (const kind of ['stop', 'start'] as const) {
		const names = namesOf(plan, kind);
		if (names.length > 0) lines.push(`${kind === 'stop' ? 'stops: ' : 'starts:'} ${listed(names, SHOWN)}`);
	}
	return `${lines.join('\n')}\n`;
}

interface Group {
	readonly names: readonly string[];
	readonly words: string;
}

/** Instances of one service of which the same is to be said are one line. */
function groupsOf(names: readonly string[], keys: ReadonlyMap<string, readonly KeyRow[]>): readonly Group[] {
	const groups = new Map<string, {names: string[]; words: string}>();
	for (const name of names) {
		const words = (keys.get(name) ?? []).map(wordsOf).join(', ');
		const id = JSON.stringify([name.split(':')[0], words]);
		const group = groups.get(id) ?? {names: [], words};
		group.names.push(name);
		groups.set(id, group);
	}
	return [...groups.values()];
}

function lineOf(fate: Fate, {names, words}: Group): string {
	const [first = ''] = names;
	const who = names.length === 1 ? first : `${first.split(':')[0]} (${names.length} instances)`;
	return `${MARKS[fate]} ${who}  ${words === '' ? '' : `${words}: `}${ENDS[fate]}`;
}

/** `stop_grace_period 10s → 20s`, or the key alone. */
function wordsOf({key, before, after}: Pick<KeyRow, 'key' | 'before' | 'after'>): string {
	if (before === '' && after === '') return key;
	if (before === '' && /^[+~-]/.test(after)) return `${key} ${after}`;
	return `${key} ${before || '…'} → ${after || '…'}`;
}

const SHOWN = 20;
