/** How much of archon is loaded for what is done most: a bound on modules of bytecode, which a start and a command pay for. */
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, expect, test} from 'vitest';
import {boot} from './archon.ts';

/** The same executable as archon, which also writes down what it loads. */
const TELLING = join(import.meta.dirname, '../../dist/native/telling');

const folder = mkdtempSync(join(tmpdir(), 'loading-'));
afterAll(() => rmSync(folder, {recursive: true}));

function loaded(file: string): {readonly modules: number; readonly kilobytes: number} {
	const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
	return {modules: lines.length, kilobytes: lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0) / 1000};
}

const CONFIG = `
services:
  web: {command: sleep 1000000, restart: always, depends_on: [job], environment: {A: b}}
  job: {type: oneshot, command: "true"}
`;

// What needs more for something new loads it by need (src/core/by-need.ts, import()), or says here why every start has to.
test('PID 1 with a plain config', async () => {
	const file = join(folder, 'start');
	await using archon = await boot({config: CONFIG, program: join(TELLING, 'archon'), env: {ARCHON_MODULES: file}});
	await archon.says(/started web/);
	const start = loaded(file);
	expect(start.kilobytes).toBeGreaterThan(200);
	expect(start.kilobytes).toBeLessThan(540);
	expect(start.modules).toBeLessThan(25);

	// The first client brings the server with it, and nothing is loaded for the second.
	await archon.ctl('status');
	const served = loaded(file);
	expect(served.kilobytes - start.kilobytes).toBeLessThan(155);
	await archon.ctl('status');
	expect(loaded(file)).toEqual(served);
});

test('a single command', async () => {
	const file = join(folder, 'single');
	await execa(join(TELLING, 'archon'), ['--', 'true'], {env: {ARCHON_MODULES: file}});
	expect(loaded(file).kilobytes).toBeLessThan(365);
});

test('archonctl status, and other small commands', async () => {
	await using archon = await boot({config: CONFIG});
	await archon.says(/started web/);
	for (const words of [['status'], ['status', 'web'], ['history', 'web'], ['start', 'web'], ['version']]) {
		const file = join(folder, words.join(' '));
		await execa(join(TELLING, 'archonctl'), words, {env: {ARCHON_MODULES: file, ARCHON_SOCKET: archon.socket}});
		const {modules, kilobytes} = loaded(file);
		expect(kilobytes, words.join(' ')).toBeGreaterThan(20);
		expect(kilobytes, words.join(' ')).toBeLessThan(words[0] === 'status' ? 72 : 140);
		expect(modules, words.join(' ')).toBeLessThan(18);
	}
});
