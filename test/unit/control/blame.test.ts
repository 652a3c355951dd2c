/** `Blame` and `Graph`: how starts went, and how services hang together; the core's records over the real server. */
import {describe, expect, test} from 'vitest';
import {parse, readAll, stringify, writeAll} from '../../../src/core/serialize.ts';
import type {Service} from '../../../src/core/service.ts';
import {Bench, EPOCH, need, service, Visitor} from './bench.ts';

function ready(bench: Bench, name: string): void {
	const {id, run} = bench.process(name);
	bench.dispatch({kind: 'news', id, run, news: {kind: 'ready'}});
}

const NOTIFY = {ready: {kind: 'notify'}} as const;
const ALWAYS = {restart: {...service('x').restart, policy: 'always', growth: 'constant', delay: 500}} as const;
const stack = (more: Partial<Service> = {}): Bench => new Bench([
	service('db', {...NOTIFY, ...more}), service('cache', {...NOTIFY, ...more}), service('job', {type: 'oneshot'}), service('spare', {autostart: false}),
	service('web', {...NOTIFY, needs: [need('db', 'service_healthy'), need('cache', 'service_healthy'), need('job', 'service_completed_successfully')]}),
]);

describe('Blame', () => {
	test('tells how long each has waited and taken, and for which need it waited longest', () => {
		const bench = stack();
		const visitor = new Visitor(bench);
		bench.now = 20;
		ready(bench, 'cache');
		bench.now = 50;
		bench.exit('job');
		bench.now = 310.25;
		ready(bench, 'db');
		expect(visitor.say('Blame\n')).toContain(`Row,web,${EPOCH},310.250,,db`);
		bench.now = 322.75;
		ready(bench, 'web');
		expect(visitor.say('Blame\n')).toEqual([
			`Row,db,${EPOCH},0.000,310.250,`, `Row,cache,${EPOCH},0.000,20.000,`, `Row,job,${EPOCH},0.000,50.000,`,
			`Row,web,${EPOCH},310.250,12.500,db`, 'Ok',
		]);
	});

	test('of the last start, and knows it in the next instance of archon', () => {
		const bench = stack();
		bench.now = 100;
		ready(bench, 'db');
		bench.now = 5000;
		bench.dispatch({kind: 'restart', ids: [bench.process('db').id]});
		bench.now = 5200;
		ready(bench, 'db');
		const told = new Visitor(bench).say('Blame\n');
		expect(told[0]).toBe(`Row,db,${EPOCH + 5000},0.000,200.000,`);
		expect(new Visitor(new Bench([], readAll(writeAll(bench.state)))).say('Blame\n')).toEqual(told);
	});

	test('restarts by itself do not hide how the start went that was asked for', () => {
		const bench = stack(ALWAYS);
		bench.now = 50;
		bench.exit('job');
		ready(bench, 'cache');
		bench.now = 100;
		ready(bench, 'db');
		bench.now = 120;
		ready(bench, 'web');
		const told = new Visitor(bench).say('Blame\n');
		expect(told).toContain(`Row,web,${EPOCH},100.000,20.000,db`);
		bench.now = 60_000;
		bench.exit('db', {kind: 'code', code: 3});
		expect(bench.phase('db')).toBe('backoff');
		bench.tick();
		ready(bench, 'db');
		expect(new Visitor(bench).say('Blame\n')).toEqual(told);
	});

	test('what fails before it is ready has taken all its attempts', () => {
		const bench = stack(ALWAYS);
		bench.exit('cache', {kind: 'code', code: 1});
		bench.tick();
		expect(bench.now).toBe(500);
		bench.now = 700;
		ready(bench, 'cache');
		expect(new Visitor(bench).say('Blame\n')).toContain(`Row,cache,${EPOCH},0.000,700.000,`);
	});

	test('what is started again alone has waited for none of its needs, which were ready long before', () => {
		const bench = stack();
		bench.exit('job');
		ready(bench, 'cache');
		ready(bench, 'db');
		ready(bench, 'web');
		bench.now = 5000;
		bench.dispatch({kind: 'restart', ids: [bench.process('web').id]});
		bench.now = 5010;
		ready(bench, 'web');
		expect(new Visitor(bench).say('Blame\n')).toContain(`Row,web,${EPOCH + 5000},0.000,10.000,`);
	});

	test('knows nothing of starts where an older archon has not told', () => {
		const parts = writeAll(stack().state);
		const older = parse<{progress: object}>(parts.standard);
		const {startup: _, ...progress} = older.progress as {startup: unknown};
		const bodies = [...parts.progress].map(([id, text]) => {
			const {startup: _, ...rest} = parse<{startup?: unknown}>(text);
			return [id, stringify(rest)] as const;
		});
		const state = readAll({...parts, standard: stringify({...older, progress}), progress: new Map(bodies)});
		expect(new Visitor(new Bench([], state)).say('Blame\n')).toEqual(['Ok']);
	});
});

describe('Graph', () => {
	test('tells services and their edges, with what is met', () => {
		const bench = new Bench([
			service('db', NOTIFY), service('mail', {autostart: false}), service('green'), service('blue', {conflicts: ['green'], autostart: false}),
			service('web', {onFailure: ['mail'], needs: [need('db', 'service_healthy'), {...need('green'), strength: 'soft', restart: true}]}),
		]);
		expect(new Visitor(bench).say('Graph\n')).toEqual([
			'Row,service,db,starting,daemon', 'Row,service,mail,stopped,daemon', 'Row,service,green,running,daemon',
			'Row,service,blue,stopped,daemon', 'Row,service,web,waiting,daemon',
			'Row,conflict,blue,green',
			'Row,need,web,db,service_healthy,hard,no,no', 'Row,need,web,green,service_started,soft,yes,yes', 'Row,on-failure,web,mail', 'Ok',
		]);
	});

	test('shows nothing of what the asker may not see', () => {
		const bench = stack();
		bench.access = [{to: {uid: 2000}, grant: {role: 'observe', services: ['web', 'db']}}];
		const lines = ['Graph', 'Blame'].flatMap(verb => new Visitor(bench, 2000).say(`${verb}\n`));
		expect(lines.join('\n')).not.toMatch(/cache|job|spare/);
		expect(lines).toContain('Row,need,web,db,service_healthy,hard,no,no');
	});
});
