/** Commands of actions with real processes: what they know, as whom, how many at once and for how long. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

const count = (log: string, pattern: RegExp): number => log.match(new RegExp(pattern.source, 'g'))?.length ?? 0;

test('a command knows the event, the service, its exit status and its signal, and says its words where those of the service go', async () => {
	await using archon = await boot({config: `
on: {failed: {run: [sh, -c, 'echo all $$ARCHON_EVENT of $$ARCHON_SERVICE: $$ARCHON_EXIT_CODE $$ARCHON_SIGNAL'], timeout: 5s}}
services:
  web:
    command: sh -c "kill -SEGV $$$$"
    restart: "no"
    on: {exited: [{run: [sh, -c, 'echo own $$ARCHON_EVENT $$ARCHON_PID $$ARCHON_REASON']}]}
  keep: {command: sleep 1000}
`});
	await archon.says(/web +\| all failed of web: 139 SIGSEGV/);
	await archon.says(/web +\| own exited \d+ SIGSEGV/);
});

test('a command runs as its service\'s user, or as one of its own', async () => {
	await using archon = await boot({config: `
services:
  web: {command: sleep 1000, user: "65534", on: {started: [run: id -u, {run: id -u, user: "1234"}]}}
  keep: {command: sleep 1000}
`});
	await archon.says(/web +\| 65534/);
	await archon.says(/web +\| 1234/);
});

test('one that takes too long is killed with what it has made, and one that fails is told', async () => {
	await using archon = await boot({config: `
services:
  web: {command: sleep 1000, on: {started: [{run: sh -c "sleep 12345 & sleep 12345", timeout: 200ms}, run: "false", run: /no/such]}}
`});
	await archon.says(/warn: sh \(on of web\): took longer than 0\.2 s/);
	await archon.says(/warn: false \(on of web\): exit status 1/);
	await archon.says(/warn: \/no\/such \(on of web\): executing \/no\/such: no such file or directory/);
	await expect.poll(async () => (await archon.ctl('tree')).stdout).not.toContain('12345');
});

test('eight run at once and 64 wait; what is more is left out, and that is said', async () => {
	const names = Array.from({length: 100}, (_, i) => `s${i}`);
	await using archon = await boot({config: `
on: {started: {run: [sh, -c, 'echo ran; while [ ! -e $$GO ]; do sleep 0.05; done']}}
environment: {GO: /proc/self/cwd/go-on-${process.pid}}
services:
${names.map(name => `  ${name}: {command: sleep 1000, working_dir: /tmp}`).join('\n')}
`});
	await archon.says(/is left out: 64 commands of actions wait already/);
	await expect.poll(() => count(archon.log(), /\| ran/)).toBe(8);
	const {stdout} = await archon.ctl('tree');
	expect(count(stdout, /sh -c echo ran/)).toBeLessThanOrEqual(8);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('a service that restarts itself is suspended, and goes on at most every six seconds', async () => {
	await using archon = await boot({config: 'services: {web: {command: sleep 1000, on: {started: restart}}}'});
	await archon.says(/suspended: on of web acts too often; from now on it acts at most every 6s/);
	await expect.poll(async () => (await archon.status())['web']!.status).toBe('running');
	expect(count(archon.log(), /restarting web: web started/)).toBe(10);
});

test('a reload changes what is done, without a restart', async () => {
	await using archon = await boot({config: 'services: {web: {command: sleep 1000}, other: {command: sleep 1000}}'});
	await archon.says(/started other/);
	const file = join(archon.folder, 'archon.yaml');
	writeFileSync(file, readFileSync(file, 'utf8').replace('{command: sleep 1000}', '{command: sleep 1000, on: {stopped: {restart: other}}}'));
	expect((await archon.ctl('reload')).stdout).toContain('1 updated (web)');
	await archon.ctl('stop', 'web');
	await archon.says(/restarting other: web has stopped \(on of web\)/);
});

test('a client\'s daemon has a command of its own for its exit', async () => {
	await using archon = await boot({config: 'services: {keep: {command: sleep 1000}}'});
	await archon.says(/started keep/);
	const script = join(archon.folder, 't.sh');
	writeFileSync(script, '#!/bin/sh\necho "$ARCHON_SERVICE: $ARCHON_EVENT $ARCHON_EXIT_CODE" > "$0.told"\n', {mode: 0o755});
	expect((await archon.ctl('daemon', '--name', 'job', '--on-exit', script, '--', 'sh', '-c', 'exit 7')).status).toBe(0);
	await expect.poll(() => {
		try {
			return readFileSync(`${script}.told`, 'utf8');
		} catch {
			return '';
		}
	}).toBe('job: exited 7\n');
	const wire = await archon.connect();
	wire.send(`StartDaemon,sleep 1000,archon.name=other,archon.on_exit=sh -c 'echo told $ARCHON_SIGNAL'\n`);
	await archon.says(/started other/);
	await archon.ctl('signal', 'KILL', 'other');
	await archon.says(/told SIGKILL/);
});

test('the end of a service with which the container ends is told to the end, however soon nothing runs any more', async () => {
	await using archon = await boot({config: `
services:
  web:
    command: sh -c "exit 3"
    essential: true
    on:
      exited: {run: [sh, -c, 'sleep 0.5; echo told $$ARCHON_EVENT $$ARCHON_EXIT_CODE']}
      failed: [restart: db, {run: [sh, -c, 'sleep 0.5; echo told $$ARCHON_EVENT $$ARCHON_EXIT_CODE']}, {run: sleep 1000, timeout: 1s}]
  db: {command: sleep 1000}
`});
	expect(await archon.ended()).toBe(3);
	expect(archon.log()).toMatch(/told exited 3/);
	expect(archon.log()).toMatch(/told failed 3/);
	expect(archon.log()).toMatch(/sleep \(on of web\): took longer than 1 s/);
	expect(archon.log()).not.toContain('restarting db');
});

test('a command keeps its timeout when archon is re-executed', async () => {
	await using archon = await boot({config: `
services:
  web: {command: sleep 1000, on: {started: [{run: sh -c "echo ran; sleep 12321", timeout: 3s}, {run: sh -c "sleep 1; echo done"}]}}
`});
	await archon.says(/ran/);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await archon.says(/was re-executed/);
	await archon.says(/warn: sh \(on of web\): took longer than 3 s/);
	await archon.says(/done/);
	await expect.poll(async () => (await archon.ctl('tree')).stdout).not.toContain('12321');
});
