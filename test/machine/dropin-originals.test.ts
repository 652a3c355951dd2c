/**
 * Debian's originals and archon under their names, driven by the same cases: what a person, a program or a process beside it
 * sees of one and of the other is the same, but for pids and versions. What differs on purpose is in docs/moving/tini.md.
 */
import {existsSync, mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {both, listener, type Name, REST, see, type Seen, start, type Start, startOnTerminal} from './dropin.ts';

interface Case {
	readonly args: readonly string[];
	readonly how?: Start;
	/** Waits for the first text, sends the signal, and so on; the init's end follows. */
	readonly steps?: readonly (readonly [says: RegExp, signal: number])[];
	/** Lines of both processes, whose order the machine makes. */
	readonly isSorted?: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'archon-originals-'));
const [script, relative] = [join(folder, 'script'), join(folder, 'relative')];
writeFileSync(script, 'echo "run with $0 $*"; exit 9\n', {mode: 0o755});
writeFileSync(relative, '#!/bin/sh\necho "in $(pwd)"\n', {mode: 0o755});

/** What a program finds: all that it could have from its grandparent and from the init itself. */
const ABOUT = ['perl', '-e', `$| = 1; use POSIX; use Cwd;
	sub stat_of { open my $f, "<", "/proc/$_[0]/stat"; my $s = <$f>; $s =~ s/.*\\) //; (split / /, $s) }
	my ($own, $init) = ([stat_of($$)], [stat_of(getppid)]);
	print "leads group ", $own->[2] == $$, ", session ", $own->[3] == $$, "; of the init's session ", $own->[3] == $init->[3],
		", group ", $own->[2] == $init->[2], "; foreground ", $own->[5] == $own->[2], " tty ", $own->[4] != 0, "\\n";
	print "nice $own->[16], in ", getcwd, ", umask ", umask, "\\n";
	open my $l, "<", "/proc/self/limits"; print sort <$l>;
	open my $s, "<", "/proc/self/status"; print grep { /^(SigIgn|NoNewPrivs|CapEff|Groups)/ } <$s>;
	opendir my $d, "/proc/self/fd"; print join(" ", map { "$_:" . (readlink("/proc/self/fd/$_") =~ s/\\d+//gr) }
		sort { $a <=> $b } grep { /^\\d+$/ && $_ != fileno $l && $_ != fileno $s && $_ != dirfd($d) } readdir $d), "\\n";
	sub dirfd { my @l = grep { (readlink("/proc/self/fd/$_") // "") =~ m{/fd$} } 0 .. 40; @l ? $l[0] : -1 }
	open my $e, "<", "/proc/self/environ"; local $/; print unpack("H*", <$e>), "\\n", map { unpack("H*", $_) . "\\n" } @ARGV;`];

/** Executes what follows with descriptors of high numbers, limits and a nice value. */
const ODDLY = ['bash', '-c', `exec 5</etc/passwd 63>/dev/null 64</dev/null 200</dev/zero 1000</etc/group;
	ulimit -Sn 2048; ulimit -Sc 0; ulimit -x 77; umask 027; renice -n 7 -p $$ >/dev/null; cd /usr; exec "$@"`, 'oddly'];
const CLOSED = ['sh', '-c', 'exec "$@" <&- 2>&-', 'closed'];

/** Bytes that are not UTF-8, and variables as no shell would make them: one of no name, two of one name, one without a value. */
const BYTES = ['python3', '-c', `import ctypes, os, signal, sys
for one in signal.SIGPIPE, signal.SIGXFSZ: signal.signal(one, signal.SIG_DFL)
words = [os.fsencode(word) for word in sys.argv[1:]] + [b'a\\xff\\xc3b\\xe9', b'\\xed\\xb2\\x80', b'\\xf4\\x90\\x80\\x80', b'']
variables = [b'PATH=/usr/bin:/bin', b'X=\\xff\\x80z', b'\\xff\\xfeY=\\xc3\\xa9\\xc3', b'TWICE=1', b'TWICE=2', b'BARE', b'=odd', b'ARCHON_HANDOFF=77', b'TINI_SUBREAPER=']
def block(texts): return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)
ctypes.CDLL(None).execve(words[0], block(words), block(variables))`];

const reaching = (...args: readonly string[]): readonly string[] => [...args, '--', ...ABOUT];
/** Each in its turn to the init, with its program's answer. */
const through = (signals: readonly number[]): NonNullable<Case['steps']> =>
	[...signals.map((signal, i) => [i === 0 ? /ready\r?\n/ : new RegExp(`got ${signals[i - 1]}\\r?\\n`), signal] as const),
		[new RegExp(`got ${signals.at(-1)}\\r?\\n`), 15], [/got 15\r?\n/, 15]];

