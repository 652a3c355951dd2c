/**
 * Hears the signs of life that the bench's own programs give through a pipe. Whether a service is up is never asked
 * of its supervisor, and since each sign carries its time, it does not matter when it is read: seldom, so as not to
 * take the processor from those who are measured.
 */
import {execFileSync} from 'node:child_process';
import {closeSync, constants, openSync, readSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

/** As in programs/sign.h. */
const KINDS = ['', 'marked', 'born', 'asked to end', 'writing', 'written'] as const;
const SIZE = 24;

export interface Sign {
	readonly kind: (typeof KINDS)[number];
	readonly index: number;
	/** As its own PID namespace sees it. */
	readonly pid: number;
	/** On the monotonic clock, in milliseconds. */
	readonly at: number;
}

export interface Witness extends Disposable {
	readonly path: string;
	/** All so far. */
	readonly signs: readonly Sign[];
	/** Waits until the answer is true, or nothing more can come of it, or for `patience` milliseconds; says whether it is. */
	until(isSo: (signs: readonly Sign[]) => boolean, patience: number, isHopeless?: () => boolean): Promise<boolean>;
}

/** On the clock of the signs. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const EVERY = 4;

export function createWitness(path: string): Witness {
	execFileSync('mkfifo', [path]);
	// Also for writing, so that it never ends.
	const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
	const signs: Sign[] = [];
	const block = Buffer.alloc(SIZE * 2048);

	function read(): void {
		for (;;) {
			let size = 0;
			try {
				size = readSync(fd, block);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
				return;
			}
			for (let from = 0; from < size; from += SIZE) {
				const kind = KINDS[block.readUInt32LE(from)] ?? '';
				const at = Number(block.readBigUInt64LE(from + 16)) / 1e6;
				signs.push({kind, index: block.readUInt32LE(from + 4), pid: block.readUInt32LE(from + 8), at});
			}
		}
	}

	return {
		path, signs,
		async until(isSo, patience, isHopeless = () => false) {
			const end = now() + patience;
			for (;;) {
				// The last signs of who has ended come before its end is seen.
				const isLast = now() >= end || isHopeless();
				read();
				if (isSo(signs)) return true;
				if (isLast) return false;
				await sleep(EVERY);
			}
		},
		[Symbol.dispose]: () => closeSync(fd),
	};
}

/** The first sign of each service that says it. */
export function firstOf(signs: readonly Sign[], kind: Sign['kind']): ReadonlyMap<number, Sign> {
	const first = new Map<number, Sign>();
	for (const sign of signs) if (sign.kind === kind && !first.has(sign.index)) first.set(sign.index, sign);
	return first;
}

/** The last one. */
export const lastOf = (signs: readonly Sign[], kind: Sign['kind']): ReadonlyMap<number, Sign> =>
	new Map(signs.filter(sign => sign.kind === kind).map(sign => [sign.index, sign]));
