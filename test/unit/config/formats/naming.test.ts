/** Names of services where a source has several that come to one. */
import {expect, test} from 'vitest';
import {createNames} from '../../../../src/config/formats/naming.ts';

test('what is wanted again has a number, and never one that another has', () => {
	const free = createNames(['all']);
	expect(['web', 'web', 'web-3', 'web', 'web', 'all'].map(free)).toEqual(['web', 'web-2', 'web-3', 'web-4', 'web-5', 'all-2']);
});
