/** Which names below a folder that is watched count. */
import {describe, expect, test} from 'vitest';
import {rulesOf} from '../../../../src/features/watch/core/rules.ts';
import {sys} from '../../../../src/os/sys.ts';

const counts = (path: string, include: readonly string[] = [], exclude: readonly string[] = [], isFolder = false): boolean =>
	sys.isWatched(rulesOf({include, exclude}), path, isFolder);

test.each(['a', 'a.conf', 'b/c/d.conf', '.hidden', '.env', 'x/.hidden/y', 'weird [name]', 'ümlaut'])('%s counts by itself', path => {
	expect(counts(path)).toBe(true);
});

test.each(['.git/HEAD', 'sub/.git/config', 'a.conf~', '.a.conf.swp', '.#a.conf', '4913', '.nfs0001', '..data', '..2024_01/app.conf'])(
	'%s does not, as an editor, git or a kernel left it', path => {
		expect(counts(path)).toBe(path === '..2024_01/app.conf');
	},
);

describe('include', () => {
	test.each([
		['*.conf', 'a.conf', true], ['*.conf', 'sub/a.conf', true], ['*.conf', 'a.txt', false], ['*.conf', 'a.conf.d', false],
		['src/**', 'src/a', true], ['src/**', 'src/b/c', true], ['src/**', 'lib/a', false], ['src/**', 'lib/src/a', false],
		['**/test/*.ts', 'a/b/test/x.ts', true], ['**/test/*.ts', 'test/x.ts', true], ['**/test/*.ts', 'test/sub/x.ts', false],
		['src/*.ts', 'src/a.ts', true], ['src/*.ts', 'src/b/a.ts', false], ['/a.conf', 'a.conf', true], ['/a.conf', 'sub/a.conf', false],
		['./a.conf', 'a.conf', true], ['src/', 'src/b/c', true], ['src/', 'lib/src/a', true], ['src/', 'src', false],
		['[ab].conf', 'a.conf', true], ['[!ab].conf', 'a.conf', false], ['[!ab].conf', 'c.conf', true], ['[a-f]*', 'beta', true],
		['?.conf', 'a.conf', true], ['?.conf', 'ab.conf', false], ['a**z', 'abcz', true], ['/a**z', 'a/b/z', true], ['a**z', 'a/b/z', false],
		['**/test/*.ts', 'mytest/x.ts', false], ['a/**/b', 'a/b', true], ['a/**/b', 'a/x/y/b', true], ['a/**/b', 'a/xb', false], ['[', '[', true],
	])('%s: %s', (pattern, path, is) => {
		expect(counts(path, [pattern])).toBe(is);
	});

	test('folders are gone through whatever is included', () => {
		expect(counts('lib', ['*.conf'], [], true)).toBe(true);
	});
});

describe('exclude', () => {
	test.each([
		['logs/', 'logs/a', false], ['logs/', 'sub/logs/a', false], ['logs/', 'logs', true], ['*.tmp', 'a.tmp', false], ['*.tmp', 'a.tmpl', true],
		['node_modules/', 'node_modules/x/y.js', false], ['a/b', 'a/b', false], ['a/b', 'a/b/c', false], ['a/b', 'b', true],
	])('%s: %s', (pattern, path, is) => {
		expect(counts(path, [], [pattern])).toBe(is);
	});

	test('a folder is not gone into', () => {
		expect(counts('logs', [], ['logs/'], true)).toBe(false);
		expect(counts('sub/logs', [], ['logs/'], true)).toBe(false);
	});

	test('comes before include', () => {
		expect(counts('a.conf', ['*.conf'], ['a.*'])).toBe(false);
	});
});

test('a name that was made to take long does not', () => {
	const path = `${'a'.repeat(250)}/`.repeat(4) + 'b';
	expect(counts(path, ['**a*a*a*a*a*a*a*a**a*a*a*a*a*a**c'])).toBe(false);
	expect(counts('x/'.repeat(600))).toBe(false);
});
