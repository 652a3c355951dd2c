/** What real processes use, and whose they are, as `Tree` and `Usage` tell it. */
import {existsSync} from 'node:fs';
import {expect, test} from 'vitest';
import {createReader} from '../../src/control/records.ts';
import {TREE_ROW, type TreeRow} from '../../src/control/requests/tree/wire.ts';
import {USAGE_ROW, type UsageRow} from '../../src/control/requests/usage/wire.ts';
import {type Archon, boot} from './archon.ts';

async function up(config: string, isInit = true): Promise<Archon> {
	const archon = await boot({config, isInit});
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

async function rows(archon: Archon, request: string): Promise<readonly (readonly string[])[]> {
	const bytes = new TextEncoder().encode(`${(await archon.ctl('raw', request)).stdout}\n`);
	const records = createReader().read(bytes).map(reading => (reading.kind === 'record' ? reading.fields : []));
	expect(records.pop()).toEqual(['Ok']);
	return records.map(([, ...fields]) => fields);
}

const usageOf = async (archon: Archon, name: string | null): Promise<UsageRow | undefined> =>
	(await rows(archon, 'Usage')).map(USAGE_ROW.decode).find(({service}) => service === name);

const treeOf = async (archon: Archon, request = 'Tree'): Promise<readonly TreeRow[]> => (await rows(archon, request)).map(TREE_ROW.decode);

const MIB = 1 << 20;

test('memory and computing time are summed over all processes of a service, with what has ended among them', async () => {
	await using archon = await up(`services:
  hog: {command: [python3, -c, "import time; x = b'a' * (64 << 20); time.sleep(1000000)"]}
  burner: {command: [sh, -c, "sh -c 'i=0; while [ $$i -lt 300000 ]; do i=$$((i+1)); done'; sleep 1000000; :"]}
`);
	await expect.poll(async () => (await usageOf(archon, 'hog'))?.memory).toBeGreaterThan(64 * MIB);
	const hog = await usageOf(archon, 'hog');
	expect(hog?.memory).toBeLessThan(128 * MIB);
	expect(hog?.processes).toBe(1);
	// The inner shell has ended, and its parent keeps what it had computed.
	await expect.poll(async () => (await treeOf(archon)).filter(({service}) => service === 'burner').map(({command}) => command).at(-1)).toBe('sleep 1000000');
	expect(await usageOf(archon, 'burner')).toMatchObject({processes: 2});
	expect((await usageOf(archon, 'burner'))?.cpu).toBeGreaterThanOrEqual(20);
	expect((await treeOf(archon)).find(({service, kind}) => service === 'burner' && kind === 'main')?.cpu).toBeLessThan(20);
	const own = await usageOf(archon, 'archon');
	expect(own?.processes).toBe(1);
	expect(own?.memory).toBeGreaterThan(MIB);
});

test('a process is main, a child, adopted, a command, archon itself or foreign', async () => {
	const began = Date.now();
	await using archon = await up(`services:
  family:
    command: [sh, -c, "setsid sh -c 'sleep 7711 & :'; sleep 8811; :"]
    healthcheck: {test: [CMD, sleep, "4321"], interval: 50ms, timeout: 1h}
  careless:
    command: [python3, -c, "import os, time; os.fork() or os._exit(0); time.sleep(1000000)"]
`, false);
	const kindOf = async (request: string, command: string): Promise<unknown> => {
		const found = (await treeOf(archon, request)).find(row => row.command.startsWith(command));
		return found && [found.service, found.kind];
	};
	await expect.poll(() => kindOf('Tree', 'sleep 8811')).toEqual(['family', 'child']);
	await expect.poll(() => kindOf('Tree', 'sleep 7711')).toEqual(['family', 'adopted']);
	await expect.poll(() => kindOf('Tree', 'sleep 4321')).toEqual(['family', 'command']);
	expect(await kindOf('Tree', 'sh -c')).toEqual(['family', 'main']);
	await expect.poll(async () => (await treeOf(archon)).filter(({zombie}) => zombie))
		.toMatchObject([{service: 'careless', kind: 'child', command: '[python3]', memory: 0}]);
	const below = await treeOf(archon);
	expect(below.find(({pid}) => pid === process.pid)).toBeUndefined();
	const all = await treeOf(archon, 'Tree,all');
	expect(all.find(({pid}) => pid === process.pid)).toMatchObject({service: null, kind: 'foreign'});
	expect(all.filter(({kind}) => kind === 'archon')).toMatchObject([{pid: archon.pid, service: null}]);
	expect(await rows(archon, 'Tree,some').catch(() => 'refused')).toBe('refused');
	// The kernel's clock has ticks of 10 ms.
	for (const {started} of below) {
		expect(started).toBeGreaterThanOrEqual(began - 20);
		expect(started).toBeLessThanOrEqual(Date.now() + 20);
	}
});

test('the doctor looks over a real archon, and is content but for what is as it is', async () => {
	await using archon = await up(`services:
  careless: {command: [python3, -c, "import os, time; os.fork() or os._exit(0); time.sleep(1000000)"]}
  slow: {command: sleep 1000000, stop_grace_period: 20s}
shutdown: {grace_period: 25s}
`);
	await expect.poll(async () => (await archon.ctl('doctor')).stdout).toMatch(/^warn +zombies +1, of careless\n +→ these do not wait/m);
	const look = async () => {
		const {status, stdout} = await archon.ctl('doctor', '--json');
		return {status, findings: new Map((JSON.parse(stdout) as {about: string; verdict: string; found: string}[]).map(one => [one.about, one]))};
	};
	// A look right after another one has said `none` once.
	let {status, findings} = await look();
	await expect.poll(async () => {
		({status, findings} = await look());
		return findings.get('zombies')?.found;
	}).toBe('1, of careless');
	expect(findings.get('place')).toMatchObject({verdict: 'ok', found: 'PID 1'});
	expect(findings.get('user')).toMatchObject({verdict: 'ok', found: 'root, with what it needs'});
	expect(findings.get('zombies')).toMatchObject({verdict: 'warn', found: '1, of careless'});
	expect(findings.get('shutdown')).toMatchObject({verdict: 'warn', found: 'takes 20 s at most (slow), and docker kills after 10 s'});
	expect(findings.get('open files of archon')?.found).toMatch(/^\d+ of \d+ used$/);
	expect(findings.get('life')?.found).toMatch(/^up for \d+s$/);
	expect(status).toBe([...findings.values()].some(({verdict}) => verdict === 'bad') ? 1 : 0);
});
