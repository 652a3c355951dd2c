/** A parsed value without its places, to be compared with. */
import type {Value} from '../../../src/config/values.ts';

export type Bare = string | readonly Bare[] | {readonly [key: string]: Bare};

export function bare(value: Value): Bare {
	if (value.kind === 'scalar') return value.text;
	if (value.kind === 'list') return value.items.map(bare);
	return Object.fromEntries([...value.entries].map(([name, entry]) => [name, bare(entry.value)]));
}
