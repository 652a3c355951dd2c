/** `archonctl top` and `status -w` on a real terminal, and archon under them. */
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {EXIT} from '../../src/cli/command.ts';
import {type Archon, ARCHON, boot} from './archon.ts';
import {onTerminal, type Options, type Terminal} from './terminal.ts';

const CTL = join(ARCHON, '../archonctl');

const CONFIG = `
services:
  web:
    command: sh -c 'echo web line 1; echo web line 2; exec sleep 100000'
  db:
    command: sh -c 'printf "\\\\033[31mred\\\\033[0m \\\\033]0;title\\\\007\\\\033[2J end\\\\n"; exec sleep 100000'
  worker:
    command: sleep 100000
    scale: 3
  job:
    type: oneshot
    command: echo done
  bad:
    command: sh -c 'exit 3'
    restart: "no"
`;

/** On a terminal, when archon listens. */
async function start(archon: Archon, args: readonly string[], {env = {}, ...options}: Options = {}): Promise<Terminal> {
	await archon.status();
	return onTerminal([CTL, ...args], {...options, env: {ARCHON_SOCKET: archon.socket, LESS: undefined, ...env}});
}

async function open(archon: Archon, options: Options = {}): Promise<Terminal> {
	const terminal = await start(archon, ['top'], options);
	await terminal.until(/bad +failed/);
	return terminal;
}

/** The row of a service. */
const rowOf = ({screen}: Terminal, name: string): string => screen().find(line => line.startsWith(`${name} `)) ?? '';

/** A service's pid where it is not the one before. */
async function newPid(archon: Archon, name: string, before: number | null): Promise<number> {
	let pid: number | null = null;
	await expect.poll(async () => {
		pid = (await archon.status())[name]?.pid ?? null;
		return pid !== null && pid !== before;
	}).toBe(true);
	return pid ?? 0;
}

test('it shows services and the log of the one that is selected, and leaves the terminal as it was', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon);
	await terminal.until(/log of web: following[^]*web line 1\nweb line 2/);
	expect(terminal.screen()[0]).toMatch(/^archon {2}7 services {2}1 failed {2}5 running {2}1 exited/);
	expect(terminal.isRaw()).toBe(true);
	terminal.press('j');
	await terminal.until(/log of db: following[^]*red \\x1b\]0;title\\x07\\x1b\[2J end/);
	terminal.press('G');
	await terminal.until('log of bad');
	terminal.press('\x1b[H');
	await terminal.until('log of web');
	terminal.press('?');
	await terminal.until('keys\nup, down');
	terminal.press('q');
	await terminal.until('log of web');
	terminal.press('Gw');
	await terminal.until(/^why bad\nbad is failed[^]*exit status 3[^]*any key leaves$/);
	terminal.press('q');
	await terminal.until('log of bad');
	terminal.press('q');
	expect(await terminal.ended()).toBe(0);
	expect(terminal.isRaw()).toBe(false);
	expect(terminal.screen()).toEqual([]);
});

test('a filter, and a restart that was asked for, which is seen in the table', async () => {
	await using archon = await boot({config: CONFIG});
	const before = (await archon.status())['worker:1']?.pid ?? null;
	await using terminal = await open(archon);
	terminal.press('/worker:1\r');
	await terminal.until(/NAME.*\nworker:1.*\n(?!.*worker)/);
	terminal.press('r');
	await terminal.until('restart worker:1? y: yes');
	terminal.press('n');
	await terminal.until('? help');
	expect((await archon.status())['worker:1']?.pid).toBe(before);
	terminal.press('r');
	await terminal.until('restart worker:1? y: yes');
	terminal.press('y');
	const pid = await newPid(archon, 'worker:1', before);
	await terminal.until(new RegExp(`worker:1 +running.* ${pid} `));
	await terminal.until('worker:1 is restarted');
	terminal.press('xy');
	await terminal.until(/worker:1 +stopped/);
	terminal.press('s');
	await terminal.until(/worker:1 +running/);
	terminal.press('\x1b');
	await terminal.until(/web +running/);
});

test('a service that is killed is seen with its next process', async () => {
	await using archon = await boot({config: CONFIG});
	const before = (await archon.status())['web']?.pid ?? 0;
	await using terminal = await open(archon, {columns: 120});
	await terminal.until(new RegExp(`web +running +.* ${before} `));
	await archon.ctl('signal', 'KILL', 'web');
	const pid = await newPid(archon, 'web', before);
	await terminal.until(new RegExp(`web +running +.* ${pid} .* 1 .*last run: SIGKILL`));
});

