/** tini and docker-init: what tini does, and archon under its name. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {both, listener, REST, see, start, startOnTerminal, stateOf} from './dropin.ts';

const HELP = /^\S*tini \(tini version [^)]*\)\nUsage: tini \[OPTIONS\] PROGRAM -- \[ARGS\] \| --version\n/;
const USAGE = new RegExp(`(^|\\n)${HELP.source.slice(1)}`);
const SILENT = /^$/;
const WARNED = /^\[WARN  tini \(\d+\)\] Tini is not running as PID 1 and isn't registered as a child subreaper\.\n/;

/** Options, and what is to be seen of them; every init here is beside others, and would warn of it. */
const LINES: readonly [what: string, args: readonly string[], status: number, stdout: RegExp, stderr: RegExp, env?: Record<string, string>][] = [
	['nothing', [], 1, SILENT, USAGE],
	['an unknown option', ['-x', 'true'], 1, SILENT, /tini: invalid option -- 'x'\n/],
	['a long option', ['--verbose', 'true'], 1, SILENT, /tini: invalid option -- '-'\n/],
	['-h', ['-h'], 0, HELP, SILENT],
	['-h behind others', ['-sg', '-h'], 0, HELP, SILENT],
	['--version', ['--version'], 0, /^tini version 0\.19\.0.*\n$/, SILENT],
	['--version and more', ['--version', 'true'], 1, SILENT, USAGE],
	['-l', ['-l'], 0, /MIT License[^]*Permission is hereby granted/, SILENT],
	['-p without a signal', ['-p'], 1, SILENT, /tini: option requires an argument -- 'p'\n/],
	['-p with a short name', ['-p', 'KILL', 'true'], 1, SILENT, /^\[FATAL tini \(\d+\)\] Not a valid option for -p: KILL\n$/],
	['-p with a number', ['-p', '9', 'true'], 1, SILENT, /Not a valid option for -p: 9\n$/],
	['-p with a signal that tini does not know', ['-p', 'SIGPWR', 'true'], 1, SILENT, /Not a valid option for -p: SIGPWR\n$/],
	['-p with a name', ['-s', '-p', 'SIGTERM', 'true'], 0, SILENT, SILENT],
	['-e with what is no number', ['-e', 'x', 'true'], 1, SILENT, /^\[FATAL tini \(\d+\)\] Not a valid option for -e: x\n$/],
	['-e above 255', ['-e', '256', 'true'], 1, SILENT, /Not a valid option for -e: 256\n$/],
	['-e below 0', ['-e', '-1', 'true'], 1, SILENT, /Not a valid option for -e: -1\n$/],
	['-e with nothing in it', ['-s', '-e', '', 'false'], 1, SILENT, SILENT],
	['an option behind the program, which is tini\'s', ['echo', '-h'], 0, HELP, SILENT],
	['an option behind --, which is the program\'s', ['-s', '--', 'echo', '-h'], 0, /^-h\n$/, SILENT],
	['an option behind the program, in a POSIX world', ['-s', 'echo', '-h'], 0, /^-h\n$/, SILENT, {POSIXLY_CORRECT: '1'}],
	['the first that decides', ['-l', '-x'], 0, /MIT License/, SILENT],
	['no PID 1 and no -s', ['true'], 0, SILENT, WARNED],
	['-s', ['-s', 'true'], 0, SILENT, SILENT],
	['TINI_SUBREAPER', ['true'], 0, SILENT, SILENT, {TINI_SUBREAPER: ''}],
	['TINI_VERBOSITY=0', ['true'], 0, SILENT, SILENT, {TINI_VERBOSITY: '0'}],
	['TINI_VERBOSITY, which is no number', ['true'], 0, SILENT, SILENT, {TINI_VERBOSITY: 'much'}],
	['TINI_VERBOSITY over -v', ['-vvv', 'true'], 0, SILENT, SILENT, {TINI_VERBOSITY: '0'}],
	['-v', ['-sv', 'true'], 0, /^\[INFO  tini \(\d+\)\] Spawned child process 'true' with pid '\d+'\n\[INFO  .*\] Main child exited normally \(with status '0'\)\n$/, SILENT],
	['-vv', ['-s', '-v', '-v', 'sh', '-c', 'exit 0', '--'], 1, SILENT, /invalid option -- 'c'/],
	['TINI_VERBOSITY=2', ['-s', 'false'], 1, /Main child exited normally \(with status '1'\)/, SILENT, {TINI_VERBOSITY: '2'}],
];

