/** The chart of a pool: what it shows, that it fits its window, and that a terminal shows it once however often it is drawn. */
import {Terminal} from '@xterm/headless';
import {expect, test} from 'vitest';
import {chart, createPoolView, type PoolView} from '../../../src/cli/pool-chart.ts';
import {textWidth} from '../../../src/cli/terminal/width.ts';
import type {NodeRow} from '../../../src/features/pools/core/rows.ts';

const since = Date.UTC(2026, 0, 2);
const node = (name: string, parent: string | null, more: Partial<NodeRow> = {}): NodeRow =>
	({node: name, parent, status: 'ready', pid: 70, why: null, since, ...more});

const TRACE = 'Traceback (most recent call last):\n  File "plan.py", line 1\n    oops(\nSyntaxError: \'(\' was never closed\n';
const ROWS: readonly NodeRow[] = [
	node('boot', null), node('default', 'boot', {pid: 71}),
	node('development', 'default', {status: 'booting', pid: 72}),
	node('test_env', 'default', {status: 'crashed', pid: null, why: TRACE}),
	node('test_helper', 'test_env', {status: 'crashed', pid: null, why: TRACE}),
	node('later', 'boot', {status: 'waiting', pid: null}),
];
const COMMANDS = [
	{name: 'console', aliases: ['c'], node: 'development'}, {name: 'server', aliases: ['s'], node: 'default'}, {name: 'test', aliases: [], node: 'test_helper'},
];

test('is a tree with each node, its status and pid, commands, and what a crashed one has said, once', () => {
	expect(chart(ROWS, {width: 80, color: false, commands: COMMANDS})).toBe(`boot                  ready    70
├─ default            ready    71
│  ├─ development     booting  72
│  └─ test_env        crashed  SyntaxError: '(' was never closed
│     └─ test_helper  crashed
└─ later              waiting

commands: console, c · server, s · test

test_env:
  Traceback (most recent call last):
    File "plan.py", line 1
      oops(
  SyntaxError: '(' was never closed
`);
});

test('has colours by status, and none where they are not wanted', () => {
	const text = chart(ROWS, {width: 80, color: true, commands: COMMANDS});
	expect(text).toContain('\x1b[32mready    70\x1b[m');
	expect(text).toContain('\x1b[33mbooting  72\x1b[m');
	expect(text).toContain('\x1b[31mcrashed');
	expect(text).toContain('\x1b[2mwaiting\x1b[m');
	expect(text).toContain('\x1b[33mconsole, c\x1b[m');
	expect(chart(ROWS, {width: 80, color: false, commands: COMMANDS})).toBe(text.replaceAll(/\x1b\[\d*m/g, ''));
});

test.each([1, 2, 5, 10, 20, 33, 79, 200])('no line is wider than a window of %d columns, whatever names and texts hold', width => {
	const rows = [
		node('漢字'.repeat(30), null, {status: 'crashed', why: '\x1b[2J\x1b[31mred\ttab\r\nsecond\u0007\n'.repeat(20)}),
		node('b'.repeat(255), '漢字'.repeat(30), {status: 'crashed', why: 'é'.repeat(600)}), node('\n\x1b[H', null),
	];
	const text = chart(rows, {width, color: false, commands: [{name: 'c'.repeat(255), aliases: ['😀'.repeat(40)], node: 'x'}, ...COMMANDS]});
	for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(width);
	expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
});

test('fits a window that is too low, and says how many nodes are left out', () => {
	const rows = Array.from({length: 256}, (_, at) => node(`n${at}`, at === 0 ? null : 'n0'));
	const lines = chart(rows, {width: 80, height: 10, color: false}).split('\n');
	expect(lines.slice(-3)).toEqual(['├─ n8    ready    70', '… 247 more nodes', '']);
	for (let height = 1; height < 20; height++) expect(chart(ROWS, {width: 80, height, color: false}).split('\n').length).toBeLessThanOrEqual(height + 1);
});

test('rows whose parents are missing or go round in a circle are harmless', () => {
	const rows = [node('a', 'b'), node('b', 'a'), node('c', 'gone'), node('d', 'd')];
	expect(chart(rows, {width: 80, color: false})).toBe('c  ready    70\nd  ready    70\n');
	expect(chart([], {width: 80, color: false})).toBe('');
});

/** Writes on a terminal of that size, and gives what it shows. */
function onTerminal(rows: number, columns: number): {readonly write: (text: string) => Promise<void>; readonly lines: () => readonly string[]; readonly screen: Terminal} {
	const screen = new Terminal({rows, cols: columns, allowProposedApi: true});
	return {
		screen,
		write: async text => new Promise(resolve => void screen.write(text.replaceAll('\n', '\r\n'), resolve)),
		lines() {
			const {active} = screen.buffer;
			const lines = Array.from({length: active.length}, (_, at) => active.getLine(at)?.translateToString(true) ?? '');
			while (lines.at(-1) === '') lines.pop();
			return lines;
		},
	};
}

const textOf = (rows: readonly NodeRow[], width: number): readonly string[] => chart(rows, {width, color: false}).trimEnd().split('\n');

test('is drawn in place: a terminal shows it once, with what was said above, in each size', async () => {
	const {write, lines, screen} = onTerminal(24, 60);
	const view: PoolView = createPoolView('chart', {size: {rows: 24, columns: 60}, color: true});
	await write(view.plan(ROWS));
	await write(view.draw());
	expect(lines()).toEqual(textOf(ROWS, 60));
	expect(view.draw()).toBe('');
	const ready = ROWS.map(row => ({...row, status: 'ready' as const, pid: 99, why: null}));
	for (const row of ready) await write(view.changed(row));
	await write(view.draw());
	expect(lines()).toEqual(textOf(ready, 60));
	await write(view.say('config was read again'));
	expect(lines()).toEqual(['config was read again', ...textOf(ready, 60)]);
	for (const columns of [20, 12, 70]) {
		screen.resize(columns, 24);
		await write(view.resized({rows: 24, columns}));
		expect(lines().slice(-ready.length)).toEqual(textOf(ready, columns));
		expect(lines().filter(line => line.includes('boot'))).toHaveLength(1);
	}
	// The same again changes nothing.
	for (const row of ready) view.changed(row);
	expect(view.draw()).toBe('');
});

test('elsewhere there is one line for each change, and nothing is drawn', () => {
	const [boot] = ROWS as readonly [NodeRow];
	const lines = createPoolView('lines', {size: {rows: 0, columns: 0}, color: false});
	expect(lines.plan(ROWS).split('\n')).toHaveLength(ROWS.length + 1);
	expect(lines.changed(boot)).toBe('2026-01-02T00:00:00.000Z boot ready 70\n');
	expect(lines.draw() + lines.resized({rows: 1, columns: 1})).toBe('');
	expect(lines.say('hello')).toBe('hello\n');
	const simple = createPoolView('simple', {size: {rows: 24, columns: 80}, color: false});
	expect(simple.changed({...boot, status: 'booting'})).toBe('environment: boot status: booted\n');
});
