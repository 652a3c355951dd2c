/** Who visits the web helper: sessions and tokens, and which routes a path has. */
import {describe, expect, test} from 'vitest';
import type {Grant} from '../../../../src/core/access.ts';
import {routesAt} from '../../../../src/helpers/web/routes.ts';
import {cookieOf, createSessions, isCsrf, sessionIn} from '../../../../src/helpers/web/sessions.ts';
import {createTokens} from '../../../../src/helpers/web/tokens.ts';

const HOUR = 3_600_000;

describe('sessions', () => {
	function create() {
		let count = 0;
		const clock = {now: 0};
		return {clock, sessions: createSessions(() => clock.now, () => `word-${count++}`)};
	}

	test('last for twelve hours', () => {
		const {clock, sessions} = create();
		const id = sessions.begin('token') ?? '';
		clock.now = 12 * HOUR - 1;
		expect(sessions.find(id)).toMatchObject({token: 'token'});
		clock.now += 1;
		expect(sessions.find(id)).toBe(null);
	});

	test('are 64, and the oldest makes room', () => {
		const {sessions} = create();
		const all = Array.from({length: 65}, () => sessions.begin('token') ?? '');
		expect(all.filter(id => sessions.find(id) === null)).toEqual([all[0]]);
	});

	test('end, and have a word that is compared as a whole', () => {
		const {sessions} = create();
		const id = sessions.begin('token') ?? '';
		const session = sessions.find(id) ?? expect.fail();
		expect([isCsrf(session, session.csrf), isCsrf(session, `${session.csrf}0`), isCsrf(session, ''), isCsrf(session, undefined)])
			.toEqual([true, false, false, false]);
		sessions.end(id);
		expect(sessions.find(id)).toBe(null);
	});

	test('are not begun without randomness', () => {
		expect(createSessions(() => 0, () => null).begin('token')).toBe(null);
	});

	test.each([
		['archon=a', 'a'], ['x=y; archon=a; z', 'a'], ['archon=a; archon=b', null], ['xarchon=a', null], ['', null], [undefined, null],
	])('in the cookies %s', (cookies, id) => {
		expect(sessionIn(cookies)).toBe(id);
	});

	test('are kept from scripts and from other sites', () => {
		expect(cookieOf('a')).toBe('archon=a; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200');
	});
});

describe('tokens', () => {
	const [ONE, TWO] = ['the-token-of-one-', 'the-token-of-two-'];

	function create() {
		const world = {now: 0, renewals: 0, timers: [] as {at: number; act: (() => void) | null}[], failures: [] as number[], heard: [] as (Grant | null | 'wait')[]};
		const tokens = createTokens({
			now: () => world.now,
			after(millis, act) {
				const timer: {at: number; act: (() => void) | null} = {at: world.now + millis, act};
				world.timers.push(timer);
				return () => {
					timer.act = null;
				};
			},
			renew: () => void (world.renewals += 1),
			failed: (_, count) => world.failures.push(count),
		});
		const pass = (until: number): void => {
			world.now = until;
			for (const timer of world.timers.filter(({at}) => at <= until)) {
				const {act} = timer;
				timer.act = null;
				act?.();
			}
		};
		const answer = (): void => tokens.set([
			{role: 'observe', services: ['a'], tokens: [ONE]}, {role: 'admin', services: null, tokens: [TWO]},
		]);
		const judge = (token: string, address = '10.0.0.1'): (() => void) => tokens.judge(token, address, grant => world.heard.push(grant));
		return {world, tokens, pass, answer, judge};
	}

	test('are judged when they were read just before', () => {
		const {world, answer, judge} = create();
		judge(ONE);
		judge(TWO, '10.0.0.2');
		expect([world.heard, world.renewals]).toEqual([[], 1]);
		answer();
		expect(world.heard).toEqual([{role: 'observe', services: ['a']}, {role: 'admin', services: null}]);
		judge(TWO);
		expect([world.heard.length, world.renewals]).toEqual([3, 1]);
		world.now += 1001;
		judge(TWO);
		expect([world.heard.length, world.renewals]).toEqual([3, 2]);
	});

	test('are judged by those of before where no others come in time', () => {
		const {world, pass, answer, judge} = create();
		answer();
		pass(10_000);
		judge(ONE);
		expect(world.heard).toEqual([]);
		pass(15_000);
		expect(world.heard).toEqual([{role: 'observe', services: ['a']}]);
	});

	test('that are wrong are answered later each time, and the right one at once, from wherever it comes', () => {
		const {world, pass, answer, judge} = create();
		answer();
		judge('wrong');
		expect([world.heard, world.failures]).toEqual([[null], [1]]);
		judge('wrong');
		judge('wrong', '10.0.0.2');
		expect([world.heard.length, world.failures]).toEqual([2, [1, 2, 1]]);
		judge(ONE);
		expect(world.heard.at(-1)).toEqual({role: 'observe', services: ['a']});
		pass(250);
		expect(world.heard.slice(3)).toEqual([null]);
		for (let left = 200; left > 0; left--) {
			judge('wrong');
			answer();
		}
		const before = world.heard.length;
		judge(TWO);
		expect(world.heard.slice(before)).toEqual([{role: 'admin', services: null}]);
		// Those beyond what is counted are told that they are too many, and not at once.
		expect(world.heard).not.toContain('wait');
		pass(1250);
		expect(world.heard.at(-1)).toBe('wait');
		expect(world.failures.length).toBeLessThan(15);
	});

	test('that are wrong and are told so later make that known at once', () => {
		const {world, tokens, answer} = create();
		answer();
		let late = 0;
		const judge = (token: string): void => void tokens.judge(token, '10.0.0.1', grant => world.heard.push(grant), () => (late += 1));
		judge('wrong');
		judge(ONE);
		expect([world.heard.length, late]).toEqual([2, 0]);
		judge('wrong');
		expect([world.heard.length, late]).toEqual([2, 1]);
	});

	test('that were wrong are not answered once they were given up', () => {
		const {world, pass, answer, judge} = create();
		answer();
		judge('wrong');
		judge('wrong')();
		pass(900);
		expect(world.heard).toEqual([null]);
	});

	test('that are given up are not judged', () => {
		const {world, answer, judge} = create();
		judge('wrong')();
		answer();
		expect([world.heard, world.failures]).toEqual([[], []]);
	});
});

describe('routes', () => {
	test.each<[string, readonly string[]]>([
		['/readyz', ['GET /readyz {}']],
		['/api/v1/services/web:0/restart', ['POST /api/v1/services/{name}/restart {"name":"web:0"}']],
		['/readyz/', []],
		['/api/v1/services//restart', []],
		['/constructor', []],
	])('at %s', (path, found) => {
		expect(routesAt(path).map(({route: {method, path}, parameters}) => `${method} ${path} ${JSON.stringify(Object.fromEntries(parameters))}`)).toEqual(found);
	});
});
