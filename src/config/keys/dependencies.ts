/** `depends_on` to `links`: the order of services, and what they need of each other. */
import {NEED} from '../../core/defaults.ts';
import {type Condition, CONDITIONS, type Need} from '../../core/service.ts';
import {anyText, either, listOf, mapOf} from '../accepts.ts';
import type {ServiceGroup} from '../group.ts';
import {key, value} from '../key.ts';
import {namedWithTerms, united} from '../merge.ts';
import {quoteWritten, type Place} from '../problems.ts';
import {readText, refuse, refuseKind} from '../readers.ts';
import {oneOf, patience, truth} from '../scalars.ts';
import {reader, readShape, shape, within, type Context, type Key, type Reader, type Schema} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';

const DEPENDENCY = shape({
	condition: value(
		oneOf<Condition>(CONDITIONS), CONDITIONS.join(' | '), 'service_started',
		'what must hold of the other service first; healthy: it is ready, and its healthcheck succeeds',
	),
	required: value(truth, 'true | false', 'true', 'false: it is started and waited for, but may be missing or fail'),
	restart: value(truth, 'true | false', 'false', 'when the other one exits or is restarted, this one is restarted'),
	timeout: value(patience, 'duration | unlimited', 'unlimited', 'how long to wait for it'),
});

/** A service that another one names. */
export interface Dependency extends Omit<Need, 'condition'> {
	/** Null: it has come as far as it goes. A oneshot has completed, a daemon is ready and healthy. */
	readonly condition: Condition | null;
	readonly at: Place;
	/** Whether there need not be such a service. */
	readonly mayMiss: boolean;
}

/** Names of services, each once. */
const NAMES = (): Schema => listOf(anyText(), {uniqueItems: true});

/** A key with names of services only. */
const relatives = (strength: Dependency['strength'], help: string): Key<readonly Dependency[]> =>
	key(readNames({...NEED, condition: null, strength, mayMiss: false}), 'list', 'empty', [], help, '[db, cache]');

const KEYS = {
	depends_on: key<readonly Dependency[]>(
		reader(() => either(NAMES(), mapOf(either({shape: DEPENDENCY}, {type: 'null'}))), readDependencies),
		'list | map with condition', 'empty', [], 'services that start before this one, and stop after it',
		'{db: {condition: service_healthy}}',
	),
	wants: relatives('soft', 'the same, but this one starts even if they fail'),
	after: relatives('order', 'services that start before this one, if they are started at all'),
	before: relatives('order', 'services that start after this one, if they are started at all'),
	links: key(
		reader(NAMES, readLinks), 'list', 'empty', [], 'compose\'s older word for after; an alias after a colon has no effect',
		'["db:database"]',
	),
};

/** The keys that make edges, the strongest first: where one pair is named twice, that holds. */
export const EDGES = ['depends_on', 'wants', 'after', 'before', 'links'] as const satisfies readonly (keyof typeof KEYS)[];

/** What becomes of them is for the graph of all services (edges.ts). */
export const dependencies = {
	keys: KEYS,
	merge: {depends_on: namedWithTerms, wants: united(), after: united(), before: united(), links: united()},
	isForAll: true,
	maps: [['services.<name>.depends_on.<name>', DEPENDENCY]],
	words: () => ({
		names: {depends_on: 'requires Requisite BindsTo dependencies needs depends-ms', wants: 'waits-for'},
		others: [['priority', 'depends_on', 'say which service comes first: depends_on or after']],
	}),
} satisfies ServiceGroup;

/** Names, each of which may have an alias after a colon (compose-spec `links`). */
function readLinks(from: Value, context: Context): readonly Dependency[] | undefined {
	return readNames({...NEED, condition: 'service_started', strength: 'order', mayMiss: false})(withoutAliases(from), context);
}

const withoutAliases = (from: Value): Value => from.kind !== 'list' ? from
	: {...from, items: from.items.map(item => item.kind === 'scalar' ? {...item, text: item.text.replace(/:.*$/, '')} : item)};

function readDependencies(from: Value, context: Context): readonly Dependency[] | undefined {
	if (from.kind === 'scalar' && !isNothing(from)) return refuseKind(from, context, 'a list of services or a map');
	if (from.kind !== 'map') return readNames({...NEED, mayMiss: false})(from, context);
	return [...from.entries].map(([name, {key: at, value: terms}]) => {
		const inner = within(context, name);
		if (terms.kind !== 'map' && !isNothing(terms)) refuseKind(terms, inner, 'a map with a condition');
		const settings = terms.kind === 'map' ? readShape(DEPENDENCY, terms, inner) : DEPENDENCY.initial;
		const {condition, required, restart, timeout} = settings;
		return {name, at, condition, restart, timeout, strength: required ? 'hard' : 'soft', mayMiss: !required};
	});
}

/** Names and no more: all else is as in `like`. */
function readNames(like: Omit<Dependency, 'name' | 'at'>): Reader<readonly Dependency[]> {
	return reader(NAMES, (from, context) => {
		if (isNothing(from)) return [];
		if (from.kind !== 'list') return refuseKind(from, context, 'a list of services');
		const found = new Map<string, Dependency>();
		for (const [index, at] of from.items.entries()) {
			const name = readText(at, within(context, index));
			if (name === undefined) continue;
			if (found.has(name)) refuse(at, context, `names ${quoteWritten(at, name)} twice`);
			found.set(name, {...like, name, at});
		}
		return [...found.values()];
	});
}
