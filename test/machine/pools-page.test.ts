/** The pools of docs/features/pools.md, as a reader would try them. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {parse} from 'yaml';
import {PATIENCE, pool, type PoolFiles, WORKER} from './pools.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/features/pools.md'), 'utf8');
const blocks = (language: string): string[] => [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter(([, name]) => name === language).map(([,, body = '']) => body);
const pools = blocks('yaml').flatMap(text => Object.values((parse(text) as {pools: Record<string, PoolFiles>}).pools));
const asHere = ({plan, items, command = ''}: PoolFiles): PoolFiles =>
	({plan, ...items && {items}, command: command.replace('/usr/share/archon/workers/archon_worker.py', WORKER)});

test('the first has a console, runs files and tests', async () => {
	await using it = await pool({...asHere(pools[0]!), code: blocks('python')[0] ?? ''});
	await it.ready('default_env');
	await it.ready('test_env');
	expect(await it.feed('print(6 * 7)\n', 'run', 'c')).toMatchObject({status: 0, stdout: expect.stringContaining('42')});
	it.write('said.py', 'import sys\nprint(__name__, sys.argv[-1])\n');
	expect(await it.client('run', 'run', 'said.py', 'word')).toMatchObject({status: 0, stdout: '__main__ word\n'});
	it.write('some.py', 'import unittest\nclass Some(unittest.TestCase):\n\tdef test(self): self.assertEqual(1, 1)\n');
	expect(await it.client('run', 't', 'some')).toMatchObject({status: 0, stderr: expect.stringContaining('OK')});
}, PATIENCE);

test('the second says hello by the texts of its items', async () => {
	await using it = await pool(asHere(pools[1]!));
	await it.ready('boot');
	expect(await it.client('run', 'hello')).toEqual({status: 0, stdout: 'hello\n', stderr: ''});
}, PATIENCE);
