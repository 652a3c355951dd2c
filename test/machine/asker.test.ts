/** Which service a client is of, by what the kernel says of the process that connected; also where it says less. */
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, test, vi} from 'vitest';
import {askerOf, type Owner} from '../../src/os/sockets/asker.ts';
import {ERRNO, SOCK_STREAM, sys} from '../../src/os/sys.ts';

const JOB: Owner = {id: 7, name: 'job'};

afterEach(() => vi.restoreAllMocks());

/** What is found of this very process, which `ownerOf` says to be a service's. */
function asked(ownerOf: () => Owner | null | 'unknown'): unknown {
	const path = join(mkdtempSync(join(tmpdir(), 'archon-asker-')), 'sock');
	const listener = sys.listenUnix(path);
	const client = sys.connectUnix(path, SOCK_STREAM);
	const server = sys.accept(listener);
	const asker = askerOf(server, ownerOf);
	[client, server, listener].forEach(sys.close);
	expect(asker).toMatchObject({pid: process.pid, groups: expect.any(Array)});
	return asker?.owner;
}

test.each<[string, number]>([
	['still has its number', 1],
	['cannot be asked for, and the process is of the same user', -ERRNO.ENOPROTOOPT],
])('one that %s is of its service', (_, lives) => {
	vi.spyOn(sys, 'peerLives').mockReturnValue(lives);
	expect([asked(() => JOB), asked(() => null)]).toEqual([JOB, null]);
});

test('one that has ended is of none that is known, whatever has its number', () => {
	vi.spyOn(sys, 'peerLives').mockReturnValue(0);
	expect([asked(() => JOB), asked(() => null)]).toEqual(['unknown', 'unknown']);
});

test('where the kernel cannot say whether it has ended, a process of another user is not it', () => {
	vi.spyOn(sys, 'peerLives').mockReturnValue(-ERRNO.ENOPROTOOPT);
	const {peer} = sys;
	vi.spyOn(sys, 'peer').mockImplementation((fd, report) => {
		const result = peer(fd, report);
		report[1] = 4711;
		return result;
	});
	expect([asked(() => JOB), asked(() => null)]).toEqual(['unknown', null]);
});
