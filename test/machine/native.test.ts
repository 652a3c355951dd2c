/** What holds between JavaScript and C, where a mistake would cost PID 1. */
import {execa} from 'execa';
import {join} from 'node:path';
import {expect, test} from 'vitest';

const native = join(import.meta.dirname, '../../src/kernel/native.ts');

/** A script of its own process, with `native` in scope. */
const run = (script: string) => execa(process.execPath, [
	'--disable-warning=ExperimentalWarning', '--input-type=module', '-e', `import * as native from '${native}';\n${script}`,
], {reject: false});

test('a callback that throws is heard of by the process and does not end it', async () => {
	const {stdout, exitCode} = await run(`
		process.on('uncaughtException', error => { console.log('heard', error.message); });
		let count = 0;
		native.onSignals([10], () => { if (++count === 2) process.exit(7); throw new Error('bug ' + count); });
		process.kill(process.pid, 10);
		process.once('uncaughtException', () => process.kill(process.pid, 10));
	`);
	expect(stdout).toBe('heard bug 1');
	expect(exitCode).toBe(7);
});

test('exitNow ends the process although a thread hangs in a write', async () => {
	const {exitCode} = await run(`
		import {write} from 'node:fs';
		const [reader, writer] = native.pipe();
		write(writer, Buffer.alloc(1 << 20), () => {});
		// What can be read was written by a thread that has far more to write than fits.
		native.whenReadable(reader, () => native.exitNow(5));
	`);
	expect(exitCode).toBe(5);
});

test('descriptors travel with bytes over a unix socket, and the peer is known', async () => {
	const {stdout} = await run(`
		import {mkdtempSync, openSync, readFileSync, writeFileSync} from 'node:fs';
		const folder = mkdtempSync('/tmp/archon-native-');
		writeFileSync(folder + '/file', 'content');
		const listener = native.listenUnix(folder + '/sock');
		const client = native.connectUnix(folder + '/sock');
		const server = native.acceptUnix(listener);
		native.send(client, Buffer.from('hello'), [openSync(folder + '/file')]);
		const bytes = Buffer.alloc(100);
		const fds = [];
		const count = native.receive(server, bytes, fd => fds.push(fd));
		const peer = native.peerOf(server);
		console.log(JSON.stringify([bytes.toString('latin1', 0, count), fds.map(fd => readFileSync(fd, 'utf8')), peer.pid === process.pid, peer.uid === process.getuid()]));
	`);
	expect(JSON.parse(stdout)).toEqual(['hello', ['content'], true, true]);
});

test('calls that fail say why', async () => {
	const {stdout} = await run(`
		console.log(native.kill(999999999, 0), native.connectUnix('/no/such'), native.read(-1, Buffer.alloc(1)));
	`);
	expect(stdout).toBe('-3 -2 -9');
});
