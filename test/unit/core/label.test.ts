/** Names before lines. */
import {expect, it} from 'vitest';
import {label, widthOf} from '../../../src/core/label.ts';

it.each<[readonly string[], number]>([
	[[], 6], [['web'], 6], [['web', 'a-longer-name'], 13], [['x'.repeat(100)], 24],
])('of %j begin lines in one column', (names, width) => {
	expect(widthOf(names)).toBe(width);
});

it('have each a colour of their own, always the same, where there are colours', () => {
	expect(label('web', 6, false)).toBe('web    | ');
	expect(label('archon', 6, true)).toBe('\x1b[90marchon | \x1b[0m');
	expect(label('web', 6, true)).toMatch(/^\x1b\[\d\dmweb {4}\| \x1b\[0m$/);
	expect(label('web', 6, true)).toBe(label('web', 6, true));
});
