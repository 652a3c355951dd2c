/** The screen: what it writes makes a real terminal show the frame, and it is no more than needed. */
import fc from 'fast-check';
import {Terminal} from '@xterm/headless';
import {describe, expect, it} from 'vitest';
import {BOLD, colour, DIM, PLAIN, REVERSE, type Span, spansOf, type Style, UNDERLINE} from '../../../../src/cli/terminal/spans.ts';
import {createScreen, ENTER, type Frame, LEAVE} from '../../../../src/cli/terminal/screen.ts';

const SIZE = {rows: 6, columns: 20};

const terminal = (size = SIZE): Terminal => new Terminal({cols: size.columns, rows: size.rows, allowProposedApi: true});
const write = (terminal: Terminal, text: string): Promise<void> => new Promise(resolve => void terminal.write(text, resolve));

interface Seen {
	readonly text: string;
	readonly style: Style;
}

/** What a terminal shows, cell by cell; a cell that was never written is a space. */
function seen(terminal: Terminal): Seen[][] {
	const buffer = terminal.buffer.active;
	return Array.from({length: terminal.rows}, (_, row) => Array.from({length: terminal.cols}, (_, column): Seen => {
		const cell = buffer.getLine(buffer.baseY + row)?.getCell(column);
		if (!cell) return {text: ' ', style: PLAIN};
		const style = (cell.isBold() ? BOLD : 0) | (cell.isDim() ? DIM : 0) | (cell.isUnderline() ? UNDERLINE : 0) | (cell.isInverse() ? REVERSE : 0)
			| (cell.isFgDefault() ? 0 : colour(cell.getFgColor())) | (cell.isBgDefault() ? 0 : colour(cell.getBgColor()) << 9);
		return {text: cell.getWidth() === 0 ? '' : cell.getChars() || ' ', style};
	}));
}

const text = (terminal: Terminal): string => seen(terminal).map(row => row.map(({text}) => text).join('').trimEnd()).join('\n');

const frame = (rows: readonly (string | readonly Span[])[], more: Partial<Frame> = {}): Frame => ({
	size: SIZE, cursor: null, ...more, rows: rows.map(row => typeof row === 'string' ? [{text: row, style: PLAIN}] : row),
});

const screenOf = (): ReturnType<typeof createScreen> => createScreen({isColoured: true});

describe('a screen', () => {
	it('writes nothing where nothing differs', () => {
		const screen = screenOf();
		expect(screen.draw(frame(['one', 'two']))).not.toBe('');
		expect(screen.draw(frame(['one', 'two']))).toBe('');
	});

	it('writes the cells that differ, and moves over the others', () => {
		const screen = screenOf();
		screen.draw(frame(['web   running  12s', 'db    running  12s']));
		expect(screen.draw(frame(['web   running  13s', 'db    failed   12s']))).toBe('\x1b[1;17H3\x1b[2;7Hfailed ');
	});

	it('erases the end of a row', () => {
		const screen = screenOf();
		screen.draw(frame(['a long row of text']));
		expect(screen.draw(frame(['a long']))).toBe('\x1b[1;8H\x1b[K');
	});

	it('writes all again when the terminal has another size, or what it shows is not known', () => {
		const screen = screenOf();
		screen.draw(frame(['one']));
		expect(screen.draw(frame(['one'], {size: {rows: 6, columns: 21}}))).toBe('\x1b[m\x1b[2J\x1b[1;1Hone');
		screen.forget();
		expect(screen.draw(frame(['one'], {size: {rows: 6, columns: 21}}))).toBe('\x1b[m\x1b[2J\x1b[1;1Hone');
	});

	it('shows and hides the cursor', () => {
		const screen = screenOf();
		screen.draw(frame(['/']));
		expect(screen.draw(frame(['/w'], {cursor: {row: 0, column: 2}}))).toBe('\x1b[1;2Hw\x1b[?25h');
		expect(screen.draw(frame(['/w'], {cursor: {row: 0, column: 1}}))).toBe('\x1b[1;2H');
		expect(screen.draw(frame(['/w']))).toBe('\x1b[?25l');
	});

	it('writes no control character of a text, and nothing that turns its direction', async () => {
		const xterm = terminal();
		await write(xterm, screenOf().draw(frame(['a\x1b[2Jb\x07\r\nc\x9b1m', 'x\u202ey\ud800z'])));
		expect(text(xterm).trimEnd()).toBe('a?[2Jb???c?1m\nx?y?z');
	});

	it('leaves colours out where there are to be none', () => {
		const screen = createScreen({isColoured: false});
		expect(screen.draw(frame([[{text: 'red', style: colour(1) | BOLD}]]))).toBe('\x1b[m\x1b[2J\x1b[1;1H\x1b[;1mred\x1b[m');
	});

	it('comes and goes without a trace', async () => {
		const xterm = terminal();
		await write(xterm, 'before');
		await write(xterm, ENTER + screenOf().draw(frame(['full', 'screen'])));
		expect(text(xterm).trimEnd()).toBe('full\nscreen');
		await write(xterm, LEAVE);
		expect(text(xterm).trimEnd()).toBe('before');
		await write(xterm, ' and a line that wraps');
		expect(text(xterm).trimEnd()).toBe('before and a line th\nat wraps');
	});

	it('keeps columns where a character is wide, marked, or of a width that terminals do not agree on', async () => {
		const xterm = terminal();
		const screen = screenOf();
		for (const rows of [['日本語 |', 'é e\u0301 |', '😀😀 |'], ['日xy語 |', 'e\u0301\u0301 é |', '😀ab |'], ['本語日 |', 'e é |', 'a😀b |']]) {
			await write(xterm, screen.draw(frame(rows)));
			expect(seen(xterm).slice(0, 3).map(row => row.findIndex(({text}) => text === '|'))).toEqual([7, 4, 5]);
		}
	});
});

