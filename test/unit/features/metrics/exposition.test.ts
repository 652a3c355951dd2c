/** Metrics as text: what Prometheus and OpenMetrics readers are given. */
import {describe, expect, it} from 'vitest';
import {STATUSES} from '../../../../src/core/statuses.ts';
import {exposition, type Format, formatFor} from '../../../../src/features/metrics/core/exposition.ts';
import {COLUMNS, type MetricsRow, type RowKind} from '../../../../src/features/metrics/core/columns.ts';
import {FAMILIES, sampleName, SERVICES} from '../../../../src/features/metrics/core/families.ts';

const row = (kind: RowKind, more: object = {}): MetricsRow =>
	({kind, ...Object.fromEntries(COLUMNS[kind].map(column => [column, ''])), ...more}) as MetricsRow;
const service = (name: string, more: object = {}): MetricsRow =>
	row('service', {service: name, status: 'running', ready: 'yes', wanted: 'yes', restarts: '0', processes: '1', cpu: '1250', dropped: '0', ...more});
const text = (rows: readonly MetricsRow[], format: Format = 'openmetrics'): string => [...exposition(rows, format)].join('');
const linesOf = (rows: readonly MetricsRow[], start: string, format?: Format): readonly string[] =>
	text(rows, format).split('\n').filter(line => line.startsWith(start));

describe('a series for each', () => {
	it('state of each service, of which one is 1', () => {
		expect(linesOf([service('web', {status: 'backoff'})], 'archon_service_state{')).toEqual(
			STATUSES.map(state => `archon_service_state{service="web",state="${state}"} ${state === 'backoff' ? 1 : 0}`));
	});

	it('state of all services, also those that no service is in', () => {
		expect(linesOf([service('a'), service('b'), service('c', {status: 'failed'})], 'archon_services{').filter(line => !line.endsWith(' 0')))
			.toEqual(['archon_services{state="running"} 2', 'archon_services{state="failed"} 1']);
		expect(linesOf([], 'archon_services{')).toHaveLength(STATUSES.length);
	});

	it('and none where there is no such value', () => {
		expect(linesOf([service('web')], 'archon_service_exit_status')).toEqual([]);
		expect(linesOf([service('web'), service('job', {exit: '137'})], 'archon_service_exit_status')).toEqual(['archon_service_exit_status{service="job"} 137']);
		// Nor is a family told of that has none.
		expect(text([service('web')])).not.toContain('archon_pool_nodes');
	});

	it('and none any more of a service that is gone', () => {
		expect(text([service('web'), service('old')])).toContain('"old"');
		expect(text([service('web')])).not.toContain('"old"');
	});

	it('times in seconds', () => {
		expect(linesOf([service('web', {since: '1700000000123'})], 'archon_service_state_since_seconds{')).toEqual(['archon_service_state_since_seconds{service="web"} 1700000000.123']);
		expect(linesOf([service('web')], 'archon_service_cpu_seconds_total')).toEqual(['archon_service_cpu_seconds_total{service="web"} 1.25']);
	});

	it('result of checks and reloads', () => {
		const rows = [
			row('archon', {version: '1.2.3', arch: 'arm64', lives: '2', reloads: '5', failedReloads: '1'}),
			row('check', {service: 'web', check: 'healthcheck', passed: 'no', took: '12.5', passes: '3', failures: '4'}),
		];
		expect(linesOf(rows, 'archon_build_info')).toEqual(['archon_build_info{version="1.2.3",arch="arm64"} 1']);
		expect(linesOf(rows, 'archon_check').toSorted()).toEqual([
			'archon_check_duration_seconds{service="web",check="healthcheck"} 0.0125',
			'archon_check_up{service="web",check="healthcheck"} 0',
			'archon_checks_total{service="web",check="healthcheck",result="failed"} 4',
			'archon_checks_total{service="web",check="healthcheck",result="passed"} 3',
		]);
		expect(linesOf(rows, 'archon_config_reloads_total')).toEqual([
			'archon_config_reloads_total{result="ok"} 5', 'archon_config_reloads_total{result="failed"} 1',
		]);
		expect(linesOf(rows, 'archon_reexecs_total')).toEqual(['archon_reexecs_total 2']);
	});
});

