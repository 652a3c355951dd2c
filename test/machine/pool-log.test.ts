/** The file of `--log`: lines are appended, and what cannot be written is told instead of waited for. */
import {execFileSync} from 'node:child_process';
import {closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {NodeRow} from '../../src/features/pools/core/rows.ts';
import {openTransitionLog, type TransitionLog} from '../../src/helpers/pool/transition-log.ts';

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
