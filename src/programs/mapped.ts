/** What `archonctl needs-restart` asks for, composed; it is loaded when it is asked for. */
import type {Failed, Lazily} from '../core/lazily.ts';
import {findMapped, type Mapped} from '../features/watch/os/mapped.ts';
import type {NeedsRestartRow} from '../features/watch/requests/needs-restart/wire.ts';
import {errnoText} from '../os/errno.ts';
import {start} from '../os/jobs.ts';
import type {Looks} from '../os/reap/tree.ts';

/** Finds the files of services that are meant. */
export type FindStale = (isMeant: (name: string) => boolean, told: (rows: readonly NeedsRestartRow[]) => void, failed: Failed) => void;

export const staleIn = (looking: Lazily<Looks>): FindStale => (isMeant, told, failed) => findMapped({
	processes: told => looking(({tree}) => tree(false, told, failed), failed),
	mapped: (order, told) => start('mapped', order, told),
}, isMeant, found => told(found.flatMap(rowsOf)));

function rowsOf({service, pid, files, unknown}: Mapped): readonly NeedsRestartRow[] {
	const rows = files.map(({path, state}) => ({service, pid, state, path}));
	return unknown === null ? rows : [...rows, {service, pid, state: 'unknown', path: errnoText(unknown)}];
}
