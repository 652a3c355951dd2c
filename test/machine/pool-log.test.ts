/** What a pool writes: the file of `--log`, where what cannot be written is told instead of waited for; and a file that workers share. */
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {NodeRow} from '../../src/features/pools/core/rows.ts';
import {openTransitionLog, type TransitionLog} from '../../src/helpers/pool/transition-log.ts';
import {ARCHON} from './archon.ts';
import {PATIENCE, WORKER} from './pools.ts';

const base = mkdtempSync(join(tmpdir(), 'pool-log-'));
afterAll(() => rmSync(base, {recursive: true}));

const row: NodeRow = {node: 'boot', parent: null, status: 'crashed', pid: 7, why: 'oops', since: Date.UTC(2026, 0, 2)};
const LINE = '2026-01-02T00:00:00.000Z boot crashed 7 oops\n';

function begin(path: string): TransitionLog {
	const log = openTransitionLog(path);
	if (!log.ok) throw new Error(log.error);
	return log.value;
}

test('a line is appended for each change', () => {
	const path = join(base, 'file');
	writeFileSync(path, 'before\n');
	const log = begin(path);
	log.write(row);
	log.write({...row, status: 'ready', why: null});
	log.close();
	expect(readFileSync(path, 'utf8')).toBe(`before\n${LINE}2026-01-02T00:00:00.000Z boot ready 7\n`);
});

test('a pipe that is full loses lines, and the next one says how many', () => {
	const path = join(base, 'pipe');
	execFileSync('mkfifo', [path]);
	expect(openTransitionLog(path)).toEqual({ok: false, error: `${path}: no such device or address`});
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const log = begin(path);
	for (let count = 0; count < 3000; count++) log.write(row);
	const bytes = Buffer.alloc(1 << 20);
	const kept = readSync(reader, bytes) / LINE.length;
	expect(Number.isInteger(kept)).toBe(true);
	log.write(row);
	const length = readSync(reader, bytes);
	expect(bytes.toString('utf8', 0, length)).toBe(`${3000 - kept} lines before this one are lost\n${LINE}`);
	log.close();
	closeSync(reader);
});

test('a folder, or a place that is not there, is told', () => {
	expect(openTransitionLog(base)).toEqual({ok: false, error: `${base}: is a directory`});
	expect(openTransitionLog(join(base, 'none/file'))).toMatchObject({ok: false});
});

test('into one file that was cut off before, the pool and its workers write one behind the other', async () => {
	const folder = join(base, 'shared');
	mkdirSync(folder);
	writeFileSync(join(folder, 'zeus.json'), JSON.stringify({command: `python3 ${WORKER} plan.py`, plan: {boot: {leaf: {show: []}}}}));
	writeFileSync(join(folder, 'plan.py'), ['boot', 'leaf'].map(name => `def ${name}(): print('here is ${name}', flush=True)\n`).join(''));
	const path = join(folder, 'out');
	const out = openSync(path, 'w');
	const child = spawn(ARCHON, ['zeus', 'start'], {cwd: folder, stdio: ['ignore', out, out]});
	closeSync(out);
	await expect.poll(() => readFileSync(path, 'utf8'), {timeout: PATIENCE}).toMatch(/ leaf ready /);
	child.kill('SIGTERM');
	await once(child, 'exit');
	const lines = readFileSync(path, 'utf8').split('\n');
	expect(lines.filter(line => !/^\S+Z (?:boot|leaf) |^here is|^$/.test(line))).toEqual([]);
	for (const text of ['Z boot waiting -', 'Z boot ready', 'Z leaf ready', 'here is boot', 'here is leaf']) {
		expect(lines.some(line => line.includes(text)), text).toBe(true);
	}
}, PATIENCE);
