/** Paths, held to what Node makes of them. */
import {posix} from 'node:path';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {basename, dirname, isAbsolute, join, normalize, resolve} from '../../../src/core/path.ts';

const part = fc.constantFrom('', '.', '..', 'a', 'b.c', '...', ' ');
const path = fc.array(part, {maxLength: 6}).map(parts => parts.join('/'));

test('every path is taken apart and put together as Node does', () => {
	fc.assert(fc.property(path, path, (one, other) => {
		expect(basename(one)).toBe(posix.basename(one));
		expect(normalize(one)).toBe(posix.normalize(one));
		expect(join(one, other)).toBe(posix.join(one, other));
		expect(isAbsolute(one)).toBe(posix.isAbsolute(one));
		expect(resolve(`/${one}`, other)).toBe(posix.resolve(`/${one}`, other));
		// Node leaves one of doubled slashes at the end.
		const single = one.replace(/\/+/g, '/');
		expect(dirname(single)).toBe(posix.dirname(single));
	}), {numRuns: 2000});
});

test('doubled slashes count as one', () => {
	expect([dirname('/a//b//'), dirname('//'), dirname(''), basename('/a//b//')]).toEqual(['/a', '/', '.', 'b']);
});
