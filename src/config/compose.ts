/** What archon makes of docker compose's keys that it does not have: which mean others, which to pass over, and which must not be. */
import {byNeed} from '../core/by-need.ts';
import type {ServiceGroup} from './group.ts';
import {key} from './key.ts';
import {reader, type Context, type Shape} from './shape.ts';
import type {Mapping} from './values.ts';

const deploying = byNeed(() => import('./deploy.ts'));

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
	'oom_kill_disable', 'pid', 'platform', 'privileged', 'pull_policy',
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
	foreignAccepts: () => ({deploy: deploying().deploySchema()}),
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

/** A service with what `deploy` says of its processes in archon's own keys. */
export function withoutDeploy(service: Mapping, context: Pick<Context, 'note'>): Mapping {
	return service.entries.get('deploy')?.value.kind === 'map' ? deploying().withoutDeploy(service, context) : service;
}
