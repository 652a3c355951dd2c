/** `working_dir`, `user`, `umask`: as whom a process runs, and where. */
import type {Account, Part, ServiceGroup, Written} from '../group.ts';
import {optional} from '../key.ts';
import {absolutePath, umask, user} from '../scalars.ts';
import type {Settings} from '../shape.ts';

const KEYS = {
	working_dir: optional(absolutePath, 'path', 'archon\'s own', 'where it runs'),
	user: optional(user, 'name[:group] | uid[:gid]', 'archon\'s own', 'as whom it runs'),
	umask: optional(umask, 'octal', 'archon\'s own', 'permissions that its new files do not get'),
};

type Own = Settings<typeof KEYS>;

export const process = {
	keys: KEYS,
	words: () => ({
		names: {working_dir: 'directory cwd workdir WorkingDirectory chdir dir', user: 'uid runAs runAsUser username'},
		others: [['group gid', 'user', 'write user: name:group']],
	}),
	accounts({map, settings: {user}}: Written<Own>): readonly Account[] {
		const at = map.entries.get('user')?.value;
		return user && at ? [{spec: user, key: 'user', at}] : [];
	},
	plan: ({working_dir: cwd, user, umask}: Own): Part => ({exec: {cwd, user, umask}}),
} satisfies ServiceGroup;
