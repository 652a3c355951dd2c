/** Whether data is the same. */
import {expect, test} from 'vitest';
import {isEqual} from '../../../src/core/equal.ts';

test.each<[unknown, unknown, boolean]>([
	[1, 1, true], [1, '1', false], [null, null, true], [null, {}, false], [Infinity, null, false], [[], {}, false], [[1, 2], [1, 2], true], [[1, 2], [2, 1], false],
	[[1], [1, 2], false], [{a: 1, b: {c: [1]}}, {b: {c: [1]}, a: 1}, true], [{a: 1}, {a: 1, b: 2}, false], [{a: 1, b: 2}, {a: 1}, false],
	[{a: 1, b: undefined}, {a: 1}, true], [{a: 1}, {a: 1, b: undefined}, true], [{toString: 1}, {}, false],
	[JSON.parse('{"__proto__": 1}'), {}, false], [{}, JSON.parse('{"__proto__": 1}'), false],
])('%j and %j: %s', (one, other, isSame) => {
	expect([isEqual(one, other), isEqual(other, one)]).toEqual([isSame, isSame]);
});
