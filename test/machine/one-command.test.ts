/** `archon -- CMD`: what a person who knows tini expects. */
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {CATCHABLE} from '../../src/core/signals.ts';
import {signalName} from '../../src/core/signal-numbers.ts';
import {ARCHON, boot} from './archon.ts';

const run = async (...command: readonly string[]): Promise<{status: number; stdout: string; stderr: string}> => {
	const {exitCode, stdout, stderr} = await execa(ARCHON, ['--', ...command], {reject: false, input: 'in\n'});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
};

/** Prints the number of each signal that it is sent, until SIGTERM comes a second time. */
const LISTENER = [
	'perl', '-e', `use Config; $| = 1; my $terms = 0; my @names = split " ", $Config{sig_name};
	for my $number (1 .. 31, 34 .. 64) {
		my $name = $names[$number]; next if !$name || $name =~ /^(KILL|STOP|CHLD|CLD)$/;
		$SIG{$name} = sub { print "got $number\\n"; exit 7 if $number == 15 && ++$terms == 2; };
	}
	print "ready\\n"; sleep 1 while 1;`,
];

describe('exit statuses', () => {
	test('are the command\'s, all 256 of them', {timeout: 120_000}, async () => {
		const ask = async (status: number): Promise<number> => (await run('sh', '-c', `exit ${status}`)).status;
		const statuses: number[] = [];
		for (let status = 0; status < 256; status += 8) {
			statuses.push(...await Promise.all(Array.from({length: 8}, (_, i) => ask(status + i))));
		}
		expect(statuses).toEqual(Array.from({length: 256}, (_, status) => status));
	});

	const deadly = Array.from({length: 31}, (_, i) => i + 1).filter(signal => ![17, 18, 19, 20, 21, 22, 23, 28].includes(signal));
	test.each(deadly)('are 128 and the signal for a command killed by %i', async signal => {
		expect((await run('sh', '-c', `ulimit -c 0; kill -${signal} $$`)).status).toBe(128 + signal);
	});

	test('are all that is said of how it ends', async () => {
		expect(await run('sh', '-c', 'exit 7')).toEqual({status: 7, stdout: '', stderr: ''});
		expect(await run('sh', '-c', 'kill -KILL $$')).toEqual({status: 137, stdout: '', stderr: ''});
	});

	test('are 127 and 126 for a command that is not found, or not executable, and say why', async () => {
		expect(await run('nosuch')).toEqual({
			status: 127, stdout: '',
			stderr: 'archon | error: cannot start main: executing nosuch: no such file or directory along PATH',
		});
		expect((await run('/etc/passwd')).status).toBe(126);
	});

	test('are right where SIGCHLD was ignored by the parent of archon', async () => {
		const {exitCode} = await execa('sh', ['-c', `trap "" CHLD; exec ${ARCHON} -- sh -c "exit 3"`], {reject: false});
		expect(exitCode).toBe(3);
	});
});

test('the streams are the command\'s own, and archon adds nothing', async () => {
	expect(await run('sh', '-c', 'cat; echo out; echo err >&2')).toEqual({status: 0, stdout: 'in\nout', stderr: 'err'});
});

test('the command has the descriptors, limits and nice value that archon was started with, as with tini', async () => {
	const about = 'ulimit -Sa; ulimit -Ha; nice; umask; cat /proc/self/oom_score_adj; cat <&5; cat <&63; ls /proc/self/fd';
	const oddly = `exec 5<<<five 63<<<sixty-three; ulimit -Sn 300; ulimit -c 0; ulimit -x 77; umask 027;
		for fd in $(ls /proc/self/fd); do [ $fd -gt 63 ] && eval "exec $fd>&-"; done; exec nice -n 3 "$@"`;
	const [ours, theirs] = await Promise.all([[ARCHON, '--'], ['tini', '-s', '--']].map(async init =>
		await execa('bash', ['-c', oddly, 'oddly', ...init, 'bash', '-c', about])));
	expect(ours?.stdout).toBe(theirs?.stdout);
	expect(ours?.stdout).toMatch(/^five\nsixty-three$/m);
});

test('every forwardable signal reaches the command, real-time ones too', async () => {
	await using archon = await boot({config: null, args: ['--', ...LISTENER], isInit: false});
	await archon.says(/ready/);
	// SIGCONT would be seen with SIGTSTP's, and comes last for that reason.
	for (const signal of CATCHABLE) {
		archon.signal(signal);
		await archon.says(new RegExp(`got ${signal}\\n`)).catch(error => expect.fail(`${signalName(signal)}: ${error}`));
	}
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(7);
});

test('as PID 1 the command gets the signal too, and archon waits for its word', async () => {
	await using archon = await boot({config: null, args: ['--', ...LISTENER]});
	await archon.says(/ready/);
	archon.signal('SIGTERM');
	await archon.says(/got 15/);
	archon.signal('SIGUSR1');
	await archon.says(/got 10/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(7);
});

test('what the command leaves behind is asked to end, and awaited', async () => {
	const script = `$| = 1; pipe(R, W);
		if (!fork) { setpgrp; $SIG{TERM} = sub { print "bye\\n"; exit }; print "waits\\n"; close W; close R; sleep 1 while 1 }
		close W; <R>; exit 0`;
	for (const isInit of [true, false]) {
		await using archon = await boot({config: null, args: ['--', 'perl', '-e', script], isInit});
		expect(await archon.ended()).toBe(0);
		expect(archon.log()).toBe('waits\nbye\n');
	}
});

test('on a terminal the command is in the foreground, in a group of its own', async () => {
	const script = 'read -r stat < /proc/$$/stat; echo "stat $stat"; read -r typed; echo "typed $typed"';
	const {stdout} = await execa('script', ['-qec', `${ARCHON} -- sh -c '${script}'`, '/dev/null'], {input: 'words\n'});
	const [pid, , , , group, , , foreground] = (/stat (.*)/.exec(String(stdout))?.[1] ?? '').split(' ');
	expect([group, foreground]).toEqual([pid, pid]);
	expect(stdout).toMatch(/typed words/);
});
