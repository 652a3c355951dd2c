/** An ordinary Debian that took archon with `COPY --from=archon / /`. */
import {expect, it} from 'vitest';
import {boot, type Boot} from './harness.ts';

const config = `
services:
  greeter: {type: oneshot, command: echo hello}
  steady: {command: sleep 1000000, depends_on: {greeter: {condition: service_completed_successfully}}}
`;

const hardenings: readonly (readonly [string, Partial<Boot>])[] = [
	['as root', {}],
	['as a user that no passwd file knows', {user: '12345'}],
	['without capabilities and new privileges', {powerless: true}],
	['under a library path that leads elsewhere', {environment: {LD_LIBRARY_PATH: '/lib/x86_64-linux-gnu'}}],
];

it.each(hardenings)('boots %s, and archonctl reaches it', async (_, hardening) => {
	await using box = await boot({image: 'plain', config, ...hardening});
	await box.comesTo('steady', 'running');
	expect(await box.service('greeter')).toMatchObject({status: 'exited', pid: null});
	expect(await box.sh('readlink /proc/1/exe || cat /proc/1/comm')).toMatch(/archon/);
});
