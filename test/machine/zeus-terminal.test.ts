/** A command of a pool on a person's terminal: keys, sizes and signals reach it, and the terminal is as it was on every way out. */
import {readFileSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Terminal} from './terminal.ts';
import {openPool, type Pool, ZEUS} from './zeus.ts';

let pool: Pool;
beforeAll(async () => {
	pool = await openPool();
});
afterAll(async () => pool[Symbol.asyncDispose]());

const PYTHON = ['exec', 'python3', '-q', '-i', '-c', 'import sys, os, time; sys.ps1 = "> "'];

const stateOf = (pid: string | number | undefined): string => /\) ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';

/** The pid of the last command of that name. */
const pidOf = async (name: string): Promise<string> => (await pool.says(new RegExp(`runs ${name} (\\d+) \\d+\\n(?![^]*runs ${name} )`)))[1] ?? '';

test('the command has a terminal where the client has one, of its size', async () => {
	await using streams = pool.onTerminal(['streams']);
	await streams.until('True True True');
	expect(await streams.ended()).toBe(0);
	await using size = pool.onTerminal(['size'], {rows: 31, columns: 77});
	await size.until('31x77');
	expect(await size.ended()).toBe(0);
});

test('--no-tty: it has none, and typed lines go to it', async () => {
	await using terminal = pool.onTerminal(['-T', 'streams']);
	await terminal.until('False False False');
	expect(await terminal.ended()).toBe(0);
	await using line = pool.onTerminal(['--no-tty', 'line']);
	await line.until('reads');
	expect(line.isRaw()).toBe(false);
	line.press('words\r');
	await line.until('got words');
	expect(await line.ended()).toBe(0);
});

test('each stream is a terminal by itself', async () => {
	await using terminal = pool.onTerminal(['x']);
	await terminal.ended();
	await using shell = await pool.shell();
	shell.press('zeus streams | cat\r');
	await shell.until('False False True');
	shell.press('zeus streams < /dev/null 2> /dev/null; echo done\r');
	await shell.until('False False False\ndone');
});

test('a REPL: lines, errors, an interrupt, another size, and the end of what is typed', async () => {
	await using terminal = pool.onTerminal(PYTHON, {rows: 20, columns: 60, env: {PYTHON_BASIC_REPL: '1'}});
	await terminal.until(/^>$/m);
	expect(terminal.isRaw()).toBe(true);
	terminal.press('print(6 * 7, *os.get_terminal_size())\r');
	await terminal.until('42 60 20');
	terminal.press('1 / 0\r');
	await terminal.until('ZeroDivisionError');
	terminal.press('print("sleeps"); time.sleep(1000)\r');
	await terminal.until(/^sleeps$/m);
	terminal.press('\x03');
	await terminal.until('KeyboardInterrupt');
	terminal.resize(25, 90);
	terminal.press('print(*os.get_terminal_size())\r');
	await terminal.until('90 25');
	terminal.press('sys.exit(9)\r');
	expect(await terminal.ended()).toBe(9);
	await using other = pool.onTerminal(PYTHON);
	await other.until(/^>$/m);
	other.press('\x04');
	expect(await other.ended()).toBe(0);
});

test('keys and sizes are signals for the command', async () => {
	await using terminal = pool.onTerminal(['signals']);
	await terminal.until('hears');
	terminal.press('\x03');
	await terminal.until('SIGINT');
	terminal.press('\x1c');
	await terminal.until('SIGQUIT');
	terminal.resize(30, 100);
	await terminal.until('SIGWINCH 30x100');
	process.kill(terminal.pid, 'SIGTERM');
	await terminal.until('SIGTERM');
	expect(await terminal.ended()).toBe(0);
});

test('a program that reads keys as they are typed gets them all', async () => {
	await using terminal = pool.onTerminal(['raw']);
	await terminal.until('raw');
	terminal.press('\x03');
	await terminal.until(`b'\\x03'`);
	expect(await terminal.ended()).toBe(0);
});

