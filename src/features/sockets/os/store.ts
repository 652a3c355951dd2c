/**
 * Descriptors that services give archon to keep, and get back with their next run (sd_pid_notify_with_fds(3), FDSTORE=1). They
 * outlive archon's re-execution, and stay until the service removes them, their other end is gone, or the config has it no more.
 */
import type {Id} from '../../../core/ids.ts';
import type {Service} from '../../../core/service.ts';
import {STAT} from '../../../os/layouts.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {isSocket, newStat, sys} from '../../../os/sys.ts';

/** A descriptor that is kept. */
export interface Stored {
	readonly fd: number;
	/** As $LISTEN_FDNAMES has it. */
	readonly name: string;
}

export interface Store {
	/** What a notification says of descriptors is done; the result are those of `fds` that were not kept. */
	take(id: Id, service: Service, text: string, fds: readonly number[]): readonly number[];
	/** What is kept for a service, in the order in which it came. */
	of(id: Id): readonly Stored[];
	/** These services may have descriptors kept, and no others: what the previous instance kept for them is kept on. */
	settle(services: ReadonlyMap<Id, Service>): void;
}

export interface StoreParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	readonly handoff: Handoff;
	readonly warn: (text: string) => void;
}

interface Item extends Stored {
	/** Its number among those of its service. */
	readonly number: number;
	/** Whether it is given up when its other end is gone; FDPOLL=0: it is not. */
	readonly isPolled: boolean;
	/** Of a socket: the number by which the same one is known again; else 0. */
	readonly inode: number;
}

/** What is written down of them for the next instance. */
type Record = readonly (readonly [number: number, name: string, isPolled: boolean])[];

/** The name of what was given none (sd_listen_fds_with_names(3)). */
const UNNAMED = 'stored';

export function createStore({poller, kept, handoff, warn}: StoreParts): Store {
	const stores = new Map<Id, Item[]>();
	const limits = new Map<Id, number>();
	/** Those of whom it was said that there is no room for more. */
	const full = new Set<Id>();
	const about = newStat();

	const keptBy = (id: Id, number: number): string => `${recordOf(id)} ${number}`;

	function write(id: Id): void {
		const items = stores.get(id) ?? [];
		if (items.length === 0) {
			stores.delete(id);
			return handoff.delete(recordOf(id));
		}
		handoff.put(recordOf(id), JSON.stringify(items.map(({number, name, isPolled}) => [number, name, isPolled]) satisfies Record));
	}

	function hold(id: Id, item: Item): void {
		stores.set(id, [...stores.get(id) ?? [], item]);
		// It asks for nothing: that the other end is gone, or something is wrong, is told in any case (epoll_ctl(2)).
		if (item.isPolled) poller.watch(item.fd, 0, () => remove(id, other => other === item));
	}

	/** A file is no end of anything, and cannot be watched: it stays. */
	function remove(id: Id, isGone: (item: Item) => boolean): void {
		const items = stores.get(id) ?? [];
		for (const item of items.filter(isGone)) {
			if (item.isPolled) poller.forget(item.fd);
			kept.release(keptBy(id, item.number));
			sys.closeForeign(item.fd);
		}
		stores.set(id, items.filter(item => !isGone(item)));
		full.delete(id);
		write(id);
	}

	function inodeOf(fd: number): number {
		return sys.fstat(fd, about) === 0 && isSocket(about) ? about[STAT.inode] ?? 0 : 0;
	}

	/** What the previous instance kept. */
	function restore(id: Id): void {
		const text = handoff.past.get(recordOf(id));
		if (text === undefined || stores.has(id)) return;
		for (const [number, name, isPolled] of JSON.parse(text) as Record) {
			const [fd] = kept.inherited(keptBy(id, number));
			if (fd !== undefined) hold(id, {fd, name, number, isPolled, inode: inodeOf(fd)});
		}
		write(id);
	}

	return {
		take(id, {name: service, fdStoreMax}, text, fds) {
			const {stores: isStored, removes, name, isPolled} = readStoring(text);
			if (removes !== null) remove(id, item => item.name === removes);
			if (!isStored) return fds;
			const most = limits.get(id) ?? fdStoreMax;
			const refused: number[] = [];
			for (const fd of fds) {
				const items = stores.get(id) ?? [];
				const inode = inodeOf(fd);
				// What is there already is not kept twice.
				const isKnown = inode > 0 && items.some(item => item.inode === inode);
				if (isKnown || items.length >= most) {
					refused.push(fd);
					if (isKnown || full.has(id)) continue;
					full.add(id);
					warn(`${service}: archon keeps no more than ${most} descriptors for it (fd_store_max): what comes beyond is closed`);
					continue;
				}
				const number = 1 + Math.max(0, ...items.map(({number}) => number));
				kept.keep(keptBy(id, number), [fd]);
				hold(id, {fd, name, number, isPolled: isPolled && !isEpoll(fd), inode});
			}
			write(id);
			return refused;
		},
		of: id => stores.get(id) ?? [],
		settle(services) {
			limits.clear();
			for (const [id, {fdStoreMax}] of services) {
				limits.set(id, fdStoreMax);
				restore(id);
			}
			for (const id of [...stores.keys()]) {
				const most = limits.get(id) ?? 0;
				const items = stores.get(id) ?? [];
				if (items.length > most) remove(id, item => items.indexOf(item) >= most);
			}
		},
	};
}

/** To watch one takes the kernel as long as there are descriptors in it, and those that are in these (epoll(7)). */
const isEpoll = (fd: number): boolean => sys.readLink(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]';

const recordOf = (id: Id): string => `fdstore ${id}`;

/** What a notification says of descriptors; the last word counts. */
export interface Storing {
	readonly stores: boolean;
	/** The name of those that are removed; null: none are. */
	readonly removes: string | null;
	readonly name: string;
	readonly isPolled: boolean;
}

/** Lines that are looked at. */
const LINES_MAX = 64;

/** What the text of a notification says of descriptors. */
export function readStoring(text: string): Storing {
	const said = new Map(text.split('\n', LINES_MAX).map(line => {
		const equals = line.indexOf('=');
		return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)] as const;
	}));
	const given = said.get('FDNAME') ?? '';
	const name = isName(given) ? given : UNNAMED;
	return {
		stores: said.get('FDSTORE') === '1',
		// Without a name it says nothing (sd_notify(3)).
		removes: said.get('FDSTOREREMOVE') === '1' && isName(given) ? given : null,
		name, isPolled: said.get('FDPOLL') !== '0',
	};
}

/** ASCII without colons and control characters, of at most 255 characters (sd_notify(3), FDNAME=). */
const isName = (text: string): boolean => /^[\x20-\x39\x3B-\x7E]{1,255}$/.test(text);
