/** Processes as /proc shows them (proc(5)), and whose they are. */
import {readdirSync, readFileSync} from 'node:fs';

export interface ProcessInfo {
	readonly pid: number;
	readonly parent: number;
	readonly session: number;
	readonly isZombie: boolean;
	/** The arguments, or in brackets the name of what has none. */
	readonly command: string;
	/** `ARCHON_SERVICE` of its environment, or null where there is none or it may not be read. */
	readonly service: string | null;
}

/** Every process that can be seen; those that end meanwhile are left out. */
export function processes(): ProcessInfo[] {
	return readdirSync('/proc').flatMap(name => {
		const info = /^\d+$/.test(name) ? describe(Number(name)) : null;
		return info ? [info] : [];
	});
}

/** The processes below `root`, children before grandchildren. */
export function descendants(all: readonly ProcessInfo[], root: number): ProcessInfo[] {
	const children = Map.groupBy(all, ({parent}) => parent);
	const found = [...children.get(root) ?? []];
	for (const {pid} of found) found.push(...children.get(pid) ?? []);
	return found;
}

/** `/proc/<pid>/stat` with the fields after the name, which may itself hold spaces and parentheses. */
function describe(pid: number): ProcessInfo | null {
	const stat = slurp(`/proc/${pid}/stat`);
	if (!stat) return null;
	const [name, fields] = [stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), stat.slice(stat.lastIndexOf(')') + 2).split(' ')];
	const words = (slurp(`/proc/${pid}/cmdline`) ?? '').split('\0').filter(word => word !== '').join(' ');
	const environment = slurp(`/proc/${pid}/environ`)?.split('\0') ?? [];
	const mark = environment.findLast(variable => variable.startsWith('ARCHON_SERVICE='));
	return {
		pid, parent: Number(fields[1]), session: Number(fields[3]), isZombie: fields[0] === 'Z',
		command: words || `[${name}]`, service: mark?.slice('ARCHON_SERVICE='.length) ?? null,
	};
}

function slurp(path: string): string | null {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null;
	}
}
