/** What each key does in `archonctl top`. */
import {describe, expect, it, test} from 'vitest';
import {withRows} from '../../../../src/cli/top/log-pane.ts';
import {createMeter} from '../../../../src/cli/top/load.ts';
import {arranged, layoutOf, resized, selectedOf, type Top, withLoads, withServices} from '../../../../src/cli/top/state.ts';
import {effectOf, line, pressed, row, SERVICES, topOf} from './world.ts';

const names = ({shown}: Top): string[] => shown.map(({name}) => name);
const selected = (top: Top): string | undefined => selectedOf(top)?.name;

const MANY = Array.from({length: 100}, (_, at) => row(`s${at}`));

describe('the selected row', () => {
	it.each<[readonly string[], string]>([
		[[], 'redis'],
		[['down'], 'migrate'],
		[['j', 'j', 'k'], 'migrate'],
		[['up'], 'redis'],
		[['end'], 'worker:1'],
		[['G', 'down'], 'worker:1'],
		[['end', 'home'], 'redis'],
		[['G', 'g'], 'redis'],
	])('after %j is %s', (keys, name) => {
		expect(selected(pressed(topOf(), ...keys))).toBe(name);
	});

	it('goes a page further, and stays visible', () => {
		let top = topOf(24, 80, MANY);
		const {table} = layoutOf(top);
		for (const key of ['page-down', 'page-down', 'down', 'page-up', 'end', 'page-up', 'home', 'page-up', 'end', 'up']) {
			top = pressed(top, key);
			expect(top.at).toBeGreaterThanOrEqual(top.offset);
			expect(top.at).toBeLessThan(top.offset + table);
		}
		expect(selected(pressed(topOf(24, 80, MANY), 'page-down'))).toBe(`s${table - 1}`);
	});

	it('stays visible at any size', () => {
		const top = pressed(topOf(40, 80, MANY), ...Array.from({length: 30}, () => 'down'));
		for (const rows of [24, 10, 6, 4, 2, 1, 50]) {
			const smaller = resized(top, {rows, columns: 40});
			expect(selected(smaller)).toBe('s30');
			expect(smaller.offset).toBeLessThanOrEqual(30);
			expect(smaller.offset + layoutOf(smaller).table).toBeGreaterThan(30);
		}
	});

	it('is the same service when the order changes, and the next one when it is gone', () => {
		const top = pressed(topOf(), 'down', 'down');
		expect(selected(withServices(top, SERVICES.toReversed()))).toBe('app');
		expect(selected(withServices(top, SERVICES.filter(({name}) => name !== 'app')))).toBe('nginx');
		expect(selected(withServices(top, []))).toBeUndefined();
		expect(selected(pressed(topOf(24, 80, []), 'down', 's', 'o'))).toBeUndefined();
	});
});

describe('a filter', () => {
	it('chooses while it is typed, by name, status and group', () => {
		expect(names(pressed(topOf(), '/', 'w', 'o'))).toEqual(['worker:0', 'worker:1']);
		expect(names(pressed(topOf(), '/', ...'BACKEND'))).toEqual(['redis', 'app']);
		expect(names(pressed(topOf(), '/', ...'worker unhealthy', 'enter'))).toEqual(['worker:1']);
		expect(names(pressed(topOf(), '/', ...'nothing'))).toEqual([]);
	});

	it.each<[readonly string[], string]>([
		[['w', 'x', 'backspace'], 'w'],
		[['w', 'escape'], ''],
		[['w', 'enter'], 'w'],
		[['w', 'enter', '/', 'x', 'escape'], 'w'],
		[['w', 'enter', 'escape'], ''],
		[['a', ' ', 'b', 'c', 'ctrl-w'], 'a '],
		[['a', 'b', 'ctrl-u'], ''],
		[['backspace', 's'], ''],
		[['tab', 'é', 'left', 'q'], 'éq'],
	])('after %j is %j', (keys, filter) => {
		expect(pressed(topOf(), '/', ...keys).filter).toBe(filter);
	});

	it('lets the arrows move, and keys are keys again after it', () => {
		expect(selected(pressed(topOf(), '/', 'w', 'o', 'down'))).toBe('worker:1');
		expect(effectOf(topOf(), '/', 'w', 'enter', 'q')).toEqual({kind: 'quit'});
	});
});

