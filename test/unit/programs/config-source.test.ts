/** The config as it is read again under a running system. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {createConfigSource, type Reading} from '../../../src/programs/config-source.ts';
import {loadFor} from '../../../src/programs/lookups.ts';

const asked = (file: string) => ({named: [file], envFiles: [], profiles: [], command: []});

test('a bug in what reads it is a problem of that reading', async () => {
	const file = join(mkdtempSync(join(tmpdir(), 'archon-source-')), 'archon.yaml');
	writeFileSync(file, 'services: {web: {extends: base, command: sleep 1}, base: {command: x}}\n');
	const loaded = await loadFor({yaml: true, expansion: false, formats: []});
	const source = createConfigSource(asked(file), {...loaded, needs: {...loaded.needs, expansion: true}});
	const read: Reading[] = [];
	source.read(reading => read.push(reading));
	expect(read.map(({config}) => config)).toEqual([{ok: false, error: [
		{file, line: 0, column: 0, message: 'a bug in archon: Error: what extends and includes is missing', hint: null},
	]}]);
});
