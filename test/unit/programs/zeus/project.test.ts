/** Which folder is the project of the one that zeus is called in. */
import {expect, test} from 'vitest';
import {findProject} from '../../../../src/programs/zeus/project.ts';

test.each([
	['/app/src/deep', ['/app/zeus.json'], '/app'],
	['/app', ['/app/.zeus.sock'], '/app'],
	['/app/sub', ['/app/zeus.yaml', '/app/sub/archon.yaml'], '/app/sub'],
	['/app/sub', ['/app/Gemfile'], '/app'],
	['/app/sub', ['/app/other.Gemfile', '/Gemfile.lock'], '/app'],
	['/app/sub', ['/app/.git', '/app/subsub/zeus.json'], '/app'],
	['/app/sub', ['/zeus.json'], '/'],
	['/', ['/.zeus.sock'], '/'],
	['/app', ['/app/zeus.toml', '/app/Gemfile.lock'], null],
	['/', [], null],
] as const)('of %s with %j', (from, there, expected) => {
	const paths: readonly string[] = there;
	expect(findProject(from, {
		isThere: path => paths.includes(path),
		names: folder => paths.flatMap(path => (path.slice(0, path.lastIndexOf('/') + 1) === (folder === '/' ? '/' : `${folder}/`) ? [path.slice(path.lastIndexOf('/') + 1)] : [])),
	})).toBe(expected);
});
