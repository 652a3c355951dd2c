/** catatonit: what it does, and archon under its name. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {both, listener, REST, see, start, startOnTerminal} from './dropin.ts';

const USAGE = /usage: catatonit \[-ghLPV\] \[--\] <progname> \[<arguments>\.\.\.\]\n/;
const HELP = new RegExp(`^${USAGE.source}\n`);
const VERSION = /^tini version 0\.1\.7_catatonit.*\n$/;
const SILENT = /^$/;

const LINES: readonly [what: string, args: readonly string[], status: number, stdout: RegExp, stderr: RegExp, env?: Record<string, string>][] = [
	['nothing', [], 1, SILENT, new RegExp(`^ERROR \\(catatonit:\\d+\\): missing program name\n${USAGE.source}$`)],
	['-h', ['-h'], 0, SILENT, HELP], ['-V', ['-V'], 0, VERSION, SILENT], ['--vers', ['--vers'], 0, VERSION, SILENT],
	['-L', ['-L'], 0, /./, SILENT],
	['an unknown letter', ['-x', 'true'], 1, SILENT, /^\S*catatonit: invalid option -- 'x'\n/],
	['an unknown name', ['--help'], 1, SILENT, /^\S*catatonit: unrecognized option '--help'\n/],
	['an option behind the program, which is catatonit\'s', ['echo', '-V'], 0, VERSION, SILENT],
	['an option behind --', ['--', 'echo', '-V'], 0, /^-V\n$/, SILENT],
	['no PID 1', ['echo', 'fine'], 0, /^fine\n$/, SILENT],
	['a program that is nowhere', ['nosuch'], 1, SILENT, /^ERROR \(catatonit:\d+\): failed to exec pid1: No such file or directory\n$/],
	['a file that is not a program', ['/etc'], 1, SILENT, /^ERROR \(catatonit:\d+\): failed to exec pid1: Permission denied\n$/],
	['CATATONIT_LOG', ['true'], 1, SILENT, /^ERROR \(catatonit:\d+\): CATATONIT_LOG is reserved for future use\n$/, {CATATONIT_LOG: ''}],
	// The original writes a line piece by piece, and its child may come in between.
	['CATATONIT_DEBUG', ['true'], 0, SILENT, /^DEBUG \(catatonit:\d+\): [^]*pid1 \(\d+\) spawned: true\n/m, {CATATONIT_DEBUG: ''}],
];

const STATUSES: readonly [script: string, status: number][] = [
	['exit 0', 0], ['exit 7', 7], ['exit 255', 255], ['kill -TERM $$', 143], ['kill -KILL $$', 137], ['kill -USR1 $$', 138],
];

/** Whether a process catches the last of all signals, or has it blocked and reads it. */
function hears(pid: number): boolean {
	const masks = readFileSync(`/proc/${pid}/status`, 'latin1').matchAll(/^Sig(?:Cgt|Blk):\t(\w+)$/gm);
	return readlinkSync(`/proc/${pid}/exe`) !== process.execPath && [...masks].some(([, mask]) => BigInt(`0x${mask}`) >> 63n === 1n);
}

