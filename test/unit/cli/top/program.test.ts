/** `archonctl top` between archon and a terminal: what it asks, when it draws, and what it writes. */
import {beforeEach, describe, expect, it} from 'vitest';
import type {Hears, Live} from '../../../../src/control/live-client.ts';
import {STATUS_ROW, type StatusRow} from '../../../../src/control/requests/status/wire.ts';
import {err, ok} from '../../../../src/core/result.ts';
import {createProgram, type Program} from '../../../../src/cli/top/program.ts';
import {NOW, SERVICES} from './world.ts';

interface Asked {
	readonly text: string;
	readonly hears: Hears;
	isGivenUp: boolean;
}

let asked: Asked[] = [];
let clock = 0;
let timers: {at: number; callback: () => void}[] = [];
let written: string[] = [];
let done: string[] = [];
/** What the pager calls when it is left. */
let back: ((problem: string | null) => void) | null = null;
let program: Program;

const live: Live = {
	ask(request, fields, hears) {
		const question = {text: [request.verb, ...fields].join(), hears, isGivenUp: false};
		asked.push(question);
		return () => {
			question.isGivenUp = true;
		};
	},
	close() {},
};

/** Time passes, and what is due then happens. */
function pass(millis: number): void {
	const end = clock + millis;
	for (;;) {
		timers.sort((a, b) => a.at - b.at);
		const [first] = timers;
		if (!first || first.at > end) break;
		timers.shift();
		clock = first.at;
		first.callback();
	}
	clock = end;
}

const question = (verb: string): Asked => asked.findLast(({text}) => text.startsWith(verb)) ?? {text: '', hears: {done() {}}, isGivenUp: true};
const key = (...keys: readonly string[]): void => program.input(keys.map(key => ({kind: 'key', key})));
const taken = (): string => written.splice(0).join('');

/** archon tells these services. */
function services(rows: readonly StatusRow[]): void {
	question('Subscribe').hears.rows?.([['live', '1']]);
	pass(40);
	const {hears} = question('Status');
	hears.rows?.(rows.map(row => STATUS_ROW.encode(row)));
	hears.done(ok({kind: 'Ok'}));
	pass(40);
}

beforeEach(() => {
	[asked, clock, timers, written, done, back] = [[], 0, [], [], [], null];
	program = createProgram({main: live, log: live}, {
		after(millis, callback) {
			const timer = {at: clock + millis, callback};
			timers.push(timer);
			return () => {
				timers = timers.filter(each => each !== timer);
			};
		},
		now: () => clock,
		wallClock: () => NOW + clock,
		write: text => void written.push(text),
		page(name, then) {
			done.push(`page ${name}`);
			back = then;
		},
		suspend: () => void done.push('suspend'),
		quit: problem => void done.push(problem ?? 'quit'),
	}, {size: {rows: 16, columns: 80}, isColoured: false, names: [], sort: 'order'});
	services(SERVICES);
});

