/** What a client knows of services, kept by events: what it asks archon, and what it then says. */
import {beforeEach, describe, expect, it} from 'vitest';
import type {Trouble} from '../../../src/control/client.ts';
import type {Hears, Live} from '../../../src/control/live-client.ts';
import {STATUS_ROW, type StatusRow} from '../../../src/control/requests/status/wire.ts';
import {err, ok} from '../../../src/core/result.ts';
import {encodeEventRow} from '../../../src/features/events/requests/subscribe/rows.ts';
import {watchServices} from '../../../src/cli/watch-services.ts';
import {row} from './top/world.ts';

interface Asked {
	readonly text: string;
	readonly hears: Hears;
}

let asked: Asked[] = [];
let timers: (() => void)[] = [];
let told: string[] = [];

const live: Live = {
	ask(request, fields, hears) {
		asked.push({text: [request.verb, ...fields].join(), hears});
		return () => {};
	},
	close() {},
};

/** All timers are due; what was asked by then. */
function questions(): string[] {
	for (const timer of timers.splice(0)) timer();
	return asked.map(({text}) => text);
}

/** Answers the oldest question that is one of these. */
function answer(verb: string, rows: readonly StatusRow[], reply: 'Ok' | 'Error' | Trouble['kind'] = 'Ok'): void {
	const at = asked.findIndex(({text}) => text.startsWith(verb));
	const hears = asked.splice(at, 1)[0]?.hears;
	if (!hears) throw new Error(`no ${verb} was asked`);
	if (rows.length > 0) hears.rows?.(rows.map(each => STATUS_ROW.encode(each)));
	if (reply === 'Ok') hears.done(ok({kind: 'Ok'}));
	else if (reply === 'Error') hears.done(ok({kind: 'Error', reason: 'no service matches web'}));
	else hears.done(err({kind: reply, reason: 'why'}));
}

/** archon tells events: services, with the kind where it matters. */
function happens(...names: readonly string[]): void {
	asked.find(({text}) => text.startsWith('Subscribe'))?.hears.rows?.(names.map(each => {
		const [service = '', event = 'exited'] = each.split(' ');
		return service === 'live' ? encodeEventRow({kind: 'live', last: 1}) : ['event', '1', '2', event, service];
	}));
}

function begin(...names: readonly string[]): void {
	watchServices(live, (_, callback) => void timers.push(callback), names, {
		services: rows => void told.push(rows.map(({name, restarts}) => `${name} ${restarts}`).join()),
		refused: reason => void told.push(`refused: ${reason}`),
	});
}

const SUBSCRIBE = 'Subscribe,archon.since=now,archon.follow=yes';

beforeEach(() => {
	[asked, timers, told] = [[], [], []];
});

describe('services', () => {
	it('are all asked for at first, and then those that something has happened to', () => {
		begin();
		expect(questions()).toEqual([SUBSCRIBE]);
		happens('live');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		answer('Status', [row('web'), row('db')]);
		happens('web', 'web');
		happens('db');
		expect(questions()).toEqual([SUBSCRIBE, 'Status,web,db']);
		answer('Status', [row('db', {restarts: 2}), row('web', {restarts: 1})]);
		expect(told).toEqual(['web 0,db 0', 'web 1,db 2']);
		expect(questions()).toEqual([SUBSCRIBE]);
	});

	it('are asked for once at a time, and once more when something has happened meanwhile', () => {
		begin();
		happens('live');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		happens('web');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		answer('Status', [row('web')]);
		expect(questions()).toEqual([SUBSCRIBE, 'Status,web']);
	});

	it('are all asked for where archon as a whole, or very many, have changed', () => {
		begin();
		for (const names of [['live'], ['archon reloaded'], ['web removed'], Array.from({length: 300}, (_, at) => `s${at}`)]) {
			happens(...names.map(name => name.replace('archon', '')));
			expect(questions()).toEqual([SUBSCRIBE, 'Status']);
			answer('Status', [row('web')]);
		}
	});

	it('that are gone or new are so in the list', () => {
		begin();
		happens('live');
		questions();
		answer('Status', [row('web'), row('db')]);
		happens('web', 'new');
		questions();
		answer('Status', [], 'Error');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		answer('Status', [row('db')]);
		happens('new');
		questions();
		answer('Status', [row('new')]);
		expect(told).toEqual(['web 0,db 0', 'db 0', 'db 0,new 0']);
	});

	it('with names are asked for by them, however they change', () => {
		begin('web*', 'db');
		expect(questions()).toEqual(['Subscribe,web*,db,archon.since=now,archon.follow=yes']);
		happens('live');
		happens('web1');
		expect(questions().at(-1)).toBe('Status,web*,db');
		answer('Status', [], 'Error');
		expect(told).toEqual(['']);
	});

	it('that cannot be asked for are refused', () => {
		begin('web');
		answer('Subscribe', [], 'Error');
		expect(told).toEqual(['refused: no service matches web']);
	});

	it('are asked for again when archon was re-executed, and not when it is gone', () => {
		begin();
		happens('live');
		questions();
		answer('Status', [row('web')]);
		answer('Subscribe', [], 'broken');
		expect(questions()).toEqual([SUBSCRIBE]);
		happens('live');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		answer('Status', [], 'broken');
		expect(questions()).toEqual([SUBSCRIBE, 'Status']);
		answer('Status', [], 'lost');
		answer('Subscribe', [], 'lost');
		expect(questions()).toEqual([]);
	});
});
