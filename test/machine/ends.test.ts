/** How processes end, and what archon makes of it: told in its words, and buried to the last. */
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
	await archon.says(/dumped ended by itself: SIGSEGV \(core dumped\)$/m);
	await archon.says(/clean ended by itself: SIGSEGV$/m);
	const text = (await archon.ctl('status')).stdout;
	expect(text).toMatch(/dumped .*SIGSEGV \(core dumped\)/);
	expect(text).toMatch(/clean .*SIGSEGV(?! \(core)/);
});

/** Children of archon that have ended and are not buried. */
function zombiesOf({pid}: Archon): number {
	return readdirSync('/proc').filter(name => {
		try {
			return readFileSync(`/proc/${name}/stat`, 'utf8').includes(`) Z ${pid} `);
		} catch {
			return false;
		}
	}).length;
}

test.each([true, false])('a thousand that wait to be buried are buried at one word of the kernel (as PID 1: %s)', async isInit => {
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
