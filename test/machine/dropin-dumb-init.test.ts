/** dumb-init: what it does, and archon under its name. */
import {readlinkSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {both, listener, REST, see, start, startOnTerminal, stateOf} from './dropin.ts';

const USAGE = /^Usage: \S*dumb-init \[option\] program \[args\]\nTry \S*dumb-init --help for full usage\.\n$/;
const USAGE_REWRITE = /^Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31\.\n/;
const HELP = /^dumb-init v1\.2\.5.*\nUsage: \S*dumb-init \[option\] command \[\[arg\] \.\.\.\]\n/;
const SILENT = /^$/;

const LINES: readonly [what: string, args: readonly string[], status: number, stderr: RegExp, env?: Record<string, string>][] = [
	['nothing', [], 1, USAGE],
	['an option and no program', ['-c'], 1, USAGE],
	['-h', ['-h'], 0, HELP], ['--help', ['--help'], 0, HELP], ['--he', ['--he'], 0, HELP],
	['-V', ['-V'], 0, /^dumb-init v1\.2\.5.*\n$/], ['--version', ['--version'], 0, /^dumb-init v1\.2\.5.*\n$/],
	['an unknown letter', ['-x', 'true'], 1, /^\S*dumb-init: invalid option -- 'x'\n$/],
	['an unknown name', ['--foo', 'true'], 1, /^\S*dumb-init: unrecognized option '--foo'\n$/],
	['a name that is cut too short', ['--ver', 'true'], 1, /^\S*dumb-init: option '--ver' is ambiguous; possibilities: '--verbose' '--version'\n$/],
	['a value for an option without one', ['--verbose=1', 'true'], 1, /^\S*dumb-init: option '--verbose' doesn't allow an argument\n$/],
	['-r without a value', ['-r'], 1, /^\S*dumb-init: option requires an argument -- 'r'\n$/],
	['--rewrite without a value', ['--rewrite'], 1, /^\S*dumb-init: option '--rewrite' requires an argument\n$/],
	['-r with what is no pair', ['-r', '15', 'true'], 1, USAGE_REWRITE],
	['-r with names', ['-r', 'TERM:QUIT', 'true'], 1, USAGE_REWRITE],
	['-r of signal 0', ['-r', '0:15', 'true'], 1, USAGE_REWRITE],
	['-r of signal 32', ['-r', '32:15', 'true'], 1, USAGE_REWRITE],
	['-r to signal 32', ['-r', '15:32', 'true'], 1, USAGE_REWRITE],
	['-r with more behind it', ['-r', '15:3 and so on', 'true'], 0, SILENT],
	['-r15:3', ['-r15:3', 'true'], 0, SILENT], ['--rewrite=15:3', ['--rewrite=15:3', 'true'], 0, SILENT],
	['-r of a signal that cannot be caught', ['-r', '9:15', 'true'], 0, SILENT],
	['a cluster', ['-cr', '15:3', 'true'], 0, SILENT],
	['an option behind the program', ['false', '-h'], 1, SILENT],
	['an option behind --', ['--', 'sh', '-c', 'exit 4'], 4, SILENT],
	['a program that is nowhere', ['nosuch'], 2, /^\[dumb-init\] nosuch: No such file or directory\n$/],
	['a file that is not a program', ['/etc'], 2, /^\[dumb-init\] \/etc: Permission denied\n$/],
	['DUMB_INIT_DEBUG, which is not 1', ['true'], 0, SILENT, {DUMB_INIT_DEBUG: '2'}],
];

const STATUSES: readonly [script: string, status: number][] = [
	['exit 0', 0], ['exit 1', 1], ['exit 7', 7], ['exit 255', 255],
	['kill -TERM $$', 143], ['kill -KILL $$', 137], ['kill -HUP $$', 129], ['kill -USR1 $$', 138], ['kill -PIPE $$', 141],
];

/** Two of one group: the second says `side …`; the first ends it where it was not reached, and then says `main …`. */
const pair = (isReached: boolean): readonly string[] => listener('', `
	my $side = fork; if ($side == 0) { $SIG{USR1} = sub { print "side got 10\\n"; exit }; print "side ready\\n"; ${REST} }
	$SIG{USR1} = sub { kill "KILL", $side unless ${Number(isReached)}; waitpid $side, 0; print "main got 10\\n" };`);

/** Its pid, group, session, its parent's group and session, and its directory. */
const PLACE = ['perl', '-e', `use Cwd; $| = 1; sub stat_of { open my $f, "<", "/proc/$_[0]/stat"; my @w = split / /, <$f>; @w[4, 5] }
	print join(" ", "place", $$, stat_of($$), getppid, stat_of(getppid), getcwd), "\\n"; <STDIN>`];

interface Place {
	readonly pid: number;
	readonly group: number;
	readonly session: number;
	readonly parent: number;
	readonly parentGroup: number;
	readonly parentSession: number;
	readonly directory: string;
}

const placeIn = ([, text = '']: RegExpExecArray): Place => {
	const [pid = 0, group = 0, session = 0, parent = 0, parentGroup = 0, parentSession = 0] = text.split(' ').map(Number);
	return {pid, group, session, parent, parentGroup, parentSession, directory: text.split(' ')[6] ?? ''};
};

describe.each(both('dumb-init'))('%s', (_, dumbInit) => {
	test.concurrent.each(LINES)('understands %s', async (_, args, status, stderr, env = {}) => {
		expect(await see(dumbInit, args, {env})).toEqual({status, stdout: '', stderr: expect.stringMatching(stderr)});
	});

	test.concurrent.each(STATUSES)('ends as %s does, with %i', async (script, status) => {
		expect(await see(dumbInit, ['sh', '-c', script])).toEqual({status, stdout: '', stderr: ''});
		expect(await see(dumbInit, ['-c', 'sh', '-c', script])).toEqual({status, stdout: '', stderr: ''});
	});

	test.concurrent.each([[['-v'], {}], [['--verb'], {}], [[], {DUMB_INIT_DEBUG: '1'}]])('tells with %j and %j what happens', async (args, env) => {
		const {stderr} = await see(dumbInit, [...args, '-r', '10:0', 'perl', '-e', `kill "USR1", getppid; kill "USR2", getppid; ${REST}`], {env});
		const pid = /Child spawned with PID (\d+)/.exec(stderr)?.[1];
		for (const line of [
			'Unable to detach from controlling tty (errno=25 Inappropriate ioctl for device).', 'Received signal 10.', 'Translating signal 10 to 0.',
			'Not forwarding signal 0 to children (ignored).', 'Forwarded signal 12 to children.', 'Received signal 17.',
			`A child with PID ${pid} was terminated by signal 12.`, 'Child exited with status 140. Goodbye.',
		]) expect(stderr).toContain(`[dumb-init] ${line}\n`);
	});

	describe('places', () => {
		test('its program in a session of its own, and itself at /', async () => {
			await using init = start(dumbInit, PLACE, {cwd: '/usr'});
			const place = placeIn(await init.says(/place (.*)\n/));
			expect([place.group, place.session, place.directory]).toEqual([place.pid, place.pid, '/usr']);
			expect(place.parentSession).not.toBe(place.session);
			await expect.poll(() => readlinkSync(`/proc/${place.parent}/cwd`)).toBe('/');
		});

		test.concurrent.each([[['-c'], {}], [['--single-child'], {}], [[], {DUMB_INIT_SETSID: '0'}]])(
			'with %j and %j its program beside itself', async (args, env) => {
				await using init = start(dumbInit, [...args, ...PLACE], {env});
				const place = placeIn(await init.says(/place (.*)\n/));
				expect([place.group, place.session]).toEqual([place.parentGroup, place.parentSession]);
			});
	});

	describe('forwards', () => {
		test.concurrent.each([[['-c']], [[]]])('with %j every signal but SIGCHLD', async args => {
			await using init = start(dumbInit, [...args, ...listener()]);
			await init.says(/ready/);
			for (const signal of [1, 2, 3, 5, 6, 10, 12, 13, 14, 15, 16, 18, 23, 24, 25, 26, 27, 28, 29, 30, 31]) {
				init.signal(signal);
				await init.says(new RegExp(`got ${signal}\\n`));
			}
			init.signal('SIGCHLD');
			init.signal('SIGTERM');
			expect((await init.ended()).status).toBe(7);
			expect(init.stdout()).not.toMatch(/got 17/);
		});

		test.concurrent.each([
			['to the whole group', [], {}, 'side got 10\nmain got 10\n'],
			['with -c to its program alone', ['-c'], {}, 'main got 10\n'],
			['with DUMB_INIT_SETSID=0 to its program alone', [], {DUMB_INIT_SETSID: '0'}, 'main got 10\n'],
		])('%s', async (_, args, env, said) => {
			await using init = start(dumbInit, [...args, ...pair(said.startsWith('side'))], {env});
			await init.says(/side ready\n/);
			await init.says(/(^|\n)ready\n/);
			init.signal('SIGUSR1');
			await init.says(/main got 10\n/);
			expect(init.stdout().replace(/^(side )?ready\n/gm, '')).toBe(said);
		});

		test.concurrent.each([
			['one as another', ['-r', '10:3'], 'got 3\ngot 12\n'],
			['nothing for one', ['-r', '10:0'], 'got 12\n'],
			['two as each other', ['-r', '10:12', '--rewrite', '12:10'], 'got 12\ngot 10\n'],
			['one as said last', ['-r', '10:1', '-r', '10:2'], 'got 2\ngot 12\n'],
		])('rewritten, %s', async (_, args, said) => {
			await using init = start(dumbInit, [...args, ...listener()]);
			await init.says(/ready\n/);
			init.signal('SIGUSR1');
			if (said !== 'got 12\n') await init.says(/got/);
			init.signal('SIGUSR2');
			await init.says(new RegExp(said));
			expect(init.stdout()).toBe(`ready\n${said}`);
		});
	});

	describe('at the terminal\'s stop signals', () => {
		const program = ['perl', '-e', `$| = 1; $SIG{CONT} = sub { print "continued\\n" }; print "pid $$ of ", getppid, "\\n"; ${REST}`];

		test.each(['SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)('stops its program and itself for %s, until they are continued', async signal => {
			await using init = start(dumbInit, program);
			const [, pid, parent] = await init.says(/pid (\d+) of (\d+)\n/);
			init.signal(signal);
			await expect.poll(() => `${stateOf(pid)}${stateOf(parent)}`).toBe('TT');
			init.signal('SIGCONT');
			await init.says(/continued\n/);
			await expect.poll(() => `${stateOf(pid)}${stateOf(parent)}`).not.toContain('T');
		});

		test.each([
			['as they are with -c', ['-c'], 'got 20\n'],
			['rewritten if that was asked for', ['-r', '20:10'], 'got 10\n'],
		])('passes them on %s, and stops itself', async (_, args, said) => {
			await using init = start(dumbInit, [...args, ...listener()]);
			await init.says(/ready\n/);
			init.signal('SIGTSTP');
			await init.says(new RegExp(said));
			await expect.poll(() => stateOf(String(init.pid))).toBe('T');
		});

		test('stops itself and not its program if nothing is to be sent', async () => {
			await using init = start(dumbInit, ['-r', '20:0', ...listener()]);
			await init.says(/ready\n/);
			init.signal('SIGTSTP');
			await expect.poll(() => stateOf(String(init.pid))).toBe('T');
			init.signal('SIGCONT');
			await init.says(/got 18\n/);
			expect(init.stdout()).toBe('ready\ngot 18\n');
		});
	});

	describe('when its program has ended', () => {
		/** One of the same group stays, and says what it is sent. */
		const leaves = (more = ''): string => `$| = 1; pipe(R, W);
			if (!fork) { ${more}; $SIG{$_} = eval "sub { print qq($_\\\\n); exit }" for qw(TERM QUIT); print "waits\\n"; close R; close W; ${REST} }
			close W; <R>; exit 5`;

		test.concurrent.each([
			['asks the others of its group to end', [], '', 'TERM\n'],
			['asks them by what SIGTERM is rewritten to', ['-r', '15:3'], '', 'QUIT\n'],
		])('%s', async (_, args, more, said) => {
			const {status, stdout} = await see(dumbInit, [...args, 'perl', '-e', leaves(more)]);
			expect({status, stdout}).toEqual({status: 5, stdout: `waits\n${said}`});
		});

		test.concurrent.each([
			['if SIGTERM is not to be sent', ['-r', '15:0'], ''],
			['with -c', ['-c'], ''],
			['of another session', [], 'use POSIX; POSIX::setsid()'],
		])('signals nothing %s', async (_, args, more) => {
			expect(await see(dumbInit, [...args, 'perl', '-e', leaves(more)], {isInit: true})).toEqual({status: 5, stdout: 'waits\n', stderr: ''});
		});
	});

	test.concurrent('as PID 1 reaps what is not its program', async () => {
		const orphan = 'use POSIX; $| = 1; pipe R, W; unless (fork) { unless (fork) { print W "$$\\n"; exit 3 } exit } wait; close W; chomp(my $pid = <R>); '
			+ 'select undef, undef, undef, 0.01 while -e "/proc/$pid"; exit 4';
		const {status, stderr} = await see(dumbInit, ['-v', 'perl', '-e', orphan], {isInit: true});
		expect(status).toBe(4);
		expect(stderr).toMatch(/\[dumb-init\] A child with PID \d+ exited with exit status 3\.\n/);
	});

	describe('on a terminal', () => {
		test.concurrent('gives it to its program', async () => {
			await using init = startOnTerminal(dumbInit, ['tac']);
			init.write('1\n2\n3\n\x04');
			const {status, stdout} = await init.ended();
			expect({status, stdout}).toEqual({status: 0, stdout: expect.stringMatching(/3\r\n2\r\n1\r\n$/)});
		});

		test.concurrent.each([[[]], [['-c']]])('with %j a shell has job control', async args => {
			await using init = startOnTerminal(dumbInit, [...args, 'bash', '--norc', '-mc', 'echo "flags $-"; sleep 0.3 & fg; exit 3']);
			const {status, stdout} = await init.ended();
			expect({status, stdout}).toEqual({status: 3, stdout: expect.stringMatching(/flags \w*m\w*\r\n(.*\n)?sleep 0/)});
		});

		test.concurrent('passes neither SIGHUP nor SIGCONT on that come of giving it away, and later ones do', async () => {
			await using init = startOnTerminal(dumbInit, ['-v', ...listener()]);
			await init.says(/ready/);
			await init.says(/Ignoring tty hand-off signal 1\./);
			await init.says(/Ignoring tty hand-off signal 18\./);
			const pid = Number((await see('ps', ['-o', 'pid=', '--ppid', String(init.pid)])).stdout);
			process.kill(pid, 'SIGHUP');
			await init.says(/got 1\r\n/);
			expect(init.stdout()).not.toMatch(/got 18/);
		});
	});
});
