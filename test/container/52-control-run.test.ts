/** Commands that come at run time. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const config = `
services:
  steady: {command: sleep 1000000}
  second: {command: sleep 1000000}
`;

it('run gives its output and its exit status here', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('second');
	expect(await box.exec('archonctl', 'run', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'))
		.toEqual({status: 3, stdout: 'out\n', stderr: 'err\n'});
	expect((await box.exec('archonctl', 'run', '--', '/nowhere/nothing')).status).toBe(127);
});

it('daemon becomes a service that stays', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('second');
	await box.exec('archonctl', 'daemon', '--name', 'sleeper', '--', 'sleep', '1000000');
	const sleeper = await box.pid('sleeper');
	expect(await box.sh(`cat /proc/${sleeper}/cmdline | tr "\\0" " "`)).toBe('sleep 1000000 ');
	expect(await box.sh(`cut -d " " -f 4 /proc/${sleeper}/stat`)).toBe('1\n');
});
