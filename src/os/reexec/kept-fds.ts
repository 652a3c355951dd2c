/**
 * Descriptors that outlive this instance of archon, by key. What an instance keeps the next one finds under the same key,
 * and keeps for the one after; what nothing in it asks for is closed when its start is over.
 */
import type {Outcome} from '../sys.ts';
import type {Handoff} from './handoff.ts';

export interface KeptFds {
	/** Keeps descriptors across a re-execution, under a key that holds no others yet. */
	keep(key: string, fds: readonly number[]): void;
	/** Descriptors that the previous instance kept under a key, which live on; maybe empty. It is called once for each key. */
	inherited(key: string): readonly number[];
	/** The key's descriptors do not live on any more. Their owner closes them. */
	release(key: string): void;
	/** What was left open where nothing says what it is, but for what was kept meanwhile. */
	strays(): Iterable<number>;
	/** Closes what was left open where nothing says what it is, but for what was kept meanwhile. */
	closeStrays(): void;
	/** The start is over: closes what the previous instance kept and nothing has asked for, and tells how many these were. */
	closeUnclaimed(): number;
}

export interface KeptFdsParts {
	readonly handoff: Pick<Handoff, 'past' | 'put' | 'delete'>;
	/** As of `Reexec`: -errno where the descriptor is not open, or its number too high to be kept. */
	readonly keepFd: (fd: number, isKept: boolean) => Outcome;
	readonly close: (fd: number) => Outcome;
	/** Descriptors that were left open where the handoff does not say what they are. */
	readonly strays?: readonly number[];
	/** A descriptor cannot be kept: told once. */
	readonly failed: (fd: number, errno: number) => void;
}

const PREFIX = 'fds ';

export function openKeptFds({handoff, keepFd, close, strays = [], failed}: KeptFdsParts): KeptFds {
	const kept = new Map<string, readonly number[]>();
	const unclaimed = new Map<string, readonly number[]>();
	const unknown = new Set(strays);
	let hasFailed = false;

	// At once, so that they also outlive a fault in the start.
	for (const [name, text] of handoff.past) {
		if (!name.startsWith(PREFIX)) continue;
		const fds = text.split(' ').map(Number);
		if (fds.every(fd => keepFd(fd, true) >= 0)) {
			unclaimed.set(name.slice(PREFIX.length), fds);
		} else {
			drop(fds);
			handoff.delete(name);
		}
	}

	/** A part of them is of no use without the rest. */
	function drop(fds: readonly number[]): void {
		for (const fd of fds) {
			keepFd(fd, false);
			close(fd);
		}
	}

	return {
		keep(key, fds) {
			for (const fd of fds) {
				unknown.delete(fd);
				const result = keepFd(fd, true);
				if (result >= 0) continue;
				for (const each of fds) keepFd(each, false);
				if (!hasFailed) failed(fd, -result);
				hasFailed = true;
				return;
			}
			kept.set(key, fds);
			handoff.put(PREFIX + key, fds.join(' '));
		},
		inherited(key) {
			const fds = unclaimed.get(key) ?? [];
			if (unclaimed.delete(key)) kept.set(key, fds);
			return fds;
		},
		release(key) {
			const fds = kept.get(key);
			if (!fds) return;
			kept.delete(key);
			for (const fd of fds) keepFd(fd, false);
			handoff.delete(PREFIX + key);
		},
		strays: () => unknown,
		closeStrays() {
			for (const fd of unknown) close(fd);
			unknown.clear();
		},
		closeUnclaimed() {
			let count = 0;
			for (const [key, fds] of unclaimed) {
				drop(fds);
				handoff.delete(PREFIX + key);
				count += fds.length;
			}
			unclaimed.clear();
			return count;
		},
	};
}
