/**
 * Clients that mean no good, drawn from a seed (`SEED=n`, `SESSIONS=n`): records whole and torn, random bytes, descriptors of all
 * kinds, tags out of order, half closes and resets. Each whole record has one reply, and nothing of all that stays.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {REQUESTS} from '../../src/control/registry.ts';
import {type Archon, boot} from './archon.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const SESSIONS = Number(process.env['SESSIONS'] ?? 250);
const FUZZER = join(import.meta.dirname, '../characters/fuzzer.py');
const VERBS = REQUESTS.map(({verb}) => verb).join(',');

const CONFIG = `services:
  web: {command: sleep 1000000}
  job: {type: oneshot, command: "true"}
`;

const fdsOf = ({pid}: Archon): number => readdirSync(`/proc/${pid}/fd`).length;
const memoryOf = ({pid}: Archon): number => Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);

/** How many sessions had their replies counted. */
async function fuzz({socket}: Archon, seed: number, sessions: number): Promise<number> {
	const {stdout} = await execa('python3', [FUZZER, socket, String(seed), String(sessions), VERBS]);
	const lines = stdout.split('\n');
	const counted = Number(lines.pop());
	expect(lines, `SEED=${seed}`).toEqual([]);
	return counted;
}

test(`${SESSIONS} sessions`, {timeout: 60_000 + 500 * SESSIONS}, async () => {
	await using archon = await boot({config: CONFIG});
	await archon.says(/job completed/);
	// All that is loaded by need is there.
	await fuzz(archon, SEED, Math.ceil(SESSIONS / 5));
	await archon.ctl('restart', 'web');
	const [fds, memory] = [fdsOf(archon), memoryOf(archon)];
	const counted = await fuzz(archon, SEED + 1, SESSIONS);
	expect(counted).toBeGreaterThan(SESSIONS / 3);

	// A daemon or command that a client made may be there for a moment; what a service has open is its own.
	await archon.ctl('start', 'web');
	// Daemons of clients that have ended can be asked about, and started again: each keeps its pipes.
	const ended = Object.keys(await archon.status()).length - 2;
	await expect.poll(() => fdsOf(archon)).toBeLessThanOrEqual(fds + 8 + 4 * ended);
	expect(memoryOf(archon) - memory, 'KiB').toBeLessThan(3072);
	expect(archon.log()).not.toMatch(/\bbug\b|fatal|re-executed/);
	expect(await archon.status()).toMatchObject({web: {status: 'running'}});
});
