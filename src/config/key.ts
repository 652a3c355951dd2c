/** Makers of keys for the tables of what a config may say. */
import type {Command} from '../core/service.ts';
import {readBy, readCommand, readListOf, readWords} from './readers.ts';
import type {Parse} from './scalars.ts';
import type {Key, Reader} from './shape.ts';

/** `example`: as YAML, where what `read` accepts and the default do not show how it is written. */
export function key<T>(read: Reader<T>, form: string, fallback: string, initial: T, help: string, example?: string): Key<T> {
	return example === undefined ? {read, form, fallback, initial, help} : {read, form, fallback, initial, help, example};
}

/** A key with one text, whose default is written as a user would write it. */
export function value<T>(parse: Parse<T>, form: string, fallback: string, help: string, example?: string): Key<T> {
	const initial = parse(fallback);
	if (!initial.ok) throw new Error(`the default ${fallback} ${initial.error.why}`);
	return key(readBy(parse), form, fallback, initial.value, help, example);
}

/** A key with one text that may be missing; null then. */
export function optional<T>(parse: Parse<T>, form: string, fallback: string, help: string, example?: string): Key<T | null> {
	return key<T | null>(readBy(parse), form, fallback, null, help, example);
}

/** A key with one text or a list of them. */
export function list<T>(parse: Parse<T>, form: string, help: string, example?: string): Key<readonly T[]> {
	return key<readonly T[]>(readListOf(readBy(parse)), form, 'empty', [], help, example);
}

/** A key with a command's words, possibly without any; null if the words cannot be read. */
export function words(help: string, example?: string): Key<readonly string[] | null> {
	return key<readonly string[] | null>(readWords, 'words | list', 'empty', null, help, example);
}

/** A key with a whole command. */
export function command(fallback: string, help: string, example?: string): Key<Command | null> {
	return key<Command | null>(readCommand, 'words | list', fallback, null, help, example);
}
