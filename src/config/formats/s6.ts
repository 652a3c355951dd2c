/**
 * Directories of services: those of s6-overlay (versions 2 and 3), source directories of s6-rc, and scan directories of s6
 * and runit.
 */
import {basename, dirname, join} from '../../core/path.ts';
import type {ForeignFormat, Input, Lookups, Translation} from '../planning.ts';
import type {Place, Report} from '../problems.ts';
import type {Mapping, Value} from '../values.ts';
import {list, map, word, written} from './translation.ts';
import type {Keys, Unit} from './s6/directory.ts';
import {createNaming} from './naming.ts';
import {judgeCalls, numberIn, readStages, readWhole, variablesFor, VARIABLES, type Stages} from './s6/overlay.ts';
import {createReading, type Reading} from './s6/reading.ts';
import {readScan} from './s6/scan.ts';
import {listOf} from './s6/script.ts';
import {addGroups, leaveDown, readSources, USER_BUNDLES, type Known, type Sources} from './s6/sources.ts';

export const s6: ForeignFormat = {
	name: 'a directory of s6 services',
	translate(inputs, lookups, report) {
		const translations = inputs.map(input => translate(input, lookups, report));
		const [first] = translations;
		const at = inputs[0] ? {source: inputs[0].source, offset: 0} : {source: {file: '', text: ''}, offset: 0};
		const services = new Map(translations.flatMap(({services}) => [...services]));
		const whole = Object.assign({}, ...translations.map(({whole}) => whole)) as Keys;
		return {
			config: map(first?.at ?? at, {...whole, services: map(at, services)}),
			untranslated: translations.flatMap(({untranslated}) => untranslated),
		};
	},
};

interface Translated extends Pick<Translation, 'untranslated'> {
	readonly at: Place;
	readonly whole: Keys;
	readonly services: ReadonlyMap<string, Mapping>;
}

/** What a directory is: s6-overlay's in the `etc` of an image, or one of plain services. */
type Layout =
	| {readonly kind: 'overlay'; readonly root: string}
	| {readonly kind: 'sources' | 's6' | 'runit'; readonly folder: string; readonly path: string};

/** s6-overlay's directories in /etc. */
const OVERLAY: ReadonlySet<string> = new Set(['s6-overlay', 'services.d', 'cont-init.d', 'cont-finish.d', 'fix-attrs.d']);

function layoutOf({source}: Input, lookups: Lookups): Layout {
	const folder = source.file.replace(/(?<=.)\/+$/, '');
	const {folders = new Map<string, readonly string[]>(), names = []} = source;
	const parent = dirname(folder);
	const overlay = (etc: string): Layout => ({kind: 'overlay', root: dirname(etc) === '/' ? '' : dirname(etc)});
	if (folders.get('etc')?.some(name => OVERLAY.has(name))) return {kind: 'overlay', root: folder === '/' ? '' : folder};
	if (names.some(name => OVERLAY.has(name))) return overlay(folder);
	if (basename(parent) === 'etc' && OVERLAY.has(basename(folder))) return overlay(parent);
	if (basename(parent) === 's6-overlay' && basename(dirname(parent)) === 'etc') return overlay(dirname(parent));
	const inside = [...folders.values()];
	const [, fromEtc] = /(?:^|\/)(etc\/.*)$/.exec(folder) ?? [];
	const path = folder.startsWith('/') ? folder : fromEtc === undefined ? join(lookups.directory(), folder) : `/${fromEtc}`;
	if (names.includes('s6-rc.d')) return {kind: 'sources', folder: `${folder}/s6-rc.d`, path: `${path}/s6-rc.d`};
	if (inside.some(names => names.includes('type'))) return {kind: 'sources', folder, path};
	const isRunit = inside.some(names => names.includes('control') || names.includes('check'))
		|| /^(?:sv|service|runsvdir|runit)$/.test(basename(folder));
	return {kind: isRunit ? 'runit' : 's6', folder, path};
}

function translate(input: Input, lookups: Lookups, report: Report): Translated {
	const {source} = input;
	const at = {source, offset: 0};
	const layout = layoutOf(input, lookups);
	const isOverlay = layout.kind === 'overlay';
	const keepsVariables = !isOverlay || numberIn(lookups.environment, 'S6_KEEP_ENV', 0) > 0;
	const reading = createReading(lookups, {report, root: isOverlay ? layout.root : '', keepsVariables, at});
	const [units, whole] = isOverlay ? readOverlay(layout.root, at, reading) : [readPlain(layout, reading), {}];
	const isCalled = judgeCalls(units, reading);
	return {
		at, whole: {...whole, ...isOverlay && isCalled ? variablesFor(at) : {}},
		services: new Map([...units].map(([name, unit]) => [name, serviceOf(unit, units)])), untranslated: reading.untranslated,
	};
}

function readPlain(layout: Exclude<Layout, {kind: 'overlay'}>, reading: Reading): ReadonlyMap<string, Unit> {
	const naming = createNaming(reading.leaveOut);
	if (layout.kind !== 'sources') return readScan(layout.folder, layout.path, layout.kind, naming, reading);
	const sources = readSources([{disk: layout.folder, path: layout.path}], new Map(), naming, reading);
	// By convention (s6-linux-init) the bundle that is started has this name.
	const started = sources.bundles.get('default');
	if (started) leaveDown(sources, started);
	addGroups(sources, ['default'], naming);
	return sources.units;
}

