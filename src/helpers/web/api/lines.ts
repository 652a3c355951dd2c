/**
 * Where a client is in the lines of services, which have no numbers: the time of the newest line that it was told, and how many
 * lines of that time of each service. As an id: `1700000000000~web~2~api~1`.
 */
import type {Line} from '../../../control/json.ts';

/** Services with lines in the same millisecond that an id remembers; lines of others may be told twice. */
const NAMES_MAX = 32;

export class Place {
	/** In milliseconds since 1970. */
	at: number;
	readonly #told: Map<string, number>;

	constructor(at: number, told: Iterable<readonly [string, number]> = []) {
		this.at = at;
		this.#told = new Map(told);
	}

	/** null: it is no such id. */
	static read(id: string): Place | null {
		const [, at, names = ''] = /^(\d{1,15})((?:~[\w.:-]{1,256}~\d{1,9}){0,32})$/.exec(id) ?? [];
		if (at === undefined) return null;
		return new Place(Number(at), [...names.matchAll(/~([^~]+)~(\d+)/g)].map(([, name = '', count]) => [name, Number(count)] as const));
	}

	get id(): string {
		return [this.at, ...[...this.#told].slice(-NAMES_MAX).flat()].join('~');
	}

	/** A line was told. */
	note({at, name}: Line): void {
		if (at > this.at) {
			this.at = at;
			this.#told.clear();
		}
		if (at === this.at) this.#told.set(name, (this.#told.get(name) ?? 0) + 1);
	}

	/**
	 * What comes after this place of lines that are in order, none of which is older. `isWhole`: the lines that it stands for are
	 * among them, so none is missing in between.
	 */
	after(lines: readonly Line[]): {readonly lines: readonly Line[]; readonly isWhole: boolean} {
		const left = new Map(this.#told);
		const rest = lines.filter(({at, name}) => {
			const count = at === this.at ? left.get(name) ?? 0 : 0;
			if (count > 0) left.set(name, count - 1);
			return count === 0;
		});
		return {lines: rest, isWhole: [...left.values()].every(count => count === 0)};
	}
}

/** The last `count` lines of each service, oldest first; `lines` are in order. */
export function lastOfEach(lines: readonly Line[], count: number): readonly Line[] {
	if (count === Infinity) return lines;
	const seen = new Map<string, number>();
	return lines.toReversed().filter(({name}) => {
		const before = seen.get(name) ?? 0;
		seen.set(name, before + 1);
		return before < count;
	}).reverse();
}

/** What a line counts for beside its text. */
const OVERHEAD = 128;

/** The newest of them that have no more than `room` characters together. */
export function newest(lines: readonly Line[], room: number): readonly Line[] {
	let left = room;
	const from = lines.findLastIndex(({text, name}) => (left -= text.length + name.length + OVERHEAD) < 0);
	return from < 0 ? lines : lines.slice(from + 1);
}

/** By their times; those of one time stay as they came. */
export const inOrder = (lines: readonly Line[]): readonly Line[] => lines.toSorted((one, other) => one.at - other.at);
