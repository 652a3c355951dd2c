/** Services that say too much, or hand over what hurts, on their notification socket: they cost PID 1 a bounded share of its time and memory. */
import {readFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

let [flooder, herald, lingerer] = ['', '', ''];
beforeAll(async () => {
	[flooder, herald, lingerer] = await Promise.all([character('flooder'), character('herald'), character('lingerer')]);
});

const KIBIBYTES = /^VmRSS:\s+(\d+) kB$/m;
const memoryOf = ({pid}: Archon): number => Number(KIBIBYTES.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

test('under a flood of everything archon answers, others become ready, end and are restarted, and its memory stays', async () => {
	await using archon = await boot({config: `services:
  flood: {command: ${flooder} mains junk status extend fds small 4000, ready: notify, start_timeout: 60s}
  other: {command: ${herald} READY=1 pause, ready: notify, depends_on: {flood: {condition: service_started}}}
`});
	await archon.says(/^archon +\| warn: flood says that its main process is/m);
	await archon.says(/started other/);
	await expect.poll(async () => (await archon.status())['other']?.status).toBe('running');
	const before = memoryOf(archon);
	for (let restarts = 1; restarts <= 5; restarts++) {
		expect((await archon.ctl('signal', 'KILL', 'other')).status).toBe(0);
		await expect.poll(async () => (await archon.status())['other']).toMatchObject({status: 'running', restarts});
	}
	// All of that while it went on.
	expect(archon.log()).not.toMatch(/were taken/);
	await archon.says(/were taken/);
	// What the engine's heap takes and gives back is some hundred KiB.
	expect(memoryOf(archon) - before).toBeLessThan(2048);
	// Of each kind of complaint a few are said; the rest is a number.
	expect(archon.log().match(/which is not one of its own: ignored/g)).toHaveLength(3);
	expect((await archon.ctl('stop', 'flood')).status).toBe(0);
	await archon.says(/flood: \d+ more of its notifications were ignored/);
});

test('a run is heard so often in a period, and then who speaks waits', async () => {
	const [millis, period, most, queue] = [2000, 100, 256, Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'))];
	await using archon = await boot({config: `services:
  flood: {command: ${flooder} small ${millis}, ready: notify, start_timeout: 60s}
`});
	const [, taken] = await archon.says(/(\d+) were taken/);
	// Each is a datagram and a word.
	expect(Number(taken)).toBeLessThanOrEqual((millis / period + 2) * (most / 2) + queue + 1);
});

let sink: Server;
beforeAll(async () => {
	sink = createServer({pauseOnConnect: true}).on('connection', socket => socket.on('error', () => {}));
	await new Promise<void>(resolve => sink.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void sink.close());

test.each([
	['when it closes what it was passed', 'stay'],
	['when the descriptors that it was passed are not read any more', 'leave'],
])('archon does not wait for a socket that lingers, %s', async (_, word) => {
	const address = sink.address();
	const port = typeof address === 'object' ? address?.port : 0;
	await using archon = await boot({config: `services:
  lingerer: {command: ${lingerer} ${port} ${word}, ready: notify, restart: 'no'}
  other: {command: sleep 1000000}
`});
	if (word === 'stay') await expect.poll(async () => (await archon.status())['lingerer']?.status).toBe('running');
	else await archon.says(/lingerer (exited|failed)/);
	expect(await archon.status()).toMatchObject({other: {status: 'running'}});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
