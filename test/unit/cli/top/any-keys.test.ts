/** Any keys, answers and sizes one after the other: what is shown fits the terminal, and is what the terminal then shows. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Terminal} from '@xterm/headless';
import type {StatusRow} from '../../../../src/control/requests/status/wire.ts';
import {createScreen, ENTER} from '../../../../src/cli/terminal/screen.ts';
import {press} from '../../../../src/cli/top/keys.ts';
import {withRows} from '../../../../src/cli/top/log-pane.ts';
import {layoutOf, newTop, resized, selectedOf, type Top, withLoads, withServices} from '../../../../src/cli/top/state.ts';
import {view} from '../../../../src/cli/top/view.ts';
import {line, NOW, row, SERVICES} from './world.ts';

const KEYS = [
	'up', 'down', 'page-up', 'page-down', 'home', 'end', 'j', 'k', 'g', 'G', '/', 'w', 'o', 'r', 'x', 's', 'y', 'n', '?', 'q', 'l', 'tab', 'enter',
	'escape', 'backspace', ' ', 'f', '<', '>', 'I', 'left', 'right', 'ctrl-u', 'ctrl-w', 'f5', 'é', '語', 'ctrl-l', 'alt-x',
];
const WORDS = ['web', 'a-very-long-name-of-a-service-that-is-scaled', 'x', 'worker:1', 'db'];

const service = fc.record({
	name: fc.constantFrom(...WORDS, ...Array.from({length: 40}, (_, at) => `s${at}`)),
	status: fc.constantFrom('stopped', 'waiting', 'starting', 'running', 'unhealthy', 'stopping', 'backoff', 'exited', 'failed'),
	pid: fc.option(fc.nat(4_194_304)), since: fc.nat(1_700_000_000_000), restarts: fc.nat(100_000), exit: fc.option(fc.nat(255)),
	note: fc.constantFrom('', 'exit status 3', 'x'.repeat(300)),
}).map(({name, ...more}): StatusRow => row(name, more));

type Step = (top: Top) => Top;

const step: fc.Arbitrary<Step> = fc.oneof(
	{weight: 10, arbitrary: fc.constantFrom(...KEYS).map((key): Step => top => press(top, key).top)},
	{weight: 1, arbitrary: fc.record({rows: fc.integer({min: 1, max: 40}), columns: fc.integer({min: 2, max: 130})}).map((size): Step => top => resized(top, size))},
	{weight: 1, arbitrary: fc.uniqueArray(service, {maxLength: 30, selector: ({name}) => name}).map((services): Step => top => withServices(top, services))},
	{weight: 1, arbitrary: fc.array(fc.constantFrom('hello', 'a\tb', '\x1b[31mred', '日本語'.repeat(30), '', '\x07\x1b[2J'), {maxLength: 40})
		.map((texts): Step => top => ({...top, log: withRows(top.log, texts.map(text => line(text)))}))},
	{weight: 1, arbitrary: fc.constant<Step>(top => withLoads(top, new Map(top.services.map(({name}, at) => [name, {percent: at % 2 ? null : at * 50, memory: at ** 8}]))))},
);

test('what is shown fits, the selected service is visible, and cells that differ are all that is written', async () => {
	await fc.assert(fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 40}), async steps => {
		let top = withServices(newTop({rows: 24, columns: 80}), SERVICES);
		const terminal = new Terminal({rows: 24, cols: 80, allowProposedApi: true});
		const screen = createScreen({isColoured: true});
		const write = (to: Terminal, text: string): Promise<void> => new Promise(resolve => void to.write(text, resolve));
		const shown = (of: Terminal): string[] => Array.from({length: of.rows}, (_, at) => of.buffer.active.getLine(at)?.translateToString(true, 0, of.cols).trimEnd() ?? '');
		await write(terminal, ENTER);
		for (const each of steps) {
			top = each(top);
			const frame = view(top, NOW);
			expect(frame.rows.length).toBeLessThanOrEqual(top.size.rows);
			expect(frame.size).toEqual(top.size);
			expect(top.at).toBeGreaterThanOrEqual(top.offset);
			if (selectedOf(top)) expect(top.at).toBeLessThan(top.offset + layoutOf(top).table);
			terminal.resize(top.size.columns, top.size.rows);
			await write(terminal, screen.draw(frame));
		}
		const fresh = new Terminal({rows: top.size.rows, cols: top.size.columns, allowProposedApi: true});
		await write(fresh, ENTER + createScreen({isColoured: true}).draw(view(top, NOW)));
		expect(shown(terminal)).toEqual(shown(fresh));
	}), {numRuns: 60});
});
