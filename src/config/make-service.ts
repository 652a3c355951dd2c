/** Makes a service of what is written for it. */
import {exec, service} from '../core/defaults.ts';
import type {Exec, Service} from '../core/service.ts';
import type {Argv} from './command-service.ts';
import type {Part, ServiceGroup} from './group.ts';
import type {ServiceSettings} from './schema/service.ts';

/** What a service finds in its environment. */
export type Variables = Pick<Exec, 'common' | 'sources' | 'sourced' | 'environment'>;

/** What a service has to do with others. */
export type Related = Pick<Service, 'needs' | 'groups' | 'onFailure' | 'conflicts'> & {readonly scheduled: Part | null};

/** The defaults, over which each of the groups of keys has its say. */
export function makeService(
	name: string, argv: Argv, groups: Iterable<ServiceGroup<ServiceSettings>>, settings: ServiceSettings,
	{needs, groups: inGroups, onFailure, conflicts, scheduled, ...given}: Variables & Pick<Exec, 'files' | 'output'> & Related,
): Service {
	const made = {...service(name, argv), needs, groups: inGroups, onFailure, conflicts};
	const process = {...exec(argv), ...given};
	for (const {plan} of groups) {
		const part = plan?.(settings);
		if (!part) continue;
		Object.assign(made, part);
		Object.assign(process, part.exec);
	}
	return {...made, ...scheduled, exec: process};
}
