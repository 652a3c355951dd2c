/** The terminals of services, as those see them who are attached: what was written, what is typed, how big they are. Pure. */
import type {Id} from '../../../core/ids.ts';

export interface Size {
	readonly rows: number;
	readonly columns: number;
}

/** As a terminal is made where no client has said how big it is to be. */
export const USUAL: Size = {rows: 24, columns: 80};

/** What was written from a place on. Places are bytes that the service has written since archon was started. */
export interface Written {
	/** One character is one byte. */
	readonly text: string;
	/** The place behind the text. */
	readonly end: number;
	/** How many bytes before the text are not kept any more. */
	readonly missing: number;
}

/** All that is kept, for a terminal that shows nothing of it yet. */
export interface Picture {
	readonly text: string;
	readonly end: number;
	/** Whether it gives the whole screen: nothing that is not kept any more can be on it. */
	readonly isWhole: boolean;
}

export interface Terminals {
	/** What was written from a place on, no more than `most` bytes of it. */
	from(id: Id, place: number, most: number): Written;
	picture(id: Id, withHistory: boolean): Picture;
	/** Calls back when there is more, of this run and later ones, until the result is called. */
	follow(id: Id, told: () => void): () => void;
	/** Calls back when the terminal has taken all of the bytes, or is gone. False: too much waits already. */
	type(id: Id, bytes: Uint8Array, done: () => void): boolean;
	size(name: string): Size;
	/** Of the terminal that a service of this name is given next. */
	prepare(name: string, size: Size): void;
	/** Of the terminal now and of those of later runs; its program is sent SIGWINCH where that is another size. */
	resize(id: Id, name: string, size: Size): void;
	/** Has the program draw all again, by SIGWINCH. */
	redraw(id: Id, name: string): void;
}

/** Bytes as a field of a record: `\\` is a backslash, and `\xHH` what is not printable ASCII. One character is one byte. */
export const escapeBytes = (text: string): string => text.replace(/[^ -[\]-~]/g, character => ESCAPES[character.charCodeAt(0)] ?? '');

const ESCAPES: readonly string[] = Array.from({length: 256}, (_, code) =>
	code === 92 ? '\\\\' : `\\x${code.toString(16).padStart(2, '0')}`);

/** The bytes of such a field, one character each; null where it is not one. */
export function unescapeBytes(field: string): string | null {
	if (!/^(?:[ -[\]-~]|\\\\|\\x[\da-fA-F]{2})*$/.test(field)) return null;
	return field.replace(/\\(?:\\|x(..))/g, (_, code?: string) => code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)));
}
