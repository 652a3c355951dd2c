/**
 * From the names in a request to services: exact names, pids, `all`, patterns with `*` and `?`, groups, services with
 * several instances, and supervisord's `group:*` and `group:name`.
 */
import type {Entry} from '../core/entry.ts';
import {err, ok, type Result} from '../core/result.ts';
import {nearest} from '../core/nearest.ts';
import type {Service} from '../core/service.ts';
import {pidOf} from '../core/status.ts';
import {entries, find, type State} from '../core/state.ts';
import {clip} from './records.ts';

export interface Choice {
	readonly entry: Entry;
	/** Chosen by its own name or pid, and not only by a pattern, a group or the name that it shares with other instances. */
	readonly isNamed: boolean;
}

/** The services that the names choose, each once; or an error about a name that chooses none. */
export function choose(state: State, names: readonly string[]): Result<readonly Choice[], string> {
	return collect(names, name => chooseOne(state, name));
}

/** As `choose`; a number that is not a name is the pid of a main process. */
export function chooseProcesses(state: State, targets: readonly string[]): Result<readonly Choice[], string> {
	return collect(targets, target => {
		const entry = find(state, target) || !/^\d+$/.test(target) ? undefined : withPid(state, Number(target));
		if (entry) return ok([{entry, isNamed: true}]);
		const named = chooseOne(state, target);
		if (named.ok || !/^\d+$/.test(target)) return named;
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

function chooseOne(state: State, name: string): Result<readonly Choice[], string> {
	const named = find(state, name);
	if (named) return ok([{entry: named, isNamed: true}]);
	const isAll = name === 'all';
	const isPattern = /[*?]/.test(name);
	const list = [...entries(state)];
	if (isAll || (isPattern && name.length <= LONGEST_PATTERN)) {
		const fitting = isAll ? list : list.filter(({service}) => fits(name, service.name));
		if (fitting.length > 0 || isAll) return ok(fitting.map(entry => ({entry, isNamed: false})));
	}
	const members = list.filter(({service}) => isAmong(name, service));
	if (members.length > 0) return ok(members.map(entry => ({entry, isNamed: name.includes(':') && !name.endsWith(':*')})));
	const known = new Set(list.flatMap(({service}) => [service.name, baseOf(service.name), ...service.groups]));
	const near = isPattern ? null : nearest(name, known);
	return err(`no service matches ${clip(name, 64)}${near === null ? '' : `; did you mean ${near}?`}`);
}

/** Whether a name stands for many services, and so is matched with all of them. */
const isWide = (name: string): boolean => name === 'all' || /[*?]/.test(name);

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

/** Whether a name matches a pattern. Backtracks to the last `*` only, so that no pattern takes long, as a RegExp may. */
function fits(pattern: string, name: string): boolean {
	let [at, star, mark] = [0, -1, 0];
	let from = 0;
	while (from < name.length) {
		const char = pattern[at];
		if (char === '*') {
			[star, mark] = [at, from];
			at += 1;
		} else if (char !== undefined && (char === '?' || char === name[from])) {
			at += 1;
			from += 1;
		} else if (star >= 0) {
			mark += 1;
			[at, from] = [star + 1, mark];
		} else {
			return false;
		}
	}
	return /^\**$/.test(pattern.slice(at));
}
