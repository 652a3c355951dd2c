/** Alerts while things change: actions and rules, thousands of failures, a reload, archon executed again, a shutdown, a recovery. */
import {execa} from 'execa';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

const PATIENCE = {timeout: 60_000};
const folder = mkdtempSync(join(tmpdir(), 'archon-alerts-live-'));
// Rules are read by a user of their own.
chmodSync(folder, 0o755);
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach(close => close()));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

interface Told {
	readonly id: string;
	readonly status: string;
	readonly title: string;
	readonly more: number;
	readonly alerts: readonly {readonly event: string; readonly service: string; readonly reason: string; readonly count: number; readonly status: string}[];
}

/** A receiver by HTTP. `status` is asked for each message. */
async function receiver(status: () => number = () => 200): Promise<{readonly url: string; readonly told: Told[]}> {
	const told: Told[] = [];
	const server = createServer((request, response) => {
		let body = '';
		request.on('data', data => (body += String(data)));
		request.on('end', () => {
			told.push(JSON.parse(body) as Told);
			response.writeHead(status()).end();
		});
	});
	closing.push(() => void server.close());
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told};
}

async function reload(archon: Archon, change: (config: string) => string): Promise<void> {
	const file = join(archon.folder, 'archon.yaml');
	writeFileSync(file, change(readFileSync(file, 'utf8')));
	expect(await archon.ctl('reload')).toMatchObject({status: 0});
}

const eventsOf = (told: readonly Told[]): readonly string[] => told.flatMap(({alerts}) => alerts.map(({event, service, reason}) => `${event} ${service}: ${reason}`));

test('the action alert of a service, of all and of a rule reach a receiver, also before the helper is there', async () => {
	const hook = await receiver();
	const rules = join(folder, 'rules.lua');
	writeFileSync(rules, 'archon.rule{name = "cron", match = "web", event = "failed", action = function(e) archon.alert("a rule saw " .. e.service) end}\n', {mode: 0o644});
	await using archon = await boot({config: `alerts: {group_wait: 1s, on: reload-failed, receivers: {http: "${hook.url}"}}
rules: {lua: ${rules}}
on: {failed: [alert]}
services:
  other: {command: sleep 1000000, on: {started: {alert: other is there}}}
  web: {command: "sh -c 'test -e ${folder}/go && exit 3; exec sleep 1000000'", restart: no}
`});
	await expect.poll(() => eventsOf(hook.told), PATIENCE).toEqual(['alert other: other is there']);
	await expect.poll(async () => (await archon.ctl('rules', '--json')).stdout, PATIENCE).toContain('"cron"');
	writeFileSync(join(folder, 'go'), '');
	await archon.ctl('restart', 'web');
	await expect.poll(() => eventsOf(hook.told).slice(1).sort(), PATIENCE).toEqual([
		expect.stringMatching(/^alert web: a rule saw web$/), expect.stringMatching(/^alert web: web has failed: exit status 3/),
	]);
});

test('archon check says what no one hears, and what takes curl', async () => {
	const rules = join(folder, 'check.lua');
	writeFileSync(rules, '-- archon.alert is not meant here\narchon.rule{name = "a", event = "failed",\n  action = function(e) archon.alert("x") end}\n', {mode: 0o644});
	const check = async (config: string, path = process.env['PATH'] ?? ''): Promise<string> => {
		const file = join(folder, 'check.yaml');
		writeFileSync(file, `${config}\nservices: {web: {command: [/bin/sleep, "9"]}}\n`);
		return (await execa(ARCHON, ['check', file], {reject: false, all: true, env: {PATH: path}})).all;
	};
	expect(await check('on: {failed: [alert]}')).toContain('on.failed: alert tells no one, as alerts has no receiver');
	expect(await check(`rules: {lua: ${rules}}`)).toContain('check.lua:3:3: note: archon.alert tells no one, as alerts has no receiver');
	expect(await check(`alerts: {receivers: {syslog: "unix:///dev/log"}}\non: {failed: [alert]}\nrules: {lua: ${rules}}`)).toMatch(/^1 service, in this order: web$/);
	expect(await check('alerts: {receivers: {http: "https://a/"}}', '/nowhere')).toContain('alerts: http uses https, which needs curl, and it is not here');
	expect(await check('alerts: {receivers: {mail: a@b, server: "smtp://a:587"}}', '/nowhere')).toContain('alerts: mail uses a mail server with TLS, which needs curl, and it is not here');
	expect(await check('alerts: {receivers: [{http: "http://a/"}, {mail: a@b}]}', '/nowhere')).toMatch(/^1 service, in this order: web$/);
});