test.each<[readonly string[], readonly string[]]>([
	[['>'], ['app', 'cron', 'migrate', 'nginx', 'redis', 'worker:0', 'worker:1']],
	[['>', '>'], ['cron', 'worker:1', 'nginx', 'redis', 'app', 'worker:0', 'migrate']],
	[['>', '>', '>'], ['redis', 'app', 'worker:0', 'worker:1', 'migrate', 'nginx', 'cron']],
	[['>', '>', '>', '>'], ['worker:0', 'redis', 'app', 'worker:1', 'migrate', 'nginx', 'cron']],
	[['>', '>', '>', '>', '>'], ['app', 'worker:1', 'redis', 'migrate', 'nginx', 'cron', 'worker:0']],
	[['<'], ['app', 'redis', 'migrate', 'nginx', 'cron', 'worker:0', 'worker:1']],
	[['<', '<'], ['redis', 'app', 'migrate', 'nginx', 'cron', 'worker:0', 'worker:1']],
	[['>', '<'], SERVICES.map(({name}) => name)],
	[['I'], SERVICES.map(({name}) => name).reverse()],
])('%j sorts', (keys, order) => {
	const loads = new Map([['redis', {percent: 9, memory: 1 << 20}], ['app', {percent: 2, memory: 1 << 30}]]);
	expect(names(pressed(withLoads(topOf(), loads), ...keys))).toEqual(order);
});

describe('what ends something', () => {
	it('is asked about first', () => {
		expect(effectOf(topOf(), 'r')).toBeNull();
		expect(effectOf(topOf(), 'r', 'y')).toEqual({kind: 'act', action: 'restart', name: 'redis'});
		expect(effectOf(topOf(), 'down', 'down', 'x', 'y')).toEqual({kind: 'act', action: 'stop', name: 'app'});
		for (const key of ['n', 'escape', 'enter', 'q', 'x', ' ']) {
			const top = pressed(topOf(), 'x', key);
			expect(effectOf(topOf(), 'x', key)).toBeNull();
			expect(top.mode).toEqual({kind: 'table'});
		}
	});

	it('is about the service that was selected then', () => {
		const top = pressed(topOf(), 'x');
		expect(effectOf(withServices(top, SERVICES.slice(1)), 'y')).toEqual({kind: 'act', action: 'stop', name: 'redis'});
	});

	it('is not asked about where nothing runs', () => {
		expect(effectOf(topOf(), 'down', 'r')).toEqual({kind: 'act', action: 'restart', name: 'migrate'});
		expect(effectOf(topOf(), 's')).toEqual({kind: 'act', action: 'start', name: 'redis'});
	});
});

test.each<[readonly string[], object]>([
	[['w'], {kind: 'why', name: 'redis'}],
	[['end', 'o'], {kind: 'page', name: 'worker:1'}],
	[['q'], {kind: 'quit'}],
	[['ctrl-c'], {kind: 'quit'}],
	[['/', 'ctrl-c'], {kind: 'quit'}],
	[['?', 'ctrl-z'], {kind: 'suspend'}],
	[['x', 'ctrl-l'], {kind: 'redraw'}],
])('%j', (keys, effect) => {
	expect(effectOf(topOf(), ...keys)).toEqual(effect);
});

test('help is scrolled where it is longer than the screen, and any other key takes it away', () => {
	const help = pressed(topOf(10), '?');
	expect(help.mode).toMatchObject({kind: 'text', offset: 0});
	expect(pressed(help, 'down', ' ').mode).toMatchObject({kind: 'text', offset: 8});
	expect(pressed(help, 'end').mode).toMatchObject({kind: 'text', offset: 13});
	expect(pressed(help, 'end', 'home').mode).toMatchObject({kind: 'text', offset: 0});
	expect(effectOf(help, 'q')).toBeNull();
	expect(pressed(help, 'q').mode).toEqual({kind: 'table'});
});

