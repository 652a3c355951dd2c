/** From the names in a request to services: exact names, pids, `all`, and patterns with `*` and `?`. */
import type {Entry} from '../core/entry.ts';
import {err, ok, type Result} from '../core/result.ts';
import {nearest} from '../core/nearest.ts';
import {pidOf} from '../core/status.ts';
import {entries, find, type State} from '../core/state.ts';
import {clip} from './records.ts';

export interface Choice {
	readonly entry: Entry;
	/** Chosen by its own name or pid, and not only by a pattern. */
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
	const near = isPattern ? null : nearest(name, list.map(({service}) => service.name));
	return err(`no service matches ${clip(name, 64)}${near === null ? '' : `; did you mean ${near}?`}`);
}

/** Whether a name in a request may mean services that come later. */
export const isWide = (name: string): boolean => name === 'all' || /[*?]/.test(name);

/** Whether one of the names in a request chooses a service of this name. */
export const fitsAny = (names: readonly string[], service: string): boolean => names.some(name =>
	name === service || name === 'all' || (isWide(name) && name.length <= LONGEST_PATTERN && fits(name, service)));

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
