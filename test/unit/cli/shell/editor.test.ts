/** The line editor, key by key. A line is written with `|` where the cursor is. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {createEditor, type Editor, type Effect, LINE_MAX, placeBefore, press} from '../../../../src/cli/shell/editor.ts';
import {isWhole} from '../../../../src/cli/shell/words.ts';
import {clusterPlaces} from '../../../../src/cli/terminal/width.ts';

const HISTORY = ['status', 'stop web', 'logs -f web', 'stop web'];

const at = (line: string): Editor => ({...createEditor(HISTORY), text: line.replace('|', ''), at: line.indexOf('|')});
const written = ({text, at}: Editor): string => `${text.slice(0, at)}|${text.slice(at)}`;

/** Keys with blanks between them; a single `_` is a blank. */
function type(editor: Editor, keys: string): {readonly editor: Editor; readonly effects: readonly Effect[]} {
	const effects: Effect[] = [];
	let now = editor;
	for (const key of keys.split(' ').filter(key => key !== '')) {
		const pressed = press(now, {kind: 'key', key: key === '_' ? ' ' : key}, isWhole);
		now = pressed.editor;
		if (pressed.effect) effects.push(pressed.effect);
	}
	return {editor: now, effects};
}

test.each([
	['text is put where the cursor is', 'a|b', 'x ż 漢', 'axż漢|b'],
	['left and right', 'ab|c', 'left left right ctrl-f ctrl-b', 'a|bc'],
	['not beyond the ends', '|a', 'left ctrl-b', '|a'],
	['a character with all its parts is one', 'e\u0301👍🏽|', 'left', 'e\u0301|👍🏽'],
	['and is taken away as one', 'e\u0301👍🏽|', 'backspace', 'e\u0301|'],
	['the ends', 'ab|c', 'ctrl-a x ctrl-e y', 'xabcy|'],
	['home and end', 'ab|c', 'home x end y', 'xabcy|'],
	['words back', 'stop web-1 now|', 'alt-b alt-b', 'stop web-|1 now'],
	['words on', '|stop web-1', 'alt-f ctrl-right', 'stop web|-1'],
	['backspace and delete', 'ab|cd', 'backspace delete', 'a|d'],
	['^D in a line deletes', 'a|bc', 'ctrl-d', 'a|c'],
	['^D at its end does nothing', 'abc|', 'ctrl-d', 'abc|'],
	['^K to the end', 'ab|cd', 'ctrl-k', 'ab|'],
	['^U to the begin', 'ab|cd', 'ctrl-u', '|cd'],
	['^W a word between blanks', 'stop web-1 |x', 'ctrl-w', 'stop |x'],
	['Alt-Backspace a word of letters', 'stop web-1|', 'alt-backspace', 'stop web-|'],
	['Alt-D the word behind', 'stop| web now', 'alt-d', 'stop| now'],
	['^Y puts back what was cut', 'stop web|', 'ctrl-w x ctrl-y', 'stop xweb|'],
	['what is cut one after the other is one', 'a b c|', 'ctrl-w ctrl-w ctrl-y', 'a b c|'],
	['also forward', '|a b c', 'alt-d alt-d ctrl-y', 'a b| c'],
	['but not where something is between', 'a b c|', 'ctrl-w left right ctrl-w ctrl-y', 'a b |'],
	['^T exchanges', 'ab|c', 'ctrl-t', 'acb|'],
	['^T at the end', 'abc|', 'ctrl-t', 'acb|'],
	['^T at the begin does nothing', '|abc', 'ctrl-t', '|abc'],
	['^_ takes back what was typed, at once', 'stop|', '_ w e b ctrl-_', 'stop|'],
	['and then what was cut', 'stop web|', 'ctrl-w x ctrl-_ ctrl-_', 'stop web|'],
	['and no more', 'a|', 'ctrl-_', 'a|'],
	['keys that mean nothing', 'ab|', 'f5 alt-z insert ctrl-alt-x page-up', 'ab|'],
	['older lines', 'new|', 'up up', 'logs -f web|'],
	['and newer ones, down to the new', 'new|', 'ctrl-p up ctrl-n down', 'new|'],
	['not beyond the oldest', '|', 'up up up up up up', 'status|'],
	['the oldest and the newest', 'new|', 'alt-< alt->', 'new|'],
	['an open quote goes on in the next line', 'stop "a|', 'enter b', 'stop "a\nb|'],
])('%s', (_, before, keys, after) => {
	expect(written(type(at(before), keys).editor)).toBe(after);
});

