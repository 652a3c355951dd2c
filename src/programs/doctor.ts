/** What PID 1 knows of the container that it runs in, read when somebody asks: nothing of it is believed to stay as it is. */
import {longestStop} from '../config/explain/stop.ts';
import {entries, type State} from '../core/state.ts';
import {linesLost} from '../features/logging/os/outlet.ts';
import {pid, uid} from '../os/identity.ts';
import {ownCgroup} from '../os/reap/cgroups.ts';
import {slurp, statOf, TICK} from '../os/reap/procfs.ts';
import {sys} from '../os/sys.ts';

export interface Known {
	readonly state: State;
	/** Where clients reach archon. */
	readonly socket: string | null;
	readonly lives: number;
	readonly cause: string;
}

type Facts = ReadonlyMap<string, string | number | null>;

/** W_OK of access(2). */
const WRITE = 2;
/** Names in /proc/self/fd that are counted. */
const FDS_MAX = 1 << 20;

export function examineHost({state, socket, lives, cause}: Known): Facts {
	const status = slurp('/proc/self/status') ?? '';
	const field = (name: string): string | null => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? null;
	const fds = sys.readFolder('/proc/self/fd', FDS_MAX);
	const stat = statOf(pid);
	return new Map<string, string | number | null>([
		['pid', pid], ['subreaper', yes(sys.isSubreaper())], ['uid', uid],
		['no_new_privs', yes(field('NoNewPrivs') === '1')], ['capabilities', field('CapEff')], ['socket', socket],
		...cgroupFacts(),
		['fds_limit', number(/^Max open files\s+(\d+)/m.exec(slurp('/proc/self/limits') ?? '')?.[1])],
		['fds_used', typeof fds === 'number' ? null : fds.length],
		['inotify_limit', number(slurp('/proc/sys/fs/inotify/max_user_instances'))],
		...stopFacts(state),
		['lines_lost', linesLost()],
		['started', stat && Math.round(Date.now() - (sys.sinceBoot() - stat.start * TICK))], ['lives', lives], ['cause', cause || null],
	]);
}

const yes = (is: boolean): string => (is ? 'yes' : 'no');

const number = (text: string | null | undefined): number | null => (/^\d+\s*$/.test(text ?? '') ? Number(text) : null);

/** As container runtimes mount version 1: the container's own are at the top. */
const [MEMORY_1, PIDS_1] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'];

/** Without a limit, version 1 tells the largest number of pages. */
const NO_LIMIT_1 = 2 ** 62;

/** The limits of version 2 are the least on the way up; where a controller is still with version 1, there is one. */
function cgroupFacts(): Facts {
	const read = (path: string): number | null => number(slurp(path));
	const own = ownCgroup();
	const least = (file: string): {readonly path: string; readonly limit: number} | null => {
		let found: {path: string; limit: number} | null = null;
		for (let path = own ?? ''; path === own || path.startsWith('/sys/fs/cgroup'); path = path.slice(0, path.lastIndexOf('/'))) {
			const limit = read(`${path}/${file}`);
			if (limit !== null && (found === null || limit < found.limit)) found = {path, limit};
		}
		return found;
	};
	const [memory, pids, old] = [least('memory.max'), least('pids.max'), read(`${MEMORY_1}/memory.limit_in_bytes`)];
	return new Map<string, string | number | null>([
		['cgroup', own ?? (old === null ? null : '/sys/fs/cgroup (version 1)')],
		['cgroup_writable', own === null ? null : yes(sys.access(own, WRITE) === 0)],
		['memory_limit', memory?.limit ?? (old !== null && old < NO_LIMIT_1 ? old : null)],
		['memory_used', read(`${memory?.path ?? own}/memory.current`) ?? read(`${MEMORY_1}/memory.usage_in_bytes`)],
		['pids_limit', pids?.limit ?? read(`${PIDS_1}/pids.max`)],
		['pids_used', read(`${pids?.path ?? own}/pids.current`) ?? read(`${PIDS_1}/pids.current`)],
	]);
}

/** As `archon check --explain` tells it before. */
function stopFacts(state: State): Facts {
	const chain = longestStop([...entries(state)].map(({service}) => service));
	const longest = chain.reduce((sum, {grace}) => sum + grace, 0);
	const grace = state.settings.shutdownGrace;
	const most = Math.min(longest, grace);
	return new Map<string, string | number | null>([
		['stop_at_most', Number.isFinite(most) ? most : null], ['stop_grace', Number.isFinite(grace) ? grace : null],
		['stop_chain', chain.slice(0, 10).map(({name}) => name).join(' ') || null],
	]);
}
