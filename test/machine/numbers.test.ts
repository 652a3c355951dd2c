/** Numbers of processes that are used again: a service that left a process does not end another one that gets its number. */
import {beforeAll, expect, test} from 'vitest';
import {execa} from 'execa';
import {boot} from './archon.ts';
import {character} from './characters.ts';

let wanderer = '';
beforeAll(async () => void (wanderer = await character('wanderer')));

test.runIf(process.getuid?.() === 0)('a process group that was a service\'s is not signalled once another service has its number', async () => {
	await using archon = await boot({config: `services:
  wanderer: {command: ${wanderer}, user: daemon, ready: notify, start_timeout: unlimited}
  victim: {command: sleep 1000000, user: nobody, autostart: false}
`});
	const [, number] = await archon.says(/number (\d+)/);
	// A program that makes as many processes as there are numbers needs a second or two for that.
	await execa('nsenter', ['-t', String(archon.pid), '-p', 'sh', '-c', `echo ${Number(number) - 1} > /proc/sys/kernel/ns_last_pid`]);
	await archon.ctl('start', 'victim');
	expect((await archon.status())['victim']).toMatchObject({status: 'running', pid: Number(number)});
	await archon.ctl('stop', 'wanderer');
	expect((await archon.status())['victim']).toMatchObject({status: 'running', pid: Number(number), restarts: 0});
});
