/** The shell, driven through a real pseudo-terminal, and its screens. */
import {chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';
import {onTerminal, type Options, type Terminal} from './terminal.ts';

const ARCHONCTL = join(ARCHON, '../archonctl');

const CONFIG = `
services:
  web:
    command: sh -c 'echo hello from web; exec sleep 1000'
  worker:
    command: sleep 1000
  broken:
    command: sh -c 'exit 3'
    restart: "no"
    depends_on: [web]
`;

async function begin(archon: Archon, options: Options = {}): Promise<Terminal> {
	const home = mkdtempSync(join(tmpdir(), 'archon-home-'));
	const terminal = onTerminal([ARCHONCTL], {
		...options, env: {ARCHON_SOCKET: archon.socket, HOME: home, XDG_STATE_HOME: undefined, ...options.env},
	});
	await terminal.until(/>$/);
	return terminal;
}

const up = async (): Promise<Archon> => {
	const archon = await boot({config: CONFIG});
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'running'}, worker: {status: 'running'}, broken: {status: 'failed'}});
	return archon;
};

const last = (terminal: Terminal): string => terminal.screen().at(-1) ?? '';

test('the prompt tells how things are, and commands are answered as typed', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	expect(last(terminal)).toBe('archon 2 up, 1 failed>');
	terminal.press('status web\r');
	await terminal.until(/NAME .*\nweb +running .*\narchon 2 up, 1 failed>$/);
	terminal.press('stop worker; start broken\r');
	await terminal.until(/archon 1 up, 1 failed>$/);
	terminal.press('archonctl stop "web"\r');
	await terminal.until(/archon 1 failed>$/);
	terminal.press('\x04');
	expect(await terminal.ended()).toBe(0);
	expect(terminal.isRaw()).toBe(false);
});

test('a command under way is ended by ^C, and the shell goes on', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('logs -f web\r');
	await terminal.until(/hello from web$/);
	terminal.press('\x03');
	await terminal.until(/\^C\narchon 2 up, 1 failed>$/);
	terminal.press('run -- sleep 1000; version\r');
	await expect.poll(async () => Object.keys(await archon.status()).some(name => name.startsWith('run-'))).toBe(true);
	terminal.press('\x03');
	await terminal.untilIt(screen => screen.length > 5 && screen.at(-1) === 'archon 2 up, 1 failed>');
	expect(terminal.screen().join('\n')).not.toMatch(/^archon \d.*since/m);
	await expect.poll(async () => Object.keys(await archon.status()).some(name => name.startsWith('run-'))).toBe(false);
	terminal.press('half a line\x03');
	await terminal.until(/> half a line\^C\narchon 2 up, 1 failed>$/);
	terminal.press('exit\r');
	expect(await terminal.ended()).toBe(0);
});

test('what runs has the terminal, and what is typed meanwhile waits', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('run -- sh -c \'read word; echo "got $word"; printf unfinished\'\r');
	await expect.poll(() => terminal.isRaw()).toBe(false);
	terminal.press('this\rstatus worker\r');
	await terminal.until(/got this\nunfinished%\n[^]*worker +running .*\narchon 2 up, 1 failed>$/);
});

