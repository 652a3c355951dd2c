/** The keys of docker compose that archon does not have: which to pass over, and which must not be. */

/**
 * Keys that concern the container or its image. Within a container they have nothing left to do, so they
 * are passed over with one note and a compose file can be used as it is. compose-spec wants `deploy`
 * passed over by those who do not implement it.
 */
export const FOREIGN_SERVICE_KEYS: ReadonlySet<string> = new Set([
	'annotations', 'attach', 'blkio_config', 'build', 'cgroup_parent', 'configs', 'container_name',
	'cpu_count', 'cpu_percent', 'cpu_period', 'cpu_quota', 'cpu_rt_period', 'cpu_rt_runtime', 'cpu_shares',
	'cpus', 'cpuset', 'credential_spec', 'deploy', 'develop', 'device_cgroup_rules', 'devices', 'dns',
	'dns_opt', 'dns_search', 'domainname', 'expose', 'external_links', 'extra_hosts', 'gpus', 'hostname',
	'image', 'init', 'ipc', 'isolation', 'label_file', 'mac_address', 'mem_limit',
	'mem_reservation', 'mem_swappiness', 'memswap_limit', 'models', 'network_mode', 'networks',
	'oom_kill_disable', 'pid', 'pids_limit', 'platform', 'ports', 'privileged', 'pull_policy',
	'pull_refresh_after', 'read_only', 'runtime', 'secrets', 'shm_size', 'storage_opt',
	'sysctls', 'tmpfs', 'use_api_socket', 'userns_mode', 'uts', 'volumes', 'volumes_from',
]);

/** The same at the top of the file. */
export const FOREIGN_TOP_KEYS: ReadonlySet<string> = new Set([
	'configs', 'models', 'networks', 'secrets', 'volumes',
]);

/** Keys that change what runs, or how. To pass over one of these would be to run something else. */
export const UNSUPPORTED_SERVICE_KEYS: ReadonlySet<string> = new Set([
	'extends', 'provider',
]);

/** The same at the top of the file. */
export const UNSUPPORTED_TOP_KEYS: ReadonlySet<string> = new Set(['include']);
