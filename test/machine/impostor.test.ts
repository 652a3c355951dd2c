/** Processes of another user that pretend to be a service's: archon does not believe them, whatever their environment and their limits say. */
import {chmodSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {beforeAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

let herald = '';
beforeAll(async () => {
	herald = await character('herald');
});

const AS_VICTIM = 'env ARCHON_RUN=1 ARCHON_SERVICE=victim "NOTIFY_SOCKET=$NOTIFY"';

/** The limits of a process as archon's own machine shows them. */
const limitsOf = (pid: number): string => readFileSync(`/proc/${pid}/limits`, 'utf8');

/** Where the process is on this machine, which archon has under another number. */
async function outerPid(archon: Archon, name: string): Promise<number> {
	const {pid} = (await archon.status())[name] ?? {};
	const children = readFileSync(`/proc/${archon.pid}/task/${archon.pid}/children`, 'utf8').trim().split(' ').map(Number);
	return children.find(child => readFileSync(`/proc/${child}/status`, 'utf8').includes(`NSpid:\t${child}\t${pid}\n`)) ?? 0;
}

async function withVictim(act: (archon: Archon, notify: string) => Promise<void>): Promise<void> {
	await using archon = await boot({config: `services:
  victim: {command: "sh -c 'echo at $$NOTIFY_SOCKET; exec sleep 1000000'", user: nobody, ready: notify, start_timeout: 60s}
`});
	const [, notify = ''] = await archon.says(/at (@archon\/notify\/1-\w+)/);
	await act(archon, notify);
}

/** Runs a script as the user daemon, with limits that it lowers, until it says that all is done. */
async function attack(archon: Archon, notify: string, limits: string, words: string): Promise<void> {
	const script = `(setsid sh -c 'exec ${limits} ${AS_VICTIM} ${herald} ${words}' &) ; sleep 1000000`;
	expect((await archon.ctl('daemon', '--user', 'daemon', '--name', 'attacker', '-e', `NOTIFY=${notify}`, '--', 'sh', '-c', script)).status).toBe(0);
}

/** Without a mark; with the mark of the victim as far as limits can be lowered; with the one that is too low, and the other as it was. */
const DISGUISES: [string, (victim: number) => string][] = [
	['no mark', () => 'prlimit --locks=1000:1000 --rss=1000:1000'],
	['the victim\'s limit of locks', victim => {
		const [, , locks] = /^Max file locks +(\d+) +(\d+)/m.exec(limitsOf(victim)) ?? [];
		return `prlimit --locks=${locks}:${locks}`;
	}],
];

describe.each(DISGUISES)('with %s and its environment', (_, limits) => {
	test('another user\'s process does not speak for a service, nor is it shown or ended as its own', async () => {
		await withVictim(async (archon, notify) => {
			await attack(archon, notify, limits(await outerPid(archon, 'victim')), 'main READY=1 barrier A= pause');
			await archon.says(/a process that is not of victim \(pid \d+\) spoke for it: ignored[^]*spoke for it: ignored/);
			const {victim} = await archon.status();
			expect(victim).toMatchObject({status: 'starting'});
			const [shown = ''] = (await archon.ctl('tree')).stdout.split(/─ attacker/);
			expect(shown).toMatch(/sleep 1000000/);
			expect(shown).not.toContain('herald');
			const count = (): number => readFileSync(`/proc/${archon.pid}/task/${archon.pid}/children`, 'utf8').trim().split(' ')
				.filter(pid => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'herald\n').length;
			expect(count()).toBe(1);
			expect((await archon.ctl('stop', 'victim')).status).toBe(0);
			await archon.says(/stopped victim/);
			expect(count()).toBe(1);
		});
	});
});

test.each([
	['a command of its env_from', 'env_from: {command: COMMAND}, command: sleep 1000000'],
	['a process whose limits the config says are none', 'command: COMMAND, ulimits: {rss: -1, locks: -1}'],
])('another service cannot take on the mark of a service by %s', async (_, keys) => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-forger-'));
	chmodSync(folder, 0o777);
	const script = join(folder, 'forger.sh');
	// It leaves before it forges: what is left of its group is ended with it. The first run is the victim's.
	const limits = `prlimit --locks=${2 ** 52 + 1}:${2 ** 52 + 1} --rss=9007199254740991:9007199254740991`;
	writeFileSync(script, [
		`while ! NOTIFY_SOCKET=$(cat ${folder}/notify) || [ -z "$NOTIFY_SOCKET" ]; do :; done; export NOTIFY_SOCKET`,
		`setsid sh -c 'exec </dev/null >/dev/null 2>&1; touch ${folder}/left; ${limits} ${herald} main READY=1 pause; exec ${herald} main READY=1 pause' &`,
		`while [ ! -e ${folder}/left ]; do :; done`,
		'echo A=1; [ -n "$ARCHON_RUN" ] && [ "$ARCHON_RUN" != 0 ] && exec sleep 1000000; exit 0',
	].join('\n'));
	await using archon = await boot({config: `services:
  victim: {command: "sh -c 'echo $$NOTIFY_SOCKET > ${folder}/notify; exec sleep 1000000'", user: nobody, ready: notify, start_timeout: 60s}
  attacker: {user: daemon, depends_on: {victim: {condition: service_started}}, ${keys.replace('COMMAND', JSON.stringify(['sh', script]))}}
`});
	await archon.says(/a process that is not of victim \(pid \d+\) spoke for it: ignored/);
	await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({victim: {status: 'starting'}, attacker: {status: 'running'}});
});

test('a service\'s own process without a mark is known by its environment if it is of the same user', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-own-'));
	chmodSync(folder, 0o755);
	const script = join(folder, 'own.sh');
	writeFileSync(script, `(setsid ${herald} READY=1 pause &)\nexec sleep 1000000\n`);
	await using archon = await boot({config: `services:
  own: {command: sh ${script}, user: daemon, ready: notify, ulimits: {locks: 1000}}
`});
	await expect.poll(async () => (await archon.status())['own']?.status).toBe('running');
	expect((await archon.ctl('tree')).stdout).toMatch(/own[^]*herald/);
	expect((await archon.ctl('stop', 'own')).status).toBe(0);
	expect((await archon.ctl('tree')).stdout).not.toContain('herald');
});