test('it is right at any size, and follows it', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon, {rows: 24, columns: 40});
	expect(rowOf(terminal, 'web')).toMatch(/^web +running +(\d+ +)?\d+s/);
	await terminal.until(/\? help {2}q leave {2}\/ filter {2}r restart$/);
	terminal.resize(10, 100);
	await terminal.until(/NAME.*RESTARTS.*\n(.*\n){4}── log of web[^]*tab log {2}<> sort$/);
	expect(terminal.screen()).toHaveLength(10);
	terminal.resize(30, 60);
	await terminal.untilIt(screen => screen.length === 30);
	terminal.resize(3, 20);
	await terminal.untilIt(screen => screen.length === 3 && screen.at(-1) === '? help  q leave');
	terminal.resize(24, 80);
	await terminal.until(/bad +failed/);
});

test('while nothing happens next to nothing is written', async () => {
	await using archon = await boot({config: 'services: {job: {type: oneshot, command: echo done}, idle: {command: sleep 100000}}'});
	await using terminal = await start(archon, ['top']);
	await terminal.until(/job +exited[^]*log of job/);
	await terminal.until(/ [1-9]s /);
	const before = terminal.written().length;
	const seconds = (): number => Number(/idle +running.* (?:(\d)m)?(\d+)s /.exec(terminal.screen().join('\n'))?.[2]);
	const from = seconds();
	await terminal.untilIt(() => seconds() >= from + 3);
	// For each second one or two digits of two services, with the way to them.
	expect(terminal.written().length - before).toBeLessThan(3 * 60);
});

test('the log is scrolled, held and followed', async () => {
	await using archon = await boot({config: `
services:
  other: {command: sleep 100000}
  chatty: {command: "sh -c 'i=0; while [ $$i -lt 300 ]; do i=$$((i+1)); echo line $$i; done; exec sleep 100000'"}
`});
	await using terminal = await start(archon, ['top']);
	await terminal.until('chatty');
	terminal.press('j');
	await terminal.until('line 300');
	terminal.press('\t\x1b[5~');
	await terminal.until(/held, \d+ more below/);
	expect(terminal.screen().join('\n')).not.toContain('line 300');
	terminal.press('g');
	await terminal.until(/more below[^]*\nline 1\nline 2\n/);
	terminal.press('f');
	await terminal.until(/following[^]*line 300/);
	terminal.press('\r');
	await terminal.untilIt(screen => screen.filter(line => line.startsWith('line ')).length >= 19);
});

test('the pager has the log, and the screen comes back whole', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon, {env: {PAGER: undefined}});
	terminal.press('o');
	await terminal.until(/^(.*\n)*web line 1\nweb line 2\n(.*\n)*\(END\)$/);
	terminal.press('q');
	await terminal.until(/NAME[^]*log of web[^]*\? help/);
	const screen = terminal.screen();
	expect(screen.filter(line => /^(web|db|worker:\d|job|bad) +(running|exited|failed)/.test(line))).toHaveLength(7);
	terminal.press('j');
	await terminal.until('log of db');
	terminal.press('q');
	expect(await terminal.ended()).toBe(0);
});

test('a pager of a person\'s own is a command, and what it is given cannot act on the terminal', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon, {env: {PAGER: 'sed s/end/END/; read x </dev/tty'}});
	terminal.press('jo');
	await terminal.until('red \\x1b]0;title\\x07\\x1b[2J END');
	terminal.press('\r');
	await terminal.until('log of db');
	await using missing = onTerminal(['env', '-u', 'PAGER', 'PATH=/nowhere', `ARCHON_SOCKET=${archon.socket}`, CTL, 'top']);
	await missing.until(/bad +failed/);
	missing.press('o');
	await missing.until('there is no pager: neither $PAGER, less nor more');
});

test('a signal that comes while the pager has the terminal ends it after that', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon);
	terminal.press('o');
	await terminal.until('(END)');
	process.kill(terminal.pid, 'SIGTERM');
	terminal.press('q');
	expect(await terminal.ended()).toBe(143);
	expect(terminal.isRaw()).toBe(false);
	expect(terminal.screen()).toEqual([]);
});

test('what services use is shown, and sorted by', async () => {
	await using archon = await boot({config: 'services: {idle: {command: sleep 100000}, busy: {command: "sh -c \'while :; do :; done\'"}}'});
	await using terminal = await start(archon, ['top', '--sort', 'cpu']);
	await terminal.until(/by cpu {2}cpu \d+\.\d% {2}mem [\d.]+M\n.*CPU% +MEM.*\nbusy +running.* [1-9]\d*\.\d +[\d.]+[KM]\nidle +running.* 0\.0 /);
});

test('a terminal that goes away ends it', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon);
	terminal.hangUp();
	expect([EXIT.unreachable, 129]).toContain(await terminal.ended());
});

test('it goes on when archon is re-executed, and ends when archon does', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await terminal.until('archon was re-executed');
	await archon.ctl('stop', 'db');
	await terminal.until(/db +stopped/);
	await archon.ctl('shutdown');
	expect(await terminal.ended()).toBe(111);
	expect(terminal.screen().join('\n')).toMatch(/^archonctl: archon is gone: /);
	expect(terminal.isRaw()).toBe(false);
});

