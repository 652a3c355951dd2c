/** Which services start when another one fails, and which conflict: names and groups resolved, and judged together with needs. */
import {order} from '../core/graph.ts';
import type {Arrangement, Services} from './edges.ts';
import type {Name} from './keys/groups.ts';
import type {Absence} from './keys/presence.ts';
import type {Declared} from './keys/services.ts';
import type {Membership} from './membership.ts';
import type {Planning} from './planning.ts';
import {didYouMean, quoteWritten} from './problems.ts';
import {writtenAt} from './values.ts';

/** By service: the services of each kind that it names. */
export interface Relations {
	readonly onFailure: ReadonlyMap<string, readonly string[]>;
	readonly conflicts: ReadonlyMap<string, readonly string[]>;
}

/** Pairs of services of both kinds. More take more memory than PID 1 should have. */
const PAIRS_MAX = 100_000;

export function relate(
	services: Services, absent: ReadonlyMap<string, Absence>, {members}: Membership, arrangement: Arrangement, planning: Planning,
): Relations {
	const present = [...services.values()].filter(each => each !== null && !absent.has(each.name)) as readonly Declared[];
	const related = present.filter(({settings: {on_failure: failing, conflicts}}) => failing.length + conflicts.length > 0);
	const {report} = planning.problems;
	let left = PAIRS_MAX;

	function resolve({name, path}: Declared, key: string, names: readonly Name[]): ReadonlyMap<string, Name> {
		const found = new Map<string, Name>();
		for (const to of names) {
			const group = members.get(to.name);
			if (!group && !services.has(to.name)) {
				const hint = () => didYouMean(to.name, [...services.keys(), ...members.keys()]);
				report(to.at, `${path}.${key} names ${quoteWritten(to.at, to.name)}, which is neither a service nor a group`, hint);
			} else if (to.name === name || group?.includes(name)) {
				report(to.at, group ? `${path} names the group ${to.name} in ${key}, and is in it` : `${path} cannot name itself in ${key}`);
			} else {
				for (const each of group ?? [to.name]) if (services.get(each) && !absent.has(each)) found.set(each, to);
			}
		}
		const scale = services.get(name)?.settings.scale ?? 1;
		for (const each of found.keys()) left -= scale * (services.get(each)?.settings.scale ?? 1);
		if (left < 0) report(names[0]?.at ?? services.get(name)!.key, `${path}.${key} brings the number of related services above ${PAIRS_MAX}`);
		return left < 0 ? new Map() : found;
	}

	const onFailure = new Map(related.map(each => [each.name, resolve(each, 'on_failure', each.settings.on_failure)]));
	const conflicts = new Map(related.map(each => [each.name, resolve(each, 'conflicts', each.settings.conflicts)]));
	judgeFailures(services, onFailure, arrangement, planning);
	judgeConflicts(present, conflicts, arrangement, planning);
	const namesOf = (found: ReadonlyMap<string, ReadonlyMap<string, Name>>) => new Map([...found].map(([name, to]) => [name, [...to.keys()]]));
	return {onFailure: namesOf(onFailure), conflicts: namesOf(conflicts)};
}

type Named = ReadonlyMap<string, ReadonlyMap<string, Name>>;

/** What a failure starts must not start what has failed: both would go on for ever. */
function judgeFailures(services: Services, onFailure: Named, {names, needs}: Arrangement, {problems, notes}: Planning): void {
	for (const [name, to] of onFailure) {
		const {path, settings: {essential, on_failed: onFailed}} = services.get(name)!;
		for (const [other, {at}] of to) {
			const {map, settings: {autostart}} = services.get(other)!;
			if (essential || onFailed === 'shutdown') {
				notes.report(at, `${path}.on_failure has no effect: the container ends when ${name} has failed`);
			} else if (autostart && !writtenAt(map, 'autostart')) {
				const hint = `write autostart: false in ${other}, or autostart: true if that is meant`;
				notes.report(at, `${path}.on_failure names ${other}, which starts with archon as well`, hint);
			}
		}
	}
	const startedBy = (name: string): readonly string[] => [
		...onFailure.get(name)?.keys() ?? [],
		...needs.get(name)?.flatMap(need => (need.strength === 'order' ? [] : [need.name])) ?? [],
	];
	// Where names are empty, needs make a circle, which has been reported.
	const ordered = order(names, startedBy);
	if (ordered.ok) return;
	const circle = [...ordered.error, ordered.error[0] ?? ''];
	const step = circle.findIndex((name, i) => onFailure.get(name)?.has(circle[i + 1] ?? ''));
	const [from = '', to = ''] = circle.slice(step);
	const at = onFailure.get(from)?.get(to)?.at;
	const place = services.get(from);
	if (at && place) problems.report(at, `${place.path}.on_failure starts ${to}, which would start ${from} again: ${circle.join(' → ')}`);
}

function judgeConflicts(present: readonly Declared[], conflicts: Named, {needs}: Arrangement, {problems: {report}}: Planning): void {
	if ([...conflicts.values()].every(({size}) => size === 0)) return;
	const started = startedWithArchon(present, needs);
	const doesNeed = (name: string, other: string): boolean =>
		needs.get(name)?.some(need => need.name === other && need.strength !== 'order') ?? false;
	const needing = needingBoth(present, conflicts, needs);
	for (const {name, path} of present) {
		for (const [other, {at}] of conflicts.get(name) ?? []) {
			const both = needing.get(`${name} ${other}`);
			if (both !== undefined) report(at, `${path} conflicts with ${other}, and ${both} needs both`);
			else if (doesNeed(name, other) || doesNeed(other, name)) {
				const [one, its] = doesNeed(name, other) ? [name, other] : [other, name];
				report(at, `${path} conflicts with ${other}, and ${one} needs ${its}`);
			} else if (started.has(name) && started.has(other)) {
				report(at, `${path} conflicts with ${other}, and both start with archon`, 'write autostart: false in one of them');
			}
		}
	}
}

/** By pairs that conflict: a service that needs both, and so could never start. */
function needingBoth(present: readonly Declared[], conflicts: Named, needs: Arrangement['needs']): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (const {name} of present) {
		const own = new Set(needs.get(name)?.flatMap(need => (need.strength === 'order' ? [] : [need.name])));
		for (const one of own) {
			for (const other of conflicts.get(one)?.keys() ?? []) if (own.has(other)) found.set(`${one} ${other}`, name);
		}
	}
	return found;
}

/** Those with `autostart`, and all that these need. */
function startedWithArchon(present: readonly Declared[], needs: Arrangement['needs']): ReadonlySet<string> {
	const started = new Set(present.filter(({settings}) => settings.autostart).map(({name}) => name));
	// A Set is iterated in order of insertion, including what is added meanwhile.
	for (const name of started) {
		for (const need of needs.get(name) ?? []) if (need.strength !== 'order') started.add(need.name);
	}
	return started;
}
