/** The client that never waits, with a real archon that is re-executed and that ends. */
import {expect, test} from 'vitest';
import {reachLive} from '../../src/cli/live.ts';
import type {Live, LiveState} from '../../src/control/live-client.ts';
import {STATUS} from '../../src/control/requests/status/wire.ts';
import {boot} from './archon.ts';

const CONFIG = 'services:\n  web:\n    command: sleep 1000\n  db:\n    command: sleep 1000\n';
const IO = {env: {}, uid: process.getuid?.() ?? 0} as Parameters<typeof reachLive>[0];

const namesOf = (live: Live): Promise<readonly string[]> => new Promise((resolve, reject) => {
	const names: string[] = [];
	live.ask(STATUS, [], {
		rows: rows => void names.push(...rows.map(([name = '']) => name)),
		done: result => (result.ok ? resolve(names) : reject(new Error(result.error.reason))),
	});
});

test('many questions are answered, over re-executions, until archon ends', async () => {
	await using archon = await boot({config: CONFIG});
	await expect.poll(() => archon.status()).toMatchObject({web: {status: 'running'}});
	const states: LiveState['kind'][] = [];
	const reached = reachLive(IO, archon.socket, ({kind}) => void states.push(kind));
	if (!reached.ok) throw new Error(reached.error);
	const live = reached.value;
	const answers = await Promise.all(Array.from({length: 50}, () => namesOf(live)));
	expect(answers.every(names => names.join() === 'web,db')).toBe(true);
	expect(states).toEqual([]);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	await expect.poll(() => states).toEqual(['broken', 'connected']);
	expect(await namesOf(live)).toEqual(['web', 'db']);
	archon.signal('SIGTERM');
	await archon.ended();
	await expect.poll(() => states.at(-1)).toBe('lost');
	await expect(namesOf(live)).rejects.toThrow('no such file or directory');
	live.close();
});

test('where archon is not, that is said', () => {
	const reached = reachLive(IO, '/no/such/socket', () => {});
	expect(reached.ok ? null : reached.error).toMatch(/^cannot reach archon at \/no\/such\/socket: no such file or directory; is archon running\?/);
});
