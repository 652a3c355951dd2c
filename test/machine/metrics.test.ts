/**
 * `/metrics` before a real Prometheus, with services of every kind: each series has its value, each alert rule and each query of the
 * dashboard is evaluated.
 */
import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {parse} from 'yaml';
import {undo} from '../../scripts/undo.ts';
import {STATUSES} from '../../src/core/statuses.ts';
import {FAMILIES, sampleName, SERVICES} from '../../src/features/metrics/core/families.ts';
import {type Archon, boot} from './archon.ts';
import {WORKER} from './pools.ts';

const root = join(import.meta.dirname, '../..');
const EXAMPLES = join(root, 'examples/monitoring');
const RULES = join(EXAMPLES, 'archon.rules.yaml');
/** How long something may take on a machine that does much else. */
const LONG = {timeout: 60_000, interval: 200};

const freePort = (): Promise<number> => new Promise(resolve => {
	const server = createServer().listen(0, '127.0.0.1', () => {
		const {port} = server.address() as AddressInfo;
		server.close(() => resolve(port));
	});
});

const folder = mkdtempSync(join(tmpdir(), 'archon-metrics-'));
undo(() => rmSync(folder, {recursive: true, force: true}));
const token = join(folder, 'token');
writeFileSync(token, 'some-token-of-32-characters-or-more\n', {mode: 0o600});

const forever = ['sleep', 'infinity'];
const CHECK = {interval: '200ms', retries: 1};

/** Kinds of services; `more`: those that a reload removes. */
const config = (port: number, more: object): string => JSON.stringify({
	web: {listen: `127.0.0.1:${port}`, tokens: [{token_file: token, role: 'observe', services: ['steady']}]},
	alerts: {receivers: [{name: 'ops', http: 'http://127.0.0.1:1/none'}]},
	pools: {app: {command: `python3 ${WORKER}`, socket: join(folder, 'pool.sock'), plan: {boot: {hello: null}}, items: {boot: 'x = 1', hello: 'print(x)'}, dir: folder}},
	services: {
		steady: {command: forever, healthcheck: {test: ['CMD', 'true'], ...CHECK}},
		slow: {command: forever, healthcheck: {test: ['CMD', 'sleep', '0.3'], ...CHECK}, ready: {exec: ['true']}},
		ill: {command: forever, healthcheck: {test: ['CMD', 'false'], ...CHECK}},
		failing: {command: ['sh', '-c', 'exit 3'], restart: {policy: 'on-failure', attempts: 2, delay: '10ms'}},
		killed: {command: ['sh', '-c', 'kill -KILL $$$$'], restart: 'no'},
		job: {command: ['true'], type: 'oneshot'},
		idle: {command: forever, autostart: false},
		nightly: {command: ['true'], type: 'oneshot', schedule: '30 3 * * *'},
		chatty: {command: ['sh', '-c', 'seq 1000; exec sleep infinity'], logging: {driver: 'none', rate_limit: '100/1h'}},
		burner: {command: ['sh', '-c', 'i=0; while [ $$i -lt 200000 ]; do i=$$((i+1)); done; exec sleep infinity']},
		parent: {command: ['sh', '-c', 'for i in 1 2 3; do sh -c "sleep 0.1 &"; done; exec sleep infinity']},
		pair: {command: forever, scale: 2},
		...more,
	},
});

let archon: Archon;
let [webPort, promPort] = [0, 0];
const file = (): string => join(archon.folder, 'archon.yaml');

beforeAll(async () => {
	for (const tool of ['prometheus', 'promtool']) {
		await execa(tool, ['--version'], {stdin: 'ignore'}).catch(() => {
			throw new Error(`${tool} does not run: it is installed by scripts/setup`);
		});
	}
});

test('a Prometheus finds archon', async () => {
	webPort = await freePort();
	promPort = await freePort();
	archon = await boot({config: config(webPort, {gone: {command: forever}})});
	writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify({
		global: {scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '1s'}, rule_files: [RULES],
		scrape_configs: [{job_name: 'archon', scrape_timeout: '500ms', static_configs: [{targets: [`127.0.0.1:${webPort}`]}]}],
	}));
	await archon.says(/started archon\.web/);
	const prometheus = spawn('prometheus', [
		`--config.file=${join(folder, 'prometheus.yaml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${promPort}`,
	], {stdio: 'ignore', cwd: folder});
	undo(() => prometheus.kill('SIGKILL'));
	await expect.poll(() => found('archon_build_info'), LONG).not.toEqual([]);
}, 180_000);

afterAll(async () => archon?.[Symbol.asyncDispose]());

interface Series {
	readonly metric: Readonly<Record<string, string>>;
	readonly value: readonly [number, string];
}

