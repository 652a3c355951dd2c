/** supervisord's config: programs, groups, and what `[include]` names. */
import type {ForeignFormat, Untranslated} from '../planning.ts';
import type {Place} from '../problems.ts';
import type {Value} from '../values.ts';
import {RESERVED, SERVICES_MAX} from '../names.ts';
import {splitPairs, type Names} from './supervisord/expressions.ts';
import type {Section} from './supervisord/ini.ts';
import {HARMLESS, LISTENERS, NO_LISTENERS, OTHERS, SECTIONS, SUPERVISORD, UNKNOWN, USUAL_INTERFACE} from './supervisord/keys.ts';
import {load} from './supervisord/load.ts';
import {orderOf, shutdownOf, type Grouped} from './supervisord/order.ts';
import {makeServices, pairsOf, type Common, type Made} from './supervisord/program.ts';
import {readerOf, type Reader} from './supervisord/section.ts';
import {createNames} from './naming.ts';
import {list, map, word} from './translation.ts';

const NAMES = 'archon\'s names have letters, digits, ".", "_" and "-", and each only once';

/** In seconds. */
const SHUTDOWN_MAX = 604_800;

export const supervisord: ForeignFormat = {
	name: 'a supervisord config',
	translate(inputs, lookups, report) {
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const top = {source, offset: 0};
		const {sections, unmatched, here, isWhole} = load(inputs.map(input => input.source), lookups, report);
		const untranslated: Untranslated[] = [];
		if (!isWhole) return {config: map(top, {}), untranslated};
		const tell = (at: Place, key: string, service: string | null, why: string): void => void untranslated.push({at, key, service, why});
		for (const {at, pattern} of unmatched) tell(at.value, 'include.files', null, `no file is there that ${pattern} names`);

		const variables = new Map<string, string>();
		const namesFor = (further: Names): (setting: {readonly value: Place}) => Names => ({value}) => name =>
			further(name) ?? (name === 'here' ? here(value.source) : name.startsWith('ENV_') ? variables.get(name.slice(4)) : undefined);
		const readerFor = (section: Section, further: Names = () => undefined): Reader =>
			readerOf(section, namesFor(further), lookups.environment, report);

		const main = sections.get('supervisord');
		const whole = main && readerFor(main);
		const environment = whole?.text('environment');
		if (environment) {
			const pairs = splitPairs(environment.value);
			if (pairs.ok) for (const [name, value] of pairs.value) variables.set(name, value);
		}
		const isForeground = whole?.flag('nodaemon')?.value === true;
		const user = whole?.text('user');
		const common: Common = {
			user: user && !['root', '0'].includes(user.value) ? user : undefined,
			// supervisord sets both as it becomes a daemon only.
			umask: isForeground ? undefined : whole?.text('umask'),
			directory: isForeground ? undefined : whole?.text('directory'),
			outputs: new Map(), from: lookups.directory,
		};

		const programs = new Map<string, {readonly section: Section; readonly isFcgi: boolean}>();
		for (const section of sections.values()) {
			const [kind = '', name = ''] = parted(section.name);
			if (kind !== 'program' && kind !== 'fcgi-program') continue;
			// The services are too many then, which is told.
			if (programs.size > SERVICES_MAX) break;
			if (programs.has(name)) report(section.at, `there is both a program and an fcgi-program ${name}`, 'rename one of them');
			programs.set(name, {section, isFcgi: kind === 'fcgi-program'});
		}
		const free = createNames();
		const makeProgram = (name: string, group: string): readonly Made[] => {
			const program = programs.get(name);
			if (!program) return [];
			const readerIn = (names: Names): Reader => readerFor(program.section, each => (each === 'group_name' ? group : names(each)));
			const made = makeServices(name, readerIn, program.isFcgi, common);
			return made.slice(0, SERVICES_MAX + 1).map(each => {
				const called = free(nameOf(each.name));
				if (called !== each.name) tell(each.at, `[${program.section.name}]`, called, NAMES);
				return {...each, name: called};
			});
		};
		const groups = [...sections.values()].filter(({name}) => name.startsWith('group:'));
		const inGroups = new Map<string, readonly Made[]>();
		const grouped: Grouped[] = [];
		const placed = new Set<string>();
		/** By program. */
		const order = new Map<string, readonly Made[]>();
		for (const section of groups) {
			const [, group = ''] = parted(section.name);
			const reader = readerFor(section);
			const priority = priorityOf(reader);
			const names = (reader.now('programs')?.value ?? '').split(',').map(name => name.trim()).filter(name => name !== '');
			const services = names.flatMap(name => {
				const why = !programs.has(name) ? 'which is no program' : placed.has(name) ? 'which is in a group already' : null;
				if (why !== null) {
					reader.report(reader.raw('programs')?.value ?? reader.at, 'programs', `names ${name}, ${why}`);
					return [];
				}
				placed.add(name);
				order.set(name, makeProgram(name, group));
				return order.get(name) ?? [];
			});
			grouped.push({priority, services});
			inGroups.set(group, services);
		}
		for (const [name] of programs) {
			if (placed.has(name)) continue;
			const services = makeProgram(name, name);
			const [first] = services;
			grouped.push({priority: first?.priority ?? 0, services});
			order.set(name, services);
			if (services.length > 1) inGroups.set(name, services);
		}

		const after = orderOf(grouped);
		if (!after) tell(top, 'priority', null, 'the order is left out: too many services come before others');
		const services = new Map<string, Value>();
		// In the order of the text.
		for (const each of [...programs.keys()].flatMap(name => order.get(name) ?? [])) {
			const {name, at, keys, untold} = each;
			const before = after?.get(each);
			services.set(name, map(at, {...keys, after: before && list(at, before.map(other => word(at, other.name)))}));
			for (const {at: place, key, why} of untold) tell(place, key, name, why);
		}
		const groupMap = new Map<string, Value>();
		for (const [group, members] of inGroups) {
			const called = free(nameOf(services.has(group) ? `${group}-group` : group));
			const section = sections.get(`group:${group}`);
			const place = section?.at ?? members[0]?.at ?? top;
			if (called !== group) tell(place, `[group:${group}]`, null, `it is called ${called} here, as there is a service ${group}`);
			if (members.length > 0) groupMap.set(called, list(place, members.map(({name, at}) => word(at, name))));
		}
		tellSections([...sections.values()], readerFor, tell);
		const at = main?.at ?? top;
		const seconds = Math.min(shutdownOf(grouped), SHUTDOWN_MAX);
		return {
			config: map(top, {
				environment: whole && environment && pairsOf(whole, environment),
				shutdown: map(at, {grace_period: word(at, `${seconds}s`), when_idle: word(at, 'never')}),
				groups: groupMap.size > 0 ? map(top, groupMap) : undefined,
				services: map(top, services),
			}),
			untranslated,
		};
	},
};

