/** What outlives archon: it is killed again and again, and the next one goes on with every job, and with each of them once. */
import {execa} from 'execa';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Archon, boot} from './archon.ts';

/** A folder for the state, and one for what services write; no process that names it outlives the tests. */
function prepare(): {readonly state: string; readonly work: string} {
	const work = mkdtempSync(join(tmpdir(), 'archon-state-'));
	const state = join(work, 'state');
	mkdirSync(state);
	undo(() => commands().filter(({words}) => words.includes(work)).forEach(({pid}) => end(pid)));
	return {state, work};
}

function end(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// It has ended by itself.
	}
}

function commands(): {readonly pid: number; readonly words: string}[] {
	return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
		try {
			return [{pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')}];
		} catch {
			return [];
		}
	});
}

const linesOf = (file: string): readonly string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);

async function kill(archon: Archon): Promise<void> {
	archon.signal('SIGKILL');
	await archon.ended();
}

/** Keeps to itself what it is, as long as it lives; and says so where another one is the same at that time. */
const alone = (work: string, name: string): string =>
	`exec 9>>${work}/${name}.lock; flock -n 9 || echo ${name} >>${work}/twice; echo $$$$ >>${work}/${name}.starts`;

test('archon is killed a hundred times, at any moment: every job goes on, and none is there twice', async () => {
	const {state, work} = prepare();
	const config = `archon: {state_dir: ${state}}
start_rate: 1000
services:
  steady: {command: sh -c '${alone(work, 'steady')}; exec sleep 1000000'}
  speaker: {command: sh -c '${alone(work, 'speaker')}; i=0; while :; do i=$$((i+1)); echo $$i; sleep 0.05; done'}
  mother: {command: sh -c '${alone(work, 'mother')}; setsid sleep 1000000 9>&- & exec sleep 1000000'}
  hooked: {command: sh -c '${alone(work, 'hooked')}; exec sleep 1000000', pre_start: [sleep 0.05], depends_on: [steady]}
  restless: {command: sh -c '${alone(work, 'restless')}; exec sleep 0.03', restart: {policy: always, delay: 5ms, attempts: unlimited}}
`;
	const pids = new Map<string, number | null>();
	for (let round = 0; round < 100; round++) {
		const archon = await boot({config, isInit: false});
		// From before it has begun until it has long settled.
		await pause(Math.random() ** 2 * 400);
		if (round % 5 === 4) {
			await expect.poll(async () => Object.values(await archon.status()).filter(({status}) => status === 'running').length).toBeGreaterThan(3);
			for (const [name, {pid}] of Object.entries(await archon.status())) {
				if (name !== 'restless') expect(pids.get(name) ?? pid, `${name} in round ${round}\n${archon.log()}`).toBe(pid);
				pids.set(name, pid);
			}
		}
		await kill(archon);
		expect(linesOf(`${work}/twice`), `round ${round}\n${archon.log()}`).toEqual([]);
	}
	await using archon = await boot({config, isInit: false});
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) {
		await expect.poll(async () => (await archon.status())[name]?.pid).toBe(pids.get(name));
		expect(linesOf(`${work}/${name}.starts`), name).toEqual([String(pids.get(name))]);
	}
	// What they say is read on, and their ends are seen.
	await archon.says(/^speaker +\| \d+$/m);
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) end(pids.get(name) ?? 0);
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) await archon.says(new RegExp(`${name} was killed by SIGKILL`));
	await expect.poll(async () => (await archon.status())['steady']).toMatchObject({status: 'running', restarts: 1});
	expect((await archon.ctl('stop', 'hooked', 'mother')).status).toBe(0);
	expect((await archon.ctl('restart', 'steady')).status).toBe(0);
	await expect.poll(() => linesOf(`${work}/steady.starts`)).toHaveLength(3);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(linesOf(`${work}/twice`)).toEqual([]);
	// What they had made has ended with them.
	expect(commands().filter(({words}) => words.includes(work))).toEqual([]);
}, 300_000);
