/** Makers of keys for the tables of what a config may say. */
import type {Command} from '../core/service.ts';
import {readBy, readCommand, readListOf, readWords} from './readers.ts';
import type {Parse} from './scalars.ts';
import type {Key, Reader} from './shape.ts';

export function key<T>(read: Reader<T>, form: string, fallback: string, initial: T, help: string): Key<T> {
	return {read, form, fallback, initial, help};
}

/** A key with one text, whose default is written as a user would write it. */
export function value<T>(parse: Parse<T>, form: string, fallback: string, help: string): Key<T> {
	const initial = parse(fallback);
	if (!initial.ok) throw new Error(`the default ${fallback} ${initial.error.why}`);
	return key(readBy(parse), form, fallback, initial.value, help);
}

/** A key with one text that may be missing; null then. */
export function optional<T>(parse: Parse<T>, form: string, fallback: string, help: string): Key<T | null> {
	return key<T | null>(readBy(parse), form, fallback, null, help);
}

/** A key with one text or a list of them. */
export function list<T>(parse: Parse<T>, form: string, help: string): Key<readonly T[]> {
	return key<readonly T[]>(readListOf(readBy(parse)), form, 'empty', [], help);
}

/** A key with a command's words, possibly without any; null if the words cannot be read. */
export function words(help: string): Key<readonly string[] | null> {
	return key<readonly string[] | null>(readWords, 'words | list', 'empty', null, help);
}

/** A key with a whole command. */
export function command(fallback: string, help: string): Key<Command | null> {
	return key<Command | null>(readCommand, 'words | list', fallback, null, help);
}
