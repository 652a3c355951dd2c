/** One service as a page, its graph and its log. */
import {describe, expect, test} from 'vitest';
import {around, draw, MOST} from '../../../../../src/helpers/web/page/graph.ts';
import {graphOf} from '../../../../../src/helpers/web/page/drawing.ts';
import {createSieve, logChoiceOf, placeOf} from '../../../../../src/helpers/web/page/log-lines.ts';
import {type Service, servicePage} from '../../../../../src/helpers/web/page/service.ts';
import type {GraphRow} from '../../../../../src/control/requests/graph/wire.ts';
import type {LogRow} from '../../../../../src/features/logging/requests/logs/rows.ts';
import {HOSTILE, need, NOW, OPERATOR, row, tags, WATCHER} from './rows.ts';

const service = (name: string): GraphRow => ({kind: 'service', name, status: 'running', type: 'daemon'});
const line = (text: string, at: number, more: Partial<Extract<LogRow, {kind: 'line' | 'part'}>> = {}): LogRow =>
	({kind: 'line', name: 'web', stream: 'stdout', at, text, ...more});
const ALL = logChoiceOf(new Map());

const about = (name: string, text: string): Service => ({
	row: row(name, 'waiting', {note: text, groups: [text]}), load: {percent: 3.25, memory: 1024}, usage: undefined,
	why: [
		{kind: 'link', name, status: 'waiting', why: text}, {kind: 'link', name: text, status: 'failed', why: text},
		{kind: 'wanted', runs: true, by: 'config', why: text, at: null}, {kind: 'next', name, at: NOW + 4000, what: `it ${text}`},
		{kind: 'waiting', name: text}, {kind: 'help', command: text, does: text},
	],
	ends: [{name, at: NOW - 60_000, exit: 1, how: `first ${text}`}, {name, at: NOW - 5000, exit: 1, how: `second ${text}`}],
	graph: [service(name), service(text), need(name, text)], lines: [['', 'err', text]], place: {at: NOW, count: 2}, noLog: null,
	said: {kind: 'bad', text}, now: NOW,
});

describe('the page of a service', () => {
	test('it tells why, what comes next, the last ends from the newest, and from where its log goes on', () => {
		const {main, title, live} = servicePage(about('web', 'words'), logChoiceOf(new Map([['grep', 'a&b'], ['stream', 'stderr']])), WATCHER);
		expect(title).toBe('web is waiting · archon');
		expect(live).toBe('/services/web/live?grep=a%26b&stream=stderr');
		expect(main.html).toMatch(/<li>words<\/li><li><a href="\/services\/words">words<\/a> is failed: words<\/li>/);
		expect(main.html).toMatch(/Next: web words in .*4\.0s/);
		expect(main.html.indexOf('second words')).toBeLessThan(main.html.indexOf('first words'));
		expect(main.html).toContain(`data-from="${NOW}.2"`);
		expect(main.html).toContain('value="a&amp;b"');
		expect(main.html).not.toContain('<form method="post"');
	});

	test.each(HOSTILE)('%s is text wherever it comes from', hostile => {
		const choice = logChoiceOf(new Map([['grep', hostile], ['stream', hostile]]));
		const {html} = servicePage(about(hostile, hostile), choice, OPERATOR).main;
		// A name that is its own need has no line in the drawing.
		const same = about('x', 'x');
		expect(tags(html)).toEqual(tags(servicePage(same, logChoiceOf(new Map([['grep', 'x']])), OPERATOR).main.html));
	});
});