describe('the screen', () => {
	it('is drawn at once for a key, and once for all that comes in a while', () => {
		expect(taken()).toContain('redis');
		key('j');
		expect(written).toHaveLength(1);
		pass(30);
		services(SERVICES.slice(0, 3));
		services(SERVICES.slice(0, 2));
		expect(written).toHaveLength(3);
	});

	it('costs nothing where nothing changes, and a few bytes for uptimes', () => {
		services(SERVICES.filter(({pid}) => pid === null));
		pass(1000);
		taken();
		pass(5000);
		// What has ended also says when.
		expect(taken().length).toBeLessThan(5 * 20);
	});

	it('is whole again after another program had the terminal', () => {
		key('o');
		expect(done).toEqual(['page redis']);
		taken();
		key('j');
		services(SERVICES);
		pass(5000);
		expect(taken()).toBe('');
		back?.('no pager');
		expect(taken()).toMatch(/^\x1b\[\?2026h\x1b\[m\x1b\[2J[^]*redis[^]*no pager/);
	});

	it('is whole again when the program goes on', () => {
		key('ctrl-z');
		expect(done).toEqual(['suspend']);
		taken();
		program.continued({rows: 10, columns: 40});
		expect(taken()).toContain('\x1b[2J');
		program.resized({rows: 10, columns: 40});
		expect(taken()).toBe('');
		key('ctrl-l');
		expect(taken()).toContain('\x1b[2J');
	});

	it('says that archon is away and back', () => {
		program.connected(false);
		expect(taken()).toContain('no connection to archon');
		program.connected(true);
		expect(taken()).toContain('was re-executed');
		key('q');
		expect(done).toEqual(['quit']);
	});
});

describe('the log', () => {
	it('is followed when the selected service stays so, and given up when it does not', () => {
		pass(200);
		expect(question('Logs').text).toBe('Logs,redis,archon.lines=500,archon.follow=yes');
		const redis = question('Logs');
		redis.hears.rows?.([['line', 'redis', 'stdout', '1700000000000', 'hello']]);
		pass(40);
		expect(taken()).toContain('hello');
		key('j', 'j', 'j');
		expect(redis.isGivenUp).toBe(true);
		pass(60);
		key('k');
		pass(200);
		expect(asked.filter(({text}) => text.startsWith('Logs')).map(({text}) => text.split(',')[1])).toEqual(['redis', 'app']);
		redis.hears.rows?.([['line', 'redis', 'stdout', '1700000000000', 'too late']]);
		pass(40);
		expect(taken()).not.toContain('too late');
	});

	it('is not read faster than anyone can, and then goes on with the last lines', () => {
		pass(200);
		const first = question('Logs');
		const line = (at: number): string[] => ['line', 'redis', 'stdout', String(1_700_000_000_000 + at), `line ${at}`];
		first.hears.rows?.(Array.from({length: 2000}, (_, at) => line(at)));
		expect(first.isGivenUp).toBe(true);
		pass(40);
		expect(taken()).toContain('some are left out here');
		expect(asked.filter(({text}) => text.startsWith('Logs'))).toHaveLength(1);
		pass(500);
		expect(question('Logs').text).toBe('Logs,redis,archon.lines=100,archon.since=1700000002000,archon.follow=yes');
		for (let second = 1; second < 5; second++) {
			pass(1001);
			question('Logs').hears.rows?.(Array.from({length: 1000}, (_, at) => line(at)));
			expect(question('Logs').isGivenUp).toBe(false);
		}
	});

	it('goes on behind its last line when archon was re-executed', () => {
		pass(200);
		question('Logs').hears.rows?.([['line', 'redis', 'stdout', '1700000000000', 'hello']]);
		question('Logs').hears.done(err({kind: 'broken', reason: 'why'}));
		expect(question('Logs').text).toBe('Logs,redis,archon.since=1700000000001,archon.follow=yes');
	});
});

describe('what is asked for', () => {
	it('is sent, and its end is told', () => {
		key('r', 'y');
		expect(question('Restart').text).toBe('Restart,redis');
		expect(taken()).toContain('restarting redis …');
		question('Restart').hears.done(ok({kind: 'Ok'}));
		pass(40);
		expect(taken()).toContain('is restarted');
		key('s');
		question('Start').hears.done(ok({kind: 'Error', reason: 'cannot start redis: it is late'}));
		pass(40);
		expect(taken()).toContain('cannot start redis: it is late');
		key('x', 'y');
		question('Stop').hears.done(err({kind: 'unanswered', reason: 'why'}));
		pass(40);
		expect(taken()).toContain('archon was re-executed before it answered');
	});

	it('may be refused as a whole, and then it ends', () => {
		question('Subscribe').hears.done(ok({kind: 'Error', reason: 'no service matches wbe'}));
		expect(done).toEqual(['no service matches wbe']);
	});

	it('with w is why, over all', () => {
		key('w');
		expect(question('Why').text).toBe('Why,redis');
		question('Why').hears.rows?.([['service', 'redis', 'running', String(NOW), '1'], ['link', 'redis', 'running', 'all is well with it']]);
		question('Why').hears.done(ok({kind: 'Ok'}));
		pass(40);
		expect(taken()).toContain('all is well with it');
	});

	it('of what services use is asked for every two seconds, and not again where it is refused', () => {
		const count = (): number => asked.filter(({text}) => text === 'Usage').length;
		for (const expected of [1, 2, 3]) {
			expect(count()).toBe(expected);
			question('Usage').hears.rows?.([['redis', '1', String(expected * 500), '2097152']]);
			question('Usage').hears.done(ok({kind: 'Ok'}));
			pass(2000);
		}
		expect(taken()).toMatch(/CPU%[^]*2\.0M/);
		question('Usage').hears.done(ok({kind: 'Error', reason: 'request refused'}));
		pass(10_000);
		expect(count()).toBe(4);
		// Its columns are of no use then.
		expect(taken()).toContain('READY');
	});

	it('is nothing that was pasted, but as a filter', () => {
		program.input([{kind: 'paste', text: 'xyq', isCut: false}]);
		expect(done).toEqual([]);
		key('/');
		program.input([{kind: 'paste', text: 'worker', isCut: false}]);
		expect(taken()).toMatch(/\[16;1H\/[^]*\[16;2H(\x1b\[m)?worker$/);
	});
});
