/** Both workers, asked by a master that is nothing but the wire, as they lie in an image. */
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {SCENES} from '../characters/pool/scenes.ts';
import {boot, type Box} from './harness.ts';
import {ROOT} from './places.ts';

let box: Box;
beforeAll(async () => {
	box = await boot({
		image: 'pool', config: 'services: {idle: {command: sleep 1000000}}', environment: {PATIENCE: '60'},
		mounts: {'/scenes': join(ROOT, 'test', 'characters', 'pool')},
	});
});
afterAll(() => box[Symbol.asyncDispose]());

describe.each(['python', 'ruby'])('a worker in %s', language => {
	it.concurrent.each(SCENES)('%s: %s: %s', async (mode, scene) => {
		const {status, stderr} = await box.exec('python3', '-B', '/scenes/scenes.py', language, '/usr/share/archon/workers', mode, scene);
		expect(status, stderr).toBe(0);
	});
});
