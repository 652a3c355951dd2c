/** What a line may go on with. */
import {expect, test} from 'vitest';
import {TABLE} from '../../../../src/cli/table.ts';
import {columnsOf, complete, type Known} from '../../../../src/cli/shell/complete.ts';

const known: Known = {
	verbs: await TABLE.all(),
	names: ['web', 'web:1', 'worker', 'all', 'my app'],
	list: folder => (folder === '/etc/' ? ['archon/', 'passwd', 'passwd-', 'x\x1b[2J', 'x\udc80'] : []),
};

/** The line after Tab, with `|` for the cursor. */
function tab(line: string): string {
	const at = line.includes('|') ? line.indexOf('|') : line.length;
	const text = line.replace('|', '');
	const {from, common} = complete(text, at, known);
	return text.slice(0, from) + common + text.slice(at);
}

test.each([
	['statu', 'status '],
	['re', 're'],
	['hist', 'history '],
	['archonctl statu', 'archonctl status '],
	['status w', 'status w'],
	['status wo', 'status worker '],
	['status web wo', 'status web worker '],
	['status my', 'status \'my app\' '],
	['status "my', 'status \'my app\' '],
	['stop web; start wo', 'stop web; start worker '],
	['wo| x', 'wo x'],
	['status wo| x', 'status worker  x'],
	['status --js', 'status --json '],
	['logs --stre', 'logs --stream '],
	['logs --stream std', 'logs --stream std'],
	['logs --stream stde', 'logs --stream stderr '],
	['logs --stream=stde', 'logs --stream=stderr '],
	['logs -n 5 wo', 'logs -n 5 worker '],
	['logs -- wo', 'logs -- worker '],
	['signal HU', 'signal HUP '],
	['signal HUP wo', 'signal HUP worker '],
	['upgrade /etc/ar', 'upgrade /etc/archon/'],
	['upgrade /etc/pass', 'upgrade /etc/passwd'],
	['upgrade /etc/x', 'upgrade /etc/x'],
	['run -- wo', 'run -- wo'],
	['shutdown wo', 'shutdown wo'],
	['nothing wo', 'nothing wo'],
	['status nothing', 'status nothing'],
])('%j → %j', (line, after) => {
	expect(tab(line)).toBe(after);
});

test('what there is to choose from is sorted', () => {
	expect(complete('status w', 8, known).words).toEqual(['web', 'web:1', 'worker']);
});

test('the choices stand in columns, and no more than there is room for', () => {
	expect(columnsOf(['a', 'bb', 'ccc'], 80, 24)).toEqual(['a    bb   ccc']);
	expect(columnsOf(['a', 'bb', 'ccc'], 11, 24)).toEqual(['a    ccc', 'bb']);
	const many = columnsOf(Array.from({length: 100}, (_, i) => `name-${i}`), 40, 10);
	expect([many.length, many.at(-1)]).toEqual([8, 'and 72 more']);
	expect(columnsOf(['long name'], 3, 3)).toEqual(['long name']);
});
