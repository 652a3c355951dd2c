/** Where the line is on the terminal, as xterm.js shows what is written. */
import fc from 'fast-check';
import {Terminal} from '@xterm/headless';
import {expect, test} from 'vitest';
import {erase, layout, type Layout, leave, paint, type Shown, type View} from '../../../../src/cli/shell/layout.ts';

const PROMPT = [{text: 'archon', colour: 1}, {text: '> ', colour: null}];

const view = (line: string, columns = 20, rows = 10): View => ({prompt: PROMPT, text: line.replace('|', ''), at: line.indexOf('|'), columns, rows});

/** What is on a terminal after so much was written. */
async function shown(written: string, columns = 20, rows = 10): Promise<{readonly lines: readonly string[]; readonly cursor: readonly number[]}> {
	const terminal = new Terminal({cols: columns, rows, allowProposedApi: true});
	await new Promise<void>(resolve => terminal.write(written, resolve));
	const {active} = terminal.buffer;
	const lines = Array.from({length: active.length}, (_, i) => active.getLine(i)?.translateToString(true).trimEnd() ?? '');
	while (lines.at(-1) === '') lines.pop();
	return {lines, cursor: [active.baseY + active.cursorY, active.cursorX]};
}

test.each([
	['in one row', 'stop| web', ['archon> stop web'], [0, 12]],
	['wrapped', 'stop web and every other|', ['archon> stop web and', ' every other'], [1, 12]],
	['full to the last cell', '123456789012|', ['archon> 123456789012'], [1, 0]],
	['full, and the cursor before the last', '12345678901|2', ['archon> 123456789012'], [0, 19]],
	['a wide character that does not fit', '12345678901漢|', ['archon> 12345678901', '漢'], [1, 2]],
	['several lines', 'a "b\n\nc|', ['archon> a "b', '', 'c'], [2, 1]],
	['a line feed behind a full row', '123456789012\nx|', ['archon> 123456789012', 'x'], [1, 1]],
])('%s', async (_, line, lines, cursor) => {
	expect(await shown(paint(null, layout(view(line))))).toEqual({lines, cursor});
});

test('where the prompt takes more than half, only its last piece stays, or nothing', () => {
	expect(layout(view('abc|', 10)).rows[0]?.text).toBe('> abc');
	expect(layout(view('abc|', 3)).rows.map(({text}) => text)).toEqual(['abc', '']);
});

test('of a line that is longer than the terminal, what is around the cursor is shown', () => {
	const text = Array.from({length: 10}, (_, i) => `line ${i}`).join('\n');
	const shown = (at: number): readonly string[] => layout({prompt: [], text, at, columns: 20, rows: 3}).rows.map(({text}) => text);
	expect(shown(text.length)).toEqual(['line 7', 'line 8', 'line 9']);
	expect(shown(0)).toEqual(['line 0', 'line 1', 'line 2']);
	expect(layout({prompt: [], text, at: 30, columns: 20, rows: 3})).toMatchObject({row: 2, column: 2});
});

test('what is typed at the end is all that is written', () => {
	const [one, two] = [layout(view('sto|')), layout(view('stop|'))];
	expect(paint(one, two)).toBe('p');
});

test('whatever is edited, the terminal shows what a new one would', async () => {
	const texts = fc.array(fc.constantFrom('a', 'b', ' ', '漢', '\n', '12345678'), {maxLength: 14}).map(parts => parts.join(''));
	await fc.assert(fc.asyncProperty(fc.array(texts, {minLength: 1, maxLength: 6}), fc.integer({min: 2, max: 24}), fc.nat(), async (list, columns, seed) => {
		let [before, written]: [Shown, string] = [null, 'above\r\n'];
		let next: Layout | null = null;
		for (const [index, text] of list.entries()) {
			const at = (seed + index * 7) % (text.length + 1);
			next = layout({prompt: PROMPT, text, at, columns, rows: 40});
			written += paint(before, next);
			before = next;
		}
		const fresh = await shown(`above\r\n${paint(null, next as Layout)}`, columns, 40);
		expect(await shown(written, columns, 40)).toEqual(fresh);
		expect(fresh.cursor[0]).toBe((fresh.lines[0] === 'above' ? 1 : Math.ceil(5 / columns)) + (next as Layout).row);
		const gone = await shown(written + erase(before), columns, 40);
		expect(gone.lines.join('')).toBe('above');
		const left = await shown(`${written}${leave(before)}next`, columns, 40);
		expect(left.lines.join('').endsWith('next')).toBe(true);
	}), {numRuns: 60});
});
