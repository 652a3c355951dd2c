/** Rows of lines there and back: whatever a line says, records carry it. */
import fc from 'fast-check';
import {expect, it} from 'vitest';
import {decodeLogRow, encodeLogRow, type LogRow} from '../../../../src/features/logging/requests/logs/rows.ts';
import {createReader, joinRecord, LONGEST} from '../../../../src/control/records.ts';

/** Through bytes, and put together again. */
function there(row: LogRow): readonly (LogRow | null)[] {
	const text = encodeLogRow(row).map(fields => joinRecord(['Row', ...fields], '7')).join('');
	return createReader().read(new TextEncoder().encode(text)).map(reading => {
		if (reading.kind === 'fault') throw new Error(reading.reason);
		return decodeLogRow(reading.fields.slice(1));
	});
}

it('carries any text', () => {
	fc.assert(fc.property(fc.string({unit: 'binary'}), text => {
		const row = {kind: 'line', name: 'web:1', stream: 'stderr', at: 17, text} as const;
		expect(there(row)).toEqual([row]);
	}));
});

it.each([
	['plain', 'x'], ['wide', '\uffff'], ['pairs', '😀'], ['quotes', '"'], ['controls', '\x1b'], ['backslashes', '\\'], ['one before pairs', 'x😀'],
])('carries a long line of %s in pieces, each of which is a record', (_, unit) => {
	const text = unit.repeat(20_001);
	const rows = encodeLogRow({kind: 'line', name: 'n'.repeat(64), stream: 'stdout', at: 1e13, text});
	for (const row of rows) {
		expect(new TextEncoder().encode(joinRecord(['Row', ...row], 'x'.repeat(16))).length).toBeLessThanOrEqual(LONGEST);
		expect(row[4]?.isWellFormed()).toBe(true);
	}
	const parts = there({kind: 'line', name: 'web', stream: 'stdout', at: 1, text});
	expect(parts.map(part => part?.kind === 'line' || part?.kind === 'part' ? part.text : '').join('')).toBe(text);
	expect(parts.map(part => part?.kind)).toEqual([...parts.slice(1).map(() => 'part'), 'line']);
});

it.each<LogRow>([
	{kind: 'source', name: 'web'},
	{kind: 'unseen', name: 'web', why: 'it writes to /a\nb'},
	{kind: 'file', name: 'web', path: '/var/log/\x07 "ü\\', inode: 12, size: 0, format: 'timestamps', streams: ['stderr']},
	{kind: 'live'},
	{kind: 'dropped', count: 12},
])('carries $kind', row => {
	expect(there(row)).toEqual([row]);
});

it('leaves alone what it does not know', () => {
	expect(decodeLogRow(['news', 'x'])).toBeNull();
	expect(decodeLogRow([])).toBeNull();
});
