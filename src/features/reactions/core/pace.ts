/** How often a cause may act: ten times at once, and then once in six seconds (a token bucket). */
import type {Instant, Millis} from '../../../core/time.ts';

/** How full a bucket was at an instant. */
export interface Pace {
	readonly level: number;
	readonly at: Instant;
	/** It was empty, and has not been full since. */
	readonly isSuspended: boolean;
}

/** By cause; without a key: the bucket is full. */
export type Paces = Readonly<Record<string, Pace>>;

/** One object for all that have not acted. */
export const NO_PACES: Paces = {};

export const BURST = 10;
export const EVERY: Millis = 6000;

/** What comes of one more act: it is done, or not; `suspended`, `resumed`: the first one that is not done, and the first after a calm. */
export type Verdict = 'done' | 'resumed' | 'suspended' | 'left-out';

/** Takes a token, if there is one. */
export function draw(pace: Pace | undefined, now: Instant): readonly [Pace, Verdict] {
	const level = pace ? Math.min(BURST, pace.level + (now - pace.at) / EVERY) : BURST;
	const wasSuspended = pace?.isSuspended === true;
	if (level < 1) return [{level, at: now, isSuspended: true}, wasSuspended ? 'left-out' : 'suspended'];
	const isCalm = level === BURST;
	return [{level: level - 1, at: now, isSuspended: wasSuspended && !isCalm}, wasSuspended && isCalm ? 'resumed' : 'done'];
}

/** The buckets with one of them changed. Of more than `most` the fullest are forgotten: what acts too often is not among these. */
export function withPace(paces: Paces, by: string, pace: Pace, now: Instant, most: number): Paces {
	const all = Object.entries({...paces, [by]: pace});
	if (all.length <= most) return Object.fromEntries(all);
	const levelOf = ({level, at}: Pace): number => level + (now - at) / EVERY;
	const fullest = all.reduce((one, other) => (other[0] !== by && (one[0] === by || levelOf(other[1]) > levelOf(one[1])) ? other : one));
	return Object.fromEntries(all.filter(each => each !== fullest));
}