describe('the form', () => {
	it('is not broken by a name', () => {
		const hostile = 'a"} 1\nfake 2\\';
		expect(linesOf([service(hostile)], 'archon_service_ready{')).toEqual(['archon_service_ready{service="a\\"} 1\\nfake 2\\\\"} 1']);
		expect(linesOf([service(hostile)], 'fake')).toEqual([]);
		expect(linesOf([service('\ud800x')], 'archon_service_ready{')).toEqual(['archon_service_ready{service="\ufffdx"} 1']);
	});

	it.each<[Format, string]>([
		['openmetrics', '# HELP archon_service_cpu_seconds What the processes of the service have computed.\n# TYPE archon_service_cpu_seconds counter\n# UNIT archon_service_cpu_seconds seconds\n'],
		['prometheus', '# HELP archon_service_cpu_seconds_total What the processes of the service have computed.\n# TYPE archon_service_cpu_seconds_total counter\n'],
	])('names counters as %s does', (format, head) => {
		expect(text([service('web')], format)).toContain(`${head}archon_service_cpu_seconds_total{service="web"} 1.25\n`);
	});

	it('ends with EOF in OpenMetrics, and in nothing else', () => {
		expect(text([service('web')])).toMatch(/[^\n]\n# EOF\n$/);
		expect(text([])).toMatch(/# EOF\n$/);
		expect(text([service('web')], 'prometheus')).not.toContain('EOF');
	});

	it('knows info and units in OpenMetrics only', () => {
		const rows = [row('archon', {version: '1', arch: 'amd64', memory: '5'})];
		expect(text(rows)).toContain('# TYPE archon_build info\n');
		expect(text(rows)).toContain('# UNIT archon_memory_bytes bytes\n');
		expect(text(rows, 'prometheus')).toContain('# TYPE archon_build_info gauge\n');
		expect(text(rows, 'prometheus')).not.toContain('UNIT');
	});

	it('has all samples of a family behind each other, and each series once', () => {
		const rows = [row('archon', {lives: '0', started: '5'}), service('web', {exit: '1'}), service('db', {exit: '2'}), service('api')];
		const names = text(rows, 'prometheus').split('\n').filter(line => line !== '' && !line.startsWith('#'));
		expect(new Set(names).size).toBe(names.length);
		const families = names.map(line => /^\w+/.exec(line)?.[0]);
		expect(families.filter((name, index) => name !== families[index - 1])).toEqual([...new Set(families)]);
	});

	it('comes in pieces of whole lines', () => {
		const rows = Array.from({length: 2000}, (_, index) => service(`service-${index}`));
		const pieces = [...exposition(rows, 'openmetrics')];
		expect(pieces.length).toBeGreaterThan(10);
		for (const piece of pieces) {
			expect(piece.endsWith('\n')).toBe(true);
			expect(piece.length).toBeLessThan(40_000);
		}
	});
});

it.each([
	['', 'prometheus'], ['*/*', 'prometheus'], ['text/html,*/*;q=0.8', 'prometheus'], ['application/openmetrics-text', 'openmetrics'],
	// Prometheus 2.42, 2.50 and the collector of OpenTelemetry; then who would rather have the older one, and nonsense.
	['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
	['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9', 'prometheus'],
	['application/openmetrics-text;q=0', 'prometheus'], ['application/openmetrics-text;q=x', 'prometheus'], [',;,;;=q', 'prometheus'],
])('accepted: %s', (accept, format) => {
	expect(formatFor(accept)).toBe(format);
});

describe('families', () => {
	const all = [SERVICES, ...FAMILIES];

	it('have names that say archon and the unit, each once', () => {
		for (const {name, type} of all) {
			expect(name).toMatch(/^archon_[a-z_]+$/);
			expect(name).not.toMatch(/_(total|info|count|sum|bucket|milliseconds|ms|kb)$/);
			expect(sampleName({name, type})).toBe(type === 'counter' ? `${name}_total` : type === 'info' ? `${name}_info` : name);
		}
		expect(new Set(all.map(sampleName)).size).toBe(all.length);
	});

	it('say in a sentence what they are', () => {
		for (const {help} of all) expect(help).toMatch(/^[A-Z][^\n\\]*\.$/);
	});

	it('are at most 22 series for a service, and 4 for each kind of its probes', () => {
		const all = Object.fromEntries([...COLUMNS.service, ...COLUMNS.check].map(column => [column, '1']));
		const series = (kind: RowKind): number => FAMILIES.flatMap(family => family.samples(row(kind, all))).length;
		expect([series('service'), series('check')]).toEqual([22, 4]);
	});

	it('have labels of a bounded number of values: names in the config, and words of archon\'s own', () => {
		const labels = new Set(FAMILIES.flatMap(family => [...family.labels, ...family.more]));
		expect([...labels].toSorted()).toEqual(['arch', 'check', 'pool', 'receiver', 'result', 'service', 'state', 'version']);
	});
});
