/** The terminal layer on a real pseudo-terminal: keys, sizes, and that the terminal is as it was on every way out. */
import {beforeAll, describe, expect, test} from 'vitest';
import {execa} from 'execa';
import {ENGINE, script} from './engine.ts';
import {onTerminal, type Options, type Terminal} from './terminal.ts';

let typing = '';
beforeAll(async () => {
	typing = await script('typing');
});

const begin = async (options: Options = {}, argv: readonly string[] = [ENGINE, typing]): Promise<Terminal> => {
	const terminal = onTerminal(argv, options);
	await terminal.until('ready SIGTERM');
	return terminal;
};

test('keys come as they are typed, sizes as they change, and the terminal is given back', async () => {
	await using terminal = await begin({rows: 10, columns: 40});
	expect(terminal.isRaw()).toBe(true);
	expect(terminal.screen()).toEqual(['ready SIGTERM 10 40']);
	terminal.press('a\x03ż');
	await terminal.until('key a\nkey ctrl-c\nkey ż');
	terminal.press('\x1b');
	await terminal.until('key escape');
	terminal.press('\x1b[A');
	await terminal.until('key up');
	terminal.press('\x1b[200~one\rtwo\x1b[201~');
	await terminal.until('paste "one\\ntwo"');
	terminal.resize(12, 50);
	await terminal.until('resized 12 50');
	terminal.press('q');
	expect(await terminal.ended()).toBe(0);
	expect(terminal.screen().at(-1)).toBe('left');
});

describe('the terminal is as it was', () => {
	test.each([
		['at SIGTERM', (terminal: Terminal) => process.kill(terminal.pid, 'SIGTERM'), 143],
		['at SIGHUP', (terminal: Terminal) => process.kill(terminal.pid, 'SIGHUP'), 129],
		['at a fault', (terminal: Terminal) => terminal.press('x'), 139],
		['at an abort from elsewhere', (terminal: Terminal) => process.kill(terminal.pid, 'SIGABRT'), 134],
		['at a bug', (terminal: Terminal) => terminal.press('e'), 111],
	])('%s', async (_, end, status) => {
		await using terminal = await begin();
		end(terminal);
		expect(await terminal.ended()).toBe(status);
		expect(terminal.written()).toContain('\x1b[?2004lleft');
	});
});

test('it is suspended by ^Z and by SIGTSTP, and goes on where it was', async () => {
	await using terminal = onTerminal(['bash', '--norc', '--noediting', '-i'], {env: {PS1: '$ '}});
	await terminal.until('$');
	terminal.press(`${ENGINE} ${typing}\r`);
	await terminal.until('ready SIGTERM');
	terminal.press('\x1a');
	await terminal.until(/Stopped[^]*\$/);
	expect(terminal.isRaw()).toBe(false);
	terminal.press('fg\r');
	await terminal.until('continued 24 80');
	expect(terminal.isRaw()).toBe(true);
	terminal.press('q');
	await terminal.until(/left\n\$/);
	expect(terminal.isRaw()).toBe(false);
	terminal.press('exit\r');
	expect(await terminal.ended()).toBe(0);
});

test('where nothing could continue it, ^Z stops nothing', async () => {
	await using terminal = await begin();
	terminal.press('\x1aa');
	await terminal.until('key a');
	terminal.press('q');
	expect(await terminal.ended()).toBe(0);
});

test('a child has the terminal as it was, and ^C and the rest are its own', async () => {
	await using terminal = await begin();
	terminal.press('c');
	await terminal.until(/\nread$/);
	expect(terminal.isRaw()).toBe(false);
	terminal.press('words\r');
	await terminal.until('got words\nchild ended');
	expect(terminal.isRaw()).toBe(true);
	terminal.press('c');
	await terminal.untilIt(screen => screen.at(-1) === 'read');
	terminal.press('\x03');
	await terminal.untilIt(screen => screen.at(-1) === '^Cchild ended');
	terminal.press('q');
	expect(await terminal.ended()).toBe(0);
});

test('a terminal that goes away ends it', async () => {
	await using terminal = await begin();
	terminal.hangUp();
	expect([3, 129]).toContain(await terminal.ended());
});

test('without a terminal it is refused', async () => {
	const {exitCode, stderr} = await execa(ENGINE, [typing], {reject: false, input: ''});
	expect([exitCode, stderr]).toEqual([1, 'standard input is not a terminal: inappropriate ioctl for device']);
});
