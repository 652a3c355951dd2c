/** Service descriptions of dinit: a directory of them such as /etc/dinit.d, or single files with what they depend on. */
import {basename, dirname, join} from '../../core/path.ts';
import {SERVICES_MAX} from '../names.ts';
import type {ForeignFormat, Input, Lookups, Untranslated} from '../planning.ts';
import {quote, type Place, type Report, type Source} from '../problems.ts';
import type {Mapping, Value} from '../values.ts';
import {plainText, readSettings, type Setting} from './dinit/file.ts';
import {keysFor, leaveOthers, RELATIONS, TYPES, type Described, type Telling, type Type} from './dinit/service.ts';
import {createNaming} from './naming.ts';
import {list, map, word} from './translation.ts';

export const dinit: ForeignFormat = {
	name: 'dinit service descriptions',
	translate(inputs, lookups, report) {
		const untranslated: Untranslated[] = [];
		const loading = createLoading(lookups, report, untranslated);
		const started = inputs.flatMap(input => loading.start(input));
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const services = new Map<string, Mapping>();
		const reached = new Set(started);
		for (const unit of reached) for (const {to} of unit.edges) if (to) reached.add(to);
		const earlier = new Map<Unit, Unit[]>();
		for (const unit of loading.units()) {
			for (const {kind, to} of unit.edges) if (to && kind === 'before') earlier.set(to, [...earlier.get(to) ?? [], unit]);
		}
		const translating = {untranslated, report};
		for (const unit of loading.units()) {
			services.set(unit.described.name, translate(unit, reached.has(unit), earlier.get(unit) ?? [], translating));
		}
		const at = {source, offset: 0};
		return {config: map(at, {services: map(at, services)}), untranslated};
	},
};

/** A service and those that it names; `to` is null where dinit does not mind that there is not such a service. */
interface Unit {
	readonly described: Described;
	readonly type: Type;
	readonly edges: readonly Edge[];
}

interface Edge {
	readonly kind: (typeof RELATIONS)[number];
	readonly at: Place;
	readonly to: Unit | null;
}

interface Loading {
	/** The services that are started. */
	readonly start: (input: Input) => readonly Unit[];
	/** All that were read, in the order in which they are met. */
	readonly units: () => Iterable<Unit>;
}

/** Where dinit looks, if the first is its usual place. */
const FOLDERS = ['etc/dinit.d', 'run/dinit.d', 'usr/local/lib/dinit.d', 'lib/dinit.d'];

const EDGES_MAX = 100_000;