test('it is told what is wrong, and what may have been meant', async () => {
	await using archon = await up();
	await using terminal = await begin(archon, {columns: 120});
	terminal.press('statsu\r');
	await terminal.until(/unknown command statsu; did you mean status\?\n.*>$/);
	terminal.press('status | grep web\r');
	await terminal.until(/\| is not known here, unlike in sh: put it in quotes where it is meant as text\n.*>$/);
	terminal.press('# nothing\r');
	await terminal.until(/# nothing\n.*>$/);
	terminal.press('stop "web\r');
	await terminal.until(/> stop "web$/);
	terminal.press('x"\r');
	await terminal.until(/no service/);
});

test('Tab completes verbs, options, values and the names that there are', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('statu\t');
	await terminal.until(/> status$/);
	terminal.press('w\t');
	await terminal.until(/web +worker\narchon .*> status w$/);
	terminal.press('or\t');
	await terminal.until(/> status worker$/);
	terminal.press('--js\t\r');
	await terminal.until(/"name": "worker"/);
	terminal.press('logs --stream st\t');
	await terminal.until(/> logs --stream std$/);
	terminal.press('e\t');
	await terminal.until(/> logs --stream stderr$/);
	terminal.press('\x15signal HU\tbro\t');
	await terminal.until(/> signal HUP broken$/);
	expect(terminal.screen().join('\n')).not.toContain('SIGNAL');
});

test('lines are remembered over sessions, in a file for their user alone, and secrets are not', async () => {
	await using archon = await up();
	const state = mkdtempSync(join(tmpdir(), 'archon-state-'));
	const env = {XDG_STATE_HOME: state};
	await using first = await begin(archon, {env});
	for (const [index, line] of ['version', ' status web', 'run -e DB_PASSWORD=hunter2 -- true', 'status web', 'status web'].entries()) {
		first.press(`${line}\r`);
		// One prompt more, and nothing behind it.
		await first.untilIt(screen => screen.filter(line => line.startsWith('archon 2')).length === index + 2 && (screen.at(-1) ?? '').endsWith('>'));
	}
	first.press('\x04');
	await first.ended();
	const file = join(state, 'archon', 'history');
	expect(readFileSync(file, 'utf8')).toBe('version\nstatus web\n');
	expect(statSync(file).mode & 0o777).toBe(0o600);

	await using second = await begin(archon, {env});
	second.press('\x1b[A\x1b[A');
	await second.until(/> version$/);
	second.press('\x1b[B');
	await second.until(/> status web$/);
	second.press('\x15new\x12ver');
	await second.until(/\(search\) ver: version$/);
	second.press('\x12');
	await second.until(/\(not found\) ver: version$/);
	second.press('\x07');
	await second.until(/> new$/);
	second.press('\x12web\r');
	await second.until(/web +running [^]*>$/);
});

test('archon that is re-executed or ends is told of, and the shell goes on with the next', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('half');
	await terminal.until(/> half$/);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await terminal.until(/\narchon was re-executed\narchon 2 up, 1 failed> half$/);
	terminal.press('\x15status web\r');
	await terminal.until(/web +running [^]*>$/);
	archon.signal('SIGTERM');
	await terminal.until(/archon has ended\narchon not running>$/);
	terminal.press('status\r');
	await terminal.until(/cannot reach archon at .*\n[^]*archon not running>$/);
	terminal.press('\x04');
	expect(await terminal.ended()).toBe(0);
});

test('a service that fails is told of above the line, and the prompt counts it', async () => {
	await using archon = await boot({config: 'services:\n  web:\n    command: sleep 1000\n    restart: "no"\n  other:\n    command: sleep 1000\n'});
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'running'}});
	await using terminal = await begin(archon);
	terminal.press('stop w');
	await terminal.until(/archon 2 up> stop w$/);
	expect((await archon.ctl('signal', 'KILL', 'web')).status).toBe(0);
	await terminal.until(/\nweb has failed.*\narchon 1 up, 1 failed> stop w$/);
});

test('long lines wrap, wide characters are whole, and a narrow terminal has them as well', async () => {
	await using archon = await up();
	await using terminal = await begin(archon, {columns: 60, rows: 8});
	terminal.press('0123456789'.repeat(6));
	await terminal.untilIt(screen => screen.at(-1) === '78901234567890123456789');
	expect(terminal.screen().at(-2)).toBe('archon 2 up, 1 failed> 0123456789012345678901234567890123456');
	// To the begin, and a character there moves all others.
	terminal.press('\x01x');
	await terminal.untilIt(screen => screen.at(-1) === '678901234567890123456789');
	expect(terminal.cursor()[1]).toBe(24);
	terminal.press('\x0b\x15漢字'.concat('漢字'.repeat(9)));
	await terminal.untilIt(screen => screen.at(-1) === '漢字');
	expect(terminal.cursor()[1]).toBe(4);
	terminal.press('\x01\x06\x04');
	await terminal.untilIt(screen => (screen.at(-2) ?? '').startsWith('archon 2 up, 1 failed> 漢漢字'));
	expect(terminal.cursor()).toEqual([terminal.screen().length - 2, 25]);
	terminal.resize(8, 20);
	await terminal.untilIt(screen => (screen.at(-1) ?? '').includes('字'));
	terminal.press('\x15\x0b');
	await terminal.untilIt(screen => screen.at(-1) === '>');
});

