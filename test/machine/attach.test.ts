/** Terminals of services, used from a person's terminal: what full-screen programs show, and how they come back. */
import {createHash, randomBytes} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';
import {onTerminal, type Options, type Terminal} from './terminal.ts';

const CTL = join(ARCHON, '../archonctl');
const DETACH = '\x10\x11';

/** `archonctl` with these words on a terminal. */
const ctl = ({socket}: Archon, words: readonly string[], options: Options = {}): Terminal =>
	onTerminal([CTL, '--socket', socket, ...words], options);

async function up(services: Readonly<Record<string, unknown>>): Promise<Archon> {
	// A dollar is the shell's, and not archon's; and with a second service each line has a name before it.
	const archon = await boot({config: JSON.stringify({services: {idle: {command: ['sleep', '1000000']}, ...services}}).replaceAll('$', '$$$$')});
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

const PYTHON = {command: ['/usr/bin/python3', '-q'], tty: true, environment: {TERM: 'xterm-256color', PYTHON_HISTORY: '/dev/null'}};
const program = (command: readonly string[], more: object = {}): object =>
	({command, tty: true, environment: {TERM: 'xterm-256color', LANG: 'C.UTF-8'}, ...more});

describe('attach', () => {
	test('types, is told what is said, and detaches; the service goes on, and its log has it all', async () => {
		await using archon = await up({repl: PYTHON});
		await using terminal = ctl(archon, ['attach', 'repl']);
		await terminal.until('[attached to repl]');
		await terminal.until('>>>');
		expect(terminal.isRaw()).toBe(true);
		terminal.press('6 * 7\r');
		await terminal.until(/^42$/m);
		terminal.press(DETACH);
		expect(await terminal.ended()).toBe(0);
		expect(terminal.screen().at(-1)).toBe('[detached from repl]');
		expect(terminal.isRaw()).toBe(false);
		await archon.says(/^repl +\| 42$/m);
		expect((await archon.status())['repl']).toMatchObject({status: 'running', restarts: 0});
	});

	test('shows what was said before, or not', async () => {
		await using archon = await up({repl: PYTHON});
		{
			await using terminal = ctl(archon, ['attach', 'repl']);
			await terminal.until('>>>');
			terminal.press('x = 3 * 1111\rx\r');
			await terminal.until(/^3333$/m);
			terminal.press(DETACH);
			await terminal.ended();
		}
		await using terminal = ctl(archon, ['attach', 'repl']);
		await terminal.until(/^>>> x = 3 \* 1111\n>>> x\n3333\n>>>/m);
		terminal.press('x + 1\r');
		await terminal.until(/^3334$/m);
		await using other = ctl(archon, ['attach', '--read-only', '--no-scrollback', 'repl']);
		await other.until('[attached to repl, only to look on]');
		terminal.press('x + 2\r');
		await other.until(/^3335$/m);
		expect(other.all().join('\n')).not.toContain('3333');
	});

	test('gives the service the size of its terminal, and its own for each change', async () => {
		// A signal that comes right before a read is not heard by perl until the read ends: it never waits long in one.
		await using archon = await up({sh: program(['perl', '-e', `$| = 1; $SIG{WINCH} = sub { system "stty size" }; system "stty size";
			while (1) { vec(my $in = "", 0, 1) = 1; next if select($in, undef, undef, 0.1) < 1; sysread(STDIN, my $got, 100) or last; print "got $got" }`])});
		await using terminal = ctl(archon, ['attach', 'sh'], {rows: 30, columns: 90});
		await terminal.until(/^30 90$/m);
		terminal.resize(40, 100);
		await terminal.until(/^40 100$/m);
		terminal.press('word\r');
		await terminal.until('got word');
	});

	test('sends ^C, ^Z and ^D to the service, and the first of the detach keys when it is typed twice', async () => {
		await using archon = await up({cat: program(['bash', '--norc', '--noprofile', '-i'], {environment: {TERM: 'xterm', PS1: '$ '}})});
		await using terminal = ctl(archon, ['attach', '--detach-keys', 'ctrl-a,d', 'cat']);
		await terminal.until('$');
		terminal.press('sleep 4321\r');
		await expect.poll(async () => (await archon.ctl('tree')).stdout).toContain('sleep 4321');
		terminal.press('\x1a');
		await terminal.until('Stopped');
		terminal.press('kill %1; echo cat; cat\r');
		await terminal.until(/^cat$/m);
		terminal.press('one\x04');
		await terminal.until(/oneone/);
		terminal.press('\x03');
		await terminal.until(/\^C[^]*\n\$ *$/);
		// ^A goes to the beginning of the line.
		terminal.press('two\x01\x01echo \r');
		await terminal.until(/^two$/m);
		terminal.press('\x01d');
		expect(await terminal.ended()).toBe(0);
	});

	test('ends as the service does when that is not started again, and stays when it is', async () => {
		await using archon = await up({
			job: program(['sh', '-c', 'echo run; read line; exit $line'], {restart: {policy: 'on-failure', delay: '1ms'}, success_codes: [7]}),
		});
		await using terminal = ctl(archon, ['attach', 'job']);
		await terminal.until('run');
		terminal.press('3\r');
		await terminal.until(/\[job ended: exit status 3\]\s+\[job runs again, with pid \d+\]\s+run/);
		terminal.press('7\r');
		expect(await terminal.ended()).toBe(7);
	});

	test.each([
		[['web'], 1, 'web has no terminal: it needs tty: true; archonctl logs -f web shows its output'],
		[['done'], 1, 'done is not running (exit status 0); archonctl start done starts it'],
		[['no'], 1, 'no service matches no'],
		[['--detach-keys', 'f1', 'web'], 100, '--detach-keys: f1 is not a key'],
		[['--read-only', '--steal', 'web'], 100, '--read-only and --steal do not go together'],
	])('%j is refused, and says why', async (words, status, why) => {
		await using archon = await up({web: {command: ['sleep', '1000']}, done: {command: ['true'], type: 'oneshot', tty: true}});
		await archon.says(/done exited with status 0|done completed/);
		await using terminal = ctl(archon, ['attach', ...words], {columns: 200});
		expect(await terminal.ended()).toBe(status);
		expect(terminal.screen().join('\n')).toContain(why);
	});

	test('needs a terminal', async () => {
		await using archon = await up({repl: PYTHON});
		expect(await archon.ctl('attach', 'repl')).toMatchObject({status: 100, stderr: expect.stringContaining('logs -f repl')});
	});
});

describe('several at one terminal', () => {
	test('one types, others look on, and the seat can be taken', async () => {
		await using archon = await up({repl: PYTHON});
		await using first = ctl(archon, ['attach', 'repl'], {rows: 20, columns: 70});
		await first.until('>>>');
		await using second = ctl(archon, ['attach', 'repl'], {columns: 150});
		await second.until('another client types there: --steal takes over; it has 20 rows and 70 columns');
		second.press('"second"\r');
		first.press('"fi" + "rst"\r');
		await Promise.all([first, second].map(each => each.until('\'first\'')));
		expect(second.all().join('\n')).not.toContain('second');
		await using third = ctl(archon, ['attach', '--steal', 'repl']);
		await first.until('another client types into repl now');
		third.press('"thi" + "rd"\r');
		await Promise.all([first, second, third].map(each => each.until('\'third\'')));
		first.press('"lost"\r');
		third.press(DETACH);
		expect(await third.ended()).toBe(0);
		first.press(DETACH);
		expect(await first.ended()).toBe(0);
		expect(archon.log()).not.toContain('lost');
	});
});

test('who does not read keeps neither the service nor others waiting, and is told what is missing', async () => {
	const script = 'read go; i=0; while [ $i -lt 40000 ]; do i=$((i+1)); echo "line $i of a service that says very much"; done; echo done; exec cat';
	await using archon = await up({much: program(['sh', '-c', script])});
	const deaf = connect(archon.socket);
	deaf.write('View,much\n');
	await using terminal = ctl(archon, ['attach', 'much']);
	await terminal.until('[attached to much]');
	terminal.press('\r');
	await terminal.until(/^done$/m);
	await archon.says(/^much +\| done$/m);
	let heard = '';
	for await (const data of deaf) {
		heard += String(data);
		if (heard.includes('done\\x0d\\x0a')) break;
	}
	expect(heard).toMatch(/^Row,attached,[12],reads,24,80\nRow,live\n/);
	const [, missing = '0'] = /^Row,skipped,(\d+)$/m.exec(heard) ?? [];
	expect(Number(missing)).toBeGreaterThan(500_000);
	expect(heard.length).toBeLessThan(1_500_000);
	deaf.destroy();
});

describe('programs that have the whole screen come back whole', () => {
	const folder = mkdtempSync(join(tmpdir(), 'attach-'));
	const LONG = join(folder, 'long');
	writeFileSync(LONG, Array.from({length: 400}, (_, i) => i === 5 ? '# by the sixth\n' : `# line ${i}\n`).join(''));
	afterAll(() => rmSync(folder, {recursive: true}));
	/** What shows that it is there, what is typed, and what shows that this was heard. */
	const programs: readonly (readonly [string, readonly string[], RegExp, string, RegExp])[] = [
		['vim', ['vim', '-u', 'NONE', '-N', '-n', LONG], /^# by the sixth/m, '5jxx', /^by the sixth/m],
		['less', ['less', LONG], /^# by the sixth/m, 'G', /\(END\)/],
		['top', ['top', '-d', '1000'], /PID\s+USER/, '=', /PID\s+USER/],
	];

	test.each(programs.filter(([path]) => existsSync(`/usr/bin/${path}`)))('%s', async (name, command, sign, keys, heard) => {
		await using archon = await up({tui: program(command)});
		await using first = ctl(archon, ['attach', 'tui']);
		await first.until(sign);
		first.press(keys);
		await first.until(heard);
		const before = first.screen();
		first.press(DETACH);
		expect(await first.ended()).toBe(0);
		await using second = ctl(archon, ['attach', 'tui']);
		await second.until(heard);
		// Times and loads change.
		if (name !== 'top') await second.untilIt(screen => screen.join('\n') === before.join('\n'));
		second.press(DETACH);
		expect(await second.ended()).toBe(0);
		// In another size all is drawn again, to the last row.
		await using third = ctl(archon, ['attach', 'tui'], {rows: 40, columns: 120});
		await third.untilIt(screen => heard.test(screen.join('\n')) && (name === 'top' || screen.length >= 39));
	});

	test('after a person has left, their terminal is as before: its screen, cursor, keys and mouse', async () => {
		const modes = '\\033[?1049h\\033[?25l\\033[?1h\\033=\\033[?2004h\\033[?1000;1006h\\033[2;9r\\033(0\\033[4h\\033[31mpicture';
		await using archon = await up({tui: program(['sh', '-c', `printf '${modes}'; stty raw -echo; exec cat`])});
		await using terminal = onTerminal(['bash', '--norc', '--noprofile', '-i'], {env: {PS1: '$ '}, columns: 200});
		await terminal.until('$');
		terminal.press(`${CTL} --socket ${archon.socket} attach tui\r`);
		// Line drawing: these letters are lines.
		await terminal.until('␋␌├');
		terminal.press(DETACH);
		await terminal.until(/\[detached from tui\]\n\$/);
		expect(terminal.screen()[0]).toMatch(/^\$ .*attach tui/);
		const end = terminal.written().slice(terminal.written().lastIndexOf('picture'));
		for (const part of ['\x1b[?1049l', '\x1b[?25;1h', '\x1b>', '\x1b[4l', '\x1b(B', '\x1b[0m'].filter(part => part !== '\x1b[?25;1h')) expect(end).toContain(part);
		expect(end).toMatch(/\x1b\[\?[\d;]*\b1000\b[\d;]*l/);
		expect(end).toMatch(/\x1b\[\?25h/);
	});

	test('also where nothing is kept of how they began', async () => {
		// Writes more than is kept since it last cleared the screen, and draws all only when it is told that its size has changed.
		const script = `
			import os, signal, sys, time, shutil
			size = shutil.get_terminal_size()
			def draw(*_):
				global size
				now = os.get_terminal_size()
				if now != size or not _:
					size = now
					print("\\033[2J\\033[H" + "\\n".join(f"row {i}" for i in range(size.lines - 2)), flush=True)
			signal.signal(signal.SIGWINCH, draw)
			print("\\033[?1049h", end="")
			size = os.get_terminal_size()
			draw()
			for i in range(20000): print(f"\\033[1;20H{i:08d}", end="", flush=True)
			print("\\033[1;20Hdone    ", flush=True)
			while True: signal.pause()`.replaceAll('\n\t\t\t', '\n');
		await using archon = await up({tui: program(['/usr/bin/python3', '-c', script])});
		await archon.says(/done/).catch(() => {});
		await using terminal = ctl(archon, ['attach', 'tui']);
		await terminal.untilIt(screen => screen[1] === 'row 1' && screen.includes('row 21'));
	});
});

describe('survives', () => {
	test('archon\'s re-execution: it goes on by itself, and nothing is missing or twice', async () => {
		await using archon = await up({count: program(['sh', '-c', 'i=0; while read line; do i=$((i+1)); echo "$line is $i"; done'])});
		await using terminal = ctl(archon, ['attach', 'count']);
		terminal.press('a\r');
		await terminal.until('a is 1');
		expect((await archon.ctl('upgrade')).status).toBe(0);
		terminal.press('b\r');
		await terminal.until('b is 2');
		archon.signal('SIGSEGV');
		terminal.press('c\r');
		await terminal.until('c is 3');
		expect(terminal.all().filter(line => / is \d/.test(line))).toEqual(['a is 1', 'b is 2', 'c is 3']);
		terminal.press(DETACH);
		expect(await terminal.ended()).toBe(0);
		await using again = ctl(archon, ['attach', 'count']);
		await again.until(/a is 1[^]*b is 2[^]*c is 3/);
	});
});

describe('the terminal of the person is put right', () => {
	test.each([['SIGTERM', 143], ['SIGHUP', 129], ['SIGINT', 130], ['SIGSEGV', 139]] as const)('at %s', async (signal, status) => {
		await using archon = await up({tui: program(['sh', '-c', 'printf "\\033[?1049h\\033[?25lpicture"; exec cat'])});
		await using terminal = ctl(archon, ['attach', 'tui']);
		await terminal.until('picture');
		process.kill(terminal.pid, signal);
		expect(await terminal.ended()).toBe(status);
		expect(terminal.isRaw()).toBe(false);
		expect(terminal.written()).toMatch(/\x1b\[\?25h[^]*\x1b\[\?1049l/);
	});

	test.each([['the service', 'service'], ['archon', 'archon']] as const)('when %s is killed', async (_, which) => {
		await using archon = await up({
			tui: program(['sh', '-c', 'printf "\\033[?1049h\\033[?25lpicture"; exec cat'], {restart: 'no'}),
		});
		await using terminal = ctl(archon, ['attach', 'tui']);
		await terminal.until('picture');
		if (which === 'archon') process.kill(archon.pid, 'SIGKILL');
		else expect((await archon.ctl('signal', 'KILL', 'tui')).status).toBe(0);
		expect(await terminal.ended()).toBe(which === 'archon' ? 111 : 137);
		expect(terminal.isRaw()).toBe(false);
		expect(terminal.written()).toMatch(/\x1b\[\?25h[^]*\x1b\[\?1049l/);
	});
});

describe('bytes', () => {
	test('all of them go both ways as they are, a mebibyte as well, and no faster than they are read', async () => {
		const script = 'stty raw -echo; echo ready; head -c 1048832 >got; stty -opost; cat got; echo; echo end; exec sleep 1000';
		await using archon = await up({raw: program(['sh', '-c', script], {working_dir: '/tmp', environment: {}})});
		const wire = await archon.connect();
		wire.send('@t,Terminal,raw,24,80\n');
		await expect.poll(() => archon.log()).toContain('ready');
		const bytes = Buffer.concat([Buffer.from(Array.from({length: 256}, (_, code) => code)), randomBytes(1 << 20)]);
		let [text, place] = ['', 0];
		const escape = (piece: Buffer): string => [...piece].map(code => `\\x${code.toString(16).padStart(2, '0')}`).join('');
		for (; place < bytes.length; place += 8192) wire.send(`Input,raw,1,${escape(bytes.subarray(place, place + 8192))}\n`);
		const got: Buffer[] = [];
		while (!text.includes('end')) {
			const [line = ''] = await wire.lines(1);
			const field = /^@t,Row,output,\d+,"?(.*?)"?$/s.exec(line)?.[1];
			if (field === undefined) {
				expect(line).not.toContain('Error');
				continue;
			}
			const piece = Buffer.from(field.replaceAll('""', '"').replaceAll(/\\(?:\\|x(..))/g, (_, code?: string) =>
				code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16))), 'latin1');
			got.push(piece);
			text = Buffer.concat(got.slice(-2)).toString('latin1').endsWith('end\n') ? 'end' : '';
		}
		const all = Buffer.concat(got);
		const from = all.indexOf('ready') + 'ready\n'.length;
		expect(createHash('sha1').update(all.subarray(from, from + bytes.length)).digest('hex')).toBe(createHash('sha1').update(bytes).digest('hex'));
		expect(readFileSync('/tmp/got').equals(bytes)).toBe(true);
	});
});

describe('from elsewhere', () => {
	test('attach and run -it work over a connection that ssh carries', async () => {
		await using archon = await up({repl: PYTHON});
		const bin = join(archon.folder, 'bin');
		mkdirSync(bin);
		// Executes here what it is to execute there.
		writeFileSync(join(bin, 'ssh'), '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexec sh -c "$3"\n', {mode: 0o755});
		const env = {PATH: `${bin}:${join(ARCHON, '..')}:${process.env['PATH']}`};
		const there = ['-H', `ssh://box${archon.socket}`];
		await using terminal = onTerminal([CTL, ...there, 'attach', 'repl'], {env});
		await terminal.until('>>>');
		terminal.press('6 * 7\r');
		await terminal.until(/^42$/m);
		terminal.press(DETACH);
		expect(await terminal.ended()).toBe(0);
		await using other = onTerminal([CTL, ...there, 'run', '-it', '--', 'sh', '-c', 'stty size; read line; exit $line'], {env});
		await other.until('24 80');
		other.press('8\r');
		expect(await other.ended()).toBe(8);
	});
});

describe('run -it', () => {
	test('has a terminal of its own, and ends as its command does', async () => {
		await using archon = await up({});
		await using terminal = ctl(archon, ['run', '-it', '--', 'sh', '-c', 'stty size; test -t 0 && read line; echo "<$line>"; exit 7'], {rows: 33, columns: 99});
		await terminal.until('33 99');
		terminal.press('word\r');
		expect(await terminal.ended()).toBe(7);
		expect(terminal.screen()).toEqual(['33 99', 'word', '<word>']);
		expect(terminal.isRaw()).toBe(false);
		await archon.says(/^run-\w+ +\| <word>$/m);
	});

	test('^C reaches the command', async () => {
		await using archon = await up({});
		await using terminal = ctl(archon, ['run', '-i', '-t', 'sh', '-c', 'echo on; exec sleep 1000']);
		await terminal.until('on');
		terminal.press('\x03');
		expect(await terminal.ended()).toBe(130);
	});

	test('goes on when archon is re-executed', async () => {
		await using archon = await up({});
		await using terminal = ctl(archon, ['run', '-it', '--', 'sh', '-c', 'echo on; read line; echo "<$line>"; exit 5']);
		await terminal.until('on');
		expect((await archon.ctl('upgrade')).status).toBe(0);
		terminal.press('word\r');
		expect(await terminal.ended()).toBe(5);
		expect(terminal.screen()).toEqual(['on', 'word', '<word>']);
	});

	test.each([
		[['/no/such'], 127, 'cannot run /no/such: executing /no/such: no such file or directory'],
		[['/etc'], 126, 'cannot run /etc: executing /etc: '],
	])('%j cannot be run', async (command, status, why) => {
		await using archon = await up({});
		await using terminal = ctl(archon, ['run', '-it', ...command], {columns: 150});
		expect(await terminal.ended()).toBe(status);
		expect(terminal.screen().join('\n')).toContain(why);
	});

	test('its command ends with it, and -t needs a terminal', async () => {
		await using archon = await up({});
		await using terminal = ctl(archon, ['run', '--name', 'mine', '-it', '--', 'sh', '-c', 'echo on; exec sleep 1000']);
		await terminal.until('on');
		terminal.hangUp();
		await archon.says(/stopped mine/);
		expect(await archon.ctl('run', '-it', 'id')).toMatchObject({status: 100, stderr: expect.stringContaining('run -t needs a terminal here')});
	});
});
