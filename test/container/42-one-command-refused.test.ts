/** A command that cannot be executed. */
import {expect, it} from 'vitest';
import {runOnce} from './harness.ts';

it.each([
	['a path that leads nowhere', '/nowhere/nothing', 127],
	['a name that is not on PATH', 'nothing-of-that-name', 127],
	['a file that is not executable', '/etc/passwd', 126],
	['a directory', '/etc', 126],
])('%s is told and ends with its own status', async (_, program, expected) => {
	const {status, log} = await runOnce({image: 'plain', command: ['--', program]});
	expect(status).toBe(expected);
	expect(log).toContain(program);
});
