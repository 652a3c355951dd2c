/** What a config may name beyond its own text, looked up on this machine. */
import type {Lookups} from '../config/planning.ts';
import type {Needs} from '../config/yaml/parse.ts';
import {readFolder, readShared, readSource} from '../config/read.ts';
import {env} from '../os/environment.ts';
import {files} from '../os/files.ts';
import {DEFAULT_PATH, hasProgram} from '../os/spawn/lookup.ts';
import {findUser} from '../os/spawn/users.ts';
import {sys} from '../os/sys.ts';

/** With what the texts need. */
export async function lookups({yaml, formats, expansion}: Needs): Promise<Omit<Lookups, 'dotenv'>> {
	const readYaml = yaml ? (await import('../config/yaml/full.ts')).readYaml : missing('a reader of YAML');
	return {
		environment: env(), directory, findUser, readYaml,
		readFile: file => readShared(file, files), listFolder: folder => readFolder(folder, files),
		readConfig: file => readSource(file, files),
		createExpand: expansion ? (await import('../config/expand.ts')).createExpand : missing('what extends and includes'),
		formats: formats.length > 0 ? await (await import('../config/formats/load.ts')).loadFormats(formats) : new Map(),
		hasProgram: name => hasProgram(name, env()['PATH'] ?? DEFAULT_PATH),
	};
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
