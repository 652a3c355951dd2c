/**
 * From the names in a request to services: exact names, pids, `all`, patterns with `*` and `?`, groups, services with
 * several instances, and supervisord's `group:*` and `group:name`.
 */
import type {Entry} from '../core/entry.ts';
import {err, ok, type Result} from '../core/result.ts';
import {fits, isPattern} from '../core/name-pattern.ts';
import {nearest} from '../core/nearest.ts';
import type {Service} from '../core/service.ts';
import {pidOf} from '../core/status.ts';
import {entries, find, type State} from '../core/state.ts';
import {clip} from './records.ts';
import type {Scope} from './scope.ts';

export interface Choice {
	readonly entry: Entry;
	/** Chosen by its own name or pid, and not only by a pattern, a group or the name that it shares with other instances. */
	readonly isNamed: boolean;
}

/** The services that the names choose, each once; or an error about a name that chooses none, or none within the scope. */
export function choose(state: State, names: readonly string[], scope: Scope): Result<readonly Choice[], string> {
	return collect(names, name => chooseOne(state, name, scope));
}

/** All services that are within the scope. */
export const within = (state: State, scope: Scope): readonly Entry[] =>
	scope.isWhole ? [...entries(state)] : [...entries(state)].filter(({service}) => scope.has(service));

/** As `choose`; a number that is not a name is the pid of a main process. */
export function chooseProcesses(state: State, targets: readonly string[], scope: Scope): Result<readonly Choice[], string> {
	return collect(targets, target => {
		const entry = find(state, target) || !/^\d+$/.test(target) ? undefined : withPid(state, Number(target));
		if (entry) return scope.has(entry.service) ? ok([{entry, isNamed: true}]) : err(scope.refusal(target));
		const named = chooseOne(state, target, scope);
		if (named.ok || !scope.isWhole || !/^\d+$/.test(target)) return named;
		return err(`no service has the main process ${clip(target, 64)}`);
	});
}

/** Patterns in one request: each is matched with every service. */
const PATTERNS_MAX = 16;

function collect(
	names: readonly string[], chooseByName: (name: string) => Result<readonly Choice[], string>,
): Result<readonly Choice[], string> {
	if (names.filter(isWide).length > PATTERNS_MAX) return err(`too many patterns: ${PATTERNS_MAX} is the limit`);
	const chosen = new Map<number, Choice>();
	for (const name of names) {
		const choices = chooseByName(name);
		if (!choices.ok) return choices;
		for (const choice of choices.value) {
			const before = chosen.get(choice.entry.id);
			if (!before?.isNamed) chosen.set(choice.entry.id, choice);
		}
	}
	return ok([...chosen.values()]);
}

function chooseOne(state: State, name: string, scope: Scope): Result<readonly Choice[], string> {
	const named = find(state, name);
	if (named) return scope.has(named.service) ? ok([{entry: named, isNamed: true}]) : err(scope.refusal(name));
	const isAll = name === 'all';
	const isWild = isPattern(name);
	const list = within(state, scope);
	if (isAll || (isWild && name.length <= LONGEST_PATTERN)) {
		const fitting = isAll ? list : list.filter(({service}) => fits(name, service.name));
		if (fitting.length > 0 || isAll) return ok(fitting.map(entry => ({entry, isNamed: false})));
	}
	const members = list.filter(({service}) => isAmong(name, service));
	if (members.length > 0) return ok(members.map(entry => ({entry, isNamed: name.includes(':') && !name.endsWith(':*')})));
	// Of what is not its own the asker is not told whether it is there.
	if (!scope.isWhole) return err(scope.refusal(name));
	const known = new Set(list.flatMap(({service}) => [service.name, baseOf(service.name), ...service.groups]));
	const near = isWild ? null : nearest(name, known);
	return err(`no service matches ${clip(name, 64)}${near === null ? '' : `; did you mean ${near}?`}`);
}

/** Whether a name stands for many services, and so is matched with all of them. */
const isWide = (name: string): boolean => name === 'all' || isPattern(name);

/** Whether a name in a request may mean services that come later. */
export const isOpen = (state: State, name: string): boolean => isWide(name) || !find(state, name);

/** Whether a name is a group's, or that of a service with several instances. */
export function isCollective(state: State, name: string): boolean {
	for (const {service} of entries(state)) if (service.name !== name && isAmong(name, service)) return true;
	return false;
}

/** Whether one of the names in a request chooses a service. */
export const fitsAny = (names: readonly string[], service: Pick<Service, 'name' | 'groups'>): boolean => names.some(name =>
	name === service.name || name === 'all' || isAmong(name, service)
	|| (isWide(name) && name.length <= LONGEST_PATTERN && fits(name, service.name)));

/** The same for many services: patterns are few, and of plain names there may be many. */
export function fitting(names: readonly string[]): (service: Pick<Service, 'name' | 'groups'>) => boolean {
	const isPlain = (name: string): boolean => !isWide(name) && !name.includes(':');
	const plain = new Set(names.filter(isPlain));
	const others = names.filter(name => !isPlain(name));
	return service => plain.has(service.name) || plain.has(baseOf(service.name))
		|| service.groups.some(group => plain.has(group)) || (others.length > 0 && fitsAny(others, service));
}

/**
 * Whether a service is an instance of this name, or in the group `name`, or meant by supervisord's `group:*`, `group:name` or
 * `group:name_00`.
 */
function isAmong(name: string, service: Pick<Service, 'name' | 'groups'>): boolean {
	const base = baseOf(service.name);
	if (service.groups.includes(name) || base === name) return true;
	const colon = name.indexOf(':');
	const group = name.slice(0, colon);
	// To supervisord each program is a group of its processes.
	if (colon < 0 || (group !== base && !service.groups.includes(group))) return false;
	const rest = name.slice(colon + 1);
	return rest === '*' || rest === service.name || rest === base || rest.replace(/_0*(\d+)$/, ':$1') === service.name;
}

/** The name that the instances of a service share: `web` of `web:0`. */
const baseOf = (name: string): string => name.replace(/:\d+$/, '');

function withPid(state: State, pid: number): Entry | undefined {
	for (const entry of entries(state)) if (pidOf(entry.phase) === pid) return entry;
	return undefined;
}

const LONGEST_PATTERN = 256;