/** Units by name, and what is said of the whole. */
function readOverlay(root: string, at: Place, reading: Reading): readonly [ReadonlyMap<string, Unit>, Keys] {
	const naming = createNaming(reading.leaveOut);
	const etc = `${root}/etc`;
	const rc = `${etc}/s6-overlay`;
	reading.variesLater = writesVariables(etc, reading);
	const stages = readStages(etc, naming, reading);
	const scanned = readScan(`${etc}/services.d`, '/etc/services.d', 's6', naming, reading);
	const start = stages.last === null ? [] : [stages.last];
	const own: Known = new Map<string, readonly string[]>([
		...['base', 'top', 's6rc-oneshot-runner', 's6rc-fdholder'].map(name => [name, []] as const),
		['legacy-services', [...scanned.keys()]], ['fix-attrs', start], ['legacy-cont-init', start],
	]);
	const sources = readSources([
		{disk: `${rc}/s6-rc.d`, path: '/etc/s6-overlay/s6-rc.d'}, {disk: `${rc}/user-bundles.d`, path: '/etc/s6-overlay/user-bundles.d'},
	], own, naming, reading);
	const [user = [], user2 = []] = USER_BUNDLES.map(name => sources.bundles.get(name));
	leaveDown(sources, [...user, ...user2]);
	addGroups(sources, USER_BUNDLES, naming);
	order(stages, scanned, sources, user2.filter(name => !user.includes(name)));
	const units = new Map([...stages.units, ...sources.units, ...scanned]);
	if (units.size === 0 && !reading.isSpoilt()) {
		reading.report(at, `there are no services in ${etc}`, 'they are in services.d or s6-overlay/s6-rc.d there');
	}
	if (reading.variesLater) for (const unit of units.values()) addVariables(unit);
	return [units, readWhole(at, reading)];
}

/** Services start after the scripts of the start, and the bundle user2 after those of services.d. */
function order({last, end, isStrict}: Stages, scanned: ReadonlyMap<string, Unit>, {units}: Sources, late: readonly string[]): void {
	for (const unit of [...scanned.values(), ...units.values()]) {
		if (last !== null) unit.needs.set(last, isStrict ? 'hard' : 'soft');
		if (end !== null && !unit.needs.has(end)) unit.needs.set(end, 'order');
	}
	for (const name of late) for (const other of scanned.keys()) units.get(name)?.needs.set(other, 'order');
}

/** Whether a script says where s6-overlay keeps variables. */
function writesVariables(etc: string, reading: Reading): boolean {
	const folders = [`${etc}/cont-init.d`, `${etc}/s6-overlay/scripts`];
	for (const parent of [`${etc}/s6-overlay/s6-rc.d`]) for (const name of reading.list(parent) ?? []) folders.push(`${parent}/${name}`);
	return folders.some(folder => (reading.list(folder) ?? []).some(name => {
		const found = reading.read(`${folder}/${name}`);
		return found !== null && found !== 'other' && found.text.includes('/container_environment');
	}));
}

function addVariables(unit: Unit): void {
	const {at, keys} = unit;
	if (!unit.hasVariables) return;
	const own = keys['env_dir'];
	const folder = map(at, {path: written(at, VARIABLES), required: word(at, false)});
	keys['env_dir'] = list(at, [folder, ...own?.kind === 'list' ? own.items : []]);
}

/** In the order in which people read of them. */
const ORDER = [
	'type', 'command', 'user', 'working_dir', 'environment_base', 'environment', 'env_file', 'env_dir', 'umask', 'autostart', 'depends_on',
	'wants', 'after',
];

function serviceOf({at, keys, needs}: Unit, units: ReadonlyMap<string, Unit>): Mapping {
	const named = (strength: string): readonly string[] => [...needs].filter(([, each]) => each === strength).map(([name]) => name);
	const listed = (names: readonly string[]): Value | undefined => listOf(at, names.map(name => word(at, name)));
	const needed = {depends_on: dependencies(at, named('hard'), units), wants: listed(named('soft')), after: listed(named('order'))};
	const all: Keys = {...keys, ...needed};
	const sorted = [...ORDER, ...Object.keys(all).filter(key => !ORDER.includes(key))];
	return map(at, Object.fromEntries(sorted.map(key => [key, all[key]])));
}

/** s6-rc waits until a oneshot has succeeded, and a daemon is ready if it can tell. */
function dependencies(at: Place, names: readonly string[], units: ReadonlyMap<string, Unit>): Value | undefined {
	if (names.length === 0) return undefined;
	const conditions = names.map(name => {
		const keys = units.get(name)?.keys;
		return keys?.['type'] ? 'service_completed_successfully' : keys?.['ready'] ? 'service_healthy' : 'service_started';
	});
	if (conditions.every(condition => condition === 'service_started')) return list(at, names.map(name => word(at, name)));
	return map(at, new Map(names.map((name, index) => [name, map(at, {condition: word(at, conditions[index] ?? '')})])));
}
