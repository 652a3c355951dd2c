/**
 * Whether the sockets of a service are in use. The kernel does not tell when a connection ends, so it is looked for open ones when
 * half of the time is over; when there are none, the sockets themselves tell of the next one, and nothing is looked at until then.
 */
import type {Id, Run} from '../../../core/ids.ts';
import type {Service} from '../../../core/service.ts';
import {after} from '../../../os/clock.ts';
import {STAT} from '../../../os/layouts.ts';
import {newStat, sys} from '../../../os/sys.ts';
import type {Bank, Held} from './bank.ts';
import {portOf} from './bind.ts';

export interface IdleWatch {
	/** From now on it is told once when no connection of the service has been open for its `idle_timeout`. */
	begin(id: Id, run: Run, service: Service): void;
	end(id: Id): void;
}

export function createIdleWatch(bank: Bank, tell: (id: Id, run: Run) => void): IdleWatch {
	const ends = new Map<Id, () => void>();

	function end(id: Id): void {
		ends.get(id)?.();
		ends.delete(id);
	}

	function begin(id: Id, run: Run, service: Service): void {
		end(id);
		const {idleTimeout} = service;
		const opened = bank.open(service);
		if (!opened.ok || idleTimeout === Infinity) return;
		const fds = [...new Set(opened.value.map(({fd}) => fd))];

		function inUse(): void {
			ends.set(id, after(idleTimeout / 2, look));
		}

		function look(): void {
			if (opened.ok && opened.value.some(isInUse)) return inUse();
			const quits = fds.map(fd => bank.await(fd, () => {
				end(id);
				inUse();
			}));
			const cancel = after(idleTimeout, () => {
				end(id);
				if (opened.ok && opened.value.some(isInUse)) return inUse();
				tell(id, run);
			});
			ends.set(id, () => {
				cancel();
				quits.forEach(quit => quit());
			});
		}

		inUse();
	}

	return {begin, end};
}

/** What is read of the kernel's list where it does not answer otherwise. A service counts as in use where there is more. */
const LIST_MAX = 1 << 20;

/** The states in which an end of a connection is open, in the kernel's figures (tcp_states.h): established, and closed by the other end. */
const OPEN = ['01', '08'];

/** Whether a connection that was made to a socket is open. */
export function isInUse({fd}: Held): boolean {
	const port = portOf(fd);
	if (port === 0) return isPathInUse(fd);
	const answer = sys.hasConnections(port);
	return answer < 0 ? ['tcp6', 'tcp'].some(list => isListed(list, port)) : answer > 0;
}

/** Where the kernel has no sock_diag(7), or a sandbox keeps it from archon. */
function isListed(list: string, port: number): boolean {
	const text = sys.readText(`/proc/self/net/${list}`, LIST_MAX);
	if (typeof text === 'number') return false;
	const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
	for (const line of text.split('\n')) {
		const [, local = '', , state = ''] = line.trimStart().split(/ +/, 4);
		if (local.endsWith(end) && OPEN.includes(state)) return true;
	}
	return text.length >= LIST_MAX;
}

/** By the kernel's list: number, references, protocol, flags, type, state, inode, path. An accepted end has the path of its listener. */
function isPathInUse(fd: number): boolean {
	const about = newStat();
	const text = sys.fstat(fd, about) < 0 ? -1 : sys.readText('/proc/self/net/unix', LIST_MAX);
	if (typeof text === 'number') return false;
	const inode = String(about[STAT.inode]);
	const rows = text.split('\n').map(line => line.split(/ +/));
	const path = rows.find(row => row[6] === inode)?.[7];
	return path !== undefined && rows.some(([, , , , , state, other, at]) => at === path && other !== inode && state === '03');
}
