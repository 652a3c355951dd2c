/** Variables from files and commands, and a stamp that changes with the content of the files. */
import type {Sourced} from './service.ts';

/** The limit in bytes of one file, of all files of a folder and of a command's output; execve(2) takes no longer variable. */
export const SOURCE_MAX = 128 * 1024;

/** How many files of a folder are read as variables. */
export const FOLDER_MAX = 1000;

/** Whether a file of a folder is a variable. Kubernetes and editors keep files of their own whose names begin with a dot. */
export const isVariableFile = (name: string): boolean => !name.startsWith('.') && !name.includes('=');

/** The value from a file: its content without the last newline. */
export const valueOfFile = (text: string): string => text.replace(/\r?\n$/, '');

/** The files of a folder as one text, for the stamp. */
export const textOfFolder = (variables: ReadonlyMap<string, string>): string =>
	[...variables].map(([name, value]) => `${name}=${value}\0`).join('');

/** A stamp that differs for different contents, almost certainly (FNV-1a and the length); null: the file does not exist. */
export function stampOf(contents: readonly (string | null)[]): string {
	let [hash, length] = [0x811c9dc5, 0];
	for (const content of contents) {
		const text = content ?? '\0';
		length += text.length;
		for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
		hash = Math.imul(hash ^ 0x1f, 0x01000193);
	}
	return `${(hash >>> 0).toString(36)}-${length}`;
}

/** The variables of one source. */
export type Layer = Pick<Sourced, 'variables' | 'foreign'>;

/** Marks variables as ones that other users may have written. */
export const foreign = (names: Iterable<string>): Pick<Layer, 'foreign'> => {
	const list = [...names];
	return list.length > 0 ? {foreign: list} : {};
};

/** Merges layers of variables; later ones override earlier ones. A name that is foreign in any of them stays foreign. */
export function merged(layers: readonly Layer[]): Layer {
	const [first] = layers;
	if (first && layers.length === 1) return first;
	return {
		variables: Object.fromEntries(layers.flatMap(({variables}) => Object.entries(variables))),
		...foreign(new Set(layers.flatMap(layer => layer.foreign ?? []))),
	};
}

/** Only the variables that no other user may have written. */
export function ownOf({variables, foreign: names, stamp}: Sourced): Sourced {
	if (!names) return {variables, stamp};
	const theirs = new Set(names);
	return {variables: Object.fromEntries(Object.entries(variables).filter(([name]) => !theirs.has(name))), stamp};
}
