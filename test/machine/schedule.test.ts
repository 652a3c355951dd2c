/** Services that the clock starts, as real processes. */
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {mkdtemp} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

/** How often something was said. */
const count = (log: string, pattern: RegExp): number => log.match(new RegExp(pattern, 'g'))?.length ?? 0;

const times = (pattern: string, least: number): RegExp => new RegExp(`(${pattern}[^]*){${least}}`);

test('a job runs when it is due, also after archon was re-executed', async () => {
	await using archon = await boot({config: `
services:
  tick: {type: oneshot, command: echo ran, schedule: "* * * * * *"}
`});
	await archon.says(times('tick completed', 2));
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await archon.says(times('tick completed', count(archon.log(), /tick completed/) + 2));
	const {stdout} = await archon.ctl('status', '--json', 'tick');
	const [row] = JSON.parse(stdout) as {next: number}[];
	expect(Math.abs((row?.next ?? 0) - Date.now())).toBeLessThan(60_000);
	// Between two runs archon is not idle.
	expect(archon.log()).not.toContain('no service is running');
});

test('run-now runs it beside its schedule, and waits for it', async () => {
	await using archon = await boot({config: `
services:
  web: {command: sleep 1000000}
  good: {type: oneshot, command: echo by hand, schedule: "@yearly"}
  bad: {type: oneshot, command: sh -c "exit 3", schedule: "@yearly"}
`});
	await archon.says(/started web/);
	expect(await archon.ctl('run-now', 'good')).toMatchObject({status: 0, stderr: ''});
	await archon.says(/good completed/);
	expect(await archon.ctl('run-now', 'bad')).toMatchObject({status: 1, stderr: expect.stringContaining('cannot run bad: exit status 3')});
	expect(await archon.ctl('run-now', 'web')).toMatchObject({status: 1, stderr: expect.stringContaining('it has no schedule; archonctl start web')});
	expect((await archon.ctl('stop', 'good')).status).toBe(0);
	expect(await archon.ctl('run-now', 'good')).toMatchObject({status: 1, stderr: expect.stringContaining('it was stopped on request')});
	expect((await archon.ctl('why', 'good')).stdout).toMatch(/good leaves out what its schedule has in \d+d/);
	expect((await archon.ctl('status', 'good')).stdout).toMatch(/; no next run: stopped on request/);
	expect((await archon.ctl('auto', 'good')).status).toBe(0);
	expect((await archon.ctl('why', 'good')).stdout).toContain('it is not to run: its schedule says when');
	expect((await archon.ctl('run-now', 'all')).status).toBe(1);
	expect((await archon.ctl('status')).stdout).toMatch(/good +exited .* exit status 0.*; next in \d+d/);
	expect((await archon.ctl('why', 'good')).stdout).toMatch(/good is started by its schedule in \d+d/);
});

test('a run that overlaps is left out, or takes the place of the other', async () => {
	await using archon = await boot({config: `
services:
  long: {type: oneshot, command: sleep 1000000, schedule: "* * * * * *"}
  fresh: {type: oneshot, command: sleep 1000000, schedule: {cron: "* * * * * *", overlap: replace}}
  late: {type: oneshot, command: sleep 1000000, schedule: {cron: "* * * * * *", timeout: 500ms}}
`});
	await archon.says(times('started fresh', 3));
	await archon.says(/long does not run for its schedule .*: a run is under way/);
	await archon.says(/late failed: .*within 0\.5 s/);
	expect(count(archon.log(), /started long/)).toBe(1);
});