/** A shell's script as tini's program, and the status that comes of it. */
const STATUSES: readonly [args: readonly string[], script: string, status: number][] = [
	[[], 'exit 0', 0], [[], 'exit 1', 1], [[], 'exit 7', 7], [[], 'exit 255', 255],
	[[], 'kill -TERM $$', 143], [[], 'kill -KILL $$', 137], [[], 'kill -HUP $$', 129], [[], 'kill -USR1 $$', 138], [[], 'kill -PIPE $$', 141],
	[['-e', '7'], 'exit 7', 0], [['-e7'], 'exit 7', 0], [['-e', '7'], 'exit 8', 8], [['-e', '7', '-e', '8'], 'exit 8', 0],
	[['-e', '143'], 'kill -TERM $$', 0], [['-e', '0'], 'exit 1', 1], [['-e', ' 7'], 'exit 7', 0], [['-e', '255'], 'exit 255', 0],
];

const folder = mkdtempSync(join(tmpdir(), 'archon-dropin-'));
const [script, plain] = [join(folder, 'script'), join(folder, 'plain')];
writeFileSync(script, 'echo "run with $*"; exit 9\n', {mode: 0o755});
writeFileSync(plain, 'no program\n', {mode: 0o644});

/** Programs, and the status of one that cannot be executed. */
const PROGRAMS: readonly [what: string, args: readonly string[], status: number, stdout: string, reason: string][] = [
	['a name that is nowhere', ['nosuch'], 127, '', 'exec nosuch failed: No such file or directory'],
	['a path that is nowhere', ['/nosuch'], 127, '', 'exec /nosuch failed: No such file or directory'],
	['a name of nothing', [''], 127, '', 'exec  failed: No such file or directory'],
	['a file that is no program', [plain], 126, '', `exec ${plain} failed: Permission denied`],
	['a directory', ['/etc'], 126, '', 'exec /etc failed: Permission denied'],
	['a path through a file', ['/etc/passwd/x'], 1, '', 'exec /etc/passwd/x failed: Not a directory'],
	['a script that names no interpreter', [script, 'a', 'b'], 9, 'run with a b\n', ''],
];

