/** The log of long runs: whatever ends them, each event so far is a line that can be read. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, expect, test} from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'log-'));
afterAll(() => rmSync(folder, {recursive: true}));

test('each event is a line at once, also where a SIGKILL comes next', async () => {
	const path = join(folder, 'deep', 'run.log');
	for (const round of [1, 2]) {
		const {signal} = await execa(process.execPath, ['--input-type=module', '-e', `
			import {createLog} from '${join(import.meta.dirname, '../../../scripts/log.ts')}';
			const log = createLog('${path}');
			log.info({round: ${round}, pids: [1, 2]}, 'begins');
			log.warn({error: new Error('late')}, 'goes wrong');
			process.kill(process.pid, 'SIGKILL');
		`], {reject: false, timeout: 20_000});
		expect(signal).toBe('SIGKILL');
		// A new run begins a new log.
		const events = readFileSync(path, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);
		expect(events).toEqual([
			{level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), round, pids: [1, 2], msg: 'begins'},
			{level: 'warn', time: expect.any(String), error: expect.anything(), msg: 'goes wrong'},
		]);
	}
});