describe('the terminal is as it was', () => {
	const around = async (words: string, meanwhile: (shell: Terminal) => Promise<void>, status: number): Promise<void> => {
		await using shell = await pool.shell();
		shell.press(`stty -g; zeus ${words}; echo status $?; stty -g\r`);
		await meanwhile(shell);
		await shell.until(new RegExp(`status ${status}\n[\\w:]+\n\\$`));
		const [before, after] = shell.all().join('\n').match(/^[0-9a-f]+(?::[0-9a-f]+){10,}$/gm) ?? [];
		expect(before).toBeDefined();
		expect(after).toBe(before);
	};
	const hears = (shell: Terminal): Promise<void> => shell.until('waits');

	test('after an end of its own', async () => around('exit 3', async () => {}, 3));
	test('where the command is interrupted', async () => around('wait', async shell => {
		await hears(shell);
		shell.press('\x03');
	}, 130));
	test('where the command is killed', async () => around('wait', async shell => {
		await hears(shell);
		process.kill(Number(await pidOf('wait')), 'SIGKILL');
	}, 137));
	test('where the client is ended', async () => around('wait', async shell => {
		await hears(shell);
		process.kill(clientOf(shell), 'SIGTERM');
	}, 143));
	test('where the pool is killed', async () => around('wait', async shell => {
		await hears(shell);
		const server = readFileSync(`/proc/${await pidOf('wait')}/stat`, 'utf8').split(' ')[3];
		process.kill(Number(server), 'SIGKILL');
	}, 1));
	test('where it never began', async () => around('never', async () => {}, 1));
	test('where the client has a fault', async () => around('wait', async shell => {
		await hears(shell);
		process.kill(clientOf(shell), 'SIGSEGV');
	}, 139));
});

/** The client below a shell. */
function clientOf(shell: Terminal): number {
	const children = readFileSync(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8').trim().split(' ').map(Number);
	return children.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(ZEUS)) ?? children[0] ?? 0;
}

test('^Z stops the command and the client, and both go on', async () => {
	await using shell = await pool.shell();
	shell.press('zeus signals\r');
	await shell.until('hears');
	const pid = await pidOf('signals');
	shell.press('\x1a');
	await shell.until(/Stopped[^]*\$ ?$/);
	await expect.poll(() => stateOf(pid)).toBe('T');
	shell.press('fg\r');
	await shell.until('SIGCONT');
	expect(stateOf(pid)).not.toBe('T');
	await expect.poll(() => shell.isRaw()).toBe(true);
	shell.press('\x03');
	await shell.until('SIGINT');
	process.kill(clientOf(shell), 'SIGTERM');
	await shell.until(/SIGTERM[^]*\$ ?$/);
});

test('stopped by SIGSTOP and continued, it has its terminal again', async () => {
	await using shell = await pool.shell();
	shell.press('zeus signals\r');
	await shell.until('hears');
	process.kill(clientOf(shell), 'SIGSTOP');
	await shell.until(/Stopped[^]*\$ ?$/);
	shell.press('fg\r');
	await shell.until('SIGCONT');
	await expect.poll(() => shell.isRaw()).toBe(true);
	process.kill(clientOf(shell), 'SIGTERM');
	await shell.until(/SIGTERM[^]*\$ ?$/);
});

test('in the background it leaves the terminal alone, and writes to it', async () => {
	await using shell = await pool.shell();
	shell.press('zeus signals &\r');
	await shell.until('hears');
	shell.press('echo my$((40 + 2))\r');
	await shell.until('my42');
	shell.press('fg\r');
	await shell.until(/fg\n\S*zeus signals/);
	shell.press('\x03');
	await shell.until('SIGINT');
	process.kill(clientOf(shell), 'SIGTERM');
	await shell.until(/SIGTERM[^]*\$ ?$/);
});

test('what is typed ahead of its begin is for the command, and after its end for the shell', async () => {
	await using shell = await pool.shell();
	shell.press('zeus line\r');
	await shell.until('reads');
	shell.press('one\r');
	await shell.until(/got one\n\$ ?$/);
	shell.press('zeus slow\r');
	const [, client] = await pool.says(/asked (\d+)/);
	shell.press('echo typed$((40 + 2))\r');
	process.kill(Number(client), 'SIGTERM');
	await shell.until('typed42');
});

test('a terminal that goes away ends the client, and the command', async () => {
	await using terminal = pool.onTerminal(['wait']);
	await terminal.until('waits');
	const pid = await pidOf('wait');
	terminal.hangUp();
	await expect.poll(() => {
		try {
			return stateOf(pid);
		} catch {
			return 'gone';
		}
	}).toMatch(/gone|Z/);
});
