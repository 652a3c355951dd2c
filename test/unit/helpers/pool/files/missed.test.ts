/** Which files were written while a node loaded them, and when that is no reason to boot it again. */
import {expect, test} from 'vitest';
import {createMissed} from '../../../../../src/helpers/pool/files/missed.ts';

test('what was written before the boot, is not there, or has a time to come is not missed', () => {
	const missed = createMissed();
	expect(missed.judge('boot', '/a', 1000, 1000, 1500)).toBe('no');
	expect(missed.judge('boot', '/a', 0, 1000, 1500)).toBe('no');
	expect(missed.judge('boot', '/a', 9000, 1000, 1500)).toBe('no');
	expect(missed.judge('boot', '/a', 1000.001, 1000, 1500)).toBe('yes');
});

test('three times in a row are missed, then it is said once that they are not any more, until a boot leaves the file alone', () => {
	const missed = createMissed();
	const boots = (count: number): readonly string[] => Array.from({length: count}, () => missed.judge('boot', '/a', 1200, 1000, 1500));
	expect(boots(6)).toEqual(['yes', 'yes', 'yes', 'tired', 'no', 'no']);
	expect(missed.judge('test', '/a', 1200, 1000, 1500)).toBe('yes');
	expect(missed.judge('boot', '/a', 900, 1000, 1500)).toBe('no');
	expect(boots(2)).toEqual(['yes', 'yes']);
});
