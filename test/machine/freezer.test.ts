/** Somebody with the user of a service stops or kills what archon makes before it has executed: PID 1 does not wait. */
import {lstatSync, mkdtempSync, openSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

const isRoot = process.getuid?.() === 0;
/** How long the attack goes on, in seconds: $SIEGE for minutes of it. */
const SIEGE = Number(process.env['SIEGE'] ?? 5);
const FREEZER = await character('freezer');
const UID = 54321;

/** It ends at once and is started again; whom somebody stops later than that is killed after a while. */
const VICTIM = 'command: "false", type: oneshot, start_timeout: 50ms, restart: {policy: always, delay: 1ms, max_delay: 1ms, attempts: unlimited}';

/** A service that is started again and again, with the attacker beside it. */
const siege = (signal: number | 'any', user: string, more = 'umask: 022'): string => `
start_rate: 10000
archon: {logging: none}
services:
  victim: {${VICTIM}, ${user}, ${more}}
  freezer: {command: ${FREEZER} ${SIEGE} ${signal}, type: oneshot, ${user}}
`;

async function outlive(archon: Archon): Promise<{readonly restarts: number; readonly answers: number}> {
	let answers = 0;
	let restarts = 0;
	await expect.poll(() => archon.status().catch(() => null)).not.toBeNull();
	for (;;) {
		const status = await archon.status();
		answers++;
		restarts = status['victim']?.restarts ?? 0;
		if (!/running|starting|waiting/.test(status['freezer']?.status ?? '')) return {restarts, answers};
	}
}

describe.runIf(isRoot)('while somebody with the user of a service', () => {
	test.each([
		['stops', 19],
		['kills', 9],
	])('%s what is started, PID 1 answers, starts more, and ends', {timeout: 60_000 + SIEGE * 2000}, async (_, signal) => {
		await using archon = await boot({config: siege(signal, `user: "${UID}:${UID}"`)});
		const {restarts, answers} = await outlive(archon);
		console.log(`${SIEGE} s of signal ${signal}: ${restarts} restarts, ${answers} answers`);
		expect(restarts).toBeGreaterThan(SIEGE);
		// Afterwards as before: the service is started again.
		await expect.poll(async () => (await archon.status())['victim']?.restarts).toBeGreaterThan(restarts);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});

	test('stops it before it is executed, that one is killed, and it is told', async () => {
		// Relative folders are looked at as the user only, and so it takes long until it is executed.
		const path = `environment: {PATH: "${'x:'.repeat(10_000)}/bin"}`;
		await using archon = await boot({config: siege(19, `user: "${UID}:${UID}"`, path)});
		await archon.says(/cannot start victim: executing false: it was stopped from outside while it was being started/);
	});
});

describe.runIf(isRoot)('what archon makes is closed to who stops, traces and looks into it before it has executed', () => {
	test.each([
		['with the same user', `user: "${UID}:${UID}"`],
		['as root without capabilities', 'cap_drop: [ALL]'],
	])('%s', {timeout: 60_000 + SIEGE * 2000}, async (_, user) => {
		await using archon = await boot({config: siege('any', user)});
		const {restarts, answers} = await outlive(archon);
		console.log(`${SIEGE} s of anything: ${restarts} restarts, ${answers} answers`);
		// How many restarts there are is the attacker's doing: each that it stops later takes its time until it is killed.
		expect([answers > SIEGE, restarts > 0]).toEqual([true, true]);
		await expect.poll(async () => (await archon.status())['victim']?.restarts).toBeGreaterThan(restarts);
		// It would have failed if it had been let.
		expect((await archon.status())['freezer']?.status).toBe('exited');
	});
});

const SET_ROBUST_LIST = process.arch === 'arm64' ? 99 : 273;
const CLOSE_RANGE = 436;

describe.runIf(isRoot)('archon knows at once that a child has executed, or why not, and gives it its streams', () => {
	test.each([
		['the kernel marks no end of a child', [SET_ROBUST_LIST]],
		['no child can leave with a part of its descriptors', [CLOSE_RANGE]],
		['there is neither', [SET_ROBUST_LIST, CLOSE_RANGE]],
	])('where %s', async (_, calls) => {
		await using archon = await boot({
			wrapper: [await character('refuse'), '38', ...calls.map(String), '--'],
			config: `
services:
  one: {command: echo from one, type: oneshot}
  two: {command: echo from two, type: oneshot, user: "${UID}:${UID}", depends_on: [one]}
  three: {command: echo from three, type: oneshot, depends_on: [two]}
  nowhere: {command: /not/there, restart: "no", depends_on: [two]}
  last: {command: sleep 1000000, depends_on: [three]}
`});
		await archon.says(/cannot start nowhere: executing .not.there: no such file or directory/i);
		await expect.poll(async () => (await archon.status())['last']?.status).toBe('running');
		for (const name of ['one', 'two', 'three']) expect(archon.log()).toMatch(new RegExp(`^${name} .*from ${name}$`, 'm'));
		expect(archon.log()).not.toMatch(/takes long/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
});

test.runIf(isRoot)('root can open the streams of PID 1 while and after services of other users start', async () => {
	const file = join(mkdtempSync(join(tmpdir(), 'archon-cron-')), 'stdout');
	await using archon = await boot({stdout: openSync(file, 'a'), config: `
services:
  other: {command: sleep 1000000, user: nobody}
  cron: {command: "sh -c 'echo said by cron > /proc/1/fd/1; sleep 1000000'", depends_on: [other]}
`});
	await expect.poll(() => readFileSync(file, 'utf8')).toMatch(/^said by cron/m);
	// Its memory is its own: what belongs to it in /proc belongs to its user (PR_GET_DUMPABLE is 1).
	expect(lstatSync(`/proc/${archon.pid}/fd/1`).uid).toBe(0);
});
