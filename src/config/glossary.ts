/** What other supervisors and runtimes call the keys that archon has: hints for keys that are not known. */

/** What a word of another program means here. */
export interface Meaning {
	/** Archon's key for it; null: archon has none. */
	readonly key: string | null;
	readonly hint: string;
}

/** Meanings by words, in lower case and without `-`, `_` and `.`: few programs agree on those. */
export type Glossary = ReadonlyMap<string, Meaning>;

/** The words of other programs for some keys. Several are written with spaces between them. */
export interface Words {
	/** By archon's key: its names elsewhere. */
	readonly names?: Readonly<Record<string, string>>;
	/** Words for which another name is not enough; a key that is null: archon has none. */
	readonly others?: readonly (readonly [words: string, key: string | null, hint: string])[];
}

/** A word as glossaries have it. */
export const bare = (word: string): string => word.toLowerCase().replace(/[-_. ]/g, '');

/** Made at the first key that is not known: most configs have none. */
export function glossary(words: () => Words): () => Glossary {
	let made: Glossary | undefined;
	return () => made ??= make(words());
}

function make({names = {}, others = []}: Words): Glossary {
	const split = (words: string): readonly string[] => words.split(' ').map(bare);
	return new Map([
		...Object.entries(names).flatMap(([key, words]) => split(words).map(word => [word, {key, hint: `archon calls it ${key}`}] as const)),
		...others.flatMap(([words, key, hint]) => split(words).map(word => [word, {key, hint}] as const)),
	]);
}

/** The words of several groups of keys. */
export function joined(groups: readonly {readonly words?: () => Words}[]): Words {
	const all = groups.map(({words}) => words?.() ?? {});
	return {names: Object.assign({}, ...all.map(({names}) => names)), others: all.flatMap(({others = []}) => others)};
}
