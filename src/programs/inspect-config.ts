/** The config that is in force, and what a reload would make of it: loaded when somebody asks. */
import type {PlanRow} from '../control/requests/plan/wire.ts';
import {serviceDifferences, topDifferences, type Difference} from '../config/difference.ts';
import {expanded, MASK, written} from '../config/effective.ts';
import type {Mapping, Value} from '../config/values.ts';
import {printYaml} from '../config/yaml/print.ts';
import {changedSettings, type Whole} from '../core/config.ts';
import {nearest} from '../core/nearest.ts';
import {compare, reasonsFor} from '../core/reconfigure.ts';
import {partOf} from '../core/features.ts';
import {rehearse} from '../core/rehearse.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Service} from '../core/service.ts';
import {namesake, type State} from '../core/state.ts';
import {whyNothingStarts} from '../core/stage.ts';
import {rollback} from '../features/rollback/core/feature.ts';
import {now} from '../os/clock.ts';
import {sys} from '../os/sys.ts';
import type {ConfigSource, Reading} from './config-source.ts';
import {servicesOf, told} from './reload.ts';

export interface InForce {
	readonly state: State;
	readonly source: ConfigSource | null;
	/** What was read for the config in force; null: it is not known. */
	readonly kept: string | null;
	readonly whole: Whole;
}

type Done<T> = (result: Result<T, string>) => void;

const NONE = 'archon was started without one';
const UNKNOWN = 'what was read for the config in force is not known any more; archonctl reload reads it again';

/** The config in force as YAML; `name`: of one service only. */
export function showConfig({source, kept}: InForce, name: string | null, showsSecrets: boolean, done: Done<string>): void {
	if (!source) return done(err(`there is no config: ${NONE}`));
	if (kept === null) return done(err(UNKNOWN));
	source.replay(kept, ({root, config}) => {
		if (!root) return done(err(`cannot make the config in force again: ${config.ok ? '' : told(config.error)}`));
		const tree = treeOf({root});
		const chosen = tree && name !== null ? onlyService(tree, name) : ok(tree);
		if (!chosen.ok || !chosen.value) return done(chosen.ok ? err(UNKNOWN) : chosen);
		done(ok(printYaml(written(chosen.value, showsSecrets ? null : MASK))));
	});
}

const treeOf = ({root}: Pick<Reading, 'root'>): Value | null => {
	const directory = sys.realPath('.');
	return root && expanded(root, {variables: root.variables, directory: typeof directory === 'string' ? directory : '/'});
};

/** The tree with one service, and nothing else. */
function onlyService(tree: Value, name: string): Result<Value, string> {
	const [base = name] = name.split(':');
	const held = tree.kind === 'map' ? ['services', 'programs'].flatMap(key => {
		const value = tree.entries.get(key)?.value;
		return value?.kind === 'map' ? [[key, value] as const] : [];
	}) : [];
	for (const [key, services] of held) {
		const entry = services.entries.get(base);
		if (entry) return ok(mapWith(tree, key, mapWith(services, base, entry.value)));
	}
	const meant = nearest(base, held.flatMap(([, services]) => [...services.entries.keys()]));
	return err(`the config has no service ${name}${meant === null ? '' : `; did you mean ${meant}?`}`);
}

const mapWith = ({source, offset}: Value, key: string, value: Value): Mapping =>
	({source, offset, kind: 'map', entries: new Map([[key, {key: value, value}]])});

/** What a reload would do now. */
export function planReload(inForce: InForce, done: Done<readonly PlanRow[]>): void {
	const {state, source, kept} = inForce;
	if (!source) return done(err(NONE));
	if (state.stage.kind !== 'running') return done(err(whyNothingStarts(state)));
	source.read(next => {
		if (kept === null) done(rowsOf(inForce, null, next));
		else source.replay(kept, before => done(rowsOf(inForce, before, next)));
	});
}

function rowsOf({state, whole}: InForce, before: Reading | null, next: Reading): Result<readonly PlanRow[], string> {
	if (!next.config.ok) return err(told(next.config.error));
	const {services, ...settings} = next.config.value;
	const taken = services.find(({name}) => namesake(state, name));
	if (taken) return err(`the name ${taken.name} is taken by a daemon that a client started`);
	const running = servicesOf(state);
	const change = compare(running, services);
	const trees = before && {before: treeOf(before), after: treeOf(next)};
	const [was, will] = [running, services].map(list => new Map(list.map(service => [service.name, service])));
	const names = (kind: Exclude<PlanRow['kind'], 'key' | 'setting' | 'undone'>, list: readonly string[]): readonly PlanRow[] =>
		list.map(name => ({kind, name}));
	const changed = (kind: 'restarted' | 'updated', list: readonly string[]): readonly PlanRow[] => list.flatMap((name): readonly PlanRow[] =>
		[{kind, name}, ...differencesOf(name, was?.get(name), will?.get(name), trees).map(each => ({kind: 'key' as const, name, ...each}))]);
	const {stops, starts} = rehearse(state, {kind: 'reconfigure', services, ...settings}, now());
	const {undone} = partOf(state, rollback);
	return ok([
		...undone ? [{kind: 'undone' as const, name: undone.name ?? '', why: undone.why}] : [],
		...names('added', change.added), ...names('removed', change.removed),
		...changed('restarted', change.restarted), ...changed('updated', change.updated), ...names('kept', change.kept),
		...settingsOf(changedSettings(whole, settings), trees).map(each => ({kind: 'setting' as const, ...each})),
		...names('stop', stops), ...names('start', starts),
	]);
}

type Trees = {readonly before: Value | null; readonly after: Value | null} | null;

/** As the texts have it, and what it has from elsewhere. */
function differencesOf(name: string, was: Service | undefined, will: Service | undefined, trees: Trees): readonly Difference[] {
	const [base = name] = name.split(':');
	const found = trees?.before && trees.after ? serviceDifferences(trees.before, trees.after, base) : [];
	const more = was && will ? reasonsFor(was, will) : [];
	const isTold = (key: string): boolean => found.some(each => each.key === key || each.key.startsWith(`${key}.`));
	const missing = more.filter(key => !(key === 'depends_on' ? NEEDS : [key]).some(isTold));
	return [...found, ...missing.map(key => ({key, before: '', after: ''}))];
}

/** The keys of a service that come to what it waits for. */
const NEEDS = ['depends_on', 'wants', 'after', 'before', 'links'];

/** With their values where the texts have them. */
function settingsOf(keys: readonly string[], trees: Trees): readonly Difference[] {
	const written = trees?.before && trees.after ? topDifferences(trees.before, trees.after) : [];
	return keys.flatMap(key => {
		const found = written.filter(each => each.key === key || each.key.startsWith(`${key}.`));
		return found.length > 0 ? found : [{key, before: '', after: ''}];
	});
}
