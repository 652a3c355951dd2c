/** What is changed in the engine's sources: that each change has its place in the version that is taken. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {changed, ENGINE_CHANGES} from '../../../scripts/build/engine-changes.ts';
import {sourcesOf} from '../../../scripts/build/libraries.ts';

test('each change has its place in the sources that are compiled, and leaves all lines where they are', async () => {
	const folder = await sourcesOf('quickjs-ng');
	for (const [file, changes] of Object.entries(ENGINE_CHANGES)) {
		const text = readFileSync(join(folder, file), 'utf8');
		const result = changed(text, changes);
		expect(result).not.toBeNull();
		expect(result?.split('\n').length).toBe(text.split('\n').length);
	}
});

test('all are made or none', () => {
	expect(changed('a b', [{from: 'a', to: 'c'}, {from: 'b', to: 'd'}])).toBe('c d');
	expect(changed('a b', [{from: 'a', to: 'c'}, {from: 'x', to: 'd'}])).toBeNull();
	expect(changed('a a', [{from: 'a', to: 'c'}])).toBeNull();
});
