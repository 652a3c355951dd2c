/** Each key of compose has one fate. */
import {expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';

test.each(SECTIONS)('%s: a key is read, passed over or refused, and only one of these', (_title, {keys, foreign, unsupported}) => {
	const all = [...Object.keys(keys), ...foreign, ...unsupported];
	expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
});
