/** All keys of a service, group by group, in the order in which people read of them. A new group is added here and nowhere else. */
import {healthcheck} from '../../features/health/keys/healthcheck.ts';
import {ready} from '../../features/health/keys/ready.ts';
import {watchdog} from '../../features/health/keys/watchdog.ts';
import {logging} from '../../features/logging/keys/logging.ts';
import {streams} from '../../features/logging/keys/streams.ts';
import {test} from '../../features/run-test/keys/test.ts';
import {schedule} from '../../features/schedule/keys/schedule.ts';
import {compose} from '../compose.ts';
import {joined} from '../glossary.ts';
import {keysOf, type ServiceGroup} from '../group.ts';
import {control} from '../keys/access.ts';
import {clean} from '../keys/clean.ts';
import {command} from '../keys/command.ts';
import {conditions} from '../keys/conditions.ts';
import {dependencies} from '../keys/dependencies.ts';
import {directories} from '../keys/directories.ts';
import {extending} from '../keys/elsewhere.ts';
import {environment} from '../keys/environment.ts';
import {essential} from '../keys/essential.ts';
import {mountedFiles} from '../keys/files.ts';
import {ownGroups} from '../keys/groups.ts';
import {startHooks, stopHooks} from '../keys/hooks.ts';
import {limits} from '../keys/limits.ts';
import {pidFile} from '../keys/pid-file.ts';
import {presence} from '../keys/presence.ts';
import {process} from '../keys/process.ts';
import {relations} from '../keys/relations.ts';
import {reload} from '../keys/reload.ts';
import {resources} from '../keys/resources.ts';
import {restart} from '../keys/restart.ts';
import {shell} from '../keys/shell.ts';
import {start} from '../keys/start.ts';
import {stop} from '../keys/stop.ts';
import {terminal} from '../keys/terminal.ts';
import {type} from '../keys/type.ts';
import {shape, type Settings} from '../shape.ts';
import type {Mapping} from '../values.ts';

const GROUPS = [
	type, command, shell, extending, presence, ownGroups, environment, mountedFiles, process, limits, resources, terminal, logging,
	streams, directories, clean, dependencies, conditions, test, ready, start, startHooks, healthcheck, watchdog, reload, restart, schedule,
	essential, relations, stopHooks, stop, pidFile, control, compose,
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
