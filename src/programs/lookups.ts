/** What a config may name beyond its own text, looked up on this machine. */
import type {Files, Lookups, ReadYaml} from '../config/planning.ts';
import type {Needs} from '../config/yaml/parse.ts';
import {readFolder, readShared, readSource} from '../config/read.ts';
import {env} from '../os/environment.ts';
import {files} from '../os/files.ts';
import {DEFAULT_PATH, hasProgram} from '../os/spawn/lookup.ts';
import {findUser} from '../os/spawn/users.ts';
import {ERRNO, sys} from '../os/sys.ts';

/** What some texts need and most do without. */
export interface Loaded {
	readonly needs: Needs;
	readonly readYaml: ReadYaml;
	readonly createExpand: Lookups['createExpand'];
	readonly formats: Lookups['formats'];
}

export async function loadFor(needs: Needs): Promise<Loaded> {
	return {
		needs,
		readYaml: needs.yaml ? (await import('../config/yaml/full.ts')).readYaml : missing('a reader of YAML'),
		createExpand: needs.expansion ? (await import('../config/expand.ts')).createExpand : missing('what extends and includes'),
		formats: needs.formats.length > 0 ? await (await import('../config/formats/load.ts')).loadFormats(needs.formats) : new Map(),
	};
}

/** With what the texts need. */
export const lookups = async (needs: Needs): Promise<Omit<Lookups, 'dotenv'>> => lookupsBy(files, await loadFor(needs));

/** `files`: how those are read that a config names. */
export function lookupsBy(files: Files, {readYaml, createExpand, formats}: Loaded): Omit<Lookups, 'dotenv'> {
	return {
		environment: env(), directory, findUser, readYaml, createExpand, formats,
		readConfig: file => readSource(file, files),
		readFile: file => readShared(file, files), listFolder: folder => readFolder(folder, files),
		readZoneFile: zoneFile,
		hasProgram: name => hasProgram(name, env()['PATH'] ?? DEFAULT_PATH),
	};
}

/** Files of the system do not belong to the config that is kept, and are read as they are. */
export function zoneFile(path: string, most: number, {read}: Pick<Files, 'read'> = files): Uint8Array | string | null {
	const found = read(path, most);
	if (found.ok) return found.value;
	const {errno, reason} = found.error;
	return errno === ERRNO.ENOENT || errno === ERRNO.ENOTDIR ? null : `cannot be read: ${reason}`;
}

/** A directory that was removed has a name that leads nowhere. */
function directory(): string {
	const path = sys.readLink('/proc/self/cwd');
	return typeof path === 'string' ? path : '/';
}

/** Most configs are plain, and all of YAML is a lot to load. */
const missing = (what: string) => (): never => {
	throw new Error(`${what} is missing`);
};
