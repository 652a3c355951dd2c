/** What was read to make a config, kept as text, so that the same can be made again whatever its files say by now. */
import {err, ok, type Result} from '../core/result.ts';
import type {Files, Unread} from './planning.ts';

/** By path: what each file and directory has answered. */
interface Kept {
	readonly files: Readonly<Record<string, KeptFile>>;
	readonly folders: Readonly<Record<string, readonly string[] | Unread>>;
	/** What of it is the config itself, and not only named in it. */
	readonly own: Own;
}

/** The files that a config came from, and the folders in which such files are looked for. */
export interface Own {
	readonly files: readonly string[];
	readonly folders: readonly string[];
}

type KeptFile = {readonly text: string; readonly isOfOthers?: true} | Unread;

export interface Recorder {
	/** Reads as before, and remembers what the answers were. */
	readonly files: Files;
	/** Folders that are listed from here on only hold what the config names. */
	found(): void;
	/** All answers so far, as text for `replaying`. */
	kept(): string;
}

export function recording(files: Files): Recorder {
	const read = new Map<string, KeptFile>();
	const listed = new Map<string, readonly string[] | Unread>();
	const own = {files: new Set<string>(), folders: [] as readonly string[]};
	const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
	return {
		files: {
			read(path, most) {
				const found = files.read(path, most);
				own.files.add(path);
				read.set(path, found.ok ? {text: textOf(found.value)} : found.error);
				return found;
			},
			readShared(path, most) {
				const found = files.readShared(path, most);
				const isOfOthers = found.ok && found.value.isOfOthers;
				read.set(path, found.ok ? {text: textOf(found.value.bytes), ...isOfOthers && {isOfOthers}} : found.error);
				return found;
			},
			list(folder) {
				const found = files.list(folder);
				listed.set(folder, found.ok ? found.value : found.error);
				return found;
			},
		},
		// Not by assignment: a file may be called __proto__.
		found() {
			own.folders = [...listed.keys()];
		},
		kept: () => JSON.stringify({
			files: Object.fromEntries(read), folders: Object.fromEntries(listed), own: {files: [...own.files], folders: own.folders},
		} satisfies Kept),
	};
}

/** Files as they were; what had not been read is not there. */
export function replaying(text: string): Files {
	const {files, folders} = JSON.parse(text) as Kept;
	function fileAt(path: string): Result<{readonly bytes: Uint8Array; readonly isOfOthers: boolean}, Unread> {
		const file = Object.hasOwn(files, path) ? files[path] ?? MISSING : MISSING;
		return 'text' in file ? ok({bytes: new TextEncoder().encode(file.text), isOfOthers: file.isOfOthers ?? false}) : err(file);
	}
	return {
		read(path) {
			const file = fileAt(path);
			return file.ok ? ok(file.value.bytes) : file;
		},
		readShared: fileAt,
		list(folder) {
			const names = Object.hasOwn(folders, folder) ? folders[folder] ?? MISSING : MISSING;
			return 'errno' in names ? err(names) : ok(names);
		},
	};
}

/** What to watch for another config. */
export const ownIn = (text: string): Own => (JSON.parse(text) as Kept).own;

/** Whether the files said the same, all of them. */
export const isSameKept = (one: string, other: string): boolean => one === other
	|| JSON.stringify((JSON.parse(one) as Kept).files) === JSON.stringify((JSON.parse(other) as Kept).files);

const MISSING: Unread = {errno: 2, reason: 'No such file or directory', isOfPath: false};
