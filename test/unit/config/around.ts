/** Lookups for configs: few variables, files that are texts, and three users. */
import {createExpand} from '../../../src/config/expand.ts';
import {loadFormats, NAMES} from '../../../src/config/formats/load.ts';
import {err, ok} from '../../../src/core/result.ts';
import type {Lookups} from '../../../src/config/planning.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {fileProblem} from '../../../src/config/problems.ts';

const FORMATS = await loadFormats(NAMES);
const USERS = ['root', 'app', 'nobody'];
const GROUPS = ['root', 'staff', 'audio'];

export function around(environment: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}): Lookups {
	const read: Lookups['readFile'] = file => {
		const text = files[file];
		if (text !== undefined) return ok({file, text});
		const missing = file !== 'secret.env' && file !== '/secret';
		const reason = missing ? 'no such file or directory' : 'permission denied';
		return err({problem: fileProblem(file, `cannot read ${file}: ${reason}`), missing});
	};
	return {
		environment, dotenv: {}, readYaml, createExpand, readConfig: read, readFile: read, formats: FORMATS, directory: () => '/here',
		listFolder(folder) {
			const names = Object.keys(files).filter(file => file.startsWith(`${folder}/`)).map(file => file.slice(folder.length + 1));
			const missing = folder !== '/secret';
			const reason = missing ? 'no such file or directory' : 'permission denied';
			return names.length > 0 ? ok(names) : err({problem: fileProblem(folder, `cannot read ${folder}: ${reason}`), missing});
		},
		findUser({user, group}) {
			if (!/^\d+$/.test(user) && !USERS.includes(user)) return err(`user ${user} is not in /etc/passwd`);
			if (group !== null && !/^\d+$/.test(group) && !GROUPS.includes(group)) return err(`group ${group} is not in /etc/group`);
			return ok(null);
		},
	};
}

export const AROUND = around();
