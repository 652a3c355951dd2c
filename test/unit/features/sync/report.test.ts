/** What PID 1 makes of what its helper says: a report or an answer, or nothing. */
import {expect, test} from 'vitest';
import type {Report} from '../../../../src/core/sync.ts';
import {readAnswer, readReport} from '../../../../src/features/sync/core/report.ts';

const REPORT: Report = {
	version: '7', others: ['6'], held: null, doing: '', looked: 1, outcome: 'release 7 is in force', failed: false, next: 2, expires: null,
};

test('what the helper says is read as it was said', () => {
	expect(readReport(JSON.stringify(REPORT))).toEqual(REPORT);
	expect(readAnswer('{"ok":true,"text":"release 7 is in force"}')).toEqual({ok: true, text: 'release 7 is in force'});
});

test.each(['', '{', 'null', '[]', '7', '"x"', '{}', '{"doing":1,"outcome":"","failed":false,"others":[]}',
	'{"doing":"","outcome":"","failed":false,"others":"6"}'])('%s is no report and no answer', text => {
	expect(readReport(text)).toBeNull();
	expect(readAnswer(text)).toEqual({ok: false, text: 'archon.sync has answered with something else'});
});

test('versions that no folder can have, and times that are none, are left out', () => {
	const text = JSON.stringify({...REPORT, version: '../7', others: ['6', 5, '/etc'], held: {}, looked: '1', next: null});
	expect(readReport(text)).toEqual({...REPORT, version: null, others: ['6'], looked: null, next: null});
});
