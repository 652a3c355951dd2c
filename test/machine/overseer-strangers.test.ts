/** What another user can do to overseer's daemon and client, and what not. */
import {lstatSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {random} from '../sim/random.ts';
import {homes, isAlive, NOBODY, OTHER, SLEEP, visit, visitAs} from './overseer.ts';

describe('another user', () => {
	test('may trigger at the port now and then, is told no names, and ends nothing', async () => {
		await using own = homes({uid: NOBODY});
		own.jobs({secret: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		own.jobs({secret: SLEEP, hidden: SLEEP});
		expect(await visitAs(OTHER, own.port(), 'DIE\n')).toBe('only the user whose daemon this is may end it');
		expect(await visitAs(OTHER, own.port(), 'go\n')).toBe('triggered');
		expect(Object.keys(await own.status()).sort()).toEqual(['hidden', 'secret']);
		expect(await visitAs(OTHER, own.port(), 'go\n')).toBe('triggered a moment ago');
		expect(await visitAs(OTHER, own.port(), 'POST / HTTP/1.1\r\n\r\nDIE\n')).toBe('this is no web server');
		// The daemon's own user and root are no strangers.
		expect(await visitAs(NOBODY, own.port(), 'go\n')).not.toMatch(/^triggered/);
		expect(await visitAs(0, own.port(), 'go\n')).not.toMatch(/^triggered/);
		expect(isAlive(daemon.child.pid ?? 0)).toBe(true);
	});

	test('is not taken for root by leaving at once: the kernel gives what has no owner any more to root', async () => {
		await using own = homes({uid: NOBODY});
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		for (const then of ['s.close()', 'import struct; s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()']) {
			process.kill(daemon.child.pid ?? 0, 'SIGSTOP');
			await visitAs(OTHER, own.port(), 'DIE\n', then);
			process.kill(daemon.child.pid ?? 0, 'SIGCONT');
		}
		await daemon.says(/\[2\] (?:SendResponse|ReceiveRequest failure)/);
		await daemon.says(/\[1\] ProcessRequest other -> SendResponse/);
		expect(daemon.said()).not.toMatch(/ProcessRequest DIE/);
		expect(await own.client()).toMatchObject({status: 0});
	});

	test('with as many connections as it likes keeps the owner from nothing', async () => {
		await using own = homes();
		await own.daemon().accepts();
		const many = await Promise.all(Array.from({length: 200}, () => visit(own.port())));
		expect(await (await visit(own.port(), 'go\n')).ended).toMatch(/\n$/);
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		for (const {socket} of many) socket.destroy();
	});

	test('with any bytes whatever costs the daemon nothing', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		const {chance, between} = random(1);
		for (let round = 0; round < 8; round++) {
			await Promise.all(Array.from({length: 15}, async () => {
				const isTcp = chance(0.5);
				const {socket, ended} = await visit(isTcp ? own.port() : own.socket);
				const bytes = Uint8Array.from({length: between(0, 1500)}, () => between(0, 255));
				socket.write(bytes);
				if (chance(0.5)) socket.end();
				else if (isTcp) socket.resetAndDestroy();
				else socket.destroy();
				await ended;
			}));
		}
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		expect(await (await visit(own.port(), 'go\n')).ended).toBe('no tests; 1 unchanged\n');
		expect(isAlive(daemon.child.pid ?? 0)).toBe(true);
		expect(daemon.said()).not.toMatch(/a bug in archon|re-executed/);
	});

	test('is not believed to be the daemon', async () => {
		await using own = homes();
		mkdirSync(own.data, {recursive: true, mode: 0o700});
		const child = execa('python3', ['-c', `
import os, socket, time
s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(own.socket)})
os.setuid(${OTHER}); s.listen(); print('listening', flush=True); time.sleep(1000000)
`], {reject: false, forceKillAfterDelay: 100});
		await new Promise(resolve => void child.stdout?.once('data', resolve));
		writeFileSync(join(own.data, 'lock'), '');
		const {status, stdout} = await own.client();
		child.kill('SIGKILL');
		await child;
		// Its own daemon has taken the place.
		expect([status, stdout === '']).toEqual([0, false]);
		expect(lstatSync(own.socket).uid).toBe(0);
	});
});
