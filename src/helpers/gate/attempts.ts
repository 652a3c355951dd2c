/**
 * Wrong tokens, by address: each makes the answer to the next wrong one from there come later. The right one is never kept waiting: it may
 * come from where somebody else guesses, as all do in a container or behind a proxy, and tokens are too long to be guessed. What is
 * remembered is bounded.
 */
import type {Instant, Millis} from '../../core/time.ts';

export interface Attempts {
	/** One more from the address: how long it waits for its answer; null: too many from there wait already. `count`: of those that do not. */
	failed(address: string, now: Instant): {readonly wait: Millis | null; readonly count: number};
}

/** The wait after the first failure, which doubles with each; the longest; and how far ahead they queue up. */
const [FIRST, LONGEST, AHEAD]: readonly [Millis, Millis, Millis] = [250, 8000, 20_000];
/** How long who is beyond that waits, to be told so: a connection brings one attempt in this time. */
export const TOO_MANY: Millis = 1000;
/** Without a failure for so long all is forgotten. */
const MEMORY: Millis = 600_000;
const ADDRESSES_MAX = 1024;

interface Record {
	failures: number;
	/** When the next one may be answered. */
	next: Instant;
}

export function createAttempts(): Attempts {
	/** In the order of their last failures. */
	const records = new Map<string, Record>();

	const find = (key: string, now: Instant): Record | undefined => {
		const record = records.get(key);
		if (record && now - record.next > MEMORY) {
			records.delete(key);
			return undefined;
		}
		return record;
	};
	return {
		failed(address, now) {
			const key = networkOf(address);
			const {failures, next} = find(key, now) ?? {failures: 0, next: now};
			const wait = Math.max(0, next - now);
			if (wait > AHEAD) return {wait: null, count: failures};
			const count = failures + 1;
			records.delete(key);
			// They are answered one after the other.
			records.set(key, {failures: count, next: now + wait + pauseAfter(count)});
			for (const oldest of records.keys()) {
				if (records.size <= ADDRESSES_MAX) break;
				records.delete(oldest);
			}
			return {wait, count};
		},
	};
}

const pauseAfter = (failures: number): Millis => Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 10));

/** Of IPv6 the first 64 bits, as who has one address of such a network has all of them. */
export function networkOf(address: string): string {
	if (!address.includes(':')) return address;
	const [head = '', tail] = address.split('::');
	const before = head === '' ? [] : head.split(':');
	const after = tail === undefined || tail === '' ? [] : tail.split(':');
	const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
	return [...before, ...Array.from({length: Math.max(0, zeros)}, () => '0'), ...after].slice(0, 4).join(':');
}