const TINI: Readonly<Record<string, Case>> = {
	'a program': {args: reaching('-s')},
	'oddly started': {args: reaching('-s'), how: {wrapper: ODDLY}},
	'bytes': {args: reaching(), how: {wrapper: BYTES}},
	'as PID 1': {args: reaching(), how: {isInit: true}},
	'the warning': {args: ['true']},
	'-v': {args: ['-sv', '--', 'sh', '-c', 'exit 3']},
	// Its end comes well after the signal, as an init that is slow to look for ends finds it without a SIGCHLD.
	'-vv': {args: ['-s', '-vv', '--', 'perl', '-e', '$SIG{USR1} = sub { select undef, undef, undef, 0.5; exit 3 }; kill "USR1", getppid; sleep 60']},
	'an end by a signal under -v': {args: ['-sv', '--', 'sh', '-c', 'kill -SEGV $$']},
	'-w': {args: ['-sw', '--', 'sh', '-c', '(true & exec sleep 0.05) & wait; sleep 0.5']},
	'nowhere': {args: ['-s', 'nosuch']}, 'nowhere, under -v': {args: ['-sv', 'nosuch'], isSorted: true},
	'nowhere, forgiven': {args: ['-s', '-e', '127', 'nosuch']},
	'forbidden': {args: ['-s', '/etc/passwd']}, 'through a file': {args: ['-s', '/etc/passwd/x']}, 'nothing': {args: ['-s', '']},
	'too long': {args: ['-s', 'x'.repeat(300)]}, 'a script': {args: ['-s', '--', script, 'a']},
	'a relative path': {args: ['-s', './relative'], how: {cwd: folder}},
	'an empty PATH': {args: ['-s', 'relative'], how: {cwd: folder, env: {PATH: ''}}},
	'real-time signals': {args: ['-s', '--', ...listener()], steps: through([34, 35, 50, 64])},
	'signals to the group': {args: ['-sg', '--', ...listener()], steps: through([1, 10])},
};

const DUMB_INIT: Readonly<Record<string, Case>> = {
	'a program': {args: reaching()},
	'oddly started': {args: reaching(), how: {wrapper: ODDLY}},
	'without stdin and stderr': {args: reaching(), how: {wrapper: CLOSED}},
	'oddly started, as a single child': {args: reaching('-c'), how: {wrapper: ODDLY}},
	'bytes': {args: reaching(), how: {wrapper: BYTES}},
	'as PID 1': {args: reaching(), how: {isInit: true}},
	'-v': {args: ['-v', 'sh', '-c', 'sleep 0.05; exit 3'], isSorted: true},
	'-v -c': {args: ['-vc', 'sh', '-c', 'exit 3'], isSorted: true},
	'debug by variables': {args: ['true'], how: {env: {DUMB_INIT_DEBUG: '1', DUMB_INIT_SETSID: '0'}}, isSorted: true},
	'rewritten': {args: ['-v', '-r', '10:0', '-r', '15:3', '-r', '12:12', 'perl', '-e', `kill "USR1", getppid; kill "USR2", getppid; ${REST}`], isSorted: true},
	'nowhere': {args: ['nosuch']}, 'nowhere, under -v': {args: ['-v', 'nosuch'], isSorted: true},
	'forbidden': {args: ['/etc']}, 'a script': {args: [script, 'a']}, 'a relative path': {args: ['./relative'], how: {cwd: folder}},
	'faults that are sent': {args: [...listener()], steps: through([4, 7, 8, 11, 31, 64])},
	'faults that are sent, to a single child, under -v': {args: ['-vc', ...listener()], steps: through([11, 7]), isSorted: true},
	'faults that are sent, as PID 1': {args: ['perl', '-e', `my $got = ""; $SIG{$_} = sub { $got = shift; syswrite STDOUT, "$got\\n" } for qw(ILL BUS FPE SEGV);
		for my $name (qw(ILL BUS FPE SEGV)) { kill $name, 1; select undef, undef, undef, 0.01 until $got eq $name } exit 4`], how: {isInit: true}},
};

