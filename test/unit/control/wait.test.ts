/** `Wait`: when it ends, and with what. */
import {describe, expect, test, vi} from 'vitest';
import {Bench, need, rest, service, Visitor} from './bench.ts';

const ALWAYS = {...service('x').restart, policy: 'always', growth: 'constant', delay: 500, attempts: 2} as const;
const UNREADY = {ready: {kind: 'fd', fd: 3, variable: null}} as const;

function ready(bench: Bench, name: string): void {
	const {id, run} = bench.process(name);
	bench.dispatch({kind: 'news', id, run, news: {kind: 'ready'}});
}

describe('at once', () => {
	test.each([
		['web,ready', 'Row,web,reached,running,,', 'Ok'],
		['web,healthy', 'Row,web,reached,running,,', 'Ok'],
		['web,running', 'Row,web,reached,running,,', 'Ok'],
		['job,ready', 'Row,job,reached,exited,0,', 'Ok'],
		['job,exited', 'Row,job,reached,exited,0,', 'Ok'],
		['bad,exited', 'Row,bad,reached,failed,3,', 'Ok'],
		['spare,stopped', 'Row,spare,reached,stopped,,', 'Ok'],
		['web,job,ready', 'Row,web,reached,running,,', 'Row,job,reached,exited,0,', 'Ok'],
		['job,running', 'Row,job,missed,exited,0,it has completed', 'Error,job: it has completed'],
		['bad,ready', 'Row,bad,missed,failed,3,it has failed: exit status 3', 'Error,bad: it has failed: exit status 3'],
		['last,ready', 'Row,last,missed,waiting,,it is waiting for bad (failed)', 'Error,last: it is waiting for bad (failed)'],
		[
			'spare,ready', 'Row,spare,missed,stopped,,it was not started; archonctl start spare starts it',
			'Error,spare: it was not started; archonctl start spare starts it',
		],
		['nginx,ready', 'Error,no service matches nginx'],
	])('%s', (names, ...answer) => {
		const bench = new Bench([
			service('web'), service('job', {type: 'oneshot', run: '/bin/true'}), service('bad', {type: 'oneshot', run: 'exit 3'}),
			service('last', {needs: [need('bad', 'service_completed_successfully')]}), service('spare', {autostart: false}),
		]);
		expect(new Visitor(bench).say(`Wait,${names},\n`)).toEqual(answer);
	});

	test.each([
		['Wait,web,ready', 'Error,Wait: seconds missing'],
		['Wait,web,redy,', 'Error,"Wait: redy is not ready, healthy, running, stopped or exited"'],
		['Wait,web,ready,soon', 'Error,Wait: soon is not a number of seconds'],
	])('%s is refused', (request, reply) => {
		expect(new Visitor(new Bench()).say(`${request}\n`)).toEqual([reply]);
	});
});

test('through restarts and needs, until it is ready', () => {
	const bench = new Bench([service('db', {...UNREADY, restart: ALWAYS}), service('web', {needs: [need('db', 'service_healthy')]})]);
	const visitor = new Visitor(bench);
	expect(visitor.say('Wait,web,db,ready,\n')).toEqual([]);
	bench.exit('db', {kind: 'code', code: 1});
	expect(visitor.heard()).toEqual([]);
	bench.tick();
	ready(bench, 'db');
	expect(visitor.heard()).toEqual(['Row,web,reached,running,,', 'Row,db,reached,running,1,', 'Ok']);
});

test('no longer than until one of them is known not to come to it', () => {
	const bench = new Bench([service('db', {...UNREADY}), service('web', {...UNREADY})]);
	const visitor = new Visitor(bench);
	visitor.say('Wait,web,db,ready,\n');
	bench.exit('db', {kind: 'code', code: 1});
	expect(visitor.heard()).toEqual([
		'Row,web,open,starting,,', 'Row,db,missed,failed,1,it has failed: exited before it was ready (exit status 1)',
		'Error,db: it has failed: exited before it was ready (exit status 1)',
	]);
});

test('for the end of the run that it has, whatever follows', () => {
	const bench = new Bench([service('web', {restart: {...ALWAYS, delay: 0}})]);
	const visitor = new Visitor(bench);
	expect(visitor.say('Wait,web,exited,\n')).toEqual([]);
	bench.exit('web', {kind: 'signal', signal: 9, core: false});
	expect(visitor.heard()).toEqual(['Row,web,reached,starting,137,', 'Ok']);
});

test('for a stop, and not for a start in a shutdown', () => {
	const bench = new Bench([service('web', {run: 'deaf'}), service('db', {...UNREADY})]);
	const [one, other] = [new Visitor(bench), new Visitor(bench)];
	expect(one.say('Wait,web,stopped,\n')).toEqual([]);
	expect(other.say('Wait,db,ready,\n')).toEqual([]);
	bench.dispatch({kind: 'shutdown', why: 'received SIGTERM'});
	expect(other.heard()).toEqual([expect.stringMatching(/^Row,db,missed,stopp/), 'Error,db: archon is shutting down']);
	expect(one.heard()).toEqual([]);
	while (bench.process('web').isAlive) bench.tick();
	expect(one.heard()).toEqual([expect.stringMatching(/^Row,web,reached,stopped,/), 'Ok']);
});

describe('with a time', () => {
	test('that is over: what it waited for', async () => {
		vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
		try {
			const bench = new Bench([service('db', {...UNREADY})]);
			const visitor = new Visitor(bench);
			visitor.say('Wait,db,ready,30\n');
			vi.advanceTimersByTime(29_999);
			expect(visitor.heard()).toEqual([]);
			vi.advanceTimersByTime(1);
			expect(visitor.heard()).toEqual([
				'Row,db,late,starting,,not ready within 30 s; it is starting: not ready yet', 'Error,db: not ready within 30 s; it is starting: not ready yet',
			]);
		} finally {
			vi.useRealTimers();
		}
	});

	test('leaves no timer behind, whether it is reached or the client leaves', async () => {
		vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
		try {
			const bench = new Bench([service('db', {...UNREADY})]);
			const [one, other] = [new Visitor(bench), new Visitor(bench)];
			one.say('Wait,db,ready,30\n');
			other.say('Wait,db,exited,30\n');
			expect(vi.getTimerCount()).toBe(2);
			ready(bench, 'db');
			expect(vi.getTimerCount()).toBe(1);
			other.leave();
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
		await rest();
	});
});
