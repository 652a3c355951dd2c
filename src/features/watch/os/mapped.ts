/** Which services have programs or libraries mapped that are other files by now, or none (proc_pid_maps(5)). A thread looks. */
import {type Done, type Order, textsOf} from '../../../os/jobs.ts';
import {ERRNO} from '../../../os/sys.ts';

/** What a service's processes have mapped. */
export interface Mapped {
	readonly service: string;
	/** Of them the first that needs it; where none does, of the first. */
	readonly pid: number;
	/** The files that are gone, or that others have taken the place of. */
	readonly files: readonly StaleFile[];
	/** The folders of all that is mapped. */
	readonly folders: readonly string[];
	/** Why some of it is not known; null: all is. */
	readonly unknown: number | null;
}

export interface StaleFile {
	readonly path: string;
	readonly state: 'deleted' | 'replaced';
}

interface Process {
	readonly service: string | null;
	readonly pid: number;
	readonly zombie: boolean;
}

export interface MappedParts {
	/** All processes of services. */
	readonly processes: (told: (rows: readonly Process[]) => void) => void;
	/** As of jobs.ts. */
	readonly mapped: (order: Order, told: (done: Done) => void) => void;
}

/** Of each service; and of a service's files and folders. */
const [PROCESSES_MAX, FILES_MAX, FOLDERS_MAX] = [64, 100, 64];

/** Looks at the services that are meant, one process after the other; and tells of each that has one. */
export function findMapped(
	{processes, mapped}: MappedParts, isMeant: (name: string) => boolean, told: (found: readonly Mapped[]) => void,
): void {
	processes(rows => {
		const left = [...Map.groupBy(rows.filter(({zombie}) => !zombie), ({service}) => service ?? '')].flatMap(([service, each]) =>
			(service !== '' && isMeant(service) ? [{service, pids: each.slice(0, PROCESSES_MAX).map(({pid}) => pid)}] : []));
		const found: Mapped[] = [];
		next();

		function next(): void {
			const one = left.shift();
			if (!one) return told(found);
			look(one.pids, {service: one.service, pid: one.pids[0] ?? 0, files: [], folders: [], unknown: null});
		}

		function look(pids: readonly number[], sum: Mapped): void {
			const [pid, ...others] = pids;
			if (pid === undefined) {
				found.push(sum);
				return next();
			}
			mapped({numbers: [pid]}, done => look(others, add(sum, pid, done)));
		}
	});
}

function add(sum: Mapped, pid: number, done: Done): Mapped {
	// It has ended meanwhile.
	if (done.result === -ERRNO.ENOENT || done.result === -ERRNO.ESRCH) return sum;
	if (done.result < 0) return {...sum, unknown: sum.unknown ?? -done.result};
	const files = new Map(sum.files.map(file => [file.path, file]));
	const folders = new Set(sum.folders);
	let isStale = false;
	for (const text of textsOf(done)) {
		const space = text.indexOf(' ');
		const [word, path] = [text.slice(0, space), text.slice(space + 1)];
		if (word === 'in') {
			if (folders.size < FOLDERS_MAX) folders.add(path);
			continue;
		}
		isStale = true;
		if (files.size < FILES_MAX) files.set(path, {path, state: word === 'replaced' ? 'replaced' : 'deleted'});
	}
	return {...sum, pid: isStale && sum.files.length === 0 ? pid : sum.pid, files: [...files.values()], folders: [...folders]};
}