test.each<[NodeJS.Signals, number]>([['SIGTERM', 143], ['SIGHUP', 129]])('at %s the terminal is as it was', async (signal, status) => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await open(archon);
	process.kill(terminal.pid, signal);
	expect(await terminal.ended()).toBe(status);
	expect(terminal.isRaw()).toBe(false);
	expect(terminal.screen()).toEqual([]);
	expect(terminal.written()).toMatch(/\x1b\[\?25h.*\x1b\[\?1049l$/);
});

test('in the shell it comes and goes', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await start(archon, [], {env: {HOME: archon.folder}});
	await terminal.until('archon 5 up, 1 failed>');
	terminal.press('top\r');
	await terminal.until(/bad +failed[^]*\? help/);
	terminal.press('o');
	await terminal.until('(END)');
	terminal.press('q');
	await terminal.until(/bad +failed[^]*\? help/);
	terminal.press('q');
	await terminal.until(/failed> top\narchon 5 up, 1 failed>$/);
	terminal.press('\x04');
	expect(await terminal.ended()).toBe(0);
});

test('it is suspended, and comes back whole', async () => {
	await using archon = await boot({config: CONFIG});
	await archon.status();
	await using terminal = onTerminal(['bash', '--norc', '--noediting', '-i'], {env: {PS1: '$ ', ARCHON_SOCKET: archon.socket}});
	await terminal.until('$');
	terminal.press(`${CTL} top\r`);
	await terminal.until(/bad +failed/);
	terminal.press('\x1a');
	await terminal.until(/Stopped[^]*\$/);
	expect(terminal.isRaw()).toBe(false);
	terminal.press('fg\r');
	await terminal.until(/NAME[^]*bad +failed[^]*\? help/);
	terminal.press('q');
	await terminal.until(/\$$/);
});

test('five thousand services: what is visible is shown at once', async () => {
	const many = ['a', 'b', 'c', 'd', 'e'].map(name => `${name}: {command: sleep 100000, scale: 1000, autostart: false}`).join(', ');
	await using archon = await boot({config: `services: {${many}}`});
	await using terminal = await start(archon, ['top']);
	await terminal.until(/5000 services[^]*a:0 +stopped/);
	terminal.press('G');
	await terminal.until(/e:999 /);
	terminal.press('/d:321');
	await terminal.until(/NAME.*\nd:321 /);
});

test('status -w is drawn again when something changes, scrolls, and leaves its last table', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await start(archon, ['status', '-w'], {rows: 6});
	await terminal.until(/^NAME.*\nweb +running[^]*3 more below$/);
	terminal.press('G');
	await terminal.until(/^NAME.*\n[^]*bad +failed.*$/);
	await archon.ctl('stop', 'job', 'worker:2');
	await terminal.until(/worker:2 +stopped/);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await terminal.until(/archon was re-executed$/);
	terminal.press('\x03');
	expect(await terminal.ended()).toBe(130);
	expect(terminal.isRaw()).toBe(false);
	expect(terminal.all().join('\n')).toMatch(/^NAME[^]*web +running[^]*worker:2 +stopped[^]*bad +failed/);
});

test('status -w prints one table below the other where the cursor cannot be moved, and ends with archon', async () => {
	await using archon = await boot({config: CONFIG});
	await using terminal = await start(archon, ['status', '-w', 'web', 'db'], {env: {TERM: 'dumb'}});
	await terminal.until(/^NAME.*\nweb +running.*\ndb +running.*$/);
	await archon.ctl('stop', 'db');
	await terminal.until(/\n\nNAME.*\nweb +running.*\ndb +stopped.*$/);
	expect(terminal.written()).not.toContain('\x1b');
	await archon.ctl('shutdown');
	expect(await terminal.ended()).toBe(111);
});

test('status -w --json has each array in a line, and ends with its reader', async () => {
	await using archon = await boot({config: CONFIG});
	await archon.status();
	const env = {ARCHON_SOCKET: archon.socket};
	const {stdout, exitCode} = await execa('sh', ['-c', `(${CTL} status -w --json web; echo $? >&3) 3>&1 | head -n 1; cat`], {
		env, stdin: 'ignore', reject: false,
	});
	expect(exitCode).toBe(0);
	expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject([{name: 'web', status: 'running'}]);
	const wrong = await archon.ctl('status', '-w', 'wbe');
	expect(wrong).toEqual({status: 1, stdout: '', stderr: 'archonctl: no service matches wbe; did you mean web?'});
	await using refused = await start(archon, ['top', 'wbe']);
	expect(await refused.ended()).toBe(1);
	expect(refused.screen()).toEqual(['archonctl: no service matches wbe; did you mean web?']);
	await using some = await start(archon, ['top', 'worker']);
	await some.until(/^archon {2}3 services {2}3 running/);
	expect(await archon.ctl('top')).toMatchObject({status: 100, stdout: ''});
});