function createLoading(lookups: Lookups, report: Report, untranslated: Untranslated[]): Loading {
	const units = new Map<string, Unit | null>();
	const naming = createNaming((at, service, key, why) => void untranslated.push({at, service, key, why}));
	const included = new Set<string>();
	/** Services whose edges are being read, each named by the one before it: thousands may be, and so this is no recursion. */
	const open: Iterator<void>[] = [];
	let edges = 0;

	const find = (folder: string, name: string): Source | null => {
		const root = /^(.*?)\/?etc\/dinit\.d$/.exec(folder)?.[1];
		const folders = root === undefined ? [folder] : FOLDERS.map(each => join(root === '' ? '/' : root, each));
		for (const each of name.includes('/') ? [] : folders) {
			const found = lookups.readFile(join(each, name));
			if (found.ok) return found.value;
			if (!found.error.missing) report({source: {file: join(each, name), text: '', names: []}, offset: 0}, found.error.problem.message);
		}
		return null;
	};

	/** `getty@tty1` is the description getty, in which `$1` is tty1. */
	const load = (folder: string, written: string): Unit | null => {
		const known = units.get(written);
		if (known !== undefined) return known;
		if (units.size >= SERVICES_MAX) return null;
		const [base = '', ...rest] = written.split('@');
		const source = find(folder, written) ?? (rest.length > 0 ? find(folder, base) : null);
		if (!source) return null;
		return read(source, written, rest.length > 0 ? rest.join('@') : null, folder);
	};

	const read = (source: Source, written: string, argument: string | null, folder: string): Unit => {
		const at = {source, offset: 0};
		const settings = readSettings(source, lookups, report, included);
		const described: Described = {name: naming.nameFor(written, at), written, argument, at, settings};
		const own: Edge[] = [];
		const unit: Unit = {described, type: typeOf(settings, report), edges: own};
		units.set(written, unit);
		open.push(edgesOf(unit, folder, own));
		return unit;
	};

	/** After each edge comes all that it leads to. */
	function* edgesOf({described: {written, argument, settings}}: Unit, folder: string, own: Edge[]): Generator<void> {
		for (const setting of settings) {
			for (const {kind, name, isLoose} of namesIn(setting, argument, lookups)) {
				if (++edges > EDGES_MAX) break;
				const isOrder = kind === 'before' || kind === 'after';
				const to = load(folder, name);
				if (!to && !isLoose && !isOrder) report(setting.valueAt, `${written} names ${quote(name)}, of which there is no description`);
				own.push({kind, at: setting.valueAt, to});
				yield;
			}
		}
	}

	/** The unit with all that it leads to. */
	const whole = <T extends Unit | null>(unit: T): T => {
		for (let last = open.at(-1); last; last = open.at(-1)) if (last.next().done) open.pop();
		return unit;
	};

	return {
		start({source}) {
			if (!source.names) {
				const name = basename(source.file);
				return [whole(units.get(name) ?? read(source, name, null, dirname(source.file)))];
			}
			const folder = source.file.replace(/(?<=.)\/+$/, '');
			const names = source.names.filter(name => !name.startsWith('.') && !source.folders?.has(name)).sort();
			// A part of other descriptions, or one that uses $1 and so is for services with an argument, is no service itself.
			const found = [...names].sort((a, b) => Number(b === 'boot') - Number(a === 'boot')).flatMap(name => {
				const text = find(folder, name)?.text ?? '';
				const isPart = included.has(join(folder, name)) || (/\$\{?1/.test(text) && !name.includes('@'));
				return isPart ? [] : whole(load(folder, name)) ?? [];
			});
			const boot = units.get('boot');
			return boot ? [boot] : found;
		},
		units: () => [...units.values()].filter(unit => unit !== null),
	};
}

function typeOf(settings: readonly Setting[], report: Report): Type {
	const found = settings.findLast(({name}) => name === 'type');
	if (!found) return 'process';
	const type = TYPES.find(each => each === found.text);
	if (!type) report(found.valueAt, `type must be ${TYPES.join(', ')}, not ${quote(found.text)}`);
	return type ?? 'internal';
}

/** The services that a setting names; `isLoose`: they need not be there. */
function namesIn(
	{name: setting, text, at}: Setting, argument: string | null, lookups: Lookups,
): readonly {readonly kind: (typeof RELATIONS)[number]; readonly name: string; readonly isLoose: boolean}[] {
	const kind = RELATIONS.find(each => setting === each || setting === `${each}.d`);
	if (!kind) return [];
	const value = plainText(text.replace(/\$\{?1\}?/g, argument ?? ''));
	if (setting === kind) return [{kind, name: value, isLoose: false}];
	const names = lookups.listFolder(join(dirname(at.source.file), value));
	return names.ok ? names.value.filter(name => !name.startsWith('.')).sort().map(name => ({kind, name, isLoose: kind === 'waits-for'})) : [];
}

function translate(
	unit: Unit, isStarted: boolean, earlier: readonly Unit[],
	{untranslated, report}: {readonly untranslated: Untranslated[]; readonly report: Report},
): Mapping {
	const {described, type, edges} = unit;
	const {name, at} = described;
	const telling: Telling = {report, leaveOut: (at, key, why) => void untranslated.push({at, key, service: name, why})};
	const keys = keysFor(described, type, telling);
	leaveOthers(described, type, telling);
	const named = (...kinds: readonly string[]): readonly Unit[] =>
		[...new Set(edges.flatMap(({kind, to}) => (to && kinds.includes(kind) ? to : [])))];
	const listed = (units: readonly Unit[]): Value | undefined =>
		(units.length > 0 ? list(at, units.map(({described}) => word(at, described.name))) : undefined);
	const hard = named('depends-on', 'depends-ms');
	const strict = new Set(named('depends-on'));
	const isProcess = type === 'process' || type === 'bgprocess';
	const terms = hard.map(other => [other.described.name, termsOf(other, isProcess && strict.has(other), at)] as const);
	const {type: form, command, ...others} = keys;
	return map(at, {
		type: form, command, autostart: isStarted ? undefined : word(at, false),
		depends_on: hard.length === 0 ? undefined : map(at, new Map(terms)),
		wants: listed(named('waits-for').filter(other => !hard.includes(other))),
		after: listed([...named('after'), ...earlier.filter(other => !named('after').includes(other))]),
		...others,
	});
}

/** A service that ends takes those with it that depend on it, unless it recovers smoothly. */
function termsOf({type, described: {settings}}: Unit, isStrict: boolean, at: Place): Value {
	const isProcess = type === 'process' || type === 'bgprocess';
	const isReady = settings.some(({name}) => name === 'ready-notification') || type === 'bgprocess';
	const smooth = settings.findLast(({name}) => name === 'smooth-recovery');
	const isSmooth = /^(?:yes|true)$/.test(smooth?.text ?? '');
	return map(at, {
		condition: word(at, isProcess ? (isReady ? 'service_healthy' : 'service_started') : 'service_completed_successfully'),
		restart: isProcess && isStrict && !isSmooth ? word(at, true) : undefined,
	});
}