describe.each(both('tini'))('%s', (_, tini) => {
	test.concurrent.each(LINES)('understands %s', async (_, args, status, stdout, stderr, env = {}) => {
		const seen = await see(tini, args, {env});
		expect(seen).toEqual({status, stdout: expect.stringMatching(stdout), stderr: expect.stringMatching(stderr)});
	});

	test.concurrent.each(STATUSES)('with %j ends as %s does, with %i', async (args, script, status) => {
		expect(await see(tini, ['-s', ...args, '--', 'sh', '-c', script])).toEqual({status, stdout: '', stderr: ''});
	});

	test.concurrent.each(PROGRAMS)('handed %s', async (_, args, status, stdout, reason) => {
		const seen = await see(tini, ['-s', '--', ...args]);
		expect({...seen, stderr: seen.stderr.replace(/\(\d+\)/, '(1)')})
			.toEqual({status, stdout, stderr: reason && `[FATAL tini (1)] ${reason}\n`});
	});

	test.concurrent('finds a program without a PATH', async () => {
		expect(await see(tini, ['-s', '--', 'ls', '-d', '/'], {env: {}, isBare: true})).toEqual({status: 0, stdout: '/\n', stderr: ''});
	});

	test.concurrent('gives its program the environment as it is, the directory, and its name', async () => {
		const env = {PATH: '/usr/bin:/bin', A: 'b c', EMPTY: ''};
		const {stdout} = await see(tini, ['-s', '--', 'perl', '-e', 'use Cwd; print getcwd, map {"\\n$_=$ENV{$_}"} sort keys %ENV'], {
			env, isBare: true, cwd: '/usr',
		});
		expect(stdout).toBe('/usr\nA=b c\nEMPTY=\nPATH=/usr/bin:/bin');
	});

	test.concurrent('gives its program the descriptors that it was started with', async () => {
		const {stdout} = await see('bash', ['-c', `exec 5< <(echo five) 7<<< seven; exec ${tini} -s -- bash -c 'cat <&5 <&5; cat <&7; cat /dev/fd/5'`]);
		expect(stdout).toBe('five\nseven\n');
		const pipe = 'pipe(R, W); use Fcntl; fcntl(R, F_SETFD, 0); fcntl(W, F_SETFD, 0); exec @ARGV';
		const both = await see('perl', ['-e', pipe, tini, '-s', '--', 'sh', '-c', 'echo through >&4; exec 4>&-; head -n 1 <&3']);
		expect(both).toEqual({status: 0, stdout: 'through\n', stderr: ''});
	});

	test.concurrent('puts its program into a group of its own, in the same session', async () => {
		await using init = start(tini, ['-s', '--', 'perl', '-e', '$| = 1; print "$$ ", getpgrp, " ", (split " ", `cat /proc/$$/stat`)[5], "\\n"; <>']);
		const [, pid, group, session] = await init.says(/^(\d+) (\d+) (\d+)\n/);
		expect(group).toBe(pid);
		expect(session).not.toBe(pid);
	});

	describe('forwards', () => {
		test.concurrent('every signal but faults, SIGCHLD, SIGTTIN and SIGTTOU', async () => {
			await using init = start(tini, ['-s', '--', ...listener()]);
			await init.says(/ready/);
			for (const signal of [1, 2, 3, 10, 12, 13, 14, 15, 16, 18, 20, 23, 24, 25, 26, 27, 28, 29, 30, 34, 37, 63, 64]) {
				init.signal(signal);
				await init.says(new RegExp(`got ${signal}\\n`));
			}
			init.signal('SIGTERM');
			expect((await init.ended()).status).toBe(7);
		});

		test.concurrent.each([17, 21, 22])('not signal %i', async signal => {
			await using init = start(tini, ['-s', '--', ...listener()]);
			await init.says(/ready/);
			init.signal(signal);
			init.signal('SIGUSR1');
			await init.says(/got 10\n/);
			expect(init.stdout()).toBe('ready\ngot 10\n');
		});

		test.concurrent.each([
			['not to the others of its group', [], {}, 'main got 10\n'],
			['to the whole group with -g', ['-g'], {}, 'side got 10\nmain got 10\n'],
			['to the whole group with TINI_KILL_PROCESS_GROUP', [], {TINI_KILL_PROCESS_GROUP: ''}, 'side got 10\nmain got 10\n'],
		])('%s', async (_, args, env, said) => {
			// The main process answers after the other has had its chance.
			const more = 'my $side = fork; if ($side == 0) { $SIG{USR1} = sub { print "side got 10\\n"; exit }; print "side ready\\n"; '
				+ `${REST} } ` // A string of its own, for its $ is perl's.
				+ '$SIG{USR1} = sub { kill "KILL", $side unless $ENV{GROUP}; waitpid $side, 0; print "main got 10\\n" };';
			await using init = start(tini, ['-s', ...args, '--', ...listener('', more)], {env: {...env, GROUP: said.startsWith('side') ? '1' : ''}});
			await init.says(/side ready\n/);
			await init.says(/(^|\n)ready\n/);
			init.signal('SIGUSR1');
			await init.says(/main got 10\n/);
			expect(init.stdout().replace(/^(side )?ready\n/gm, '')).toBe(said);
		});
	});

	test.concurrent('as PID 1 has the orphans, and warns of nothing', async () => {
		const {stdout, stderr} = await see(tini, ['--', 'sh', '-c', '(sleep 0 &); echo fine'], {isInit: true});
		expect({stdout, stderr}).toEqual({stdout: 'fine\n', stderr: ''});
	});

	test.concurrent.each([['as PID 1', ['-w'], true, 1], ['as a subreaper', ['-s', '-w'], false, 1], ['without -w', ['-s'], false, 0]])(
		'%s says which zombies it reaps', async (_, args, isInit, count) => {
			// The orphan ends before its grandparent goes on, which sees that it is gone.
			const orphan = 'use POSIX; $| = 1; pipe R, W; unless (fork) { unless (fork) { print W "$$\\n"; exit 3 } exit } wait; close W; chomp(my $pid = <R>); '
				+ 'select undef, undef, undef, 0.01 while -e "/proc/$pid"; print "gone $pid\\n"; exit 4';
			const {status, stdout, stderr} = await see(tini, [...args, '--', 'perl', '-e', orphan], {isInit});
			const pid = /gone (\d+)/.exec(stdout)?.[1];
			expect(status).toBe(4);
			expect(stderr.replace(/tini \(\d+\)/, 'tini')).toBe(count === 0 ? '' : `[WARN  tini] Reaped zombie process with pid=${pid}\n`);
		});

	test.concurrent('ends with its program, whatever remains, and signals nothing', async () => {
		const script = `$| = 1; pipe(R, W);
			if (!fork) { $SIG{TERM} = sub { print "asked\\n"; exit }; print "waits\\n"; close R; close W; ${REST} }
			close W; <R>; exit 5`;
		expect(await see(tini, ['--', 'perl', '-e', script], {isInit: true})).toEqual({status: 5, stdout: 'waits\n', stderr: ''});
	});

	test.concurrent('with -p hears when its parent ends, and passes that on', async () => {
		const inner = `${tini} -s -p SIGUSR1 -- ${listener('', '').map(word => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ')}`;
		await using outer = start('bash', ['-c', `${inner} & echo "init $!"; read -r; kill -9 $$`]);
		const [, pid] = await outer.says(/init (\d+)\n/);
		await outer.says(/ready/);
		outer.write('\n');
		await outer.says(/got 10\n/);
		// Its program ends at the second SIGTERM.
		process.kill(Number(pid), 'SIGTERM');
		await outer.says(/got 15\n/);
		process.kill(Number(pid), 'SIGTERM');
		await outer.ended();
	});

	describe('on a terminal', () => {
		test.concurrent('gives it to its program', async () => {
			const ask = 'read -r stat < /proc/$$/stat; echo "stat $stat"; read -r typed; echo "typed $typed"';
			await using init = startOnTerminal(tini, ['--', 'sh', '-c', ask], {env: {TINI_SUBREAPER: ''}});
			const [, stat = ''] = await init.says(/stat (.*)\r\n/);
			const [pid, , , , group, , , foreground] = stat.split(' ');
			expect([group, foreground]).toEqual([pid, pid]);
			init.write('words\n');
			await init.says(/typed words\r\n/);
			expect((await init.ended()).status).toBe(0);
		});

		test.concurrent('has ^C reach its program once, and not itself', async () => {
			await using init = startOnTerminal(tini, ['-s', '--', ...listener()]);
			await init.says(/ready/);
			init.write('\x03');
			await init.says(/got 2\r\n/);
			init.write('\x1c');
			await init.says(/got 3\r\n/);
			expect(init.stdout().match(/got 2/g)).toHaveLength(1);
		});

		test('leaves ^Z to its program', async () => {
			const program = `$| = 1; $SIG{CONT} = sub { print "continued\\n"; exit 6 }; print "pid $$ of ", getppid, "\\n"; ${REST}`;
			await using init = startOnTerminal(tini, ['-s', '--', 'perl', '-e', program]);
			const [, pid, parent] = await init.says(/pid (\d+) of (\d+)\r\n/);
			init.write('\x1a');
			await expect.poll(() => stateOf(pid)).toBe('T');
			expect(stateOf(parent)).not.toBe('T');
			process.kill(Number(parent), 'SIGCONT');
			await init.says(/continued/);
			expect((await init.ended()).status).toBe(6);
		});

		test.concurrent('as PID 1, too', async () => {
			const words = ['--pid', '--fork', '--mount-proc', '--kill-child', tini, '--', 'bash', '--norc', '-ic', 'echo "flags $-"; exit 3'];
			await using init = startOnTerminal('unshare', words);
			const {status, stdout} = await init.ended();
			expect(stdout).toMatch(/^flags \w*m\w*\r\n/);
			expect(status).toBe(3);
		});
	});
});
