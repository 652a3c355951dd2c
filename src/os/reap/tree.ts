/** The real processes of each service: its main process, all that descend from it, and orphans that carry its tag. */
import {pidOf} from '../../core/status.ts';
import {entries, find, type State} from '../../core/state.ts';
import type {Run} from '../../core/ids.ts';
import {claimOf, isBelieved} from './claims.ts';
import {pid as ownPid} from '../identity.ts';
import {runTagged} from './run-tag.ts';
import {descendants, processes, type ProcessInfo} from './procfs.ts';

export interface TreeRow {
	/** The service that it belongs to, or null for an adopted process whose service is not known. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	readonly command: string;
	readonly zombie: boolean;
}

/** Parents before their children. An orphan is known by the tag of its run, its session, or its environment. */
export function treeOf(state: State): readonly TreeRow[] {
	const mains = new Map<number, string>();
	const runs = new Map<Run, string>();
	for (const {service, phase} of entries(state)) {
		const pid = pidOf(phase);
		if (pid !== null) mains.set(pid, service.name);
		if ('run' in phase) runs.set(phase.run, service.name);
	}
	const owners = new Map<number, string | null>();
	const whose = ({pid, parent, session}: ProcessInfo): string | null =>
		mains.get(pid) ?? owners.get(parent) ?? runs.get(runTagged(pid) ?? 0) ?? mains.get(session) ?? named(pid);
	const named = (pid: number): string | null => {
		const claim = claimOf(pid);
		const service = claim && find(state, claim.service)?.service;
		return service && isBelieved(claim, service.exec.user) ? service.name : null;
	};
	return descendants(processes(), ownPid).map(info => {
		const service = whose(info);
		owners.set(info.pid, service);
		const {pid, parent, command, isZombie} = info;
		return {service, pid, parent, command, zombie: isZombie};
	});
}
