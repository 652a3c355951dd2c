/** What the end of a test means. */
import {expect, test} from 'vitest';
import {answerOf, describeAnswer} from '../../../../src/features/run-test/core/answer.ts';

test.each([
	[null, '', 'yes', 'yes (exit 0)'],
	[null, 'all is well', 'yes', 'yes (exit 0: all is well)'],
	['exit status 1', '', 'no', 'no (exit 1)'],
	['exit status 255', 'no disk', 'no', 'no (exit 255: no disk)'],
	['exit status 126', '', 'error', 'no answer (exit 126 (not executable))'],
	['exit status 127', '', 'error', 'no answer (exit 127 (not found))'],
	['killed by SIGSEGV', 'here', 'error', 'no answer (killed by SIGSEGV: here)'],
	['executing /x: no such file or directory', '', 'error', 'no answer (executing /x: no such file or directory)'],
] as const)('%s, %j: %s', (failure, detail, verdict, words) => {
	const answer = answerOf(failure, detail, 5);
	expect([answer.verdict, describeAnswer(answer), answer.took]).toEqual([verdict, words, 5]);
});
