/** Compose's `deploy`: what it says of a service's processes, in archon's own keys. Loaded with the first service that has it. */
import {words} from './accepts.ts';
import {resourcesInDeploy} from './keys/resources.ts';
import {SCALE_MAX} from './names.ts';
import {duration, whole} from './scalars.ts';
import {FOREIGN, type Context, type Schema} from './shape.ts';
import type {Entry, Mapping, Value} from './values.ts';

/** What `deploy` says of processes; all else in it is of the container. */
export function deploySchema(): Schema {
	const policy: Schema = {
		type: 'object', additionalProperties: false, description: 'When it is restarted: restart, by compose\'s names.',
		properties: {
			condition: {...words('none', 'on-failure', 'any'), description: 'Policy.'}, delay: duration.accepts(), window: duration.accepts(),
			max_attempts: whole(0, 1000).accepts(),
		},
	};
	return {
		type: 'object',
		description: 'Of compose: replicas means scale, restart_policy restart, and resources mem_limit, cpus and so on. '
			+ 'All else concerns the container.',
		properties: {replicas: {...whole(0, SCALE_MAX).accepts(), description: 'How many instances run: scale.'}, restart_policy: policy},
	};
}

const NO_RESOURCES = {found: new Map<string, Entry>(), isAll: false};

/**
 * A service with what `deploy` says of its processes in archon's own keys: `scale`, `restart` and those of resources
 * (compose-spec, "Deploy"). What else it says is noted.
 */
export function withoutDeploy(service: Mapping, {note}: Pick<Context, 'note'>): Mapping {
	const deploy = service.entries.get('deploy');
	if (deploy?.value.kind !== 'map') return service;
	const {replicas, restart_policy: policy, resources, ...rest} = Object.fromEntries(deploy.value.entries);
	const {found, isAll} = resources ? resourcesInDeploy(resources) : NO_RESOURCES;
	if (!replicas && !policy && found.size === 0) return service;
	const others = isAll || !resources ? rest : {...rest, resources};
	const entries = new Map(service.entries);
	entries.delete('deploy');
	for (const [name, {key}] of Object.entries(others)) if (!name.startsWith('x-')) note(key, FOREIGN, `deploy.${name}`);
	if (replicas && !entries.has('scale')) entries.set('scale', replicas);
	for (const [key, entry] of found) if (!entries.has(key)) entries.set(key, entry);
	// compose-spec: `restart` counts only where there is no `restart_policy`.
	if (policy) entries.set('restart', {...policy, value: restartOf(policy.value)});
	return {...service, entries};
}

function restartOf(policy: Value): Value {
	if (policy.kind !== 'map') return policy;
	const entries = [...policy.entries].map(([name, entry]): readonly [string, Entry] => {
		const [key, words] = RESTART_POLICY.get(name) ?? [name, NO_WORDS];
		const {value} = entry;
		return [key, value.kind === 'scalar' ? {...entry, value: {...value, text: words.get(value.text) ?? value.text}} : entry];
	});
	return {...policy, entries: new Map(entries)};
}

const NO_WORDS: ReadonlyMap<string, string> = new Map();

/** Keys of compose's `restart_policy` that have other names, with the words that differ. */
const RESTART_POLICY: ReadonlyMap<string, readonly [key: string, words: ReadonlyMap<string, string>]> = new Map([
	['condition', ['policy', new Map([['none', 'no'], ['any', 'always']])]],
	['max_attempts', ['attempts', new Map([['0', 'unlimited']])]],
]);
