/**
 * `include` and `extends` (compose-spec): what a config says in other files and in other services, put where it counts. What
 * comes of it is as if it had been written there, but each value keeps its place, by which problems are told and relative
 * paths are found. It is loaded only for a config that has one of the two.
 */
import {readEnvFile} from '../core/env-file.ts';
import {dirname, isAbsolute, join} from '../core/path.ts';
import {lookupIn, UNSET, type Environment} from '../core/variables.ts';
import type {CreateExpand, Expand, Expanding} from './planning.ts';
import {formatOfRoot, formatOfText} from './formats.ts';
import {EXTENDS, INCLUDE, readPath, type Named} from './keys/elsewhere.ts';
import {overlay, overlayService} from './merge.ts';
import {didYouMean, directoryOf, nameAs, quoteWritten, writtenIn, type Place, type Source} from './problems.ts';
import {readText, refuse} from './readers.ts';
import {readShape, within, type Context} from './shape.ts';
import {isNothing, kindOf, type Entry, type Mapping, type Value} from './values.ts';
import {parse} from './yaml/parse.ts';

/** How many files may be read beside those that are named, and how large all of them may be, in characters. */
const FILES_MAX = 200;
const SIZE_MAX = 1024 * 1024;
/** How many services may extend one another in a row, and files include one another. */
const CHAIN_MAX = 50;
/** How many values may be taken over from services, each counted as often as it is. */
const VALUES_MAX = 100_000;

/** The services of one file, and of those that it is laid over. */
interface Scope {
	readonly source: Source;
	/** As in messages: empty for files that are read from the beginning. */
	readonly label: string;
	readonly services: ReadonlyMap<string, Entry>;
	readonly below: ReadonlyMap<string, Entry>;
}

const NONE: ReadonlyMap<string, Entry> = new Map();

const fileOf = ({path, at}: Named): string => (isAbsolute(path) ? path : join(directoryOf(at), path));

