/** Where archon listens: in the place of its own old socket; of another's in control-trust.test.ts. */
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {createPoller} from '../../src/os/poller.ts';
import {openKeptFds} from '../../src/os/reexec/kept-fds.ts';
import {serve} from '../../src/os/sockets/listener.ts';
import {sys} from '../../src/os/sys.ts';

const newPath = (): string => join(mkdtempSync(join(tmpdir(), 'archon-listener-')), 'archon.sock');

const listenAt = (path: string) => serve(path, {
	poller: createPoller(), ownerOf: () => null,
	kept: openKeptFds({handoff: {past: new Map(), put() {}, delete() {}}, keepFd: () => 0, close: sys.close, failed() {}}),
}, () => Promise.reject(new Error('there is no client')));

test('a listener of its own that a child still holds is replaced', () => {
	const path = newPath();
	const old = sys.listenUnix(path);
	expect(old).toBeGreaterThan(0);
	const listening = listenAt(path);
	expect(listening.ok).toBe(true);
	if (listening.ok) listening.value.close();
	sys.close(old);
});
