/** What archon makes of docker compose's keys that it does not have: which mean others, which to pass over, and which must not be. */
import {words} from './accepts.ts';
import type {ServiceGroup} from './group.ts';
import {key} from './key.ts';
import {resourcesInDeploy} from './keys/resources.ts';
import {SCALE_MAX} from './names.ts';
import {duration, whole} from './scalars.ts';
import {FOREIGN, reader, type Context, type Schema, type Shape} from './shape.ts';
import type {Entry, Mapping, Value} from './values.ts';

/** Takes anything. */
const ignore = reader(() => ({}), (): null => null);

/**
 * Keys that concern the container or its image. Within a container they have nothing left to do, so they
 * are ignored with one note, and a compose file can be used as it is. compose-spec wants `deploy`
 * ignored by programs that do not implement it.
 */
const FOREIGN_SERVICE_KEYS: ReadonlySet<string> = new Set([
	'annotations', 'attach', 'blkio_config', 'build', 'cgroup_parent', 'container_name',
	'cpu_count', 'cpu_percent', 'cpu_period', 'cpu_quota', 'cpu_rt_period', 'cpu_rt_runtime', 'credential_spec',
	'deploy', 'develop', 'device_cgroup_rules', 'devices', 'dns',
	'dns_opt', 'dns_search', 'domainname', 'expose', 'external_links', 'extra_hosts', 'gpus', 'hostname',
	'image', 'init', 'ipc', 'isolation', 'label_file', 'mac_address', 'mem_swappiness', 'models', 'network_mode', 'networks',
	'oom_kill_disable', 'pid', 'platform', 'ports', 'privileged', 'pull_policy',
	'pull_refresh_after', 'read_only', 'runtime', 'shm_size', 'storage_opt',
	'sysctls', 'tmpfs', 'use_api_socket', 'userns_mode', 'uts', 'volumes', 'volumes_from',
]);

/** The same at the top of the file. */
const FOREIGN_TOP_KEYS: ReadonlySet<string> = new Set([
	'models', 'networks', 'volumes',
]);

/** Keys that change what runs, or how. To pass over one of these would be to run something else. */
const UNSUPPORTED_SERVICE_KEYS: ReadonlySet<string> = new Set([
	'provider',
]);

/** Of a service: what has no effect, and words of all kinds for which archon has no key. */
export const compose = {
	keys: {labels: key(ignore, 'anything', 'none', null, 'has no effect', '{team: shop}')},
	isForAll: true,
	foreign: FOREIGN_SERVICE_KEYS,
	foreignAccepts: () => ({deploy: deploySchema()}),
	unsupported: UNSUPPORTED_SERVICE_KEYS,
	words: () => ({
		others: [
			['signals start_rate', null, 'it is for all of archon: write it at the top of the config'],
			['description summary', null, 'remove it, or begin its name with x-'],
			['override', null, 'remove it: later files are merged over earlier ones'],
		],
	}),
} satisfies ServiceGroup & Pick<Shape, 'foreign' | 'foreignAccepts' | 'unsupported'>;

/** The same of the top of a file. */
export const composeTop = {
	keys: {
		name: key(ignore, 'anything', 'none', null, 'of a compose project; has no effect', 'shop'),
		version: key(ignore, 'anything', 'none', null, 'of a compose file; has no effect', '"3.8"'),
	},
	foreign: FOREIGN_TOP_KEYS,
};

/** What `deploy` says of processes; all else in it is of the container. */
function deploySchema(): Schema {
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