export const createExpand: CreateExpand = ({lookups, rules, report, note}: Expanding): Expand => {
	const environment: Environment = {...lookups.dotenv, ...lookups.environment};
	const context = (path: string): Context => ({path, report, note, environment});
	const files = new Map<string, Mapping | null>();
	const broken = new Set<string>();
	const done = new Map<Value, Value>();
	const sizes = new Map<Value, number>();
	const wholes = new Map<Mapping, Mapping>();
	let [size, values, inclusions, isTooLong] = [0, 0, 0, false];

	/** Each is read once for one way of understanding it; null: it cannot be read, which is reported. */
	function load({path, at}: Named, {path: where}: Context, given: Pick<Source, 'directory' | 'variables'>): Mapping | null {
		const file = fileOf({path, at});
		// Not with the value of a variable, which may be a secret.
		const shown = writtenIn(at) ?? file;
		const refuseFile = (why: string, hint: string | null = null): null => (report(at, `${where}: ${why}`, hint), null);
		if (REMOTE.test(path)) return refuseFile(`${quoteWritten(at, path)} is not a file`, 'archon reads nothing from a network: copy it');
		const id = JSON.stringify([file, given]);
		const before = files.get(id);
		if (before !== undefined) return before;
		files.set(id, null);
		if (files.size === FILES_MAX + 1) refuseFile(`more than ${FILES_MAX} files are included or extended`);
		if (files.size > FILES_MAX) return null;
		const found = lookups.readConfig(file);
		if (!found.ok) return refuseFile(nameAs(shown, file, found.error.problem.message), found.error.problem.hint);
		size += found.value.text.length;
		if (size > SIZE_MAX) return refuseFile(`with ${shown} all files that are included or extended are larger than 1 MiB`);
		const source: Source = {...found.value, ...given};
		// What is wrong with its text is told once, however often it is read.
		if (broken.has(file)) return null;
		broken.add(file);
		if (formatOfText(source) !== null) return refuseFile(`${shown} is not in archon's own format`);
		const root = parse(source, lookups.readYaml, report);
		if (!root) return null;
		broken.delete(file);
		if (root.kind !== 'map') return refuseFile(`${shown} must be a map, not ${kindOf(root)}`);
		if (formatOfRoot(root) !== null) return refuseFile(`${shown} is not in archon's own format`);
		files.set(id, root);
		return root;
	}

	/** A service with what it extends. `chain`: the services that extend it, the first one first. */
	function extended(scope: Scope, name: string, value: Value, chain: readonly {readonly value: Value; readonly name: string}[]): Value {
		const entry = value.kind === 'map' ? value.entries.get('extends') : undefined;
		if (value.kind !== 'map' || !entry) return value;
		const known = done.get(value);
		if (known) return known;
		const own = {...value, entries: new Map([...value.entries].filter(([key]) => key !== 'extends'))};
		if (isNothing(entry.value)) return own;
		const here = context(within(within(context(''), 'services'), name).path + '.extends');
		const steps = [...chain, {value, name: `${scope.label}${name}`}];
		const at = chain.findIndex(step => step.value === value);
		if (at >= 0) {
			refuse(entry.value, {...here, path: 'services'}, `extend each other in a circle: ${steps.slice(at).map(step => step.name).join(' → ')}`);
			return value;
		}
		if (chain.length >= CHAIN_MAX) {
			// Of a longer row each part would be one.
			if (!isTooLong) report(entry.value, `${here.path}: more than ${CHAIN_MAX} services extend one another`);
			isTooLong = true;
			done.set(value, value);
			return value;
		}
		const base = baseOf(scope, entry.value, here);
		const lower = base && extended(base.scope, base.name, base.value, steps);
		// Without what cannot be had it keeps the key, by which it is known that something is missing.
		const result = (lower && put(lower, own, entry.value, here)) ?? value;
		done.set(value, result);
		return result;
	}

	function put(lower: Value, own: Mapping, at: Place, {path}: Context): Value | null {
		const before = values;
		values += sizeOf(lower);
		if (values <= VALUES_MAX) return overlayService(lower, own, rules);
		if (before <= VALUES_MAX) report(at, `${path} brings what services take over from others above ${VALUES_MAX} values`);
		return null;
	}

	/** In values, each counted as often as it stands there. */
	function sizeOf(value: Value): number {
		if (value.kind === 'scalar') return 1;
		let count = sizes.get(value);
		if (count !== undefined) return count;
		count = 1;
		if (value.kind === 'list') for (const item of value.items) count += sizeOf(item);
		else for (const entry of value.entries.values()) count += sizeOf(entry.value);
		sizes.set(value, count);
		return count;
	}

	/** The service that another one extends; null: it cannot be found, which is reported. */
	function baseOf(scope: Scope, from: Value, here: Context): {readonly scope: Scope; readonly name: string; readonly value: Value} | null {
		const {service: name = null, file = null} = from.kind === 'map' ? readShape(EXTENDS, from, here) : {service: readText(from, here)};
		const at = from.kind === 'map' ? from.entries.get('service')?.value ?? from : from;
		if (name === null) {
			if (from.kind === 'map' && !from.entries.has('service')) refuse(from, here, 'has no service', 'write {service: NAME}');
			return null;
		}
		const other = file === null ? scope : scopeOf(load(file, within(here, 'file'), of(scope.source)), file.path);
		const entry = other?.services.get(name) ?? other?.below.get(name);
		if (entry && other) return {scope: other, name, value: entry.value};
		const names = [...other?.services.keys() ?? [], ...other?.below.keys() ?? []];
		const where = file === null ? '' : ` of ${file.path}`;
		// Of the same file it is not meant itself.
		const others = names.filter(each => file !== null || here.path !== `services.${each}.extends`);
		if (other) report(at, `${here.path} names ${quoteWritten(at, name)}, which is not a service${where}`, () => didYouMean(name, others));
		return null;
	}

	/** What a file that another one names takes over from it. */
	const of = ({variables}: Source): Pick<Source, 'variables'> => (variables ? {variables} : {});

	const scopeOf = (root: Mapping | null, file: string): Scope | null =>
		root && {source: root.source, label: `${file}:`, services: servicesIn(root), below: NONE};

	function withBases(root: Mapping, below: Value | null): Mapping {
		const services = root.entries.get('services');
		if (services?.value.kind !== 'map') return root;
		const scope: Scope = {source: root.source, label: '', services: services.value.entries, below: below ? servicesIn(below) : NONE};
		const entries = new Map(services.value.entries);
		for (const [name, entry] of entries) entries.set(name, {...entry, value: extended(scope, name, entry.value, [])});
		const value = {...services.value, entries};
		return {...root, entries: new Map([...root.entries, ['services', {...services, value}]])};
	}

	/** Files with what they include and extend; `chain`: those that include them, the first one first. */
	function expanded(root: Mapping, below: Value | null, chain: readonly string[]): Mapping {
		const known = wholes.get(root);
		if (known) return known;
		const include = root.entries.get('include');
		const own = withBases(root, below);
		if (!include) return own;
		const here = context('include');
		const rest: Mapping = {...own, entries: new Map([...own.entries].filter(([name]) => name !== 'include'))};
		const {value} = include;
		const items = value.kind === 'list' ? value.items.map((item, index) => [item, within(here, index)] as const)
			: isNothing(value) ? [] : [[value, here] as const];
		const parts = items.map(([item, context]) => included(item, context, [...chain, root.source.file]));
		// It is kept where something of it is missing, so that nothing is said to be missing for that.
		const last = parts.includes(null) ? own : rest;
		const whole = [...parts.flatMap(part => part ?? []), last].reduce((lower, upper) => {
			judgeTwice(lower, upper, root.source);
			return over(lower, upper);
		});
		wholes.set(root, whole);
		return whole;
	}

	function over(lower: Mapping, upper: Mapping): Mapping {
		const both = overlay(lower, upper, rules);
		return both.kind === 'map' ? both : lower;
	}

	/** The files of one inclusion as one; null: there is nothing to be had of them, which is reported. */
	function included(item: Value, here: Context, chain: readonly string[]): Mapping | null {
		const short = item.kind === 'map' ? undefined : readPath(item, here);
		const {path, project_directory: project, env_file: env} = item.kind === 'map' ? readShape(INCLUDE, item, here)
			: {...INCLUDE.initial, path: short ? [short] : []};
		const [first] = path;
		if (!first) {
			if (item.kind === 'map' && !item.entries.has('path')) refuse(item, here, 'has no path', 'write {path: FILE}');
			return null;
		}
		inclusions += 1;
		if (inclusions > FILES_MAX) {
			if (inclusions === FILES_MAX + 1) report(item, `more than ${FILES_MAX} files are included`);
			return null;
		}
		if (chain.length > CHAIN_MAX) {
			report(item, `${here.path}: more than ${CHAIN_MAX} files include one another`);
			return null;
		}
		const directory = project ? fileOf(project) : dirname(fileOf(first));
		const variables = {...variablesIn(env, here), ...item.source.variables};
		const given = {directory, ...Object.keys(variables).length > 0 && {variables}};
		const roots = path.flatMap(named => {
			const before = chain.indexOf(fileOf(named));
			if (before >= 0) report(named.at, `files include each other in a circle: ${[...chain.slice(before), fileOf(named)].join(' → ')}`);
			const root = before < 0 ? load(named, here, given) : null;
			return root ? [expanded(root, null, chain)] : [];
		});
		return roots.length === 0 ? null : roots.reduce(over);
	}

	function variablesIn(paths: readonly Named[], here: Context): Environment {
		return Object.assign({}, ...paths.map(({path, at}) => {
			const found = lookups.readFile(fileOf({path, at}));
			if (!found.ok) {
				const why = nameAs(writtenIn(at), fileOf({path, at}), found.error.problem.message);
				return void report(at, `${here.path}.env_file: ${why}`, found.error.problem.hint);
			}
			const own = lookupIn({...at.source.variables, ...environment});
			return Object.fromEntries(readEnvFile(found.value.text, own, {
				report: (offset, message, hint) => report({source: found.value, offset}, message, hint),
				unset: (offset, name) => note({source: found.value, offset}, UNSET, name),
			}));
		})) as Environment;
	}

	/** What an included file has may be changed by a further file only, so that nothing is changed unawares. */
	function judgeTwice(lower: Mapping, upper: Mapping, source: Source): void {
		for (const section of ['services', 'configs', 'secrets']) {
			const [below, above] = [lower, upper].map(each => each.entries.get(section)?.value);
			if (below?.kind !== 'map' || above?.kind !== 'map') continue;
			for (const [name, {key}] of above.entries) {
				const other = below.entries.get(name)?.key;
				if (!other || (other.source === key.source && other.offset === key.offset)) continue;
				const hint = `change it in a file that is laid over ${source.file} (-c ${source.file} -c FILE), or rename one`;
				report(key, `${section}.${name} is defined in ${other.source.file} as well, which is included`, hint);
			}
		}
	}

	return (root, below) => (root.kind === 'map' ? expanded(root, below, []) : root);
};

const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|oci:|git@)/;

function servicesIn(root: Value): ReadonlyMap<string, Entry> {
	const services = root.kind === 'map' ? root.entries.get('services')?.value : undefined;
	return services?.kind === 'map' ? services.entries : NONE;
}
