/** The request `Metrics`, over the real server and core: who is told what, and how little of it at a time. */
import {describe, expect, it} from 'vitest';
import {createReader} from '../../../../src/control/records.ts';
import {ABOUT} from '../../../../scripts/docs/requests.ts';
import {COLUMNS, type MetricsRow, type RowKind} from '../../../../src/features/metrics/core/columns.ts';
import {METRICS_ROW} from '../../../../src/features/metrics/requests/metrics/wire.ts';
import {Bench, EPOCH, rest, service, Visitor} from '../../control/bench.ts';

const decoded = (lines: readonly string[]): readonly (MetricsRow | null)[] =>
	createReader().read(new TextEncoder().encode(lines.map(line => `${line}\n`).join('')))
		.map(reading => (reading.kind === 'record' && reading.fields[0] === 'Row' ? METRICS_ROW.decode(reading.fields.slice(1)) : null));

async function ask(visitor: Visitor): Promise<readonly MetricsRow[]> {
	const lines = [...visitor.say('Metrics\n')];
	for (let turn = 0; turn < 1000 && !/^(Ok|Error)/.test(lines.at(-1) ?? ''); turn++) {
		await rest();
		lines.push(...visitor.heard());
	}
	expect(lines.pop()).toBe('Ok');
	return decoded(lines).filter(row => row !== null);
}

const named = (rows: readonly MetricsRow[], kind: RowKind): readonly string[] =>
	rows.flatMap(row => (row.kind !== kind ? [] : 'service' in row ? [row.service] : ['']));

describe('a row', () => {
	it.each(ABOUT.find(({verb}) => verb === 'Metrics')?.rows ?? [])('of $kind has the columns that are described, in order', ({kind, columns}) => {
		expect(Object.keys(columns)).toEqual([...COLUMNS[kind as RowKind]]);
		const fields = [kind ?? '', ...Object.keys(columns).map((_, index) => `field ${index}`)];
		expect(METRICS_ROW.encode(METRICS_ROW.decode(fields))).toEqual(fields);
	});

	it('of a later archon is left out', () => {
		expect(METRICS_ROW.decode(['planet', 'x'])).toBeNull();
		expect(METRICS_ROW.decode(['constructor'])).toBeNull();
	});
});

describe('services', () => {
	it('are told with what is known of them', async () => {
		const bench = new Bench([service('web'), service('job', {type: 'oneshot', run: 'exit 3'}), service('lazy', {autostart: false})]);
		const used = {processes: 2, cpu: 1500, memory: 4096, started: EPOCH + 5};
		bench.measures = {
			...bench.measures, orphans: 7, dropped: name => (name === 'web' ? 9 : 0),
			used: name => (name === 'web' || name === null ? used : {processes: 0, cpu: 0, memory: 0, started: null}),
			output: () => ({lines: 3, bytes: 40}),
			checks: id => (id === bench.process('web').id ? [{purpose: 'health', passed: true, took: 3.5, passes: 4, failures: 1}] : []),
		};
		const rows = await ask(new Visitor(bench));
		expect(rows[0]).toMatchObject({kind: 'archon', version: '1.2.3', arch: 'amd64', lives: '0', orphans: '7', cpu: '1500', healthy: 'no'});
		expect(rows.filter(({kind}) => kind === 'service')).toMatchObject([
			{service: 'web', status: 'running', ready: 'yes', wanted: 'yes', restarts: '0', exit: '', processes: '2', dropped: '9', lines: '3', started: String(EPOCH + 5)},
			{service: 'job', status: 'failed', ready: 'no', exit: '3', processes: '0', started: ''},
			{service: 'lazy', status: 'stopped', ready: 'no', wanted: 'no'},
		]);
		expect(rows.filter(({kind}) => kind === 'check')).toEqual([
			{kind: 'check', service: 'web', check: 'healthcheck', passed: 'yes', took: '3.500', passes: '4', failures: '1'},
		]);
	});

	it('are told no more once they are removed', async () => {
		const bench = new Bench([service('web'), service('old')]);
		expect(named(await ask(new Visitor(bench)), 'service')).toEqual(['web', 'old']);
		const {settings} = bench.state;
		bench.dispatch({kind: 'reconfigure', services: [service('web')], shutdownGrace: settings.shutdownGrace, startRate: settings.startRate, whenIdle: 'never'});
		bench.exit('old');
		expect(named(await ask(new Visitor(bench)), 'service')).toEqual(['web']);
	});

	it('of clients are counted, and are no series', async () => {
		const bench = new Bench([service('web')]);
		const client = new Visitor(bench);
		client.say('StartDaemon,sleep 1000\n');
		const rows = await ask(client);
		expect(named(rows, 'service')).toEqual(['web']);
		expect(rows[0]).toMatchObject({transients: '1'});
	});

	it('are only those that the asker may see', async () => {
		const bench = new Bench([service('web'), service('db')]);
		bench.measures = {...bench.measures, orphans: 7};
		const client = new Visitor(bench);
		expect(client.say('Limit,observe,web\n')).toEqual(['Ok']);
		const rows = await ask(client);
		expect(named(rows, 'service')).toEqual(['web']);
		expect(rows[0]).toMatchObject({version: '1.2.3', orphans: '', cpu: '', reloads: ''});
	});
});

describe('10,000 services', () => {
	const many = Array.from({length: 10_000}, (_, index) => service(`s${index}`, {autostart: false}));

	it('are told a stretch at a time, and no faster than they are read', async () => {
		const bench = new Bench(many);
		const client = new Visitor(bench);
		client.isDeaf = true;
		const lines = [...client.say('Metrics\n')];
		let [stretches, most] = [0, 0];
		while (lines.at(-1) !== 'Ok') {
			const waits = client.pending;
			await rest();
			const more = client.heard();
			if (more.length > 0) stretches++;
			most = Math.max(most, more.length);
			lines.push(...more);
			// Who reads nothing is sent no more, however long that lasts.
			if (more.length === 0 && client.pending === waits) client.read();
			expect(client.pending).toBeLessThan(128 << 10);
		}
		expect(lines).toHaveLength(10_002);
		expect(most).toBeLessThanOrEqual(65);
		expect(stretches).toBeGreaterThan(100);
	});

	it('are forgotten for a client that leaves', async () => {
		const bench = new Bench(many);
		const client = new Visitor(bench);
		client.say('Metrics\n');
		client.leave();
		await rest();
		await rest();
		expect(client.heard()).toEqual([]);
	});
});
