/** archon boots anywhere: it keeps two services, answers archonctl and shuts down cleanly in places that lack something. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot, type Boot} from './archon.ts';
import {character} from './characters.ts';

const TWO = `
services:
  one: {command: sleep 1000000}
  two: {command: sleep 1000000, depends_on: [one]}
`;

/** A shell script before archon, which executes it at its end: "$@" is archon with its arguments. */
const after = (script: string): readonly string[] => ['sh', '-c', `${script}\nexec "$@"`, 'sh'];
/** The same in a mount namespace of its own. */
const mounted = (script: string): readonly string[] => ['unshare', '--mount', 'sh', '-ec', `${script}\nexec "$@"`, 'sh'];
/** The same with the archon of an image. */
const fromImage = (script: string): readonly string[] => mounted(`
	mount -t tmpfs none /opt; mkdir /opt/archon; mount --bind ${join(ARCHON, '../rootfs/opt/archon')} /opt/archon
	shift; set -- /opt/archon/bin/archon "$@"
	${script}`);
/** A uid and a gid without entries in /etc, to which the folder of the test is given. */
const asStranger = [
	...after('for word; do case $word in *.sock) chown -R 12345:54321 "${word%/*}";; esac; done'),
	'setpriv', '--reuid', '12345', '--regid', '54321', '--clear-groups',
];

async function up(how: Partial<Boot>): Promise<Archon> {
	const archon = await boot({config: TWO, ...how});
	await expect.poll(() => archon.status().catch(() => ({})), {message: archon.log()})
		.toMatchObject({one: {status: 'running', restarts: 0}, two: {status: 'running', restarts: 0}});
	return archon;
}

async function down(archon: Archon): Promise<string> {
	const {status, stderr} = await archon.ctl('shutdown');
	expect(status, stderr).toBe(0);
	expect(await archon.ended(), archon.log()).toBe(0);
	expect(archon.log()).not.toMatch(/a bug in archon|SIGKILL|warn:|error:/);
	return archon.log();
}

/** The whole of a life; what was said in it. */
async function story(how: Partial<Boot>): Promise<string> {
	await using archon = await up(how);
	return await down(archon);
}

const lives = async (how: Partial<Boot>): Promise<void> => void await story(how);

