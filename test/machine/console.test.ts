/** `archon --shell`: the shell on archon's own terminal. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {onTerminal, type Terminal} from './terminal.ts';

const CONFIG = `
services:
  loud:
    command: sh -c 'echo loud and clear; exec sleep 1000'
  web:
    command: sleep 1000
`;

function up(...args: readonly string[]): Terminal {
	const folder = mkdtempSync(join(tmpdir(), 'archon-console-'));
	writeFileSync(join(folder, 'archon.yaml'), CONFIG);
	return onTerminal([ARCHON, '-c', join(folder, 'archon.yaml'), '--socket', join(folder, 'sock'), ...args], {columns: 120, env: {HOME: folder}});
}

test('the shell has the terminal, and what services say is kept for logs', async () => {
	await using terminal = up('--shell');
	await terminal.until(/archon 2 up>$/);
	expect(terminal.screen().join('\n')).not.toContain('clear');
	terminal.press('logs -n 1 loud\r');
	await terminal.until(/\nloud and clear\narchon 2 up>$/);
	terminal.press('stop all\r');
	await terminal.until(/\narchon>$/);
	terminal.press('start web\r');
	await terminal.until(/\narchon 1 up>$/);
	// Nothing could continue it here.
	terminal.press('\x1a');
	terminal.press('logs -f web\r');
	await expect.poll(() => terminal.isRaw()).toBe(false);
	terminal.press('\x1a\x03');
	await terminal.until(/\^C\narchon 1 up>$/);
});

test('leaving it ends nothing, and the terminal is archon\'s again', async () => {
	await using terminal = up('--shell');
	await terminal.until(/archon 2 up>$/);
	terminal.press('\x04');
	await terminal.until(/the shell was left, and services keep running: archonctl start archon.shell begins another one/);
	expect(terminal.isRaw()).toBe(false);
	// The terminal is archon's own again.
	terminal.press('\x03');
	expect(await terminal.ended()).toBe(0);
});

test('a shell that is killed leaves a terminal that works', async () => {
	await using terminal = up('--shell');
	await terminal.until(/archon 2 up>$/);
	const {stdout} = await execa('pgrep', ['-s', String(terminal.pid), '-f', 'archonctl .*shell']);
	process.kill(Number(stdout), 'SIGKILL');
	await terminal.until('the shell was left');
	expect(terminal.isRaw()).toBe(false);
	terminal.press('\x03');
	expect(await terminal.ended()).toBe(0);
});

test('with =exit an orderly shutdown follows, with status 0', async () => {
	await using terminal = up('--shell=exit');
	await terminal.until(/archon 2 up>$/);
	terminal.press('exit\r');
	expect(await terminal.ended()).toBe(0);
	expect(terminal.isRaw()).toBe(false);
});

test('a shutdown ends it, and gives the terminal back', async () => {
	await using terminal = up('--shell');
	await terminal.until(/archon 2 up>$/);
	terminal.press('shutdown\r');
	expect(await terminal.ended()).toBe(0);
	expect(terminal.isRaw()).toBe(false);
});

test('it goes on when archon is re-executed', async () => {
	await using terminal = up('--shell');
	await terminal.until(/archon 2 up>$/);
	terminal.press('upgrade\r');
	await terminal.until(/archon was re-executed\n[^]*archon 2 up>$/);
	terminal.press('restart web\r');
	await terminal.until(/restart web\narchon 2 up>$/);
	terminal.press('\x04');
	await terminal.until('the shell was left');
	terminal.press('\x03');
	expect(await terminal.ended()).toBe(0);
});

test('a command of the image is the service main, without the terminal', async () => {
	await using terminal = up('--shell', 'sh', '-c', 'tty; echo said; exec sleep 1000');
	await terminal.until(/archon 3 up>$/);
	terminal.press('logs -f main\r');
	await terminal.until(/not a tty\nsaid$/);
	terminal.press('\x03');
	await terminal.until(/\^C\narchon 3 up>$/);
	terminal.press('signal KILL main\r');
	// Its end is the container's, as without the shell.
	expect(await terminal.ended()).toBe(137);
});

test('without a config there is nothing to steer', async () => {
	await using terminal = onTerminal([ARCHON, '--shell', '--', 'true'], {columns: 150});
	expect(await terminal.ended()).toBe(100);
	expect(terminal.screen()[0]).toBe(
		'archon: there is no config at /etc/archon/archon.yaml or in /etc/archon/conf.d, and --shell needs one; see archon --help');
});

test.each([
	[['--shell'], 'archon: --shell needs a terminal for standard input and output: docker run gives one with -it'],
	[['--shell=no'], 'archon: --shell=no: only exit may follow; see archon --help'],
])('%j without a terminal', async (args, message) => {
	const {exitCode, stderr} = await execa(ARCHON, args, {reject: false, input: ''});
	expect([exitCode, stderr]).toEqual([100, message]);
});
