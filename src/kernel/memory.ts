/** Whether the kernel kills for want of memory: the counter of archon's own cgroup, and nothing where there is none. */
import {existsSync, readFileSync} from 'node:fs';

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
	const lines = slurp('/proc/self/cgroup').split('\n').map(line => line.split(':'));
	const candidates = lines.flatMap(([number, controllers, path = '']) => {
		if (number === '0') return [`${ROOT}${path}/memory.events`, `${ROOT}/memory.events`];
		if (!controllers?.split(',').includes('memory')) return [];
		return [`${ROOT}/memory${path}/memory.oom_control`, `${ROOT}/memory/memory.oom_control`];
	});
	return candidates.find(candidate => existsSync(candidate) && /^oom_kill \d+$/m.test(slurp(candidate))) ?? null;
}

const count = (path: string): number => Number(/^oom_kill (\d+)$/m.exec(slurp(path))?.[1] ?? 0);

function slurp(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
