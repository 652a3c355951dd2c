/** What is told of samples: a middle or a high one, and how far the repeats lie apart. */

/** One list of samples for each repeat. */
export type Repeats = readonly (readonly number[])[];

export type Statistic = 'median' | 'p99';

export interface Summary {
	/** Of all samples together. */
	readonly value: number;
	/** The least and the greatest that a repeat would have told alone. */
	readonly least: number;
	readonly most: number;
	/** Repeats that have samples. */
	readonly repeats: number;
}

/** The middle sample, or between the two in the middle; NaN of none. */
export function median(samples: readonly number[]): number {
	const sorted = samples.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const above = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? above : (above + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The smallest sample that is no smaller than a share (0 to 1) of all of them (nearest rank); NaN of none. */
export function quantile(samples: readonly number[], share: number): number {
	const sorted = samples.toSorted((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

const tell = (samples: readonly number[], statistic: Statistic): number =>
	statistic === 'median' ? median(samples) : quantile(samples, 0.99);

/** Null where there is no sample. */
export function summarize(repeats: Repeats, statistic: Statistic): Summary | null {
	const told = repeats.filter(samples => samples.length > 0).map(samples => tell(samples, statistic));
	if (told.length === 0) return null;
	return {value: tell(repeats.flat(), statistic), least: Math.min(...told), most: Math.max(...told), repeats: told.length};
}
