/** What a config may name beyond its own text, looked up on this machine. */
import type {Lookups} from '../config/planning.ts';
import {readFolder, readShared} from '../config/read.ts';
import {env} from '../os/environment.ts';
import {files} from '../os/files.ts';
import {DEFAULT_PATH, hasProgram} from '../os/spawn/lookup.ts';
import {findUser} from '../os/spawn/users.ts';

/** `withYaml`: with a reader for texts that are not plain. */
export async function lookups(withYaml: boolean): Promise<Omit<Lookups, 'dotenv'>> {
	const readYaml = withYaml ? (await import('../config/yaml/full.ts')).readYaml : noYaml;
	return {
		environment: env(), readFile: file => readShared(file, files), listFolder: folder => readFolder(folder, files), findUser, readYaml,
		hasProgram: name => hasProgram(name, env()['PATH'] ?? DEFAULT_PATH),
	};
}

/** Most configs are plain, and all of YAML is a lot to load. */
export const noYaml: Lookups['readYaml'] = () => {
	throw new Error('a reader of YAML is missing');
};
