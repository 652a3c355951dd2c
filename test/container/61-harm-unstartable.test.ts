/** Services that cannot be executed. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it.each([
	['a program that is not there', 'command: /nowhere/nothing', /nowhere\/nothing.*no such file/],
	['a file that is no program', 'command: /etc/passwd', /etc\/passwd.*permission denied/],
	['a working directory that is not there', 'command: sleep 1, working_dir: /nowhere', /\/nowhere.*no such file/],
])('%s is failed with its reason, and is not tried again', async (_, keys, reason) => {
	await using box = await boot({image: 'plain', config: `
services:
  broken: {${keys}, restart: always}
  steady: {command: sleep 1000000}
`});
	await box.pid('steady');
	const broken = await box.comesTo('broken', 'failed');
	expect(broken).toMatchObject({pid: null, restarts: 0});
	expect(JSON.stringify(broken)).toMatch(reason);
	expect((await box.exec('archonctl', 'status')).stdout).toMatch(reason);
	expect((await box.log()).match(/cannot start broken/g)).toHaveLength(1);
});
