/** The worker in Python, asked by a master that is nothing but the wire: what it says is what any master may expect. */
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {SCENES} from '../characters/pool/scenes.ts';

const root = join(import.meta.dirname, '../..');

describe('a worker in Python', () => {
	test.concurrent.each(SCENES)('%s: %s: %s', {timeout: 90_000}, async (mode, scene) => {
		const player = join(root, 'test/characters/pool/scenes.py');
		const {exitCode, stderr} = await execa('python3', [player, 'python', join(root, 'workers'), mode, scene], {
			reject: false, env: {PATIENCE: '60', PYTHONDONTWRITEBYTECODE: '1'},
		});
		expect(exitCode, stderr).toBe(0);
	});
});
