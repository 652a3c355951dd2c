/** The boot script before all services, and archon that begins again in the same process. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';
import {onTerminal, type Terminal} from './terminal.ts';

const count = (log: string, pattern: RegExp): number => log.match(new RegExp(pattern.source, 'g'))?.length ?? 0;

const withRc = (script: string, more = ''): string => `
boot: {rc: /bin/sh, args: [-c, '${script}', rc, autoboot]${more}}
services: {web: {command: sh -c "echo serving; exec sleep 1000"}}
`;

describe('the boot script', () => {
	test('runs before all services, with autoboot, and archon goes on when it has ended', async () => {
		await using archon = await boot({config: withRc('echo "rc $1"; sleep 0.2; echo rc is done')});
		await archon.says(/serving[^]*started web|started web[^]*serving/);
		const log = archon.log();
		expect(log.indexOf('rc autoboot')).toBeGreaterThanOrEqual(0);
		expect(log.indexOf('rc is done')).toBeLessThan(log.indexOf('started web'));
	});

	test('one that fails ends the container with its status', async () => {
		await using archon = await boot({config: withRc('exit 3')});
		expect(await archon.ended()).toBe(3);
		expect(archon.log()).toContain('shutting down: the boot script /bin/sh has failed: exit status 3');
		expect(archon.log()).not.toContain('started web');
	});

	test('services start all the same where the config says so', async () => {
		await using archon = await boot({config: withRc('exit 3', ', on_failure: continue')});
		await archon.says(/serving/);
		await archon.says(/error: the boot script \/bin\/sh has failed: exit status 3; services start all the same \(boot\.on_failure\)/);
	});

	test('a shell without a terminal is an exit that says why', async () => {
		await using archon = await boot({config: withRc('exit 4', ', on_failure: shell')});
		expect(await archon.ended()).toBe(4);
		expect(archon.log()).toContain('boot.on_failure asks for a shell, and there is no terminal for it (docker run -it gives one)');
	});

	test('one that takes too long is killed with what it has made', async () => {
		await using archon = await boot({config: withRc('sleep 1000 & sleep 1000', ', timeout: 300ms')});
		expect(await archon.ended()).toBe(1);
		expect(archon.log()).toContain('has failed: took longer than 0.3 s');
	});

	test('one that is not there is told', async () => {
		await using archon = await boot({config: 'boot: {rc: /no/such}\nservices: {web: {command: sleep 1000}}'});
		expect(await archon.ended()).toBe(127);
		expect(archon.log()).toMatch(/the boot script \/no\/such has failed: executing \/no\/such: no such file or directory/);
	});

	test('a shutdown while it runs ends it, and no service starts', async () => {
		await using archon = await boot({config: withRc('echo rc runs; exec sleep 1000')});
		await archon.says(/rc runs/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(archon.log()).not.toContain('started web');
	});

	test('what asks for a start while it runs is told so', async () => {
		await using archon = await boot({config: withRc('echo rc runs; exec sleep 1000')});
		await archon.says(/rc runs/);
		for (const asked of [['start', 'web'], ['restart', 'web'], ['run', 'true'], ['daemon', 'true'], ['plan'], ['reload']]) {
			const {status, stderr} = await archon.ctl(...asked);
			expect([asked[0], status === 0, stderr]).toEqual([asked[0], false, expect.stringContaining('the boot script is running')]);
		}
	});

	test('it goes on when archon is re-executed, and is not begun a second time', async () => {
		await using archon = await boot({config: withRc('echo rc runs; sleep 2; echo rc is done')});
		await archon.says(/rc runs/);
		archon.signal('SIGSEGV');
		await archon.says(/serving/);
		await archon.says(/started web/);
		expect([count(archon.log(), /rc runs/), count(archon.log(), /rc is done/), count(archon.log(), /started web/)]).toEqual([1, 1, 1]);
	});
});

describe('reboot', () => {
	const CONFIG = `
boot: {rc: /bin/sh, args: [-c, 'echo the script runs']}
services:
  db: {command: sh -c "echo db is up; exec sleep 1000"}
  web: {command: sh -c "echo web is up; exec sleep 1000", depends_on: [db]}
`;

	test('stops in order, begins again as the same process with its config, and says so in one line', async () => {
		await using archon = await boot({config: CONFIG});
		await archon.says(/web is up/);
		writeFileSync(join(archon.folder, 'archon.yaml'), CONFIG.replaceAll('web is up', 'web is new'));
		const before = await archon.status();
		expect(await archon.ctl('reboot')).toEqual({status: 0, stdout: '', stderr: ''});
		await archon.says(/web is new/);
		const after = await archon.status();
		const log = archon.log();
		expect([after['web']!.status, after['db']!.status]).toEqual(['running', 'running']);
		expect(after['web']!.pid).not.toBe(before['web']!.pid);
		expect([count(log, /reboot/), count(log, /rebooting: asked for by uid 0/), count(log, /the script runs/), count(log, /started db/)]).toEqual([1, 1, 2, 2]);
		expect(log.indexOf('stopped web')).toBeLessThan(log.indexOf('stopping db'));
		expect(log).not.toMatch(/error|warn/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});

	test('ten of them leave nothing behind', async () => {
		await using archon = await boot({config: CONFIG});
		for (let i = 1; i <= 10; i++) {
			await archon.says(new RegExp(`(?:web is up[^]*){${i}}`));
			await expect.poll(async () => (await archon.ctl('is-active', 'web')).status).toBe(0);
			if (i < 10) expect((await archon.ctl('reboot')).status).toBe(0);
		}
		const fds = (await archon.ctl('doctor')).stdout;
		expect(fds).not.toMatch(/leak/);
		expect(count(archon.log(), /rebooting/)).toBe(9);
		expect(archon.log()).not.toMatch(/descriptor/);
	});

	test('a config with problems is told, and nothing is stopped', async () => {
		await using archon = await boot({config: CONFIG});
		await archon.says(/web is up/);
		writeFileSync(join(archon.folder, 'archon.yaml'), CONFIG.replace('command: sh', 'comand: sh'));
		const {status, stderr} = await archon.ctl('reboot');
		expect(status).toBe(1);
		expect(stderr).toMatch(/cannot reboot: .*archon\.yaml:4:\d+: .*comand[^]*nothing has changed/);
		expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
	});

	test('one that is broken only when all has stopped does not lose the container: the config before is taken', async () => {
		// Its last service breaks the config as it stops.
		await using archon = await boot({config: `
services:
  db: {command: sh -c "echo db is up; exec sleep 1000", post_stop: ["sh -c 'echo oh: no > $$BROKEN'"], environment: {BROKEN: __FILE__}}
`.replace('__FILE__', '$HOME/broken.yaml'), env: {HOME: '/nonexistent'}});
		await archon.says(/db is up/);
		const file = join(archon.folder, 'archon.yaml');
		const config = `services:\n  db: {command: sh -c "echo again; exec sleep 1000", post_stop: ["sh -c 'echo oh, no > ${file}'"]}\n`;
		writeFileSync(file, config);
		expect((await archon.ctl('reload')).status).toBe(0);
		await archon.says(/again/);
		writeFileSync(file, config);
		expect((await archon.ctl('reboot')).status).toBe(0);
		await archon.says(/the config has problems, and archon begins with the one before/);
		await archon.says(/again[^]*rebooting[^]*again/);
	});

	test('a shutdown meanwhile wins', async () => {
		await using archon = await boot({config: `
services: {slow: {command: sh -c "trap 'echo asked' TERM; echo slow is up; while :; do sleep 0.1; done", stop_grace_period: 2s}}
`});
		await archon.says(/slow is up/);
		expect((await archon.ctl('reboot')).status).toBe(0);
		await archon.says(/asked/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect([count(archon.log(), /rebooting/), count(archon.log(), /shutting down: SIGTERM/), count(archon.log(), /started slow/)]).toEqual([1, 1, 1]);
	});

	test('what an operator has stopped starts again, as nothing but the config is left', async () => {
		await using archon = await boot({config: CONFIG});
		await archon.says(/web is up/);
		await archon.ctl('stop', 'web');
		await archon.ctl('reboot');
		await archon.says(/web is up[^]*rebooting[^]*web is up/);
		const {stdout} = await archon.ctl('events', '--json');
		expect(stdout).toContain('"rebooting"');
	});
});

describe('a boot script that has failed on a terminal', () => {
	const up = (): Terminal => {
		const folder = mkdtempSync(join(tmpdir(), 'archon-rc-'));
		writeFileSync(join(folder, 'archon.yaml'), withRc('exit 5', ', on_failure: shell'));
		return onTerminal([ARCHON, '-c', join(folder, 'archon.yaml'), '--socket', join(folder, 'sock')], {columns: 160, env: {HOME: folder, PS1: '> '}});
	};

	test('gives a shell, after whose success services start', async () => {
		await using terminal = up();
		await terminal.until(/with "exit 0" services start, with any other status the container ends\n> *$/);
		terminal.press('echo I am $((40 + 2)); exit 0\r');
		await terminal.until(/I am 42[^]*serving/);
	});

	test('ends with the status of the shell, where that is another one', async () => {
		await using terminal = up();
		await terminal.until(/the container ends\n> *$/);
		terminal.press('exit 9\r');
		expect(await terminal.ended()).toBe(9);
	});
});
