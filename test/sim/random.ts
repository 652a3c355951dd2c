/** Randomness from a seed: the same seed gives the same world, on every machine. */

export interface Random {
	/** A number in [0, 1). */
	next(): number;
	/** A whole number from `low` to `high`, both included. */
	between(low: number, high: number): number;
	chance(probability: number): boolean;
	pick<T>(items: readonly [T, ...T[]]): T;
	some<T>(items: readonly T[], probability: number): T[];
}

/** mulberry32: 32 bits of state, good enough to draw worlds from. */
export function random(seed: number): Random {
	let state = seed >>> 0;
	const next = (): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
	const chance = (probability: number): boolean => next() < probability;
	return {
		next, between, chance,
		pick: items => items[between(0, items.length - 1)] ?? items[0],
		some: (items, probability) => items.filter(() => chance(probability)),
	};
}
