/** The files of service directories, read within bounds, and what is found out while they are read. */
import type {Lookups, Untranslated} from '../../planning.ts';
import type {Place, Report, Source} from '../../problems.ts';

/** In characters, and in files. */
const TEXT_MAX = 16 * 1024 * 1024;
const FILES_MAX = 50_000;

export interface Reading {
	readonly lookups: Lookups;
	readonly report: Report;
	/** Whether something was reported. */
	readonly isSpoilt: () => boolean;
	readonly untranslated: Untranslated[];
	/** Whether scripts have the variables of the container without asking for them. */
	readonly keepsVariables: boolean;
	/** Whether scripts write variables for others, in a directory of s6-overlay's. */
	variesLater: boolean;
	/** Where a path of the image is to be read. */
	readonly diskOf: (path: string) => string;
	/** Null: it is not there or cannot be read, which is reported. `other`: it is no text. */
	readonly read: (path: string) => Source | 'other' | null;
	/** The names in a directory, sorted; null: it is not one. */
	readonly list: (path: string) => readonly string[] | null;
	readonly leaveOut: (at: Place, service: string | null, key: string, why: string) => void;
}

export function createReading(
	lookups: Lookups, {report: tell, root, keepsVariables, at}: {
		readonly report: Report; readonly root: string; readonly keepsVariables: boolean; readonly at: Place;
	},
): Reading {
	// A problem with a directory has no line, and has to say where it is.
	let isSpoilt = false;
	const report: Report = (place, message, hint) => {
		isSpoilt = true;
		const {file, names} = place.source;
		tell(place, names && !message.includes(file) ? `${file}: ${message}` : message, hint);
	};
	const untranslated: Untranslated[] = [];
	const known = new Map<string, Source | 'other' | null>();
	let [characters, files] = [0, 0];
	const isTooMuch = (): boolean => {
		if (files <= FILES_MAX && characters <= TEXT_MAX) return false;
		report(at, `${at.source.file} holds more than ${FILES_MAX} files, or more than ${TEXT_MAX / 1024 / 1024} MiB`);
		return true;
	};
	const readOnce = (path: string): Source | 'other' | null => {
		files += 1;
		if (isTooMuch()) return null;
		const found = lookups.readFile(path);
		if (found.ok) {
			characters += found.value.text.length;
			return found.value;
		}
		if (found.error.missing || lookups.listFolder(path).ok) return null;
		const {message} = found.error.problem;
		if (/not UTF-8|larger than/.test(message)) return 'other';
		report({source: {file: path, text: '', names: []}, offset: 0}, message);
		return null;
	};
	return {
		lookups, report, isSpoilt: () => isSpoilt, untranslated, keepsVariables, variesLater: false,
		diskOf: path => (root === '' ? path : `${root}${path}`),
		read(path) {
			const before = known.get(path);
			if (before !== undefined) return before;
			const found = readOnce(path);
			known.set(path, found);
			return found;
		},
		list(path) {
			files += 1;
			if (isTooMuch()) return null;
			const names = lookups.listFolder(path);
			return names.ok ? names.value.filter(name => name !== '.' && name !== '..').sort() : null;
		},
		leaveOut(at, service, key, why) {
			untranslated.push({at, key, service, why});
		},
	};
}
