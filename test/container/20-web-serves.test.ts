/** Three real servers in one container, in the order of their needs. */
import {expect, it} from 'vitest';
import {boot, order, SAYS} from './harness.ts';

it('passes a request through nginx and the app to redis', async () => {
	await using box = await boot({image: 'web', port: 80});
	await expect.poll(() => box.get()).toEqual({status: 200, text: 'hello from redis, visit 1\n'});
	expect(await box.get()).toEqual({status: 200, text: 'hello from redis, visit 2\n'});
});

it('starts redis, then the migration, and the app and nginx only after it', async () => {
	await using box = await boot({image: 'web'});
	await box.comesTo('nginx', 'running');
	expect(await box.service('migrate')).toMatchObject({status: 'exited', pid: null, restarts: 0});
	expect(order(await box.log(), {
		nginx: SAYS.started('nginx'),
		app: SAYS.started('app'),
		migrated: /migrate \| migrated/,
		migrate: SAYS.started('migrate'),
		redis: SAYS.started('redis'),
	})).toEqual(['redis', 'migrate', 'migrated', 'app', 'nginx']);
});
