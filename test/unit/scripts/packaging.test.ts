/** What docker is given of a clean clone: all that the build reads, and nothing that was built here. */
import {existsSync, readFileSync} from 'node:fs';
import {join, matchesGlob} from 'node:path';
import {expect, test} from 'vitest';

const root = join(import.meta.dirname, '../../..');
const rules = readFileSync(join(root, '.dockerignore'), 'utf8').trim().split('\n');

/** As docker reads .dockerignore: a rule holds for a folder and all in it, and the last one that fits decides. */
const isGiven = (path: string): boolean => rules.reduce((is, rule) => {
	const pattern = rule.replace(/^!/, '');
	return matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`) ? rule.startsWith('!') : is;
}, true);

test.each([
	'package.json', 'package-lock.json', 'LICENSE', 'packaging/NOTICE', 'packaging/rootfs.ts', 'docs/reference/protocol.md', 'scripts/setup', 'scripts/build.ts',
	'scripts/build/libraries.ts', 'src/main.ts', 'test/characters/deaths.c',
])('the build finds %s', path => {
	expect({isThere: existsSync(join(root, path)), isGiven: isGiven(path)}).toEqual({isThere: true, isGiven: true});
});

test.each(['.git/HEAD', 'dist/archon', 'node_modules/yaml/package.json', 'bench/main.ts', 'packaging/images/web/Dockerfile', 'test/tidy.test.ts'])(
	'%s stays outside', path => expect(isGiven(path)).toBe(false),
);

test('what prepares the libraries is there before the rest, with all that it imports', () => {
	const copied = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
	const wanted = new Set(['scripts/build/libraries.ts']);
	for (const file of wanted) {
		if (!file.endsWith('.ts')) continue;
		for (const [, path = '', folder] of readFileSync(join(root, file), 'utf8')
			.matchAll(/^import .* from '(\.[^']+)';$|join\(import\.meta\.dirname, '(\w+)'\)/gm)) wanted.add(join(file, '..', folder ?? path));
	}
	expect([...wanted].filter(file => !copied.includes(file))).toEqual([]);
	expect(wanted.size).toBeGreaterThan(1);
});
