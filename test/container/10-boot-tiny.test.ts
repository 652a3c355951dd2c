/** The smallest image, however it is hardened: nothing in it but archon and busybox. */
import {expect, it} from 'vitest';
import {boot, type Boot} from './harness.ts';

const hardenings: readonly (readonly [string, Partial<Boot>])[] = [
	['as it is', {}],
	['with a read-only root', {readOnly: true}],
	['as a user that no passwd file knows', {user: '12345'}],
	['without capabilities and new privileges', {powerless: true}],
	['with all of that', {readOnly: true, user: '12345', powerless: true}],
];

it.each(hardenings)('boots %s and stops with 0', async (_, hardening) => {
	await using box = await boot({image: 'tiny', port: 8080, ...hardening});
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'hello from busybox\n'});
	expect(await box.stop()).toBe(0);
});
