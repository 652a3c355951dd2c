/** The real processes of each service: its main process, all that descend from it, and orphans that carry its mark. */
import {pidOf} from '../core/status.ts';
import {entries, type State} from '../core/state.ts';
import type {Run} from '../core/model.ts';
import {pid as ownPid} from './identity.ts';
import {runMarked} from './mark.ts';
import {descendants, processes, type ProcessInfo} from './procfs.ts';

export interface TreeRow {
	/** The service that it belongs to, or null for what archon adopted from nobody known. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	readonly command: string;
	readonly zombie: boolean;
}

/** Parents before their children. An orphan is known by its environment, its session, or the mark of its run. */
export function treeOf(state: State): readonly TreeRow[] {
	const mains = new Map<number, string>();
	const runs = new Map<Run, string>();
	for (const {service, phase} of entries(state)) {
		const pid = pidOf(phase);
		if (pid !== null) mains.set(pid, service.name);
		if ('run' in phase) runs.set(phase.run, service.name);
	}
	const owners = new Map<number, string | null>();
	const whose = ({pid, parent, session, service}: ProcessInfo): string | null =>
		mains.get(pid) ?? owners.get(parent) ?? service ?? mains.get(session) ?? runs.get(runMarked(pid) ?? 0) ?? null;
	return descendants(processes(), ownPid).map(info => {
		const service = whose(info);
		owners.set(info.pid, service);
		const {pid, parent, command, isZombie} = info;
		return {service, pid, parent, command, zombie: isZombie};
	});
}
