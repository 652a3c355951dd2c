/** Who reads slowly what archonctl writes gets all of it, in whatever mode the pipe is. */
import {spawn} from 'node:child_process';
import {closeSync, constants, mkdtempSync, openSync, readSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execaSync} from 'execa';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-slow-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const LINES = 5000;

/** A pipe by its two ends; only a read never blocks. */
function pipe(name: string): readonly [reader: number, writer: number] {
	const path = join(folder, name);
	execaSync('mkfifo', [path]);
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	return [reader, openSync(path, constants.O_WRONLY)];
}

/** All until the end, in small pieces with a rest after each, so that the pipe is full most of the time. */
async function readSlowly(reader: number): Promise<string> {
	const bytes = Buffer.alloc(4096);
	let text = '';
	await expect.poll(() => {
		try {
			const count = readSync(reader, bytes);
			text += bytes.toString('latin1', 0, count);
			return count;
		} catch {
			return -1; // EAGAIN: there will be more.
		}
	}, {interval: 1, timeout: 25_000}).toBe(0);
	closeSync(reader);
	return text;
}

test.each([
	['blocks', []],
	// Node, as the test has it, gives its children streams that block.
	['does not block', ['perl', '-MFcntl', '-e', 'fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die $!; exec @ARGV']],
])('archonctl writes every line to a pipe that %s', async (name, wrapper) => {
	await using archon = await boot({config: `services:
  web: {type: oneshot, command: [perl, -e, 'for (1 .. ${LINES}) { print "$$_ ", "x" x 90, "\\n" }'], logging: {driver: none, buffer: 1m}}
  idle: {command: sleep 1000000}
`});
	await archon.says(/web completed/);
	const [reader, writer] = pipe(name);
	const [program = '', ...args] = [...wrapper, join(ARCHON, '../archonctl'), 'logs', 'web'];
	const child = spawn(program, args, {env: {...process.env, ARCHON_SOCKET: archon.socket}, stdio: ['ignore', writer, 'pipe']});
	closeSync(writer);
	const ended = new Promise<number | null>(resolve => child.once('close', resolve));
	const numbers = (await readSlowly(reader)).split('\n').slice(0, -1).map(line => Number(/(\d+) x{90}$/.exec(line)?.[1]));
	expect(numbers).toEqual(Array.from({length: LINES}, (_, i) => i + 1));
	expect(await ended).toBe(0);
});
