/** Failed attempts to guess a token, by address: each makes the next one from there wait longer. What is remembered is bounded. */
import type {Instant, Millis} from '../../core/time.ts';

export interface Attempts {
	/** How long an attempt from the address waits before it is judged; null: others from there wait already, and it is refused. */
	wait(address: string, now: Instant): Millis | null;
	/** How many have failed from there. */
	failed(address: string, now: Instant): number;
	succeeded(address: string): void;
}

/** The wait after the first failure, which doubles with each; the longest; and how far ahead attempts are let in. */
const [FIRST, LONGEST, AHEAD]: readonly [Millis, Millis, Millis] = [250, 8000, 20_000];
/** Without a failure for so long all is forgotten. */
const MEMORY: Millis = 600_000;
const ADDRESSES_MAX = 1024;

interface Record {
	failures: number;
	/** When the next attempt may be judged. */
	next: Instant;
}

export function createAttempts(): Attempts {
	/** In the order of their last failures. */
	const records = new Map<string, Record>();

	const find = (address: string, now: Instant): Record | undefined => {
		const key = networkOf(address);
		const record = records.get(key);
		if (record && now - record.next > MEMORY) {
			records.delete(key);
			return undefined;
		}
		return record;
	};
	return {
		wait(address, now) {
			const record = find(address, now);
			if (!record || record.next <= now) return 0;
			const wait = record.next - now;
			if (wait > AHEAD) return null;
			// Those that wait are judged one after the other.
			record.next += pauseAfter(record.failures);
			return wait;
		},
		failed(address, now) {
			const key = networkOf(address);
			const {failures, next} = find(address, now) ?? {failures: 0, next: now};
			const count = failures + 1;
			records.delete(key);
			records.set(key, {failures: count, next: Math.max(next, now + pauseAfter(count))});
			for (const oldest of records.keys()) {
				if (records.size <= ADDRESSES_MAX) break;
				records.delete(oldest);
			}
			return count;
		},
		succeeded: address => void records.delete(networkOf(address)),
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
