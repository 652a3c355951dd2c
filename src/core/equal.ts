/** Whether data is the same: what JSON can hold, with Infinity. Parts that are shared are not looked into. */

/** The order of a map's names does not matter; a name without a value is one that is not there. */
export function isEqual(one: unknown, other: unknown): boolean {
	if (one === other) return true;
	if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
	if (Array.isArray(one) || Array.isArray(other)) {
		if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
		return one.every((item, i) => isEqual(item, other[i]));
	}
	const [left, right] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>];
	for (const key in left) if (!isEqual(left[key], Object.hasOwn(right, key) ? right[key] : undefined)) return false;
	for (const key in right) if (!Object.hasOwn(left, key) && right[key] !== undefined) return false;
	return true;
}
