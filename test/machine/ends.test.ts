/** How processes end, and what archon makes of it: told in its words, and reaped to the last. */
import {execaSync} from 'execa';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-ends-'))));
afterAll(() => rmSync(folder, {recursive: true}));

/** YAML takes JSON, and two dollars for one. */
const config = (services: Readonly<Record<string, object>>): string => JSON.stringify({services}).replaceAll('$', '$$$$');

const faulty = (core: string): string => `ulimit -c ${core}; kill -SEGV $$`;

/** Whether a core can be left behind here, as waitpid(2) has it. */
function leavesCores(): boolean {
	const place = mkdtempSync(join(tmpdir(), 'archon-core-'));
	const {stdout} = execaSync('perl', ['-e', 'system "sh", "-c", $ARGV[0]; print $? & 128', faulty('unlimited')], {cwd: place});
	rmSync(place, {recursive: true});
	return stdout === '128';
}

test.runIf(leavesCores())('a fault is told as its signal, with the core where it left one', async () => {
	await using archon = await boot({config: config({
		dumped: {command: ['sh', '-c', faulty('unlimited')], working_dir: folder, restart: 'no'},
		clean: {command: ['sh', '-c', faulty('0')], working_dir: folder, restart: 'no'},
		idle: {command: ['sleep', '1000000']},
	})});
	await archon.says(/dumped failed: SIGSEGV \(core dumped\)$/m);
	await archon.says(/clean failed: SIGSEGV$/m);
	const text = (await archon.ctl('status')).stdout;
	expect(text).toMatch(/dumped .*SIGSEGV \(core dumped\)/);
	expect(text).toMatch(/clean .*SIGSEGV(?! \(core)/);
});

/** Children of archon that have ended and are not reaped. */
function zombiesOf({pid}: Archon): number {
	return readdirSync('/proc').filter(name => {
		try {
			return readFileSync(`/proc/${name}/stat`, 'utf8').includes(`) Z ${pid} `);
		} catch {
			return false;
		}
	}).length;
}

test.each([true, false])('a thousand that wait to be reaped are reaped at one word of the kernel (as PID 1: %s)', async isInit => {
	const [gate, done] = [join(folder, `gate-${isInit}`), join(folder, `done-${isInit}`)];
	const script = `
		select undef, undef, undef, 0.02 until -e "${gate}";
		for (1 .. 1000) { my $p = fork // die $!; if (!$p) { fork // die $!; exit 0 } waitpid $p, 0 }
		open F, ">", "${done}";
		sleep 1000000`;
	await using archon = await boot({isInit, config: config({forker: {command: ['perl', '-e', script]}})});
	await archon.says(/started forker/);
	// While it is stopped, all of SIGCHLD is one.
	archon.signal('SIGSTOP');
	writeFileSync(gate, '');
	await expect.poll(() => existsSync(done) && zombiesOf(archon)).toBe(1000);
	archon.signal('SIGCONT');
	await expect.poll(() => zombiesOf(archon)).toBe(0);
	expect((await archon.status())['forker']).toMatchObject({status: 'running', restarts: 0});
});

const hearing = (name: string): string => `$SIG{TERM} = sub { syswrite STDOUT, "${name} heard it\\n"; exit 0 };`;
const FREEZE = 'kill "STOP", $$; sleep 1 while 1;';
/** Stops itself, and says when it hears SIGTERM after that. */
const frozen = (name: string): string => `${hearing(name)} ${FREEZE}`;

test('what is stopped hears SIGTERM all the same: a service, what it leaves in its group or elsewhere, and an orphan', async () => {
	// The last has shed every mark of its service: environment, session and limit.
	const script = `use POSIX ":sys_wait_h", "setsid";
		for my $which (1, 2) {
			my $child = fork // die $!;
			if (!$child) { setsid if $which == 2; ${frozen('child $which')} }
			waitpid $child, WUNTRACED;
		}
		${hearing('mother')} syswrite STDOUT, "both are stopped\\n";
		${FREEZE}`;
	const lost = `use POSIX ":sys_wait_h"; my $child = fork // die $!;
		if (!$child) { exec "env", "-i", "setsid", "perl", "-e", q(${frozen('lost child')}) }
		waitpid $child, WUNTRACED; syswrite STDOUT, "it is stopped\\n"; sleep 1 while 1;`;
	await using archon = await boot({config: config({
		web: {command: ['perl', '-e', script], stop_grace_period: '5s'},
		loser: {command: ['perl', '-e', lost], ulimits: {locks: 1000}},
	})});
	await archon.says(/both are stopped/);
	await archon.says(/it is stopped/);
	expect((await archon.ctl('stop', 'web')).status).toBe(0);
	for (const name of ['mother', 'child 1', 'child 2']) await archon.says(new RegExp(`${name} heard it`));
	expect((await archon.ctl('stop', 'loser')).status).toBe(0);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/stopped web \(exit status 0\)/);
	expect(archon.log()).not.toMatch(/killing/);
});