/** Wide, marked, coloured, and of uncertain width; xterm takes emoji for narrow, as by Unicode 6. */
const CHARACTERS = ['a', 'b', 'c', ' ', ' ', ' ', 'é', '│', '…', 'e\u0301', 'x\u0302\u0301', '日', '本', '語', '😀', '🚀', '한', '\t'];
const STYLES = [PLAIN, PLAIN, PLAIN, BOLD, DIM | colour(1), REVERSE, UNDERLINE | colour(12), colour(200), colour(4) << 9, REVERSE | BOLD | colour(2)];

const span = fc.record({
	text: fc.array(fc.constantFrom(...CHARACTERS), {maxLength: 12}).map(list => list.join('')),
	style: fc.constantFrom(...STYLES),
});
const rows = fc.array(fc.array(span, {maxLength: 4}), {maxLength: 5});
const size = fc.constantFrom({rows: 5, columns: 20}, {rows: 5, columns: 20}, {rows: 5, columns: 20}, {rows: 3, columns: 7}, {rows: 8, columns: 33});
const change = fc.record({
	rows, size, cursor: fc.option(fc.record({row: fc.nat(2), column: fc.nat(6)})),
	/** Which rows stay as they were. */
	kept: fc.array(fc.boolean(), {minLength: 5, maxLength: 5}),
});

describe('any frames one after the other', () => {
	it('are seen as they are drawn on an empty screen', async () => {
		await fc.assert(fc.asyncProperty(fc.array(change, {minLength: 1, maxLength: 8}), async changes => {
			const xterm = terminal();
			const screen = screenOf();
			await write(xterm, ENTER);
			let last: Frame['rows'] = [];
			for (const {rows, size, cursor, kept} of changes) {
				last = Array.from({length: 5}, (_, at) => (kept[at] ? last[at] : rows[at]) ?? []);
				xterm.resize(size.columns, size.rows);
				await write(xterm, screen.draw({rows: last, size, cursor}));
				const fresh = terminal(size);
				await write(fresh, ENTER + screenOf().draw({rows: last, size, cursor}));
				expect(seen(xterm)).toEqual(seen(fresh));
				if (cursor) expect([xterm.buffer.active.cursorY, xterm.buffer.active.cursorX]).toEqual([cursor.row, cursor.column]);
				expect(seen(xterm)).toEqual(wanted(last, size));
			}
		}), {numRuns: 100});
	});
});

/** The cells of a frame, made in another way than the screen makes them: each character by itself. */
function wanted(rows: Frame['rows'], {rows: height, columns}: Frame['size']): Seen[][] {
	return Array.from({length: height}, (_, at) => {
		const cells: Seen[] = [];
		for (const {text, style} of rows[at] ?? []) {
			for (const [cluster] of text.matchAll(/\t|[^\u0300-\u036f][\u0300-\u036f]*/gu)) {
				const width = cluster === '\t' ? 8 - cells.length % 8 : /[日本語한😀🚀]/u.test(cluster) ? 2 : 1;
				if (cells.length >= columns) continue;
				if (cluster === '\t') for (let left = width; left > 0; left--) cells.push({text: ' ', style});
				else if (cells.length + width > columns) cells.push({text: ' ', style});
				else {
					cells.push({text: cells.length + width === columns ? cluster.replaceAll(/[\u0300-\u036f]/g, '') : cluster, style});
					// xterm shows an emoji in one cell, and the other one is empty.
					if (width === 2) cells.push({text: /[😀🚀]/u.test(cluster) ? ' ' : '', style});
				}
			}
		}
		while (cells.length < columns) cells.push({text: ' ', style: PLAIN});
		return cells.slice(0, columns);
	});
}

describe('a line with colours', () => {
	it.each<[string, readonly [string, Style][]]>([
		['plain', [['plain', PLAIN]]],
		['\x1b[31mred\x1b[0m and', [['red', colour(1)], [' and', PLAIN]]],
		['\x1b[1;4;7;94mx\x1b[22;24;27;39my', [['x', BOLD | UNDERLINE | REVERSE | colour(12)], ['y', PLAIN]]],
		['\x1b[38;5;208;44mx\x1b[49my', [['x', colour(208) | colour(4) << 9], ['y', colour(208)]]],
		['\x1b[38;2;255;0;0mx\x1b[m', [['x', colour(196)]]],
		['\x1b[38:5:9mx', [['x', colour(9)]]],
		['\x1b[999;38mx', [['x', PLAIN]]],
		['\x1b[103mx', [['x', colour(11) << 9]]],
	])('%j', (line, spans) => {
		expect(spansOf(line).map(({text, style}) => [text, style])).toEqual(spans);
	});
});