/** What Prometheus finds; nothing while it begins. */
async function found(query: string): Promise<readonly Series[]> {
	const answer = await fetch(`http://127.0.0.1:${promPort}/api/v1/query?query=${encodeURIComponent(query)}`).catch(() => null);
	if (!answer || answer.status === 503) return [];
	const {status, data, error} = await answer.json() as {status: string; data: {result: readonly Series[]}; error?: string};
	expect(status, `${query}: ${error}`).toBe('success');
	return data.result;
}

const values = async (query: string): Promise<readonly number[]> => (await found(query)).map(({value: [, value]}) => Number(value));
const becomes = async (query: string, ...wanted: readonly number[]): Promise<void> => expect.poll(() => values(query), {...LONG, message: query}).toEqual(wanted);
const grows = async (query: string, least: number): Promise<void> =>
	expect.poll(async () => (await values(query))[0] ?? -1, {...LONG, message: query}).toBeGreaterThanOrEqual(least);

const scrape = (headers: Readonly<Record<string, string>> = {}, method = 'GET') => fetch(`http://127.0.0.1:${webPort}/metrics`, {headers, method});

describe('a scrape', () => {
	test('is clean for promtool, with every kind of service', async () => {
		await expect.poll(async () => (await scrape()).text(), LONG).toContain('archon_pool_nodes{pool="app",state="ready"} 1');
		const answer = await scrape({accept: 'text/plain'});
		expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
		const {exitCode, all} = await execa('promtool', ['check', 'metrics'], {input: await answer.text(), all: true, reject: false});
		expect([exitCode, all]).toEqual([0, '']);
	});

	test('is OpenMetrics for who speaks it, and HEAD has its head alone', async () => {
		const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
		const [answer, head] = [await scrape({accept}), await scrape({accept}, 'HEAD')];
		expect(answer.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
		expect(await answer.text()).toMatch(/\n# EOF\n$/);
		expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, answer.headers.get('content-type'), '']);
	});

	test('has the services of its token, and no others', async () => {
		const text = await (await scrape({authorization: `Bearer ${readFileSync(token, 'utf8').trim()}`})).text();
		expect(new Set(text.matchAll(/service="([^"]*)"/g).map(([, name]) => name))).toEqual(new Set(['steady']));
		expect(text).toContain('archon_build_info');
		expect(text).not.toContain('archon_orphans');
	});

	test('is as archonctl metrics', async () => {
		const types = (text: string): readonly string[] => text.split('\n').filter(line => line.startsWith('# TYPE'));
		const {status, stdout} = await archon.ctl('metrics');
		expect(status).toBe(0);
		expect(types(stdout)).toEqual(types(await (await scrape({accept: 'application/openmetrics-text'})).text()));
	});
});

describe('Prometheus', () => {
	test('has each metric, and no other', async () => {
		const names = [SERVICES, ...FAMILIES].map(sampleName);
		await expect.poll(async () => (await found('group by (__name__) ({job="archon",__name__=~"archon_.*"})')).map(({metric}) => metric['__name__']).toSorted(), LONG)
			.toEqual(names.toSorted());
	}, 180_000);

	test('has their values', async () => {
		await becomes('archon_service_state{service="steady"} == 1 and archon_service_state{state="running"}', 1);
		await becomes('count(archon_service_state{service="steady"})', STATUSES.length);
		await becomes('sum by (service) (archon_service_state) != 1');
		for (const [name, state] of Object.entries({steady: 'running', ill: 'unhealthy', failing: 'failed', killed: 'failed', job: 'exited', idle: 'stopped', 'pair:0': 'running', 'pair:1': 'running'})) {
			await becomes(`archon_service_state{service="${name}",state="${state}"}`, 1);
		}
		await becomes('archon_service_ready{service="steady"}', 1);
		await becomes('archon_service_ready{service="ill"}', 0);
		await becomes('archon_service_wanted{service="idle"}', 0);
		await becomes('archon_service_restarts_total{service="failing"}', 2);
		await becomes('archon_service_exit_status{service="failing"}', 3);
		await becomes('archon_service_exit_status{service="killed"}', 137);
		await becomes('archon_service_exit_status{service="job"}', 0);
		await becomes('archon_service_exit_status{service="steady"}');
		await becomes('archon_service_processes{service="steady"}', 1);
		await becomes('archon_service_log_lines_total{service="chatty"}', 1000);
		await becomes('archon_service_log_bytes_total{service="chatty"}', 3893);
		await grows('archon_service_memory_bytes{service="steady"}', 100_000);
		await grows('archon_service_cpu_seconds_total{service="burner"}', 0.05);
		await grows('archon_orphans_reaped_total', 3);
		await becomes('archon_check_up{service="ill",check="healthcheck"}', 0);
		await becomes('archon_check_up{service="slow",check="ready"}', 1);
		await grows('archon_check_duration_seconds{service="slow",check="healthcheck"}', 0.3);
		await grows('archon_checks_total{service="ill",result="failed"}', 2);
		await becomes('archon_healthy', 0);
		await becomes('time() - archon_service_start_time_seconds{service="steady"} > 600');
		await becomes('archon_service_next_run_time_seconds - time() < bool 86400', 1);
		await becomes('sum(archon_services)', Object.keys(await archon.status()).length);
		await grows('archon_alerts_waiting{receiver="ops"} + archon_alerts_dropped_total', 1);
	}, 180_000);

	test('has alerts that fire, of the rules as they are', async () => {
		const {data} = await (await fetch(`http://127.0.0.1:${promPort}/api/v1/rules`)).json() as {data: {groups: {rules: {name: string; health: string; lastError?: string}[]}[]}};
		const rules = data.groups.flatMap(({rules}) => rules);
		expect(rules).toHaveLength(alertRules().length);
		await becomes('count(ALERTS{alertname="ArchonServiceFailed"})', 2);
		await becomes('count(ALERTS{alertname="ArchonServiceUnhealthy",service="ill"})', 1);
	}, 180_000);

	test('finds data for each query of the dashboard', async () => {
		for (const query of dashboardQueries()) await expect.poll(() => found(query), {...LONG, message: query}).not.toEqual([]);
	}, 240_000);

	test('has counts that go on over re-execution', async () => {
		const before = (await values('archon_orphans_reaped_total'))[0] ?? 0;
		const cpu = (await values('archon_service_cpu_seconds_total{service="burner"}'))[0] ?? 0;
		await archon.ctl('upgrade');
		await becomes('archon_reexecs_total', 1);
		await grows('archon_orphans_reaped_total', before);
		await grows('archon_service_cpu_seconds_total{service="burner"}', cpu);
		await becomes('resets(archon_orphans_reaped_total[5m])', 0);
	}, 180_000);

	test('has no series any more of a service that is removed, and counts the lines that are dropped', async () => {
		await becomes('archon_service_ready{service="gone"}', 1);
		writeFileSync(file(), config(webPort, {chatty: {
			command: ['sh', '-c', 'seq 1000; exec sleep infinity'], logging: {driver: 'none', rate_limit: '100/100ms'},
		}}));
		expect((await archon.ctl('reload')).status).toBe(0);
		await becomes('archon_service_ready{service="gone"}');
		await becomes('archon_config_reloads_total{result="ok"}', 1);
		await archon.ctl('restart', 'chatty');
		await becomes('archon_service_log_dropped_lines_total{service="chatty"}', 900);
		writeFileSync(file(), 'services: {web: {comand: x}}');
		expect((await archon.ctl('reload')).status).toBe(1);
		await becomes('archon_config_reloads_total{result="failed"}', 1);
	}, 180_000);
});

interface Rule {
	readonly alert: string;
	readonly for?: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly annotations: Readonly<Record<string, string>>;
}

const alertRules = (): readonly Rule[] =>
	(parse(readFileSync(RULES, 'utf8')) as {groups: readonly {rules: readonly Rule[]}[]}).groups.flatMap(({rules}) => rules);

/** With their variables as they are where all is chosen. */
function dashboardQueries(): readonly string[] {
	const {panels, templating} = JSON.parse(readFileSync(join(EXAMPLES, 'grafana-dashboard.json'), 'utf8')) as {
		panels: readonly {targets: readonly {expr: string}[]}[]; templating: {list: readonly {query: string}[]};
	};
	const named = templating.list.flatMap(({query}) => /^label_values\((.*), \w+\)$/.exec(query)?.[1] ?? []);
	return [...named, ...panels.flatMap(({targets}) => targets.map(({expr}) => expr))]
		.map(query => query.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m').replaceAll(/\$(instance|service)\b/g, '.*'));
}

/** By alert: series as promtool has them, each a minute, and whose it is. */
const FIRES: Readonly<Record<string, readonly [series: string, values: string, labels?: Readonly<Record<string, string>>]>> = {
	ArchonDown: ['up{job="archon"}', '1 0x30', {job: 'archon'}],
	ArchonNotHealthy: ['archon_healthy', '0x30'],
	ArchonServiceFailed: ['archon_service_state{service="web",state="failed"}', '1x30', {service: 'web', state: 'failed'}],
	ArchonServiceUnhealthy: ['archon_service_state{service="web",state="unhealthy"}', '1x30', {service: 'web', state: 'unhealthy'}],
	ArchonServiceStuck: ['archon_service_state{service="web",state="waiting"}', '1x30', {service: 'web', state: 'waiting'}],
	ArchonServiceRestarting: ['archon_service_restarts_total{service="web"}', '0+1x30', {service: 'web'}],
	ArchonServiceKilled: ['archon_service_exit_status{service="web"}', '137x30', {service: 'web'}],
	ArchonCheckSlow: ['archon_check_duration_seconds{service="web",check="healthcheck"}', '3x30', {service: 'web', check: 'healthcheck'}],
	ArchonLogLinesDropped: ['archon_service_log_dropped_lines_total{service="web"}', '0x9 7x20', {service: 'web'}],
	ArchonScheduleOverdue: ['archon_service_next_run_time_seconds{service="web"}', '60x30', {service: 'web'}],
	ArchonPoolCrashed: ['archon_pool_nodes{pool="app",state="crashed"}', '2x30', {pool: 'app', state: 'crashed'}],
	ArchonReexecuted: ['archon_reexecs_total', '0x9 1x20'],
	ArchonReloadFailed: ['archon_config_reloads_total{result="failed"}', '0x9 1x20', {result: 'failed'}],
	ArchonAlertsNotDelivered: ['archon_alerts_waiting{receiver="ops"}', '1x30', {receiver: 'ops'}],
};

describe('the alert rules', () => {
	test('are loaded by promtool, and each has a series that it fires for', async () => {
		const {exitCode, stdout} = await execa('promtool', ['check', 'rules', RULES], {reject: false});
		expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`${Object.keys(FIRES).length} rules found`)]);
		expect(alertRules().map(({alert}) => alert).toSorted()).toEqual(Object.keys(FIRES).toSorted());
	});

	test('fire when they are to, and not while all is well', async () => {
		const well = [
			['up{job="archon"}', '1x40'], ['archon_healthy', '1x40'], ['archon_service_state{service="web",state="running"}', '1x40'],
			['archon_service_state{service="web",state="failed"}', '0x40'], ['archon_service_restarts_total{service="web"}', '5x40'],
			['archon_service_exit_status{service="web"}', '137x40'], ['archon_check_duration_seconds{service="web",check="healthcheck"}', '0.1x40'],
			['archon_service_log_dropped_lines_total{service="web"}', '7x40'], ['archon_service_next_run_time_seconds{service="web"}', '5000x40'],
			['archon_pool_nodes{pool="app",state="crashed"}', '0x40'], ['archon_reexecs_total', '3x40'],
			['archon_config_reloads_total{result="failed"}', '2x40'], ['archon_alerts_waiting{receiver="ops"}', '0x40'],
		].map(([series, values]) => ({series, values}));
		const restarts = {series: 'archon_service_restarts_total{service="web"}', values: '0+1x30'};
		const fires = alertRules().map(({alert, labels}) => {
			const [series = '', values = '', own = {}] = FIRES[alert] ?? [];
			return {
				interval: '1m', input_series: [{series, values}, ...alert === 'ArchonServiceKilled' ? [restarts] : []],
				alert_rule_test: [{eval_time: '18m', alertname: alert, exp_alerts: [{exp_labels: {...labels, ...own}}]}],
			};
		});
		const silent = {
			interval: '1m', input_series: well,
			alert_rule_test: alertRules().map(({alert}) => ({eval_time: '35m', alertname: alert, exp_alerts: []})),
		};
		// What they say to people is not compared.
		const bare = join(folder, 'rules.yaml');
		writeFileSync(bare, JSON.stringify({groups: [{name: 'archon', rules: alertRules().map(rule => ({...rule, annotations: {}}))}]}));
		const path = join(folder, 'rules.test.yaml');
		writeFileSync(path, JSON.stringify({rule_files: [bare], evaluation_interval: '1m', tests: [...fires, silent]}));
		const {exitCode, all} = await execa('promtool', ['test', 'rules', path], {all: true, reject: false});
		expect([exitCode, all]).toEqual([0, expect.stringContaining('SUCCESS')]);
	});

	test('and the configs of Prometheus and the collector are what they take', async () => {
		const {exitCode} = await execa('promtool', ['check', 'config', join(EXAMPLES, 'prometheus.yaml')], {reject: false});
		expect(exitCode).toBe(0);
		const {receivers} = parse(readFileSync(join(EXAMPLES, 'otel-collector.yaml'), 'utf8')) as {receivers: {prometheus: {config: object}}};
		// Its receiver takes a config of Prometheus as it is.
		const path = join(folder, 'receiver.yaml');
		writeFileSync(path, JSON.stringify(receivers.prometheus.config));
		expect((await execa('promtool', ['check', 'config', path], {reject: false})).exitCode).toBe(0);
	});
});