test('a notice is there until the next key', () => {
	const top: Top = {...topOf(), notice: {text: 'restarted redis', isProblem: false}};
	expect(withServices(top, SERVICES).notice).not.toBeNull();
	expect(pressed(top, 'down').notice).toBeNull();
});

describe('the log', () => {
	const withLog = (count: number, rows = 24): Top => {
		const top = topOf(rows);
		return {...top, log: withRows(top.log, Array.from({length: count}, (_, at) => line(`line ${at}`)))};
	};

	it('is scrolled where it has the focus, and followed again at its end', () => {
		const top = pressed(withLog(100), 'tab');
		expect(top.log.top).toBeNull();
		const height = layoutOf(top).log - 1;
		expect(pressed(top, 'up').log.top).toBe(100 - height - 1);
		expect(pressed(top, 'page-up', 'page-up').log.top).toBe(100 - height - 2 * (height - 1));
		expect(pressed(top, 'home').log.top).toBe(0);
		expect(pressed(top, 'up', 'down').log.top).toBeNull();
		expect(pressed(top, 'home', 'end').log.top).toBeNull();
		expect(selected(pressed(top, 'down', 'end'))).toBe('redis');
	});

	it('is held, and followed again', () => {
		const held = pressed(withLog(100), ' ');
		expect(held.log.top).toBe(100 - layoutOf(held).log + 1);
		expect({...held, log: withRows(held.log, [line('more')])}.log.top).toBe(held.log.top);
		expect(pressed(held, ' ').log.top).toBeNull();
		expect(pressed(held, 'f').log.top).toBeNull();
	});

	it('moves sideways, and not beyond its edge', () => {
		expect(pressed(withLog(1), 'right', 'right', 'left').log.column).toBe(8);
		expect(pressed(withLog(1), 'left').log.column).toBe(0);
	});

	it('is made large, small, or none', () => {
		const {log} = layoutOf(withLog(1));
		expect(layoutOf(pressed(withLog(1), 'enter'))).toEqual({table: 1, log: 20});
		expect(layoutOf(pressed(withLog(1), 'enter', 'escape')).log).toBe(log);
		expect(layoutOf(pressed(withLog(1), 'enter', 'enter')).log).toBe(log);
		expect(layoutOf(pressed(withLog(1), 'l')).log).toBe(0);
		expect(layoutOf(pressed(withLog(1), 'l', 'l')).log).toBe(log);
		expect(pressed(withLog(1), 'l', 'tab')).toMatchObject({focus: 'log', logSize: 'some'});
		expect(pressed(withLog(1), 'tab', 'escape').focus).toBe('table');
	});

	it('is that of the selected service', () => {
		const top = pressed(withLog(3), 'down');
		expect(top.log).toMatchObject({name: 'migrate', lines: []});
	});
});

describe('what archon tells', () => {
	it('makes loads of what was used at two moments', () => {
		const meter = createMeter();
		expect([...meter([{service: 'a', processes: 1, cpu: 1000, memory: 5}], 10_000)]).toEqual([['a', {percent: null, memory: 5}]]);
		expect([...meter([{service: 'a', processes: 1, cpu: 2000, memory: 6}, {service: null, processes: 1, cpu: 7, memory: 7}], 12_000)])
			.toEqual([['a', {percent: 50, memory: 6}], ['', {percent: null, memory: 7}]]);
		expect([...meter([{service: 'a', processes: 1, cpu: 0, memory: 6}], 14_000)]).toEqual([['a', {percent: 0, memory: 6}]]);
	});

	it('is shown in time for 5,000 services', () => {
		const services = Array.from({length: 5000}, (_, at) => row(`service-${at}`, {restarts: at % 7}));
		const top = arranged({...topOf(24, 80, services), sort: 'restarts'});
		expect(top.shown).toHaveLength(5000);
		expect(names(pressed(top, '/', ...'service-4999'))).toEqual(['service-4999']);
	});
});