describe('the graph', () => {
	const names = ['db', 'cache', 'api', 'web', 'lone'];
	const rows = [...names.map(service), need('api', 'db'), need('api', 'cache', {strength: 'soft'}), need('web', 'api', {isMet: false}), need('web', 'db')];

	test('what is needed stands left of what needs it, and no box on another one', () => {
		const {boxes, lines, size: [width, height]} = draw(around(rows, null));
		const at = new Map(boxes.map(box => [box.name, box]));
		expect(boxes.map(({name}) => name)).toEqual(['db', 'cache', 'api', 'web']);
		for (const {need: {name, other}} of lines) expect(at.get(other)?.x).toBeLessThan(at.get(name)?.x ?? 0);
		for (const a of boxes) {
			for (const b of boxes) expect(a === b || Math.abs(a.x - b.x) >= width || Math.abs(a.y - b.y) >= height).toBe(true);
		}
	});

	test('of one service it has all that it needs and all that needs it, and no more than can be seen', () => {
		expect(around(rows, 'api').rows.filter(({kind}) => kind === 'service').map(({name}) => name)).toEqual(['db', 'cache', 'api', 'web']);
		expect(around(rows, 'cache').rows.some(({name}) => name === 'db')).toBe(false);
		const many = Array.from({length: 5000}, (_, index) => index);
		const wide = around([service('db'), ...many.map(each => service(`s${each}`)), ...many.map(each => need(`s${each}`, 'db'))], 'db');
		expect(wide.rows.filter(({kind}) => kind === 'service')).toHaveLength(MOST);
		expect(wide.left).toBe(5001 - MOST);
	});

	test('the same stands there in words', () => {
		const html = graphOf([...rows, {kind: 'conflict', name: 'web', other: 'api'}], null)?.html ?? '';
		const words = html.slice(html.indexOf('<details')).replaceAll(/<[^>]*>/g, '\n');
		expect(words.replaceAll(/\s+/g, ' ')).toContain('api waits for cache started web needs api started (not yet)');
		expect(words.replaceAll(/\s+/g, ' ')).toContain('web never runs together with api');
		expect(graphOf([service('lone')], null)).toBe(null);
	});

	test('a circle has an end', () => {
		expect(draw(around([service('a'), service('b'), need('a', 'b'), need('b', 'a')], null)).boxes).toHaveLength(2);
	});
});

describe('the log', () => {
	test('a line has its time and stream, is without colours, and whole where it came in parts', () => {
		const sieve = createSieve(ALL, null);
		expect(sieve.lines([
			line('\x1b[31mred\x1b[0m \x1b]0;title\x07and\x00', NOW, {stream: 'stderr'}), line('be', NOW, {kind: 'part'}), line('gun\r', NOW),
			{kind: 'dropped', count: 3}, {kind: 'unseen', name: 'web', why: 'it logs itself'},
		])).toEqual([
			['22:13:20.000', 'err', 'red and\ufffd'], ['22:13:20.000', '', 'begun'], ['', 'note', '3 lines are left out here: they came too fast'],
			['', 'note', 'archon does not read its output: it logs itself'],
		]);
		expect(sieve.place()).toEqual({at: NOW, count: 2});
	});

	test('what a browser has is not told again, and nothing else is left out', () => {
		const rows = [line('a', 1), line('b', 2), line('c', 2), line('d', 2), line('e', 3)];
		const first = createSieve(ALL, null);
		first.lines(rows.slice(0, 3));
		const again = createSieve(ALL, first.place());
		// archon tells all of that time.
		expect(again.lines(rows.slice(1)).map(([,, text]) => text)).toEqual(['d', 'e']);
		expect(again.place()).toEqual({at: 3, count: 1});
		expect(createSieve(ALL, {at: 5, count: 2}).place()).toEqual({at: 5, count: 2});
	});

	test('a filter is a part of a line in small or capital letters, and never a pattern', () => {
		const sieve = createSieve(logChoiceOf(new Map([['grep', '.*ERR']])), null);
		expect(sieve.lines([line('error', 1), line('x .*err', 1)]).map(([,, text]) => text)).toEqual(['x .*err']);
	});

	test.each([['1700.2', {at: 1700, count: 2}], ['', null], ['1.2.3', null], ['-1.2', null], ['1', null]])('the place %j is %j', (text, place) => {
		expect(placeOf(text)).toEqual(place);
	});
});
