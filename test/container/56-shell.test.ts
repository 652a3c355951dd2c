/** `docker run -it image archon --shell`: a person at the container's own terminal. */
import '../../scripts/under-node.ts';
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, it} from 'vitest';
import {onTerminal, type Terminal} from '../machine/terminal.ts';
import {LABEL} from './places.ts';

const config = `
services:
  loud: {command: [sh, -c, 'echo loud and clear; exec sleep 1000000']}
  web: {command: sleep 1000000}
`;

let count = 0;

interface Container {
	readonly terminal: Terminal;
	readonly name: string;
}

function run(options: readonly string[], ...args: readonly string[]): Container {
	const folder = mkdtempSync(join(tmpdir(), 'archon-shell-'));
	writeFileSync(join(folder, 'archon.yaml'), config);
	const name = `archon-shell-${process.pid}-${count++}`;
	const terminal = onTerminal([
		'docker', 'run', '-it', '--rm', '--name', name, '--label', LABEL, '-v', `${folder}/archon.yaml:/etc/archon/archon.yaml:ro`,
		...options, 'archon-plain', ...args,
	], {columns: 120});
	return {terminal, name};
}

const exec = async (name: string, ...words: readonly string[]): Promise<string> =>
	String((await execa('docker', ['exec', name, ...words], {reject: false})).stdout);

it('gives the shell as PID 1 of a container, and leaving it ends nothing', async () => {
	const {terminal, name} = run([], '--shell');
	await using _ = terminal;
	await terminal.until(/archon 2 up>$/);
	expect(terminal.screen().join('\n')).not.toContain('loud and clear');
	terminal.press('logs -n 1 loud\r');
	await terminal.until(/\nloud and clear\narchon 2 up>$/);
	terminal.press('logs -f web\r');
	await expect.poll(() => exec(name, 'sh', '-c', 'grep -c . /proc/[0-9]*/comm')).toBeTruthy();
	terminal.press('\x03');
	await terminal.untilIt(screen => screen.at(-1) === 'archon 2 up>');
	terminal.press('\x04');
	await terminal.until('the shell was left');
	expect(await exec(name, 'archonctl', 'status', '--json', 'web')).toContain('"status": "running"');
	await exec(name, 'archonctl', 'start', 'archon.shell');
	await terminal.untilIt(screen => screen.at(-1) === 'archon 2 up>');
	terminal.press('\x04');
	await terminal.untilIt(screen => screen.filter(line => line.includes('the shell was left')).length === 2);
	// The terminal is PID 1's again.
	terminal.press('\x03');
	expect(await terminal.ended()).toBe(0);
});

it('ends the container with it where =exit says so, also with a read-only root and another user', async () => {
	for (const options of [['--read-only'], ['--read-only', '--user', '1000:1000']]) {
		const {terminal} = run(options, '--shell=exit');
		await using _ = terminal;
		await terminal.until(/archon 2 up>$/);
		terminal.press('restart web\r');
		await terminal.until(/restart web\narchon 2 up>$/);
		terminal.press('\x04');
		expect(await terminal.ended()).toBe(0);
	}
});

it('is given by docker exec as well, and its size is the terminal\'s', async () => {
	const {terminal, name} = run([], '--shell');
	await using _ = terminal;
	await terminal.until(/archon 2 up>$/);
	await using other = onTerminal(['docker', 'exec', '-it', name, 'archonctl'], {columns: 100});
	await other.until(/archon 2 up>$/);
	other.press('stop web\r');
	await other.until(/archon 1 up>$/);
	// Told by the events.
	await terminal.until(/archon 1 up>$/);
	other.press('\x04');
	expect(await other.ended()).toBe(0);
	terminal.press('shutdown\r');
	expect(await terminal.ended()).toBe(0);
});

it('is refused without a terminal', async () => {
	const {exitCode, stderr} = await execa('docker', ['run', '--rm', '--label', LABEL, 'archon-plain', '--shell'], {reject: false, stdin: 'ignore'});
	expect([exitCode, stderr]).toEqual([100, expect.stringContaining('archon: --shell needs a terminal for standard input and output: docker run gives one with -it')]);
});