const CATATONIT: Readonly<Record<string, Case>> = {
	'a program': {args: reaching()},
	'oddly started': {args: reaching(), how: {wrapper: ODDLY}},
	'without stdin and stderr': {args: reaching(), how: {wrapper: CLOSED}},
	'bytes': {args: reaching(), how: {wrapper: BYTES}},
	'as PID 1': {args: reaching(), how: {isInit: true}},
	'debug': {args: ['--', 'sh', '-c', 'kill -TSTP $PPID; sleep 0.05; exit 3'], how: {env: {CATATONIT_DEBUG: ''}}, isSorted: true},
	'nowhere, under debug': {args: ['nosuch'], how: {env: {CATATONIT_DEBUG: ''}}, isSorted: true},
	'a script': {args: ['--', script, 'a']}, 'through a file': {args: ['/etc/passwd/x']},
	'sockets that were passed to it': {args: ['--', 'sh', '-c', '[ "$LISTEN_PID" = $$ ] && echo "mine: $LISTEN_FDS"'],
		how: {wrapper: ['sh', '-c', 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@" 3</dev/null', 'sh']}},
	'sockets that were passed to another': {args: ['--', 'sh', '-c', 'echo "$LISTEN_PID"'], how: {env: {LISTEN_PID: '1x', LISTEN_FDS: '1'}}},
	'real-time signals': {args: ['--', ...listener()], steps: through([34, 35, 50, 64])},
};

async function drive(path: string, {args, how, steps = []}: Case): Promise<Seen> {
	await using init = start(path, args, {...how, isBare: true, env: {PATH: '/usr/bin:/bin:/usr/sbin', ...how?.env}});
	for (const [says, signal] of steps) {
		await init.says(says);
		init.signal(signal);
	}
	return await init.ended();
}

/** Without what differs from one process to the next. */
function normal({status, stdout, stderr}: Seen, isSorted = false): Seen {
	const plain = (text: string): string => {
		const lines = text.replaceAll(/\S*\/(tini|dumb-init|catatonit)\b/g, '$1').replaceAll(/\b(PID |pid[:= ]+'?|pid1 |process |:(?=\d+\))|pid1 \(|tini \()\d+/g, '$1N').split('\n');
		return (isSorted ? lines.sort() : lines).join('\n');
	};
	return {status, stdout: plain(stdout), stderr: plain(stderr)};
}

describe.skipIf(!existsSync('/usr/bin/tini')).each<[Name, Readonly<Record<string, Case>>]>([['tini', TINI], ['dumb-init', DUMB_INIT], ['catatonit', CATATONIT]])('%s', (name, cases) => {
	const [[, original], [, archon]] = both(name) as [[string, string], [string, string]];

	test.concurrent.each(Object.entries(cases))('%s', async (_, one) => {
		const [theirs, ours] = await Promise.all([drive(original, one), drive(archon, one)]);
		expect(normal(ours, one.isSorted)).toEqual(normal(theirs, one.isSorted));
	});

	test.concurrent('on a terminal', async () => {
		const look = async (path: string): Promise<Seen> => {
			await using init = startOnTerminal(path, reaching(...(name === 'tini' ? ['-s'] : [])));
			return await init.ended();
		};
		const [theirs, ours] = await Promise.all([look(original), look(archon)]);
		const plain = (seen: Seen): Seen => ({...normal(seen), stdout: normal(seen).stdout.replaceAll(/pts\/\d*/g, 'pts')});
		expect(plain(ours)).toEqual(plain(theirs));
	});
});

/** What each init leaves of signals that were ignored (1, 10, 13, 17, 34, 64) and blocked (2, 12, 15, 17, 37). */
describe('signals that were ignored and blocked are so for the program, as without an init,', () => {
	const show = ['grep', '-E', 'Sig(Blk|Ign):', '/proc/self/status'];
	const wrapper = (ignored: string, blocked: string): readonly string[] => ['perl', '-MPOSIX', '-e', `
		sigaction($_, POSIX::SigAction->new("IGNORE")) for split /,/, "${ignored}";
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(split /,/, "${blocked}")); exec @ARGV`];
	const all = [...Array.from({length: 64}, (_, i) => i + 1)].filter(signal => ![9, 19, 32, 33].includes(signal)).join(',');
	const worlds: readonly [what: string, ignored: string, blocked: string][] = [
		['none', '', ''], ['SIGCHLD and SIGPIPE ignored', '13,17', ''], ['SIGCHLD blocked', '', '17'], ['some of each', '1,10,13,34,64', '2,12,15,37'],
		['all ignored', all, ''], ['all blocked', '', all], ['all both', all, all], ['SIGPIPE as it is', '1', '13'],
	];
	const inits: readonly [who: string, path: string, args: readonly string[]][] = [
		['tini', both('tini')[1]?.[1] ?? '', ['-s', '--']], ['dumb-init', both('dumb-init')[1]?.[1] ?? '', []],
		['dumb-init -c', both('dumb-init')[1]?.[1] ?? '', ['-c']], ['catatonit', both('catatonit')[1]?.[1] ?? '', ['--']],
	];
	test.concurrent.each(inits.flatMap(init => worlds.map(world => [...init, ...world] as const)))('%s', async (_, path, args, __, ignored, blocked) => {
		for (const isInit of [false, true]) {
			const [bare, under] = await Promise.all([
				see('env', show, {wrapper: wrapper(ignored, blocked), isInit}), see(path, [...args, ...show], {wrapper: wrapper(ignored, blocked), isInit}),
			]);
			expect(under).toEqual(bare);
		}
	});
});

test('archon as dumb-init is in / before its program can look', async () => {
	const path = both('dumb-init')[1]?.[1] ?? '';
	const look = ['perl', '-e', 'use Cwd; print readlink("/proc/" . getppid . "/cwd"), " ", getcwd, "\\n"'];
	for (let i = 0; i < 20; i++) expect((await see(path, look, {cwd: '/usr'})).stdout).toBe('/ /usr\n');
	expect((await see(path, ['sh', '-c', 'pwd'], {cwd: '/usr'})).stdout).toBe('/usr\n');
});
