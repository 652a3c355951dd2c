/** Where overseer has its homes, by the environment. */
import {expect, test} from 'vitest';
import {homesOf, isConfig} from '../../../../src/features/overseer/core/homes.ts';

const places = (env: Readonly<Record<string, string>>): unknown => {
	const homes = homesOf(env);
	return homes.ok ? [homes.value.config, homes.value.data] : homes.error;
};

test.each([
	[{HOME: '/home/ann'}, ['/home/ann/.config/overseer', '/home/ann/.local/share/overseer']],
	[{HOME: '/home/ann/'}, ['/home/ann/.config/overseer', '/home/ann/.local/share/overseer']],
	[{HOME: '/'}, ['/.config/overseer', '/.local/share/overseer']],
	[{HOME: '/home/ann', XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d'}, ['/c/overseer', '/d/overseer']],
	[{XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d'}, ['/c/overseer', '/d/overseer']],
	[{HOME: '/h', XDG_CONFIG_HOME: '', XDG_DATA_HOME: 'relative'}, ['/h/.config/overseer', '/h/.local/share/overseer']],
	[{XDG_CONFIG_HOME: '/c'}, 'neither $XDG_DATA_HOME nor $HOME is set to an absolute path'],
	[{HOME: 'here', XDG_DATA_HOME: '/d'}, 'neither $XDG_CONFIG_HOME nor $HOME is set to an absolute path'],
] as const)('%j', (env, expected) => {
	expect(places(env)).toEqual(expected);
});

test('a config is YAML or JSON that is not hidden', () => {
	expect(['jobs.yaml', 'jobs.yml', 'more.json', '.jobs.yaml', 'jobs.yaml~', 'notes.txt', 'yaml'].filter(isConfig)).toEqual(['jobs.yaml', 'jobs.yml', 'more.json']);
});
