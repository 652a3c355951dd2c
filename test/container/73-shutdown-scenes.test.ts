/** `docker stop` while services are at all kinds of things: it ends within docker's ten seconds, and the log says why. */
import {expect, it} from 'vitest';
import {boot, order, SAYS} from './harness.ts';

const deaf = (keys: string): string =>
	`{command: [sh, -c, 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'], ${keys}}`;

it('ends a deaf, a slow, a starting, a waiting and a failing service in time, and says whom it waits for', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  base: {command: sleep 1000000}
  slow:
    command: [sh, -c, 'trap "sleep 1; echo slow is done; exit 0" TERM; echo up; while :; do sleep 0.1; done']
    depends_on: [base]
  deaf: ${deaf('stop_grace_period: 3s, depends_on: [base]')}
  starting: {command: sleep 1000000, ready: {file: /nowhere}, depends_on: [base]}
  waiting: {command: sleep 1000000, depends_on: {starting: {condition: service_healthy}}}
  failing: {command: 'false', restart: {policy: always, delay: 10m, max_delay: 10m, jitter: 0}}
`});
	await box.says(/deaf +\| deaf/);
	await box.says(/slow +\| up/);
	await box.comesTo('starting', 'starting');
	await box.comesTo('waiting', 'waiting');
	await box.comesTo('failing', 'backoff');
	// Docker's own kill would make it 137.
	expect(await box.stop(10)).toBe(0);
	const log = await box.log();
	expect(log).toMatch(waitingFor('deaf'));
	expect(log).toMatch(/stopped starting \(SIGTERM\)/);
	expect(log).toMatch(/stopped slow \(exit status 0\)/);
	expect(log).not.toMatch(/started waiting|killing (slow|starting|base)/);
	expect(order(log, {
		'base is gone': SAYS.stopped('base'),
		'base stops': SAYS.stopping('base'),
		'deaf is killed': SAYS.killed('deaf'),
		'deaf stops': SAYS.stopping('deaf'),
		'slow is gone': SAYS.stopped('slow'),
		asked: /shutting down: SIGTERM/,
	})).toEqual(['asked', 'deaf stops', 'slow is gone', 'deaf is killed', 'base stops', 'base is gone']);
});

it('scales what deaf services ask for, so that each tier has its share', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  low: ${deaf('stop_grace_period: 1m')}
  middle: ${deaf('stop_grace_period: 1m, depends_on: [low]')}
  high: ${deaf('stop_grace_period: 1m, depends_on: [middle]')}
`});
	for (const name of ['low', 'middle', 'high']) await box.says(new RegExp(`${name} +\\| deaf`));
	expect(await box.stop(10)).toBe(0);
	expect(order(await box.log(), {
		'low is killed': SAYS.killed('low'),
		'low stops': SAYS.stopping('low'),
		'middle is killed': SAYS.killed('middle'),
		'middle stops': SAYS.stopping('middle'),
		'high is killed': SAYS.killed('high'),
		'high stops': SAYS.stopping('high'),
	})).toEqual(['high stops', 'high is killed', 'middle stops', 'middle is killed', 'low stops', 'low is killed']);
});

const waitingFor = (name: string): RegExp =>
	new RegExp(`archon +\\| .*waiting for ${name} \\(pid \\d+, SIGTERM, [\\d.]+ s, SIGKILL in [\\d.]+ s\\)`);
