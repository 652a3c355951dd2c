/**
 * All keys of a service, group by group, in the order in which people read of them. A new group is added here and nowhere else:
 * what few services have as a late one.
 */
import {watchdog} from '../../features/health/keys/watchdog.ts';
import {test} from '../../features/run-test/keys/test.ts';
import {byNeed} from '../../core/by-need.ts';
import {NO_PORTS} from '../../core/defaults.ts';
import {compose} from '../compose.ts';
import {joined} from '../glossary.ts';
import {keysOf, type ServiceGroup} from '../group.ts';
import {clean} from '../keys/clean.ts';
import {command} from '../keys/command.ts';
import {dependencies} from '../keys/dependencies.ts';
import {environment} from '../keys/environment.ts';
import {essential} from '../keys/essential.ts';
import {ownGroups} from '../keys/groups.ts';
import {presence} from '../keys/presence.ts';
import {process} from '../keys/process.ts';
import {relations} from '../keys/relations.ts';
import {restart} from '../keys/restart.ts';
import {shell} from '../keys/shell.ts';
import {start} from '../keys/start.ts';
import {stop} from '../keys/stop.ts';
import {type} from '../keys/type.ts';
import {late} from '../late.ts';
import {shape, type Settings} from '../shape.ts';
import type {Mapping} from '../values.ts';

const loadAccess = byNeed(() => import('../keys/access.ts'));
const loadConditions = byNeed(() => import('../keys/conditions.ts'));
const loadDirectories = byNeed(() => import('../keys/directories.ts'));
const loadElsewhere = byNeed(() => import('../keys/elsewhere.ts'));
const loadFiles = byNeed(() => import('../keys/files.ts'));
const loadHealthcheck = byNeed(() => import('../../features/health/keys/healthcheck.ts'));
const loadHooks = byNeed(() => import('../keys/hooks.ts'));
const loadLimits = byNeed(() => import('../keys/limits.ts'));
const loadLogging = byNeed(() => import('../../features/logging/keys/logging.ts'));
const loadPidFile = byNeed(() => import('../keys/pid-file.ts'));
const loadPorts = byNeed(() => import('../../features/ports/keys/ports.ts'));
const loadReactions = byNeed(() => import('../../features/reactions/keys/on.ts'));
const loadReady = byNeed(() => import('../../features/health/keys/ready.ts'));
const loadReload = byNeed(() => import('../keys/reload.ts'));
const loadResources = byNeed(() => import('../keys/resources.ts'));
const loadSchedule = byNeed(() => import('../../features/schedule/keys/schedule.ts'));
const loadSockets = byNeed(() => import('../../features/sockets/keys/sockets.ts'));
const loadStreams = byNeed(() => import('../../features/logging/keys/streams.ts'));
const loadTerminal = byNeed(() => import('../keys/terminal.ts'));
const loadWatch = byNeed(() => import('../../features/watch/keys/watch.ts'));

const FOR_ALL = {isForAll: true} as const;

const extending = late(loadElsewhere, 'extending', {extends: null}, FOR_ALL);
const mountedFiles = late(loadFiles, 'mountedFiles', {configs: [], secrets: []}, FOR_ALL);
const servicePorts = late(loadPorts, 'servicePorts', {ports: NO_PORTS});
const limits = late(loadLimits, 'limits', {
	ulimits: [], nice: null, ionice: null, oom_score_adj: null, group_add: [], cap_add: [], cap_drop: [], no_new_privileges: false,
	security_opt: false, cgroup: null,
});
const resources = late(loadResources, 'resources', {
	cpuset: null, cpus: null, cpu_shares: null, mem_limit: null, mem_reservation: null, memswap_limit: null, pids_limit: null,
});
const terminal = late(loadTerminal, 'terminal', {tty: false, stdin_open: false});
const logging = late(loadLogging, 'logging', {logging: null}, FOR_ALL);
const streams = late(loadStreams, 'streams', {stdout: {kind: 'log'}, stderr: {kind: 'log'}});
const directories = late(loadDirectories, 'directories', {
	runtime_directory: [], runtime_directory_preserve: false, state_directory: [], cache_directory: [], logs_directory: [],
});
const conditions = late(loadConditions, 'conditions', {only_if: null});
const reactions = late(loadReactions, 'reactions', {on: null});
const ready = late(loadReady, 'ready', {ready: null});
const startHooks = late(loadHooks, 'startHooks', {pre_start: [], post_start: []});
const stopHooks = late(loadHooks, 'stopHooks', {pre_stop: [], post_stop: [], down: []}, {reads: ['pre_start', 'post_start']});
const healthcheck = late(loadHealthcheck, 'healthcheck', {healthcheck: null});
const reload = late(loadReload, 'reload', {reload: null});
const schedule = late(loadSchedule, 'schedule', {schedule: null}, FOR_ALL);
const sockets = late(loadSockets, 'sockets', {sockets: [], accept: 'eager', idle_timeout: null, fd_store_max: 0});
const watch = late(loadWatch, 'watch', {watch: []}, {reads: ['working_dir']});
const pidFile = late(loadPidFile, 'pidFile', {pid_file: null});
const control = late(loadAccess, 'control', {control: null}, FOR_ALL);

const GROUPS = [
	type, command, shell, extending, presence, ownGroups, environment, mountedFiles, servicePorts, process, limits, resources, terminal,
	logging, streams, directories, clean, dependencies, conditions, test, ready, start, startHooks, healthcheck, watchdog, sockets, reload,
	restart, schedule, essential, relations, reactions, watch, stopHooks, stop, pidFile, control, compose,
] as const;

const KEYS = keysOf(GROUPS);

export type ServiceSettings = Settings<typeof KEYS>;

/** Each asks for settings that there are: else this is no assignment. */
export const SERVICE_GROUPS: readonly ServiceGroup<ServiceSettings>[] = GROUPS;

export const SERVICE = shape(KEYS, {
	foreign: compose.foreign, foreignAccepts: compose.foreignAccepts, unsupported: compose.unsupported, words: () => joined(SERVICE_GROUPS),
});

/** Keys of which every instance of a service has the same. */
export const SAME_FOR_ALL: ReadonlySet<string> = new Set(
	SERVICE_GROUPS.flatMap(({keys, isForAll = false}) => (isForAll ? Object.keys(keys) : [])),
);

/** By key: the groups to which it matters. */
const CONCERNED = new Map<string, ServiceGroup<ServiceSettings>[]>();
for (const group of SERVICE_GROUPS) for (const key in group.keys) CONCERNED.set(key, [group]);
for (const group of SERVICE_GROUPS) for (const key of group.reads ?? []) CONCERNED.get(key)?.push(group);

/** The groups that have something to say of a service. All others come to the defaults, so that what is not written costs nothing. */
export function groupsOf({entries}: Mapping): ReadonlySet<ServiceGroup<ServiceSettings>> {
	const groups = new Set<ServiceGroup<ServiceSettings>>();
	for (const key of entries.keys()) for (const group of CONCERNED.get(key) ?? []) groups.add(group);
	return groups;
}
