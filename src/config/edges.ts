/** Which service comes before which: the edges that a config names, judged, and the order that they make. */
import {order} from '../core/graph.ts';
import type {Condition} from '../core/service.ts';
import {EDGES, type Dependency} from './keys/dependencies.ts';
import type {Absence} from './keys/presence.ts';
import type {Declared} from './keys/services.ts';
import type {Membership} from './membership.ts';
import {didYouMean, lineOf, quoteWritten, type Report} from './problems.ts';

/** The services by name; null for one that cannot be read, so that others may still name it. */
export type Services = ReadonlyMap<string, Declared | null>;

export interface Arrangement {
	/** Those that run, each after all that it needs. */
	readonly names: readonly string[];
	/** What each of them needs; no service twice. */
	readonly needs: ReadonlyMap<string, readonly Dependency[]>;
}

export function arrange(
	services: Services, absent: ReadonlyMap<string, Absence>, groups: Membership['members'], report: Report,
): Arrangement {
	const found = new Map<string, Map<string, Dependency>>();
	const add = (name: string, need: Dependency): void => {
		const known = found.get(name);
		if (known === undefined) found.set(name, new Map([[need.name, need]]));
		else if (!known.has(need.name)) known.set(need.name, need);
	};
	const expand = expanding(services, absent, groups, report);
	// The strongest first: where one pair is named twice, that holds.
	for (const key of EDGES) {
		for (const [name, declared] of services) {
			for (const named of declared ? expand(declared, key) : []) {
				if (!declared || !isEdge(declared, key, named, services, {absent, groups, report}) || absent.has(name)) continue;
				if (key === 'before') add(named.name, {...named, name});
				else add(name, named);
			}
		}
	}
	const needs = new Map([...found].map(([name, known]) => [name, [...known.values()]]));
	return {names: orderOf([...services.keys()].filter(name => !absent.has(name)), needs, report), needs};
}

/** How many circles are reported: the rest often goes with them, and each costs a walk, which is long among many services. */
const circlesToTell = (services: number): number => (services <= 1000 ? 10 : 2);

/** How many of a long circle's services are named, from its beginning and from its end. */
const [FIRST, LAST] = [5, 3];

/** From its first service to its first. */
function shown(circle: readonly string[]): string {
	const [first = ''] = circle;
	const names = circle.length <= 2 * (FIRST + LAST)
		? circle : [...circle.slice(0, FIRST), `… ${circle.length - FIRST - LAST} more …`, ...circle.slice(-LAST)];
	return [...names, first].join(' → ');
}

/** As a hint: where each service of a circle names the next one. */
function placesOf(circle: readonly string[], needs: ReadonlyMap<string, readonly Dependency[]>): string {
	if (circle.length > 2 * (FIRST + LAST)) return 'take one of these dependencies away';
	const files = new Set<string>();
	const steps = circle.map((name, index) => {
		const next = circle[index + 1] ?? circle[0];
		const at = needs.get(name)?.find(need => need.name === next)?.at;
		if (at) files.add(at.source.file);
		return {step: `${name} → ${next}`, at};
	});
	if (files.size === 1 && new Set(steps.map(({at}) => at && lineOf(at))).size === 1) return 'take one of these dependencies away';
	const told = steps.map(({step, at}) => `${step} is at ${files.size > 1 ? `${at?.source.file}:` : 'line '}${at ? lineOf(at) : '?'}`);
	return `${told.join(', ')}: take one of them away`;
}

/** The names in the order of their needs, as far as there is one. */
function orderOf(names: readonly string[], needs: ReadonlyMap<string, readonly Dependency[]>, report: Report): readonly string[] {
	const left = new Map([...needs].map(([name, edges]) => [name, edges.map(edge => edge.name)]));
	for (let circles = 0; circles < circlesToTell(names.length); circles += 1) {
		const ordered = order(names, name => left.get(name) ?? []);
		if (ordered.ok) return ordered.value;
		const [first = '', second = ''] = ordered.error;
		const edge = needs.get(first)?.find(need => need.name === second);
		if (!edge) break;
		report(edge.at, `services depend on each other in a circle: ${shown(ordered.error)}`, () => placesOf(ordered.error, needs));
		left.set(first, left.get(first)?.filter(name => name !== second) ?? []);
	}
	return [];
}

