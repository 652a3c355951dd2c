/** docs/reference/exit-statuses.md, row by row: each is a config or a command, and the status that comes of it. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/exit-statuses.md'), 'utf8');

/** The first column of the table below a heading, or of the one whose first column has that title. */
const rows = (title: string): string[] => {
	const [, table = ''] = new RegExp(String.raw`^\| ${title.replaceAll(/[`]/g, String.raw`\$&`)} \|.*\n\|---.*\n((?:\|.*\n)+)`, 'm').exec(page) ?? [];
	return table.trim().split('\n').map(row => row.split('|')[1]?.trim() ?? '');
};

/** With a config that ends by itself, and what its container ends with. */
const ends = async (config: string): Promise<number> => {
	await using archon = await boot({config});
	const status = await archon.ended();
	return status;
};

const CONTAINER: Readonly<Record<string, () => Promise<readonly [number, number]>>> = {
	'0': async () => {
		await using archon = await boot({config: 'services: {web: {command: sleep 1000000}}'});
		await archon.says(/started web/);
		archon.signal('SIGTERM');
		return [await archon.ended(), 0];
	},
	'the service\'s own': async () => [await ends('services: {web: {command: sh -c "exit 7", essential: true}, other: {command: sleep 1000000}}'), 7],
	'128 + n': async () => [await ends('services: {web: {command: "sh -c \'kill -KILL $$$$\'", essential: true}}'), 137],
	'the failed service\'s own': async () => [await ends('services: {web: {command: sh -c "exit 7", restart: no}}'), 7],
	'the failed need\'s own': async () => [await ends(`services:
  db: {command: sh -c "exit 7", restart: no, ready: {tcp: 9}}
  other: {command: sleep 1000000}
  web: {command: sleep 1000000, essential: true, depends_on: {db: {condition: service_healthy}}}`), 7],
	'0, and all went well': async () => [await ends('{services: {job: {type: oneshot, command: "true"}}, shutdown: {when_idle: always}}'), 0],
	'1': async () => [await ends('services: {web: {command: "true", restart: {policy: always, attempts: 1, delay: 10ms}}}'), 1],
	'143': async () => [await ends('services: {web: {command: sleep 1000000, ready: {file: /no/such}, start_timeout: 100ms, restart: no}}'), 143],
	'126': async () => [await ends('services: {web: {command: /etc/passwd}}'), 126],
	'127': async () => [await ends('services: {web: {command: no-such-program}}'), 127],
	'100': async () => [await ends('services: {web: {comand: "true"}}'), 100],
};

describe('the container', () => {
	test('has each row of the page', () => {
		expect(Object.keys(CONTAINER).sort()).toEqual(rows('the container ends with').sort());
	});

	test.each(Object.entries(CONTAINER))('ends with %s', async (_, ask) => {
		const [status, expected] = await ask();
		expect(status).toBe(expected);
	});
});

const run = async (...args: readonly string[]): Promise<number | undefined> =>
	(await execa(ARCHON, args, {reject: false, stdin: 'ignore', env: {ARCHON_SOCKET: '/no/such'}})).exitCode;

describe('one command', () => {
	test('has each row of the page', () => {
		expect(rows('`archon -- CMD` ends with')).toEqual(['CMD\'s own, 0 to 255', '128 + n of CMD', '126, 127']);
	});

	test.each([
		[255, ['sh', '-c', 'exit 255']], [137, ['sh', '-c', 'kill -KILL $$']], [126, ['/etc/passwd']], [127, ['no-such-program']],
	])('%i', async (status, command) => {
		expect(await run('--', ...command)).toBe(status);
	});
});

test('archonctl and archon check end as the page says', async () => {
	expect(rows('`archonctl` ends with')).toEqual(['0', '1', '3', '100', '111', 'the command\'s own']);
	await using archon = await boot({config: 'services: {web: {command: sleep 1000000}, off: {command: sleep 1000000, autostart: false}}'});
	await archon.says(/started web/);
	const status = async (...words: readonly string[]): Promise<number> => (await archon.ctl(...words)).status;
	expect({
		done: await status('status'), refused: await status('start', 'nothing'), 'not running': await status('status', 'off'),
		usage: await status('status', '--no-such'), 'not reached': await status('--socket', '/no/such', 'status'), own: await status('run', 'sh', '-c', 'exit 7'),
		health: await status('health'), 'health without archon': await status('--socket', '/no/such', 'health'),
	}).toEqual({done: 0, refused: 1, 'not running': 3, usage: 100, 'not reached': 111, own: 7, health: 0, 'health without archon': 1});

	expect(rows('`archon check` ends with')).toEqual(['0', '100']);
	expect(await run('check', '--portable', join(import.meta.dirname, '../../packaging/images/web/archon.yaml'))).toBe(0);
	expect(await run('check', '--portable', '/no/such.yaml')).toBe(100);
});