function parted(name: string): readonly string[] {
	const colon = name.indexOf(':');
	return colon < 0 ? [name] : [name.slice(0, colon), name.slice(colon + 1).trim()];
}

const PRIORITY = 999;

function priorityOf(reader: Reader): number {
	const given = reader.now('priority');
	if (!given) return PRIORITY;
	if (/^\s*-?\d{1,9}\s*$/.test(given.value)) return Number(given.value);
	reader.report(given.at, 'priority', 'is not a whole number');
	return PRIORITY;
}

/** A name that archon takes. */
function nameOf(wanted: string): string {
	const plain = wanted.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'service';
	return RESERVED.has(plain) || plain.startsWith('archon.') ? `x-${plain}` : plain;
}

type TellWhole = (at: Place, key: string, service: null, why: string) => void;

/** Whatever is neither a program nor a group. */
function tellSections(
	sections: readonly Section[], readerFor: (section: Section) => Reader, tell: TellWhole,
): void {
	for (const section of sections) {
		const {name, at, settings} = section;
		const [kind = '', own] = parted(name);
		if (kind === 'program' || kind === 'fcgi-program' || name === USUAL_INTERFACE) continue;
		if (kind === 'eventlistener') {
			const [command = '', events = ''] = ['command', 'events'].map(key => readerFor(section).raw(key)?.text);
			const hint = LISTENERS.find(([program, event]) => program.test(command) && event.test(events.toUpperCase()))?.[2];
			tell(at, `[${name}]`, null, hint ? `${NO_LISTENERS}: ${hint}` : NO_LISTENERS);
			continue;
		}
		const why = SECTIONS[kind];
		const table = kind === 'supervisord' ? SUPERVISORD : OTHERS[kind];
		if (why !== undefined || !table) {
			tell(at, `[${name}]`, null, why ?? UNKNOWN);
			continue;
		}
		for (const [key, setting] of settings) {
			const meaning = Object.hasOwn(table, key) ? table[key] : table['*'] ?? (Object.hasOwn(table, '*') ? null : UNKNOWN);
			const isHarmless = !meaning || meaning === 'done' || HARMLESS[key]?.test(setting.text.trim());
			if (key === 'minfds' || key === 'minprocs') tellLimit(key, setting, tell);
			else if (!isHarmless) tell(setting.key, `${own ? name : kind}.${key}`, null, meaning);
		}
	}
}

/** What supervisord has by default. */
const LIMITS = {minfds: [1024, 'nofile'], minprocs: [200, 'nproc']} as const;

function tellLimit(
	key: keyof typeof LIMITS, {text, key: at}: {readonly text: string; readonly key: Place}, tell: TellWhole,
): void {
	const [usual, limit] = LIMITS[key];
	const why = `services have the limits of the container; ulimits: {${limit}: ${text.trim()}} raises one's own`;
	if (Number(text) > usual) tell(at, `supervisord.${key}`, null, why);
}