test('screens have the terminal to themselves, and the shell is there again behind them', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('top\r');
	await terminal.until(/NAME +STATUS[^]*log of web/);
	terminal.press('q');
	await terminal.until(/> top\narchon 2 up, 1 failed>$/);
	expect(terminal.isRaw()).toBe(true);
	terminal.press('help\r');
	await terminal.untilIt(screen => screen.at(-1) === 'archon 2 up, 1 failed>' && screen.join('\n').includes('In this shell: exit or ^D leaves'));
});

test('^Z suspends it and what it runs, and both go on', async () => {
	await using archon = await up();
	await using terminal = onTerminal(['bash', '--norc', '--noediting', '-i'], {env: {PS1: '$ ', ARCHON_SOCKET: archon.socket}});
	await terminal.until('$');
	terminal.press(`${ARCHONCTL}\r`);
	await terminal.until(/failed>$/);
	terminal.press('half\x1a');
	await terminal.until(/Stopped[^]*\$$/);
	expect(terminal.isRaw()).toBe(false);
	terminal.press('fg\r');
	await terminal.until(/failed> half$/);
	terminal.press('\x15logs -f web\r');
	await terminal.until(/hello from web$/);
	terminal.press('\x1a');
	await terminal.until(/hello from web[^]*Stopped[^]*\$$/);
	terminal.press('fg\r');
	await terminal.until(/archonctl$/);
	terminal.press('\x03');
	await terminal.until(/failed>$/);
	terminal.press('\x04');
	await terminal.until(/failed>\n\$$/);
	terminal.press('exit\r');
	await terminal.ended();
});

test('a paste is put into the line and not carried out', async () => {
	await using archon = await up();
	await using terminal = await begin(archon);
	terminal.press('\x1b[200~stop web\rstop worker\r\x1b[201~');
	await terminal.until(/> stop web\nstop worker$/);
	terminal.press('\x03');
	await terminal.until(/stop worker\^C\narchon 2 up, 1 failed>$/);
	terminal.press('\x1b[200~version\rstatus web\r\x1b[201~\r');
	await terminal.until(/web +running[^]*archon 2 up, 1 failed>$/);
});

test('whatever is typed, it goes on', async () => {
	await using archon = await up();
	await using terminal = await begin(archon, {columns: 20, rows: 6});
	let seed = 12_345;
	const random = (below: number): number => {
		seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
		return seed % below;
	};
	// All but Enter, ^C, ^D and ^Z, which do what they do.
	const keys = Array.from({length: 256}, (_, code) => String.fromCharCode(code)).filter(key => !'\r\n\x03\x04\x1a'.includes(key));
	for (let i = 0; i < 40; i++) terminal.press(Array.from({length: 50}, () => (random(3) === 0 ? keys[random(keys.length)] : '\x1b[D\x1b[A\t漢a\x12'.charAt(random(12)))).join(''));
	terminal.press('\x1b[201~\x03\x03');
	terminal.press('\x15\x0bversion\r');
	await terminal.until(/archonctl[^]*>$/);
	terminal.press('\x04');
	expect(await terminal.ended()).toBe(0);
});

test('a terminal that cannot move its cursor gets the overview', async () => {
	await using terminal = onTerminal([ARCHONCTL], {env: {TERM: 'dumb'}, rows: 60});
	expect(await terminal.ended()).toBe(100);
	expect(terminal.all()[0]).toMatch(/^Usage: archonctl/);
});

test('an archon elsewhere is shown and steered as one that is here', async () => {
	const token = 'a-token-of-more-than-16-letters';
	const folder = mkdtempSync(join(tmpdir(), 'archon-remote-'));
	const file = join(folder, 'token');
	writeFileSync(file, `${token}\n`, {mode: 0o400});
	const port = 20_000 + process.pid % 10_000;
	const remote = `remote:\n  listen: 127.0.0.1:${port}\n  token_file: ${file}\n  role: operate\n`;
	await using archon = await boot({config: `${CONFIG}${remote}`});
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'running'}, broken: {status: 'failed'}, 'archon.gate': {note: expect.stringContaining('listening at')}});
	await using terminal = onTerminal([ARCHONCTL, '-H', `tcp://127.0.0.1:${port}`, '--token-file', file], {env: {HOME: folder}, columns: 120});
	await terminal.until(/archon 2 up, 1 failed>$/);
	terminal.press('stop web\r');
	await terminal.until(/archon 1 up, 1 failed>$/);
	terminal.press('logs -f worker\r');
	await expect.poll(() => terminal.isRaw()).toBe(false);
	terminal.press('\x03');
	await terminal.until(/\^C\narchon 1 up, 1 failed>$/);
	terminal.press('run -- id\r');
	await terminal.until(/tcp:\/\/ cannot carry[^]*>$/);
	terminal.press('\x04');
	expect(await terminal.ended()).toBe(0);
});

