/** What services say, on its way through archon: every line whole, under its name, and never in anybody's way. */
import {execa} from 'execa';
import {closeSync, constants, mkdtempSync, openSync, readSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

test('a single service has archon\'s stdout and stderr themselves', async () => {
	await using archon = await boot({config: 'services: {lone: {command: sh -c "readlink /proc/self/fd/1 /proc/1/fd/1; sleep 1000000"}}\n'});
	const [, own, archons] = await archon.says(/^(\w+:\[\d+\])\n(\w+:\[\d+\])$/m);
	expect(own).toBe(archons);
});

test('with several each line carries its service\'s name, stdout and stderr apart', async () => {
	const config = `services:
  first: {type: oneshot, command: "sh -c 'echo out; echo err >&2'"}
  a-much-longer-name: {type: oneshot, command: printf 'one\\ntwo\\n\\nno newline'}
  last:
    essential: true
    command: 'true'
    depends_on:
      first: {condition: service_completed_successfully}
      a-much-longer-name: {condition: service_completed_successfully}
`;
	const file = `${(await execa('mktemp')).stdout}`;
	await execa('tee', [file], {input: config});
	const {stdout, stderr} = await execa(ARCHON, ['-c', file, '--socket', `${file}.sock`], {reject: false});
	const lines = String(stdout).split('\n').sort();
	expect(lines).toEqual([
		'a-much-longer-name | ', 'a-much-longer-name | no newline', 'a-much-longer-name | one', 'a-much-longer-name | two',
		'first              | out',
	]);
	expect(String(stderr).split('\n')).toContain('first              | err');
	expect(String(stderr)).toMatch(/^archon {13}\| started first \(pid \d+\)$/m);
});

test('a daemon that has given up root by itself reopens its streams', async () => {
	const drop = 'setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo out >/dev/stdout; echo err >/dev/stderr; echo both 1<>/dev/stdout"';
	await using archon = await boot({config: `services: {dropping: {type: oneshot, command: ${drop}}, other: {command: sleep 1000000}}`});
	await archon.says(/^dropping \| out$/m);
	await archon.says(/^dropping \| err$/m);
	await archon.says(/^dropping \| both$/m);
});

test('so does a single one, whose streams are those that the runtime made', async () => {
	const fifo = join(mkdtempSync(join(tmpdir(), 'archon-output-')), 'fifo');
	await execa('mkfifo', ['-m', '600', fifo]);
	const fd = openSync(fifo, 'r+');
	const drop = 'setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo out >/dev/stdout; echo both 1<>/dev/stdout"';
	await using archon = await boot({config: `services: {dropping: {essential: true, command: ${drop}}}`, stdout: fd});
	expect(await archon.ended()).toBe(0);
	const bytes = Buffer.alloc(4096);
	expect(bytes.toString('utf8', 0, readSync(fd, bytes))).toMatch(/^out\nboth$/m);
	closeSync(fd);
});

test('every byte of many chatty services arrives, in the order in which each wrote', async () => {
	const count = 20_000;
	const names = ['ann', 'bob', 'cid', 'dot'];
	const services = names.map(name => `  ${name}: {type: oneshot, command: [perl, -e, 'for (1 .. ${count}) { print "$$_ \\xff\\x00\\xc3\\n" }']}\n`);
	const needs = names.map(name => `${name}: {condition: service_completed_successfully}`);
	await using archon = await boot({config: `services:
${services.join('')}  end: {command: 'true', essential: true, depends_on: {${needs.join(', ')}}}
`});
	expect(await archon.ended()).toBe(0);
	const dropped = /(\d+) lines were dropped/.exec(archon.log());
	for (const name of names) {
		const numbers = [...archon.log().matchAll(new RegExp(`^${name} +\\| (\\d+) \\xff\\\\x00\\xc3$`, 'gm'))].map(([, number]) => Number(number));
		expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
		if (!dropped) expect(numbers.length).toBe(count);
	}
});

test('a line without an end is passed on in pieces, and archon holds no more than a piece', async () => {
	await using archon = await boot({config: `services:
  endless: {type: oneshot, command: [perl, -e, 'print "x" x 1000000']}
  end: {command: 'true', essential: true, depends_on: {endless: {condition: service_completed_successfully}}}
`});
	expect(await archon.ended()).toBe(0);
	const pieces = [...archon.log().matchAll(/^endless \| (x+)(?:\xe2\x80\xa6)?$/gm)].map(([, piece = '']) => piece.length);
	expect(Math.max(...pieces)).toBe(16 * 1024);
	expect(pieces.reduce((sum, length) => sum + length, 0)).toBe(1_000_000);
});

/** A named pipe with both ends open, whose reader the test plays. */
async function pipe(): Promise<{folder: string; reader: number; writer: number}> {
	const {stdout: folder} = await execa('mktemp', ['-d']);
	const fifo = join(folder, 'fifo');
	await execa('mkfifo', [fifo]);
	const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
	return {folder, reader, writer: openSync(fifo, constants.O_WRONLY)};
}

test('a reader that stops stops neither archon nor the services, and hears how much it missed', async () => {
	const {folder, reader, writer} = await pipe();
	const config = `services:
  chatty: {command: [perl, -e, '$$| = 1; for (1 .. 100000) { print "$$_ ", "x" x 100, "\\n" } open F, ">", "${folder}/done"; sleep 1000000']}
  other: {command: sleep 1000000}
`;
	await using archon = await boot({config, stdout: writer});
	closeSync(writer);
	// The pipe is full after 64 KiB, and is not read; still all 10 MB are taken off the service's hands.
	await expect.poll(async () => (await execa('test', ['-f', `${folder}/done`], {reject: false})).exitCode).toBe(0);
	expect((await archon.status())['chatty']).toMatchObject({status: 'running', restarts: 0});
	expect((await archon.ctl('restart', 'other')).status).toBe(0);

	let text = '';
	const bytes = Buffer.alloc(65536);
	await expect.poll(() => {
		try {
			for (let count = readSync(reader, bytes); count > 0; count = readSync(reader, bytes)) text += bytes.toString('latin1', 0, count);
		} catch {
			// EAGAIN: archon has not written more yet.
		}
		return text;
	}).toMatch(/archon +\| \d+ lines were dropped \(.*\): stdout is not read fast enough/);
	const told = [...text.matchAll(/(\d+) lines were dropped/g)].reduce((sum, [, count]) => sum + Number(count), 0);
	const delivered = text.match(/^chatty \| \d+ x{100}$/gm)?.length ?? 0;
	// archon's own lines went the same way, and a few of them were lost with the others.
	expect(delivered + told - 100_000).toBeGreaterThanOrEqual(0);
	expect(delivered + told - 100_000).toBeLessThan(10);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	closeSync(reader);
});

test('archon ends also where its last lines are never read', async () => {
	const {reader, writer} = await pipe();
	await using archon = await boot({
		config: 'services: {chatty: {command: "yes"}, other: {command: sleep 1000000}}\n', stdout: writer,
	});
	closeSync(writer);
	await expect.poll(async () => (await archon.status().catch(() => null))?.['chatty']?.status).toBe('running');
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	closeSync(reader);
});

test('a reader that is gone costs the lines and nothing else', async () => {
	const {reader, writer} = await pipe();
	await using archon = await boot({
		config: 'services: {chatty: {command: sh -c "while echo line; do :; done"}, other: {command: sleep 1000000}}\n', stdout: writer,
	});
	closeSync(writer);
	closeSync(reader);
	await expect.poll(async () => (await archon.status().catch(() => null))?.['chatty']).toMatchObject({status: 'running', restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
