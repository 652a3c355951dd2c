/** Terminals in memory: what programs write, what is typed, and how big they are made. */
import type {Id} from '../../../src/core/ids.ts';
import {type Picture, type Size, type Terminals, USUAL, type Written} from '../../../src/features/attach/core/terminals.ts';

export class Screens implements Terminals {
	/** How many characters of each are kept. */
	kept = 1 << 16;
	/** Programs that do not read keep what is typed from being taken. */
	isFull = false;
	typed = '';
	/** What was done to sizes, in order. */
	readonly sizes: string[] = [];
	readonly #written = new Map<Id, string>();
	readonly #followers = new Map<Id, Set<() => void>>();
	readonly #sizeOf = new Map<string, Size>();
	#waiting: (() => void)[] = [];

	write(id: Id, text: string): void {
		this.#written.set(id, (this.#written.get(id) ?? '') + text);
		for (const tell of this.#followers.get(id) ?? []) tell();
	}

	/** The program reads what waits. */
	take(): void {
		this.isFull = false;
		for (const done of this.#waiting.splice(0)) done();
	}

	followers(): number {
		return [...this.#followers.values()].reduce((sum, {size}) => sum + size, 0);
	}

	from(id: Id, place: number, most: number): Written {
		const all = this.#written.get(id) ?? '';
		const first = Math.max(place, all.length - this.kept);
		const text = all.slice(first, first + most);
		return {text, end: first + text.length, missing: first - place};
	}

	picture(id: Id, withHistory: boolean): Picture {
		const all = this.#written.get(id) ?? '';
		return {text: withHistory ? all.slice(-this.kept) : '', end: all.length, isWhole: all.length <= this.kept};
	}

	follow(id: Id, told: () => void): () => void {
		const followers = this.#followers.get(id) ?? new Set();
		this.#followers.set(id, followers.add(told));
		return () => void followers.delete(told);
	}

	type(_id: Id, bytes: Uint8Array, done: () => void): boolean {
		if (this.#waiting.length >= 2) return false;
		this.typed += String.fromCharCode(...bytes);
		if (this.isFull) this.#waiting.push(done);
		else done();
		return true;
	}

	size(name: string): Size {
		return this.#sizeOf.get(name) ?? USUAL;
	}

	prepare(name: string, size: Size): void {
		this.#sizeOf.set(name, size);
		this.sizes.push(`prepare ${name} ${size.rows}x${size.columns}`);
	}

	resize(_id: Id, name: string, size: Size): void {
		this.#sizeOf.set(name, size);
		this.sizes.push(`${name} ${size.rows}x${size.columns}`);
	}

	redraw(_id: Id, name: string): void {
		this.sizes.push(`redraw ${name}`);
	}
}
