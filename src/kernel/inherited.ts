/** What archon was started with beyond its three streams. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {FDS_MAX} from './request.ts';

const O_CLOEXEC = 0o2000000;

/**
 * Descriptors from 3 on that are not Node's own; none where there is no /proc. To be asked before anything else is
 * opened: numbers are given from the lowest, so whatever is below the first of Node's own was there before.
 */
export function inheritedFds(): readonly number[] {
	const links = new Map<number, string>();
	for (const fd of fdsOpen()) {
		const link = attempt(() => readlinkSync(`/proc/self/fd/${fd}`));
		if (link !== null && fd > 2) links.set(fd, link);
	}
	const first = Math.min(...[...links].flatMap(([fd, link]) => (link === 'anon_inode:[eventpoll]' ? [fd] : [])));
	const held = Map.groupBy(links.keys(), fd => links.get(fd));
	/** Node's pipes lead from itself to itself. */
	const isOwn = (fd: number, link: string): boolean =>
		fd >= first && (link.startsWith('anon_inode:') || (link.startsWith('pipe:') && held.get(link)?.length === 2 && isMarked(fd)));
	return [...links].flatMap(([fd, link]) => (fd < FDS_MAX && !isOwn(fd, link) ? [fd] : []));
}

/** Descriptors from 3 on that would outlive an exec; after one, what the last life kept. None where there is no /proc. */
export const lastingFds = (): readonly number[] =>
	fdsOpen().filter(fd => fd > 2 && attempt(() => readlinkSync(`/proc/self/fd/${fd}`)) !== null && !isMarked(fd));

const fdsOpen = (): number[] => (attempt(() => readdirSync('/proc/self/fd')) ?? []).map(Number).sort((a, b) => a - b);

/** Whether it would not outlive an exec. */
function isMarked(fd: number): boolean {
	const flags = /^flags:\s*(\d+)/m.exec(attempt(() => readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? '')?.[1] ?? '0';
	return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}

function attempt<T>(look: () => T): T | null {
	try {
		return look();
	} catch {
		return null;
	}
}