/**
 * Returns a function with the services that one names in a key, those in groups after those by their own names, which
 * say more. A condition that cannot hold of a service in a group asks that it has come as far as it goes.
 */
function expanding(services: Services, absent: ReadonlyMap<string, Absence>, groups: Membership['members'], report: Report) {
	let left = EDGES_MAX;

	function inGroup({name, path}: Declared, key: string, to: Dependency, members: readonly string[]): readonly Dependency[] {
		if (members.includes(name)) {
			report(to.at, `${path} names the group ${to.name} in ${key}, and is in it`);
			return [];
		}
		left -= members.length;
		if (left < 0) {
			report(to.at, `${path} brings the number of dependencies on services in groups above ${EDGES_MAX}`);
			return [];
		}
		return members.filter(member => services.get(member) && !absent.has(member)).map(member => {
			const unfit: Condition = services.get(member)?.settings.type === 'oneshot' ? 'service_healthy' : 'service_completed_successfully';
			return {...to, name: member, condition: to.condition === unfit ? null : to.condition};
		});
	}

	return (declared: Declared, key: (typeof EDGES)[number]): readonly Dependency[] => {
		const named = declared.settings[key];
		if (groups.size === 0 || !named.some(({name}) => groups.has(name))) return named;
		return [
			...named.filter(({name}) => !groups.has(name)),
			...named.flatMap(to => inGroup(declared, key, to, groups.get(to.name) ?? [])),
		];
	};
}

/** Whether what a service names makes an edge of the graph. */
function isEdge(
	{name, path}: Declared, key: (typeof EDGES)[number], to: Dependency, all: Services,
	{absent, groups, report}: {readonly absent: ReadonlyMap<string, Absence>; readonly groups: Membership['members']; readonly report: Report},
): boolean {
	const {name: other, condition, at, strength, mayMiss} = to;
	const subject = key === 'depends_on' ? `${path} depends on` : `${path}.${key} names`;
	if (other === name) {
		report(at, key === 'depends_on' ? `${path} cannot depend on itself` : `${path} cannot name itself in ${key}`, 'take it away');
		return false;
	}
	if (!all.has(other)) {
		const hint = () => didYouMean(other, [...all.keys(), ...groups.keys()]);
		if (!mayMiss) report(at, `${subject} ${quoteWritten(at, other)}, which is not a service`, hint);
		return false;
	}
	const absence = absent.get(other);
	if (absence) {
		if (strength === 'hard' && !absent.has(name)) report(at, `${subject} ${other}, which ${absence.why}`, absence.hint);
		return false;
	}
	const type = all.get(other)?.settings.type;
	if (condition === 'service_completed_successfully' && (type === 'daemon' || type === 'forking')) {
		report(at, `${path} waits for ${other} to complete, which a daemon never does`, `give ${other} "type: oneshot"`);
	} else if (condition === 'service_healthy' && type === 'oneshot') {
		report(at, `${path} waits for ${other} to be healthy, which a oneshot never is`, 'wait for service_completed_successfully');
	}
	return true;
}

/** Between instances: each of a service waits for each of another one. More take more memory than PID 1 should have. */
const EDGES_MAX = 200_000;

/** Reports the service with which the limit is exceeded. */
export function hasTooManyEdges(
	running: readonly Declared[], needs: Arrangement['needs'], instances: ReadonlyMap<string, readonly string[]>, report: Report,
): boolean {
	let count = 0;
	for (const {name, path, key} of running) {
		const each = needs.get(name)?.reduce((sum, need) => sum + (instances.get(need.name)?.length ?? 0), 0) ?? 0;
		count += each * (instances.get(name)?.length ?? 0);
		if (count <= EDGES_MAX) continue;
		report(key, `${path} brings the number of dependencies between instances above ${EDGES_MAX}`);
		return true;
	}
	return false;
}
