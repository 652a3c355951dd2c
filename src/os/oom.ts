/** Whether the kernel kills for want of memory: the counter of archon's own cgroup, where it has one. */
import {withoutLeaf} from './reap/cgroups.ts';
import {sys} from './sys.ts';

const ROOT = '/sys/fs/cgroup';

/** The result says, whenever it is called, whether the counter has moved since it was called last. */
export function watchMemory(): () => boolean {
	const path = counterPath();
	let seen = path === null ? 0 : count(path);
	return () => {
		if (path === null) return false;
		const before = seen;
		seen = count(path);
		return seen > before;
	};
}

/**
 * memory.events of cgroup v2, memory.oom_control of v1 (cgroups(7)). In a container the path that
 * /proc/self/cgroup names may be the host's, while the container's own cgroup is mounted as the root.
 */
function counterPath(): string | null {
	const candidates = cgroupFiles('memory.events', 'memory.oom_control');
	return candidates.find(candidate => /^oom_kill \d+$/m.test(slurp(candidate))) ?? null;
}

/** Where a file of archon's own cgroup may be: by its name in version 2, and in the memory controller of version 1. */
function cgroupFiles(second: string, first: string): readonly string[] {
	const lines = slurp('/proc/self/cgroup').split('\n').map(line => line.split(':'));
	return lines.flatMap(([number, controllers, path = '']) => {
		if (number === '0') return [`${ROOT}${withoutLeaf(path)}/${second}`, `${ROOT}/${second}`];
		if (!controllers?.split(',').includes('memory')) return [];
		return [`${ROOT}/memory${path}/${first}`, `${ROOT}/memory/${first}`];
	});
}

/** Bytes that the container may use; Infinity: as many as there are. */
export function memoryLimit(): number {
	const limits = cgroupFiles('memory.max', 'memory.limit_in_bytes').map(path => Number.parseInt(slurp(path), 10));
	return Math.min(Infinity, ...limits.filter(limit => limit > 0));
}

/** What archon is taken to count for: far more than it is, so that in a small container it is the last to go. */
const OWN_SIZE = 128 << 20;

/**
 * How much likelier a victim of the kernel a service is than archon, as oom_score_adj(5) counts: in thousandths of the
 * limit, so that in a small container it takes more of them to outweigh what archon's process is larger by.
 */
export const handicapFor = (limit: number): number => Math.min(900, Math.max(100, Math.ceil((1000 * OWN_SIZE) / limit)));

const count = (path: string): number => Number(/^oom_kill (\d+)$/m.exec(slurp(path))?.[1] ?? 0);

/** No file of a cgroup is longer. */
const FILE_MAX = 64 * 1024;

function slurp(path: string): string {
	const text = sys.readText(path, FILE_MAX);
	return typeof text === 'string' ? text : '';
}