test('10,000 failures of 20 services make a handful of messages', {timeout: 180_000}, async () => {
	const hook = await receiver();
	const services = Array.from({length: 20}, (_, i) => `  crash-${i}: {command: /bin/false, restart: {delay: 0s, attempts: unlimited}}`);
	await using archon = await boot({config: `alerts: {group_wait: 5s, on: [failed, exited, restarting, backoff], receivers: {http: "${hook.url}"}}
start_rate: {per_second: 2000, burst: 2000}
services:
  other: {command: sleep 1000000}
${services.join('\n')}
`});
	const ends = async (): Promise<number> => Object.values(await archon.status()).reduce((sum, {restarts}) => sum + restarts, 0);
	await expect.poll(ends, {timeout: 150_000, interval: 500}).toBeGreaterThanOrEqual(10_000);
	await archon.ctl('stop', ...services.map((_, i) => `crash-${i}`));
	// Twice as long after each: in two minutes these are six.
	expect(hook.told.length).toBeGreaterThan(0);
	expect(hook.told.length).toBeLessThanOrEqual(6);
	expect(hook.told.every(({alerts, more}) => alerts.length === 20 && more > 0)).toBe(true);
	expect(await archon.status()).toMatchObject({other: {status: 'running', restarts: 0}, 'archon.alerts': {status: 'running', restarts: 0}});
});

test('a reload changes who is told, without another helper', async () => {
	const [first, second] = [await receiver(), await receiver()];
	await using archon = await boot({config: `alerts: {group_wait: 1s, receivers: {name: a, http: "${first.url}"}}
services: {web: {command: sleep 1000000}, other: {command: sleep 1000000}}\n`});
	await archon.says(/started archon.alerts/);
	const {'archon.alerts': before} = await archon.status();
	await reload(archon, config => config.replace(/name: a, http: "[^"]*"/, `name: b, on: [stopped], http: "${second.url}"`));
	await archon.ctl('stop', 'web');
	await expect.poll(() => eventsOf(second.told), PATIENCE).toEqual([expect.stringMatching(/^stopped web: /)]);
	expect(first.told).toEqual([]);
	expect(await archon.status()).toMatchObject({'archon.alerts': {pid: before!.pid, restarts: 0}});
	await reload(archon, config => config.replace(/^alerts: .*\n/, ''));
	await expect.poll(async () => Object.keys(await archon.status()), PATIENCE).not.toContain('archon.alerts');
	expect((await archon.ctl('alerts')).status).not.toBe(0);
});

test('what was not delivered is, once, after archon was executed again; and a recovery is told', async () => {
	let isDown = true;
	const hook = await receiver(() => (isDown ? 503 : 200));
	const go = join(folder, 'mended');
	await using archon = await boot({config: `alerts: {group_wait: 1s, receivers: {http: "${hook.url}"}}
services:
  web: {command: "sh -c 'test -e ${go} && exec sleep 1000000; exit 3'", restart: no}
  other: {command: sleep 1000000}
`});
	await expect.poll(() => hook.told.length, PATIENCE).toBeGreaterThan(0);
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	isDown = false;
	const seen = hook.told.length;
	await expect.poll(() => hook.told.length, PATIENCE).toBe(seen + 1);
	expect(new Set(hook.told.map(({id}) => id)).size).toBe(1);
	expect(eventsOf(hook.told.slice(-1))).toEqual(['failed web: exit status 3']);
	writeFileSync(go, '');
	await archon.ctl('start', 'web');
	await expect.poll(() => hook.told.length, PATIENCE).toBe(seen + 2);
	expect(hook.told.at(-1)).toMatchObject({status: 'recovered', title: expect.stringMatching(/^recovered: web/), alerts: [{service: 'web', status: 'recovered'}]});
	expect((await archon.status())['other']).toMatchObject({status: 'running', restarts: 0});
});

test('at a shutdown what waits for its group is told before the end', async () => {
	const hook = await receiver();
	await using archon = await boot({config: `alerts: {group_wait: 10m, repeat: 1h, receivers: {http: "${hook.url}"}}
services:
  web: {command: "sh -c 'exit 3'", restart: no}
  other: {command: sleep 1000000}
`});
	await archon.says(/web failed/);
	expect((await archon.ctl('alerts')).stdout).toContain('0 delivered');
	archon.signal('SIGTERM');
	await archon.ended();
	expect(eventsOf(hook.told)).toEqual(['failed web: exit status 3']);
});
