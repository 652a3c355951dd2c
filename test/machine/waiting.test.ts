/** Who waits for a job goes on waiting, whatever signals come meanwhile. */
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {wait} from '../../src/os/jobs.ts';
import {O, sys} from '../../src/os/sys.ts';

test('the end of a child is not the end of the wait', () => {
	const fifo = join(mkdtempSync(join(tmpdir(), 'archon-waiting-')), 'fifo');
	execFileSync('mkfifo', [fifo]);
	// The job hangs in open(2) until there is a writer; before that comes the SIGCHLD of another child.
	spawn('sh', ['-c', 'sleep 0.1']);
	spawn('sh', ['-c', `sleep 0.3; exec 3>${fifo}`]);
	const {result} = wait('open', {text: fifo, numbers: [O.RDONLY, 0]}, 20_000);
	expect(result).toBeGreaterThan(2);
	sys.close(result);
});