test('fg attaches to a service with a terminal, and the shell is there again when it is left', async () => {
	await using archon = await boot({config: 'services:\n  calc:\n    command: cat\n    tty: true\n'});
	await expect.poll(() => archon.status()).toMatchObject({calc: {status: 'running'}});
	await using terminal = await begin(archon, {columns: 120});
	terminal.press('fg ca\t\r');
	await terminal.until('[attached to calc]');
	terminal.press('42\r');
	await terminal.until(/42\n42$/);
	terminal.press('\x10\x11');
	await terminal.untilIt(screen => screen.at(-1) === 'archon 1 up>');
	expect(terminal.isRaw()).toBe(true);
	terminal.press('fg\r');
	await terminal.untilIt(screen => screen.join('\n').includes('more arguments') && screen.at(-1) === 'archon 1 up>');
});

test('whatever a command is ended in, the next one gets its own answer', async () => {
	const many = Array.from({length: 500}, (_, i) => `  s${i}:\n    command: "true"\n    autostart: false\n`).join('');
	await using archon = await boot({config: `${CONFIG}${many}`});
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'running'}, broken: {status: 'failed'}});
	await using terminal = await begin(archon);
	const isUnderWay = (): boolean => readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8') !== '';
	for (let i = 0; i < 30; i++) {
		terminal.press(`${['status', 'logs -f web', 'wait web --for stopped', 'status --json', 'events -f'][i % 5]}\r`);
		// Those that end by themselves may have done so before.
		if ([1, 2, 4].includes(i % 5)) await expect.poll(isUnderWay, {interval: 1}).toBe(true);
		terminal.press('\x03');
		terminal.press(`is-active web s${i} # ${i}\r`);
		await terminal.until(new RegExp(`# ${i}\\nactive\\ninactive\\narchon .*>$`));
	}
});

test('archon that is elsewhere is reached once for all commands, and once more after one that was ended', async () => {
	await using archon = await up();
	const bin = mkdtempSync(join(tmpdir(), 'archon-ssh-'));
	const calls = join(bin, 'calls');
	writeFileSync(join(bin, 'ssh'), `#!/bin/sh\necho call >>${calls}\nwhile [ "$1" != -- ]; do shift; done\nexec sh -c "$3"\n`);
	chmodSync(join(bin, 'ssh'), 0o755);
	const count = (): number => readFileSync(calls, 'utf8').trim().split('\n').length;
	await using terminal = onTerminal([ARCHONCTL, '-H', `ssh://box${archon.socket}`], {
		env: {HOME: bin, XDG_STATE_HOME: undefined, PATH: `${bin}:${join(ARCHON, '..')}:${process.env['PATH']}`},
	});
	await terminal.until(/archon 2 up, 1 failed>$/);
	for (let i = 0; i < 10; i++) {
		terminal.press(`${['version', 'status web', 'logs -n 1 web', 'why broken', 'nonsense'][i % 5]}; is-active web broken # ${i}\r`);
		await terminal.until(new RegExp(`# ${i}\\n[^]*active\\nfailed\\narchon 2 up, 1 failed>$`));
	}
	// One of them tells the prompt.
	expect(count()).toBe(2);
	terminal.press('logs -f web\r');
	await terminal.until(/> logs -f web\nhello from web$/);
	terminal.press('\x03');
	await terminal.until(/\^C\narchon 2 up, 1 failed>$/);
	terminal.press('is-active web broken # again\r');
	await terminal.until(/# again\nactive\nfailed\narchon 2 up, 1 failed>$/);
	expect(count()).toBe(3);
});
