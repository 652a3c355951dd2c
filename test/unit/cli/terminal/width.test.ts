/** Cells of characters, and the places where a cursor may stand. */
import {expect, test} from 'vitest';
import {clusterPlaces, textWidth, widthOf} from '../../../../src/cli/terminal/width.ts';

test.each([
	['a', 1], ['ż', 1], ['漢', 2], ['か', 2], ['한', 2], ['Ａ', 2], ['ｱ', 1], ['、', 2], ['😀', 2], ['⌚', 2], ['❤', 1], ['→', 1], ['…', 1], ['─', 1],
	['\u0301', 0], ['\u200d', 0], ['\ufe0f', 0], ['\u200b', 0], ['\u1160', 0], ['\u3099', 0], ['\u00ad', 1], ['🇵', 1], ['𠀀', 2], ['\x07', 0], ['\x9b', 0],
])('%j takes %i', (character, width) => {
	expect(widthOf(character.codePointAt(0) ?? 0)).toBe(width);
});

test('a text takes what its characters take', () => {
	expect(textWidth('archon')).toBe(6);
	expect(textWidth('漢字 e\u0301')).toBe(6);
});

test.each([
	['ab', [0, 1, 2]],
	['e\u0301x', [0, 2, 3]],
	['漢😀', [0, 1, 3]],
	['👩\u200d🚀!', [0, 5, 6]],
	['👍🏽', [0, 4]],
	['\u0301a', [0, 1, 2]],
	['a\tb', [0, 1, 2, 3]],
	['', [0]],
])('a cursor may stand between clusters of %j', (text, places) => {
	expect(clusterPlaces(text)).toEqual(places);
});

test('marks without end are parted', () => {
	expect(clusterPlaces(`a${'\u0301'.repeat(1000)}`).length).toBeGreaterThan(10);
});
