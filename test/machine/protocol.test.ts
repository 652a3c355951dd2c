/** docs/reference/protocol.md is true, and enough to write a client from: its examples are asked, and a client in Python speaks it. */
import {execa} from 'execa';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ABOUT} from '../../scripts/docs/requests.ts';
import {type Archon, ARCHON, boot} from './archon.ts';

const CONFIG = `groups: {backend: [web]}
services:
  web: {umask: "022", command: sh -c 'trap "" HUP; echo hello; exec sleep 1000000'}
  job: {type: oneshot, command: sh -c 'exit 3', restart: "no", essential: false}
`;

async function up(): Promise<Archon> {
	const archon = await boot({config: CONFIG});
	await archon.says(/job .*3/);
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	await expect.poll(async () => (await archon.ctl('logs', 'web')).stdout).toBe('hello');
	return archon;
}

/** Numbers that differ from one machine to the next. */
const general = (line: string): string => line.startsWith('Row') ? line.replaceAll(/\d+(\.\d+)*/g, 'N').replace(/"?sleep N"?.*/, 'sleep') : line;

/** What needs a manifest, a master, a schedule, rules, alerts, sockets, ports or pools of the config, or ends all: the tests of these ask it. */
const ELSEWHERE = new Set([
	'Reconcile', 'Want', 'Unwant', 'Sync', 'SyncStatus', 'RunNow', 'State', 'Rules', 'RulesReload', 'RulesTest', 'AlertsStatus', 'AlertsTest',
	'Fds', 'Ports', 'NeedsRestart', 'Reboot', 'Pools', 'Pool', 'PoolRestart',
]);

test('every example in the page is answered as it says', async () => {
	await using archon = await up();
	// What ends a service comes after what shows it running, and a `Run` of another connection has no client to wait for.
	const examples = ABOUT.flatMap(({examples}) => examples).filter(([request]) => !ELSEWHERE.has(/^\w+/.exec(request)?.[0] ?? ''));
	expect(examples.length).toBeGreaterThanOrEqual(ABOUT.length - ELSEWHERE.size);
	for (const [request, ...whole] of examples) {
		// Of a long answer the page has the beginning and the end.
		const answer = whole.includes('…') ? whole.slice(0, whole.indexOf('…')) : whole;
		const wire = await archon.connect();
		if (request.startsWith('StopDaemon')) await archon.says(/started tunnel/);
		if (request === 'Plan') writeFileSync(join(archon.folder, 'archon.yaml'), CONFIG.replace('022', '077'));
		wire.send(`${request}\n`);
		expect([request, ...(await wire.lines(answer.length)).map(general)]).toEqual([request, ...answer.map(general)]);
		wire.destroy();
		if (request.startsWith('Stop,')) await archon.ctl('start', 'web');
	}
	expect(await archon.ended()).toBe(0);
});

test('a client in Python that was written from the page shows services, waits, hears of events and runs a command', async () => {
	await using archon = await up();
	const {exitCode, stdout} = await execa(
		'python3', [join(import.meta.dirname, 'client.py'), '/bin/sh', '-c', 'test "$GREETING" = \'a, "b"\' && exit 42', '', 'two\nlines'],
		{env: {ARCHON_SOCKET: archon.socket}, reject: false},
	);
	expect({exitCode, stdout: stdout.replace(/running \d+/, 'running PID')}).toEqual({exitCode: 42, stdout: 'web running PID\njob failed -\nWait Ok\nSubscribe started ready\nExitStatus 42'});
});

test('what only the page says takes no room in the executable', () => {
	const executable = readFileSync(ARCHON);
	expect(executable.includes('unknown request')).toBe(true);
	const texts = ABOUT.flatMap(({reply, rows}) => [reply, ...rows.map(({means}) => means)]).filter(({length}) => length > 20);
	expect(texts.length).toBeGreaterThan(10);
	expect(texts.filter(text => executable.includes(text))).toEqual([]);
});