describe.each(both('catatonit'))('%s', (_, catatonit) => {
	test.concurrent.each(LINES)('understands %s', async (_, args, status, stdout, stderr, env = {}) => {
		const seen = await see(catatonit, args, {env});
		expect(seen).toEqual({status, stdout: expect.stringMatching(stdout), stderr: expect.stringMatching(stderr)});
	});

	test.concurrent.each(STATUSES)('ends as %s does, with %i', async (script, status) => {
		expect(await see(catatonit, ['--', 'sh', '-c', script])).toEqual({status, stdout: '', stderr: ''});
	});

	test.concurrent('forwards every signal but faults, SIGCHLD and the terminal\'s stop signals', async () => {
		await using init = start(catatonit, ['--', ...listener()]);
		await init.says(/ready/);
		for (const signal of [1, 2, 3, 10, 12, 13, 14, 15, 16, 18, 23, 24, 25, 26, 27, 28, 29, 30, 34, 37, 64]) {
			init.signal(signal);
			await init.says(new RegExp(`got ${signal}\\n`));
		}
		for (const signal of [17, 20, 21, 22]) init.signal(signal);
		init.signal('SIGTERM');
		expect((await init.ended()).status).toBe(7);
		expect(init.stdout()).not.toMatch(/got (17|2[012])\n/);
	});

	test.concurrent.each([[[], 'main got 10\n'], [['-g'], 'side got 10\nmain got 10\n']])('with %j forwards to whom it should', async (args, said) => {
		const more = `my $side = fork; if ($side == 0) { $SIG{USR1} = sub { print "side got 10\\n"; exit }; print "side ready\\n"; ${REST} }
			$SIG{USR1} = sub { kill "KILL", $side unless ${Number(said.startsWith('side'))}; waitpid $side, 0; print "main got 10\\n" };`;
		await using init = start(catatonit, [...args, '--', ...listener('', more)]);
		await init.says(/side ready\n/);
		await init.says(/(^|\n)ready\n/);
		init.signal('SIGUSR1');
		await init.says(/main got 10\n/);
		expect(init.stdout().replace(/^(side )?ready\n/gm, '')).toBe(said);
	});

	test.concurrent('has orphans where it is not PID 1', async () => {
		const orphan = '$| = 1; unless (fork) { my $parent = $$; exit if fork; select undef, undef, undef, 0.01 while getppid == $parent; '
			+ 'print getppid == $ARGV[0] ? "mine\\n" : "whose?\\n"; exit } sleep 1000';
		await using init = start('sh', ['-c', `exec ${catatonit} -- perl -e '${orphan}' $$`]);
		await init.says(/^mine\n/);
	});

	test.each(['SIGINT', 'SIGTERM'] as const)('with -P runs nothing, and ends with 0 at %s', async signal => {
		await using init = start(catatonit, ['-P', 'echo', 'nothing']);
		// When it hears the last, it hears all of them.
		await expect.poll(() => hears(init.pid)).toBe(true);
		init.signal('SIGUSR1');
		init.signal(signal);
		expect(await init.ended()).toEqual({status: 0, stdout: '', stderr: ''});
	});

	test.concurrent('gives its program the terminal', async () => {
		const ask = 'read -r stat < /proc/$$/stat; echo "stat $stat"; read -r typed; echo "typed $typed"';
		await using init = startOnTerminal(catatonit, ['--', 'sh', '-c', ask]);
		const [, stat = ''] = await init.says(/stat (.*)\r\n/);
		const [pid, , , , group, , , foreground] = stat.split(' ');
		expect([group, foreground]).toEqual([pid, pid]);
		init.write('words\n');
		await init.says(/typed words\r\n/);
		expect((await init.ended()).status).toBe(0);
	});

	test.concurrent('ends with its program, whatever remains', async () => {
		const script = `$| = 1; pipe(R, W);
			if (!fork) { $SIG{TERM} = sub { print "asked\\n"; exit }; print "waits\\n"; close R; close W; ${REST} }
			close W; <R>; exit 5`;
		expect(await see(catatonit, ['--', 'perl', '-e', script], {isInit: true})).toEqual({status: 5, stdout: 'waits\n', stderr: ''});
	});
});

// As catatonit does from 0.2 on, which this Debian does not have.
test('archon goes to / and keeps nothing open that its program was given', async () => {
	const catatonit = both('catatonit')[1]?.[1] ?? '';
	await using init = start('bash', ['-c', `exec 5</etc/passwd; exec ${catatonit} -- bash -c 'read -r line <&5; echo "$line in $PWD"; read -r'`], {cwd: '/usr'});
	await init.says(/^root:.* in \/usr\n/);
	await expect.poll(() => readlinkSync(`/proc/${init.pid}/cwd`)).toBe('/');
	const open = (): string[] => readdirSync(`/proc/${init.pid}/fd`).map(fd => readlinkSync(`/proc/${init.pid}/fd/${fd}`));
	await expect.poll(open).not.toContain('/etc/passwd');
});
