/** What files of variables hold: texts made variables, and a stamp by which one state of them is told from another. */
import type {Sourced} from './service.ts';

/** Bytes of one file of variables, of all files of one folder, and of what a command prints; more is no environment (execve(2)). */
export const SOURCE_MAX = 128 * 1024;

/** How many files of a folder are variables. */
export const FOLDER_MAX = 1000;

/** Whether a file of a folder is a variable. Names with a dot are what Kubernetes and editors keep beside theirs. */
export const isVariableFile = (name: string): boolean => !name.startsWith('.') && !name.includes('=');

/** The value that is in a file: its content without the last newline. */
export const valueOfFile = (text: string): string => text.replace(/\r?\n$/, '');

/** The files of a folder as one text, to be stamped. */
export const textOfFolder = (variables: ReadonlyMap<string, string>): string =>
	[...variables].map(([name, value]) => `${name}=${value}\0`).join('');

/** Another text for other contents, as good as certainly (FNV-1a, and their length); null stands for what is not there. */
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

export type Layer = Pick<Sourced, 'variables' | 'foreign'>;

/** The names of some variables as those that others may have written. */
export const foreign = (names: Iterable<string>): Pick<Layer, 'foreign'> => {
	const list = [...names];
	return list.length > 0 ? {foreign: list} : {};
};

/** Layers of variables as one, each over those before it. A name that others may have written in any of them is theirs. */
export function merged(layers: readonly Layer[]): Layer {
	const [first] = layers;
	if (first && layers.length === 1) return first;
	return {
		variables: Object.fromEntries(layers.flatMap(({variables}) => Object.entries(variables))),
		...foreign(new Set(layers.flatMap(layer => layer.foreign ?? []))),
	};
}

/** Without what others may have written. */
export function ownOf({variables, foreign: names, stamp}: Sourced): Sourced {
	if (!names) return {variables, stamp};
	const theirs = new Set(names);
	return {variables: Object.fromEntries(Object.entries(variables).filter(([name]) => !theirs.has(name))), stamp};
}
