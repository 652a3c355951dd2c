/** The keys that detach. */
import {describe, expect, test} from 'vitest';
import {createFilter, parseKeys} from '../../../../src/features/attach/commands/keys.ts';

function typed(keys: string, ...pieces: string[]): string {
	const parsed = parseKeys(keys);
	if (!parsed.ok) throw new Error(parsed.error);
	const filter = createFilter(parsed.value);
	let text = '';
	for (const piece of pieces) {
		const taken = filter.take(piece);
		text += taken.text;
		if (taken.isDetached) return `${text}|`;
	}
	return text;
}

describe('detach keys', () => {
	test.each([
		['ctrl-p,ctrl-q', ['ab\x10\x11cd'], 'ab|'],
		['ctrl-p,ctrl-q', ['ab\x10', '\x11cd'], 'ab|'],
		['ctrl-p,ctrl-q', ['\x10\x10x'], '\x10x'],
		['ctrl-p,ctrl-q', ['\x10x'], '\x10x'],
		['ctrl-p,ctrl-q', ['\x10', '\x10', '\x10\x11'], '\x10|'],
		['ctrl-p,ctrl-q', ['\x11\x10'], '\x11'],
		['ctrl-p,ctrl-q', ['\x1b[27;5;112~\x1b[27;5;113~'], '|'],
		['ctrl-p,ctrl-q', ['\x1b[112;5u\x11'], '|'],
		['ctrl-]', ['a\x1dx'], 'a|'],
		['ctrl-@', ['\0'], '|'],
		['~,.', ['~~', '~x', '~.'], '~~x|'],
		['a,b,c', ['ababc'], 'ab|'],
		['CTRL-P'.toLowerCase(), ['\x10'], '|'],
		['none', ['\x10\x11\x03'], '\x10\x11\x03'],
	])('%s: %j is %j', (keys, pieces, text) => {
		expect(typed(keys, ...pieces)).toBe(text);
	});

	test.each([['f1'], [''], ['ctrl-'], ['ctrl-p,'], ['é'], ['ctrl-1'], ['a,a,a,a,a,a,a,a,a']])('%j are none', keys => {
		expect(parseKeys(keys).ok).toBe(false);
	});
});
