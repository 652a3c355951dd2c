/** Containers in which nothing runs any more, as real processes have it. */
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

test.each([
	['exits', 'sh -c "exit 3"', 3, /cannot start main: db failed \(exit status 3\)/],
	['cannot be executed', '/nowhere/x', 127, /cannot start main: db failed \(executing \/nowhere\/x: no such file or directory\)/],
])('main whose need %s has failed with it, and the container ends with the status of the need', async (_, command, status, reason) => {
	await using archon = await boot({config: `services:
  db: {type: oneshot, command: ${command}}
  other: {command: sleep 1000000}
  main: {command: sleep 1000000, essential: true, depends_on: {db: {condition: service_completed_successfully}}}
`});
	expect(await archon.ended()).toBe(status);
	expect(archon.log()).toMatch(reason);
	expect(archon.log()).toMatch(/shutting down: main cannot start: db failed/);
});

test('the command of the command line does not wait either', async () => {
	await using archon = await boot({args: ['--', 'sleep', '1000000'], config: `services:
  db: {type: oneshot, command: sh -c "exit 4"}
`});
	expect(await archon.ended()).toBe(4);
});

test.each([
	['failed', 5], ['always', 5],
])('where the last that could run has failed, the container ends with its status (when_idle: %s)', async (whenIdle, status) => {
	await using archon = await boot({config: `services:
  job: {type: oneshot, command: "true"}
  web: {command: sh -c "exit 5", restart: on-failure, fatal_codes: [5], depends_on: [job]}
shutdown: {when_idle: ${whenIdle}}
`});
	expect(await archon.ended()).toBe(status);
	expect(archon.log()).toMatch(/shutting down: no service is running or about to start: web failed \(exit status 5\), job completed/);
});

test('where all is done, the container ends with 0 if it is told to, and else stays and says so', async () => {
	const config = 'services:\n  job: {type: oneshot, command: "true"}\n';
	await using done = await boot({config: `${config}shutdown: {when_idle: always}\n`});
	expect(await done.ended()).toBe(0);
	await using stays = await boot({config});
	await stays.says(/warn: no service is running or about to start: job completed; start a service with archonctl start NAME/);
	expect(await stays.status()).toMatchObject({job: {status: 'exited'}});
});
