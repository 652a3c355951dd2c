/** Who waits for a job goes on waiting, whatever signals come meanwhile. */
import {spawn} from 'node:child_process';
import {expect, test} from 'vitest';
import {pipe} from '../../src/os/descriptors.ts';
import {wait} from '../../src/os/jobs.ts';
import {sys} from '../../src/os/sys.ts';

test('the end of a child is not the end of the wait', () => {
	const ends = pipe();
	if (typeof ends === 'number') throw new Error('no pipe');
	// What does not fit into the pipe waits for a reader; before that comes the SIGCHLD of another child.
	spawn('sh', ['-c', 'sleep 0.1']);
	spawn('sh', ['-c', 'sleep 0.3; exec cat >/dev/null'], {stdio: [ends[0], 'ignore', 'ignore']});
	expect(wait('write', {fd: ends[1], pieces: [new Uint8Array(1 << 20)]}, 20_000).result).toBe(1 << 20);
	for (const fd of ends) sys.close(fd);
});
