/** A zeus.json, or the same as YAML with `items`: the tree of one pool, which is called app. */
import {dirname, isAbsolute, join} from '../../core/path.ts';
import {PLAN_KEYS, readPlan} from '../../features/pools/keys/plan.ts';
import type {ForeignFormat, Lookups} from '../planning.ts';
import {type Gather, type Report, type Source} from '../problems.ts';
import {refuseKind} from '../readers.ts';
import {type Context, readShape, shape} from '../shape.ts';
import type {Mapping, Value} from '../values.ts';
import {map, written} from './translation.ts';

const ZEUS = shape(PLAN_KEYS, {words: () => ({names: {command: 'cmd', plan: 'tree', items: 'actions'}})});

/** What the pool of a file is called. */
const NAME = 'app';

export const zeus: ForeignFormat = {
	name: 'a zeus.json',
	translate(inputs, lookups, report) {
		const [first, second] = inputs;
		const source = first?.source ?? {file: '', text: ''};
		const top = {source, offset: 0};
		if (second) {
			const hint = 'write both in archon\'s own format, each by its name in pools';
			report({source: second.source, offset: 0}, 'there are two files of pools', hint);
		}
		const root = first?.root ?? null;
		const tree = root && readTree(root, report, () => {});
		// What is wrong in YAML itself has been told, and no plan is left then.
		const values = root?.kind === 'map' ? valuesOf(root) : {};
		const pool = tree ? {...values, dir: written(top, folderOf(source, lookups))} : values;
		return {config: map(top, {pools: map(top, {[NAME]: map(root ?? top, pool)})}), untranslated: []};
	},
};

/** The tree in it, in which a `$` has no meaning; undefined: something is wrong with it, which has been reported. */
export function readTree(root: Value, report: Report, note: Gather): ReturnType<typeof readPlan> {
	const context: Context = {path: '', report, note, environment: null};
	if (root.kind !== 'map') return refuseKind(root, {...context, path: root.source.file}, 'a map with command and plan');
	let isWrong = false;
	const watched: Context = {...context, report(...problem) {
		isWrong = true;
		report(...problem);
	}};
	const plan = readPlan(readShape(ZEUS, root, watched), root, watched);
	return isWrong ? undefined : plan;
}

/** The same in archon's own format. */
const valuesOf = ({entries}: Mapping): Readonly<Record<string, Value>> =>
	Object.fromEntries(Object.keys(PLAN_KEYS).flatMap(name => {
		const value = entries.get(name)?.value;
		return value ? [[name, asOwn(value)]] : [];
	}));

function asOwn(value: Value): Value {
	switch (value.kind) {
		case 'scalar': return {...value, text: value.text.replaceAll('$', '$$$$')};
		case 'list': return {...value, items: value.items.map(asOwn)};
		case 'map': return {...value, entries: new Map([...value.entries].map(([key, entry]) => [key, {...entry, value: asOwn(entry.value)}]))};
	}
}

function folderOf({file}: Source, lookups: Lookups): string {
	const folder = dirname(file);
	return isAbsolute(folder) ? folder : join(lookups.directory(), folder === '.' ? '' : folder);
}