describe('lives', () => {
	test('as PID 1', () => lives({}));
	test('beside others', () => lives({isInit: false}));
	test('in a PID namespace that it did not begin', () => lives({
		isInit: false, wrapper: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', '"$@"; exit $?', 'sh'],
	}));
	test('in a namespace of users in which it is nobody', () => lives({isInit: false, wrapper: ['unshare', '--user']}));
	test('below another archon', async () => {
		await using outer = await boot({config: null, args: ['--', 'sleep', '1000000']});
		const inside = ['nsenter', '--target', String(outer.pid), '--pid', '--mount'];
		await lives({isInit: false, wrapper: inside});
		await lives({isInit: false, wrapper: [ARCHON, '--']});
	});
	test('as a uid without an entry in /etc/passwd, without capabilities and without a way to new privileges', () => lives({
		wrapper: [...asStranger, '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'],
	}));
	test('as root without capabilities', () => lives({wrapper: ['setpriv', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all']}));
	test('without a single network interface', () => lives({wrapper: ['unshare', '--net']}));
	test('where memory is laid out the same each time', () => lives({wrapper: ['setarch', '-R']}));
	test('with a terminal', () => lives({isInit: false, wrapper: ['sh', '-c', 'exec script -qec "exec $*" /dev/null', 'sh']}));
});

describe('the environment', () => {
	test('may be empty', () => lives({wrapper: ['env', '-i']}));
	test('may be as large as the kernel allows, and services have all of it', async () => {
		const env = Object.fromEntries(Array.from({length: 15}, (_, i) => [`V${i}`, String(i % 10).repeat(120 << 10)]));
		await using archon = await up({env: {...env, V7: 'v'.repeat(127 << 10)}});
		const {one} = await archon.status();
		const pid = readFileSync(`/proc/${archon.pid}/task/${archon.pid}/children`, 'utf8').split(' ')[0];
		expect(one?.pid).toBeGreaterThan(1);
		expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain(`V7=${'v'.repeat(127 << 10)}\0`);
		await down(archon);
	});
	test.each([
		['a locale that is nowhere', {LANG: 'tr_XX.KOI8-R', LC_ALL: 'xx_YY.UTF-99', LANGUAGE: 'x', TZ: 'Nowhere/At_All'}],
		['no terminal and no home', {TERM: '', HOME: '/nonexistent', SHELL: '', USER: ''}],
		['what JavaScript engines would read', {
			NODE_OPTIONS: '--no-such-option', NODE_DEBUG: 'net,fs', NODE_COMPILE_CACHE: '/nonexistent/x', NODE_CHANNEL_FD: '77', NODE_V8_COVERAGE: '/x',
			UV_THREADPOOL_SIZE: '1024',
		}],
		['what libraries would read', {OPENSSL_CONF: '/dev/full', SSL_CERT_FILE: '/nonexistent', GCONV_PATH: '/nonexistent'}],
		['what C libraries would read', {
			LD_LIBRARY_PATH: '/nonexistent:/dev', MALLOC_PERTURB_: '7', MALLOC_ARENA_MAX: '0', MALLOC_CONF: 'junk:true', GLIBC_TUNABLES: 'x=y', RES_OPTIONS: 'x',
		}],
	])('may hold %s', (_, env: Record<string, string>) => lives({env}));
	test('names no library that archon would load', async () => {
		await lives({env: {LD_PRELOAD: deadly()}});
		await lives({wrapper: mounted(`
			mount -t tmpfs none /mnt; cp -a /etc /mnt/etc; mount --bind /mnt/etc /etc; umount -l /mnt; echo ${deadly()} >/etc/ld.so.preload`)});
	});
});

/** A library that ends every program by the name of archon, or one that it is a link to, before its first line. */
function deadly(): string {
	const folder = mkdtempSync(join(tmpdir(), 'archon-preload-'));
	const [source, library] = [join(folder, 'deadly.c'), join(folder, 'deadly.so')];
	writeFileSync(source, `
		#define _GNU_SOURCE
		#include <errno.h>
		#include <string.h>
		#include <unistd.h>
		__attribute__((constructor)) static void end(void) { if (strncmp(program_invocation_short_name, "archon", 6) == 0) _exit(99); }
	`);
	execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, source]);
	execFileSync('chmod', ['-R', 'a+rX', folder]);
	return library;
}

describe('system calls', () => {
	/** Their numbers are the same on all architectures; none is older than Linux 3.17. */
	test.each([
		['clone3', 435], ['close_range', 436], ['openat2', 437], ['pidfd_open', 434], ['pidfd_send_signal', 424], ['pidfd_getfd', 438],
		['faccessat2', 439], ['epoll_pwait2', 441], ['process_madvise', 440], ['io_uring_setup', 425], ['mount_setattr', 442],
		['landlock_create_ruleset', 444], ['memfd_secret', 447], ['futex_waitv', 449], ['rseq', 334], ['statx', 332], ['memfd_create', 319],
		['execveat', 322], ['getrandom', 318],
	])('may lack %s, whether it is forbidden or unknown', async (_, number) => {
		for (const errno of [1, 38]) {
			await lives({wrapper: [await refuse, String(errno), String(number), '--']});
		}
	});
});

const refuse = character('refuse');

describe('the name it is called by', () => {
	test.each(['', '/', 'a name with spaces', '/opt/x/archon/', 'ä'.repeat(1000)])('may be %j', name =>
		lives({wrapper: ['bash', '-c', 'name=$1; shift; exec -a "$name" "$@"', 'bash', name]}));
});

describe('the working directory', () => {
	test('may be gone', () => lives({wrapper: after('mkdir /tmp/archon-gone-$$; cd /tmp/archon-gone-$$; rmdir /tmp/archon-gone-$$')}));
	test('may be out of reach', () => lives({wrapper: [...after('d=$(mktemp -d); cd "$d"; chmod 0 "$d"'), ...asStranger]}));
});

describe('standard streams', () => {
	test('may be closed: nothing else ever comes in their place, neither with archon nor with its services', async () => {
		await using archon = await up({wrapper: after('exec <&- >&- 2>&-')});
		const children = readFileSync(`/proc/${archon.pid}/task/${archon.pid}/children`, 'utf8').trim().split(' ');
		for (const fd of [0, 1, 2]) {
			expect(readlinkSync(`/proc/${archon.pid}/fd/${fd}`)).toBe('/dev/null');
			for (const pid of children) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toMatch(/^(\/dev\/null|pipe:.*)$/);
		}
		await down(archon);
	});
	test('may be closed in part', () => lives({wrapper: after('exec <&- >&-')}));
	test('may be a full disk', () => lives({wrapper: after('exec >/dev/full 2>&1')}));
});

describe('limits', () => {
	test.each([
		['64 open files', ['--nofile=64']],
		['a stack of 256 KiB', ['--stack=262144']],
		['64 MiB of addresses', [`--as=${64 << 20}`]],
		['no core file, no locked memory, no queued signals', ['--core=0', '--memlock=0', '--msgqueue=0']],
	])('may be %s', (_, limits) => lives({wrapper: ['prlimit', ...limits]}));
	test('of addresses leave enough to survive a crash', async () => {
		await using archon = await up({wrapper: ['prlimit', `--as=${64 << 20}`]});
		archon.signal('SIGSEGV');
		await archon.says(/re-executed: 2 services keep running/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
	test('of a million descriptors cost nothing: none is closed one by one', async () => {
		const trace = join(mkdtempSync(join(tmpdir(), 'archon-trace-')), 'calls');
		const calls = 'strace -f -qq -e trace=close,close_range,execve -o';
		await lives({isInit: false, wrapper: ['prlimit', '--nofile=20000:20000', ...calls.split(' '), trace]});
		const text = readFileSync(trace, 'latin1');
		expect(text).toMatch(/close_range\(3, 4294967295, CLOSE_RANGE_CLOEXEC\)/);
		expect(text.match(/ close\(/g)?.length ?? 0).toBeLessThan(500);
	});
	test('of processes are met by one thread', async () => {
		await using archon = await up({});
		// A thread that writes its first lines is gone when it has.
		await expect.poll(() => readdirSync(`/proc/${archon.pid}/task`).length).toBe(1);
		await down(archon);
	});
});

describe('files', () => {
	test('other users\' processes may be hidden', () => lives({wrapper: [...mounted('mount -t proc -o hidepid=2 none /proc'), ...asStranger]}));
	test('there may be no /proc, and one line says what is missing', async () => {
		const log = await story({wrapper: fromImage('umount -l /proc')});
		expect(log.match(/\/proc is not mounted for this PID namespace/g)).toHaveLength(1);
	});
	test('there may be no /proc, and services go on after a crash, and another', async () => {
		await using archon = await up({wrapper: mounted('umount -l /proc')});
		const before = await archon.status();
		for (const _ of ['once', 'again']) {
			const log = archon.log();
			archon.signal('SIGSEGV');
			await expect.poll(() => archon.log().slice(log.length)).toMatch(/re-executed: 2 services keep running/);
			for (const [name, {pid}] of Object.entries(before)) expect((await archon.status())[name]).toMatchObject({pid, restarts: 0});
		}
		await archon.ctl('shutdown');
		expect(await archon.ended()).toBe(0);
	});
	test('a /proc of another PID namespace is not believed', async () => {
		const log = await story({isInit: false, wrapper: ['unshare', '--pid', '--fork', '--kill-child']});
		expect(log).toMatch(/\/proc is not mounted for this PID namespace/);
	});
	test('there may be no /dev/null, and services still have a stdin without an end of their own making', async () => {
		await using archon = await up({
			config: `${TWO}\n  reader: {type: oneshot, command: "sh -c 'cat && ls -l /proc/self/fd/0'"}`,
			wrapper: mounted('mount -t tmpfs none /dev'),
		});
		await archon.says(/reader +\| .* -> pipe:/);
		expect(await down(archon)).toMatch(/there is no \/dev\/null: services read from an empty pipe instead/);
	});
	test('there may be no /dev, no /proc, no /sys and no /run', () => lives({wrapper: fromImage(`
		mount -t tmpfs none /dev; mount -t tmpfs none /sys; mount -t tmpfs -o ro none /run; umount -l /proc`)}));
	test('nothing may be writable, and nothing executable where it would be', () => lives({wrapper: mounted(`
		for place in /run /dev /var/tmp; do mount -t tmpfs -o ro,noexec none $place; done; mount -o remount,ro,bind / 2>/dev/null || :`)}));
	test('there may be no place for a socket, and one line says so', async () => {
		await using archon = await boot({config: TWO, args: ['--socket', '/proc/nowhere/archon.sock']});
		await archon.says(/archonctl cannot reach archon: cannot listen at \/proc\/nowhere\/archon.sock: no such file or directory; mount a tmpfs at \/run, or name a writable path [^]*ARCHON_SOCKET\n/);
		await archon.says(/started two/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
});

describe('clocks', () => {
	test('may begin anywhere', () => lives({wrapper: ['unshare', '--time', '--fork', '--kill-child', '--monotonic', '100000000', '--boottime', '7000000'],
		isInit: false}));
});
