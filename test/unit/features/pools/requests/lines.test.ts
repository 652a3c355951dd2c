/** Texts of several lines in fields of the control socket. */
import {expect, test} from 'vitest';
import {packed, unpacked} from '../../../../../src/features/pools/requests/lines.ts';

test.each([
	['File "a.py", line 1\n  x = (\n', 'File "a.py", line 1\\n  x = (\\n'], ['C:\\new', 'C:\\\\new'], ['\\\n\\', '\\\\\\n\\\\'], ['', ''],
])('%j is %j, and comes back', (text, field) => {
	expect(packed(text)).toBe(field);
	expect(unpacked(field)).toBe(text);
});
