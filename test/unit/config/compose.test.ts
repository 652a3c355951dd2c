/** Each key of compose has one fate. */
import {expect, test} from 'vitest';
import {
	FOREIGN_SERVICE_KEYS, FOREIGN_TOP_KEYS, UNSUPPORTED_SERVICE_KEYS, UNSUPPORTED_TOP_KEYS,
} from '../../../src/config/compose.ts';
import {SERVICE, TOP} from '../../../src/config/schema.ts';

test.each([
	['service', SERVICE, FOREIGN_SERVICE_KEYS, UNSUPPORTED_SERVICE_KEYS],
	['top', TOP, FOREIGN_TOP_KEYS, UNSUPPORTED_TOP_KEYS],
])('a %s key is read, passed over or refused, and only one of these', (_name, {keys}, foreign, unsupported) => {
	const all = [...Object.keys(keys), ...foreign, ...unsupported];
	expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
});