test.each([
	['enter', 'stop web|', [{kind: 'accept', line: 'stop web'}]],
	['ctrl-c', 'stop|', [{kind: 'interrupt'}]],
	['ctrl-d', '|', [{kind: 'leave'}]],
	['ctrl-d', 'x|', []],
	['ctrl-z', 'x|', [{kind: 'suspend'}]],
	['ctrl-l', 'x|', [{kind: 'clear'}]],
	['tab', 'x|', [{kind: 'complete'}]],
] as const)('%s in %j', (key, line, effects) => {
	expect(type(at(line), key).effects).toEqual(effects);
});

describe('^R', () => {
	test.each([
		['finds the latest', 'ctrl-r w e b', 'stop |web'],
		['finds one that is older', 'ctrl-r w e b ctrl-r', 'logs -f |web'],
		['and comes back', 'ctrl-r w e b ctrl-r ctrl-s', 'stop |web'],
		['looks again where less is asked for', 'ctrl-r s t o x backspace', '|stop web'],
		['stays where nothing is found', 'ctrl-r s t o p x', '|stop web'],
		['is left by a key for the line', 'ctrl-r s t a ctrl-e s', 'statuss|'],
		['is left by Escape', 'ctrl-r l o g escape x', 'x|logs -f web'],
		['is given up', 'ctrl-r l o g ctrl-g', 'new|'],
		['is given up by ^C as well', 'ctrl-r l o g ctrl-c', 'new|'],
		['and the new line is not lost', 'ctrl-r l o g escape down down', 'new|'],
	])('%s', (_, keys, after) => {
		expect(written(type(at('new|'), keys).editor)).toBe(after);
	});

	test('carries out what it has found', () => {
		expect(type(at('|'), 'ctrl-r l o g enter').effects).toEqual([{kind: 'accept', line: 'logs -f web'}]);
	});
});

test('a paste is no typing: its last line feed carries nothing out, and it has no controls', () => {
	const {editor, effect} = press(at('a|b'), {kind: 'paste', text: 'one\ttwo\x1b[A\nthree\n\n', isCut: false}, isWhole);
	expect([written(editor), effect]).toEqual(['aone two[A\nthree|b', null]);
	expect(written(type(editor, 'ctrl-_').editor)).toBe('a|b');
});

test('a line is bounded', () => {
	const full = at(`${'x'.repeat(LINE_MAX)}|`);
	expect(type(full, 'y').editor.text).toBe(full.text);
	expect(press(full, {kind: 'paste', text: 'y', isCut: false}, isWhole).editor.text).toBe(full.text);
});

test('whatever is pressed, the cursor is between two characters, and nothing throws', () => {
	const keys = fc.constantFrom(
		'a', ' ', '漢', 'e', '\u0301', '\u200d', '👍', '🏽', '"', '\\', 'left', 'right', 'up', 'down', 'home', 'end', 'backspace', 'delete', 'enter', 'escape',
		...'abcdefgklnprstuwyz_'.split('').map(letter => `ctrl-${letter}`), ...'bdf<>'.split('').map(letter => `alt-${letter}`), 'alt-backspace', 'tab',
	);
	fc.assert(fc.property(fc.array(keys, {maxLength: 60}), list => {
		let editor = createEditor(HISTORY);
		for (const key of list) {
			({editor} = press(editor, {kind: 'key', key}, isWhole));
			expect(editor.at).toBeLessThanOrEqual(editor.text.length);
			if (!editor.text.includes('\u0301') && !editor.text.includes('\u200d') && !editor.text.includes('🏽')) {
				expect(clusterPlaces(editor.text)).toContain(editor.at);
			}
		}
	}));
});

test('the place before is found in a long line as in a short one', () => {
	expect(placeBefore(`${'漢'.repeat(1000)}👍🏽`, 1004)).toBe(1000);
	expect(placeBefore('a', 0)).toBe(0);
});
