/** What `archonctl top` shows, at several sizes. */
import {describe, expect, it} from 'vitest';
import {withRemark, withRows} from '../../../../src/cli/top/log-pane.ts';
import {createScreen} from '../../../../src/cli/terminal/screen.ts';
import {type Top, withLoads} from '../../../../src/cli/top/state.ts';
import {view} from '../../../../src/cli/top/view.ts';
import {line, NOW, pressed, row, shown, topOf} from './world.ts';

const LOADS = new Map([['redis', {percent: 1.25, memory: 12_345_678}], ['app', {percent: 210.4, memory: 1_610_612_736}]]);

const withLog = (top: Top): Top => withLoads({...top, log: withRows(top.log, [
	line('ready to accept connections'), line('\x1b[31mwarning\x1b[0m: \x07overcommit\tis 0'), line('x'.repeat(200)),
])}, LOADS);

describe('the screen', () => {
	it.each([[24, 120], [24, 80], [16, 60], [10, 40], [5, 30], [2, 20], [1, 10]])('of %i rows and %i columns', (rows, columns) => {
		expect(shown(withLog(topOf(rows, columns)))).toMatchSnapshot();
	});

	it('while a filter is typed', () => {
		const top = pressed(topOf(12, 60), '/', ...'worker');
		expect(shown(top)).toMatchSnapshot();
		expect(view(top, NOW).cursor).toEqual({row: 11, column: 7});
		expect(view(pressed(topOf(12, 10), '/', ...'0123456789ab'), NOW).cursor).toEqual({row: 11, column: 9});
	});

	it('with a question', () => {
		expect(shown(pressed(topOf(12, 60), 'r'))).toMatchSnapshot();
	});

	it('with help', () => {
		expect(shown(pressed(topOf(12, 80), '?'))).toMatchSnapshot();
	});

	it('sorted the other way round, the log held and moved', () => {
		expect(shown(pressed(withLog(topOf(14, 100)), '>', '>', '>', '>', '>', '>', 'I', 'tab', 'home', 'right'))).toMatchSnapshot();
	});

	it('with a large log', () => {
		expect(shown(pressed(withLog(topOf(10, 60)), 'enter'))).toMatchSnapshot();
	});

	it('without services, and without the one that is looked for', () => {
		expect(shown(topOf(6, 40, []))).toMatchSnapshot('none');
		expect(shown(pressed(topOf(6, 40), '/', 'x', 'y', 'enter'))).toMatchSnapshot('not found');
	});

	it('while archon is not there', () => {
		expect(shown({...topOf(6, 40), trouble: 'no connection to archon: trying again'})).toMatchSnapshot();
	});

	it('with a problem, and with long names', () => {
		const top = topOf(9, 40, [row('a-service-with-a-very-long-name-indeed'), row('b')]);
		expect(shown({...top, notice: {text: 'cannot start web: \x1b[2Jno', isProblem: true}})).toMatchSnapshot();
	});

	it('holds nothing that a terminal would act on', () => {
		const top = topOf(10, 60, [row('web', {note: 'a\x1b[2Jb\x07'})]);
		const text = createScreen({isColoured: true}).draw(view({...top, log: withRows(top.log, [line('\x1b]0;title\x07\x9b2J')])}, NOW));
		expect(text.replaceAll(/\x1b\[[\d;]*[HmKC]|\x1b\[2J|\x1b\[\?2026[hl]/g, '')).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
	});
});

describe('the log pane', () => {
	it('keeps the last thousand lines, and of a long one its beginning', () => {
		const top = topOf();
		const {log} = {...top, log: withRows(top.log, Array.from({length: 1200}, (_, at) => line(`${at}`)))};
		expect([log.lines.length, log.first, log.lines.at(-1)]).toEqual([1000, 200, '1199']);
		const long = withRows(top.log, [line('x'.repeat(12_000), {kind: 'part'}), line('y'.repeat(12_000), {kind: 'part'}), line('z')]);
		expect(long.lines.map(text => text.length)).toEqual([2000]);
	});

	it('says what archon does not read, what was left out, and what happened to archon', () => {
		const {log} = topOf();
		expect(withRows(log, [{kind: 'unseen', name: 'redis', why: 'it inherits the terminal'}]).note)
			.toBe('archon does not read its output: it inherits the terminal');
		expect(withRows(log, [{kind: 'dropped', count: 7}]).lines).toEqual(['(7 lines are left out here: they came too fast)']);
		expect(withRemark(log, 'archon was re-executed').lines).toEqual(['(archon was re-executed)']);
	});
});
