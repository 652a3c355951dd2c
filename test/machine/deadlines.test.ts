/** What archon waits for: whatever is due first comes first, whenever it was asked for, and however far off the rest is. */
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

/** The longest that can be said: further than 32 bits of microseconds reach. */
const FAR = '168h';
/** Has a deadline from the moment that it is started. */
const PATIENT = `patient: {command: sleep 1000000, ready: {file: /no/such/file, interval: ${FAR}, timeout: ${FAR}}, start_timeout: ${FAR}}`;

test('a restart, a start and an end that take too long are due while something else is not for long', async () => {
	await using archon = await boot({config: `services:
  ${PATIENT}
  crasher:
    command: 'false'
    depends_on: {patient: {condition: service_started}}
    restart: {policy: always, attempts: 3, delay: 50ms, max_delay: 50ms}
  slow: {command: sleep 1000000, ready: {file: /no/such/file}, start_timeout: 200ms, restart: 'no', depends_on: {patient: {condition: service_started}}}
  deaf: {command: "sh -c 'trap : TERM; echo deaf; while :; do sleep 0.1; done'", stop_grace_period: 200ms, depends_on: {patient: {condition: service_started}}}
`});
	await archon.says(/crasher failed: exit status 1 after 3 restarts/);
	await expect.poll(async () => (await archon.status())['slow']?.status).toBe('failed');
	await archon.says(/deaf +\| deaf/);
	expect((await archon.ctl('stop', 'deaf')).status).toBe(0);
	await archon.says(/killing deaf [^]*stopped deaf \(SIGKILL\)/);
	expect((await archon.status())['patient']).toMatchObject({status: 'starting', restarts: 0});
});

test('what is a week off is not due before', async () => {
	await using archon = await boot({config: `services:
  ${PATIENT}
  later: {command: 'false', restart: {policy: always, delay: ${FAR}, max_delay: ${FAR}}}
  idle: {command: sleep 1000000}
`});
	await archon.says(/later exited with status 1; restart 2 of \d+ in /);
	const before = await archon.status();
	// It goes round often meanwhile.
	for (let i = 0; i < 5; i++) expect((await archon.ctl('restart', 'idle')).status).toBe(0);
	const after = await archon.status();
	expect(after['later']).toEqual(before['later']);
	expect(after['patient']).toMatchObject({status: 'starting', pid: before['patient']?.pid, restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