test('a run that may overlap runs beside the other, as a service of its own until its end', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'beside-'));
	await using archon = await boot({config: `
services:
  job:
    type: oneshot
    command: sh -c 'echo $$$$ >>${folder}/pids; while test -e /proc/self && ! test -f ${folder}/end; do sleep 0.1; done; exit 3'
    schedule: {cron: "* * * * * *", overlap: allow}
`});
	await archon.says(/started job@3/);
	const status = await archon.status();
	const pids = ['job', 'job@2', 'job@3'].map(name => status[name]?.pid);
	expect(new Set(pids).size).toBe(3);
	for (const pid of pids) expect(readFileSync(`${folder}/pids`, 'utf8').split('\n')).toContain(String(pid));
	writeFileSync(`${folder}/end`, '');
	await archon.says(/job@2 failed: exit status 3/);
	await archon.says(/job@3 failed: exit status 3/);
	expect((await archon.ctl('history', 'job')).stdout).not.toContain('job@');
	expect((await archon.ctl('events')).stdout).toMatch(/job@2/);
});

test('another config changes it, and a shutdown ends what runs', async () => {
	const config = (when: string): string => `
services:
  web: {command: sleep 1000000}
  job: {type: oneshot, command: sleep 1000000, schedule: "${when}"}
`;
	await using archon = await boot({config: config('@yearly')});
	await archon.says(/started web/);
	writeFileSync(join(archon.folder, 'archon.yaml'), config('* * * * * *'));
	expect((await archon.ctl('reload')).stdout).toContain('1 updated (job)');
	await archon.says(/started job/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(count(archon.log(), /started job/)).toBe(1);
});

test('what was missed comes once when archon is there again, by its state_dir', async () => {
	const dir = await mkdtemp(join(tmpdir(), 'schedule-'));
	const file = join(dir, 'state.json');
	const config = `
archon: {state_dir: ${dir}}
services:
  web: {command: sleep 1000000}
  job: {type: oneshot, command: echo ran, schedule: {cron: "0 0 1 * *", timezone: UTC, catch_up: once}}
`;
	{
		await using first = await boot({config});
		await first.says(/started web/);
		await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').includes('0 0 1 * * UTC')).toBe(true);
		first.signal('SIGTERM');
		await first.ended();
		expect(first.log()).not.toContain('started job');
	}
	// As if that had been a year ago.
	writeFileSync(file, readFileSync(file, 'utf8').replace(/("since":)\d+/, `$1${Date.now() - 365 * 86_400_000}`));
	await using second = await boot({config});
	await second.says(/job runs .* late for its schedule/);
	await second.says(/job completed/);
	await second.ctl('status');
	expect(count(second.log(), /started job/)).toBe(1);
});

describe('a time zone', () => {
	const check = async (zone: string, ...args: readonly string[]) => {
		const folder = await mkdtemp(join(tmpdir(), 'zone-'));
		const file = join(folder, 'archon.yaml');
		writeFileSync(file, `services:\n  job: {type: oneshot, command: "true", schedule: {cron: "@daily", timezone: ${zone}}}\n`);
		const {exitCode, stdout, stderr} = await execa(ARCHON, ['check', '-c', file, ...args], {reject: false});
		return {status: exitCode, text: stdout + stderr};
	};

	test('that is not installed is a problem, at check and at the start', async () => {
		expect(await check('Nowhere/City')).toMatchObject({status: 100, text: expect.stringContaining('the time zone Nowhere/City is not installed here')});
		await using archon = await boot({config: 'services:\n  job: {type: oneshot, command: "true", schedule: {cron: "@daily", timezone: Nowhere/City}}\n'});
		expect(await archon.ended()).toBe(100);
		expect(archon.log()).toContain('install tzdata');
	});

	test('is looked for in the image that is meant', async () => {
		const image = await mkdtemp(join(tmpdir(), 'image-'));
		expect(await check('Europe/Berlin', '--root', image)).toMatchObject({status: 100, text: expect.stringContaining('Europe/Berlin is not installed here')});
		expect((await check('UTC')).status).toBe(0);
	});

	test.runIf(existsSync('/usr/share/zoneinfo/Europe/Berlin'))('that is installed is found', async () => {
		expect((await check('Europe/Berlin')).status).toBe(0);
	});
});
