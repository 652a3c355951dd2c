/** Tokens: what a file of them may hold, and their comparison. */
import {expect, test} from 'vitest';
import {isSame, tokensIn} from '../../../src/core/token.ts';

const [OLD, NEW] = ['0123456789abcdef', 'bmV3IHRva2VuIQ==bmV3'];

test('a file holds one or several, each on a line of its own', () => {
	expect(tokensIn(OLD)).toEqual([OLD]);
	expect(tokensIn(`\n${OLD}\r\n  ${NEW}\n\n`)).toEqual([OLD, NEW]);
	expect(tokensIn('~'.repeat(256))).toEqual(['~'.repeat(256)]);
});

test.each([
	['', /^holds no token$/], [`${OLD}\n`.repeat(9), /more than 8 lines/], [`${OLD}\nshort`, /^line 2 is no token: 16 to 256 letters/],
	['x'.repeat(257), /^line 1/], ['0123456789 abcdef', /^line 1/], ['0123456789,abcdef', /^line 1/], ['0123456789"abcdef', /^line 1/],
	['0123456789\\abcdef', /^line 1/], ['0123456789äbcdef', /^line 1/],
])('%j is refused, and its content is not told', (text, why) => {
	const said = tokensIn(text);
	expect(said).toMatch(why);
	expect(said).not.toMatch(/012345|short|xxx/);
});

test('only the same is the same', () => {
	expect(isSame(OLD, OLD)).toBe(true);
	for (const other of ['', OLD.slice(1), `${OLD}0`, `${OLD}${OLD}`, `${OLD}\0`, OLD.toUpperCase(), OLD.repeat(100)]) {
		expect([isSame(OLD, other), isSame(other, OLD)]).toEqual([false, false]);
	}
});
