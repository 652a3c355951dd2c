/** `docker exec -it … archonctl attach`: a person at the terminal of a service, in a container. */
import '../../scripts/under-node.ts';
import {expect, it} from 'vitest';
import {onTerminal, type Terminal} from '../machine/terminal.ts';
import {boot, type Box} from './harness.ts';

const config = `
services:
  steady: {command: sleep 1000000}
  shell:
    command: [sh, -i]
    tty: true
    user: daemon
    environment: {PS1: '> ', TERM: xterm}
  screen:
    command: [sh, -c, "printf '\\\\033[?1049h\\\\033[?25lpicture'; exec cat"]
    tty: true
`;

/** docker tells a terminal's size only after the command in it was started. */
const SIZED = 'until [ "$(stty size)" = "24 100" ]; do sleep 0.02; done';

const DETACH = '\x10\x11';

/** docker has detach keys of its own. */
const ctl = (box: Box, ...words: readonly string[]): Terminal =>
	onTerminal(['docker', 'exec', '--detach-keys', 'ctrl-^,ctrl-^', '-it', box.id, 'archonctl', ...words], {columns: 100});

it('types, detaches and comes back; what was shown is in docker\'s log as well', async () => {
	await using box = await boot({image: 'plain', config});
	const pid = await box.pid('shell');
	{
		await using terminal = ctl(box, 'attach', 'shell');
		await terminal.until(/\[attached to shell\]\n+>/);
		terminal.press(`${SIZED}; id -un; stty size; echo $((6 * 7))\r`);
		await terminal.until(/^daemon\n24 100\n42$/m);
		terminal.press(DETACH);
		expect(await terminal.ended()).toBe(0);
		expect(terminal.screen().at(-1)).toBe('[detached from shell]');
	}
	await using again = ctl(box, 'attach', 'shell');
	await again.until(/^daemon\n24 100\n42\n>/m);
	await box.says(/^shell +\| 42$/m);
	expect(await box.pid('shell')).toBe(pid);
	again.press('exit 3\r');
	await again.until(/\[shell ended: exit status 3\]\s+\[shell runs again, with pid \d+\]/);
});

it('goes on over PID 1\'s re-execution, and a second client looks on', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('shell');
	await using first = ctl(box, 'attach', 'shell');
	await first.until(/\]\n+>/);
	await using second = ctl(box, 'attach', 'shell');
	await second.until('another client types there');
	first.press('one=1\r');
	await box.sh('archonctl upgrade');
	first.press('echo "still $one"\r');
	for (const each of [first, second]) await each.until(/^still 1$/m);
	second.press('echo never\r');
	first.press('echo last\r');
	for (const each of [first, second]) await each.until(/^last$/m);
	expect(await box.log()).not.toContain('never');
});

it('puts the person\'s terminal right when the service is killed', async () => {
	await using box = await boot({image: 'plain', config});
	await using terminal = ctl(box, 'attach', 'screen');
	await terminal.until('picture');
	await box.sh('archonctl stop screen');
	expect(await terminal.ended()).toBe(143);
	expect(terminal.written()).toMatch(/\x1b\[\?25h[^]*\x1b\[\?1049l/);
	expect(terminal.screen().join('\n')).not.toContain('picture');
});

it('run -it gives a command a terminal of its own', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('steady');
	await using terminal = ctl(box, 'run', '-it', '--user', 'daemon', '--', 'sh', '-c', `${SIZED}; id -un; stty size; read line; exit $line`);
	await terminal.until(/^daemon\n24 100$/m);
	terminal.press('9\r');
	expect(await terminal.ended()).toBe(9);
});
