/** `Subscribe` over the real core and server: which events come, when, and what becomes of a client that does not read. */
import {describe, expect, test, vi} from 'vitest';
import {Bench, EPOCH, need, rest, service, Visitor} from '../../control/bench.ts';

/** The fields of events from the kind on, without those at the end that are empty. */
const told = (lines: readonly string[]): readonly string[] => lines.map(line => {
	const [, , number, , ...more] = line.split(',');
	return line.startsWith('Row,event') ? `${number} ${more.join(' ').trimEnd()}` : line;
});

describe('what happens to a service', () => {
	test('that starts, is ready, ends and is given up', () => {
		const bench = new Bench([service('web', {restart: {...service('x').restart, policy: 'always', attempts: 1}})]);
		const visitor = new Visitor(bench);
		bench.exit('web', {kind: 'code', code: 3});
		bench.exit('web', {kind: 'signal', signal: 9, core: false});
		expect(told(visitor.say('Subscribe\n'))).toEqual([
			'1 booted',
			'2 started web starting running 1001 1',
			'3 ready web starting running 1001 1',
			'4 all-ready',
			'5 exited web running waiting 1001 1 3   exit status 3',
			'6 restarting web running waiting 1001 1 3 1  exit status 3; restart 1 of 1',
			'7 started web starting running 1002 2',
			'8 ready web starting running 1002 2',
			'9 exited web running failed 1002 2 137   SIGKILL',
			'10 failed web running failed 1002 2 137   SIGKILL after 1 restart',
			'Ok',
		]);
	});

	test('that waits for another, and is stopped', () => {
		const bench = new Bench([service('db', {type: 'oneshot'}), service('web', {needs: [need('db', 'service_completed_successfully')]})]);
		const visitor = new Visitor(bench);
		bench.exit('db');
		visitor.say('Stop,web\n');
		expect(told(visitor.say('Subscribe,web\n'))).toEqual([
			'4 waiting web stopped waiting', '7 started web starting running 1002 2', '8 ready web starting running 1002 2',
			'10 stopping web running stopping 1002 2', '11 exited web stopping stopped 1002 2 143   SIGTERM',
			'12 stopped web stopping stopped 1002 2 143', 'Ok',
		].map(line => expect.stringMatching(line.replace(/^\d+/, '\\d+'))));
		expect(told(visitor.say('Subscribe,db,archon.kinds=completed\n'))).toEqual([
			expect.stringMatching(/^\d+ completed db running exited 1001 1 0$/), 'Ok',
		]);
	});

	test('with its time, and when it is started again', () => {
		const restart = {...service('x').restart, policy: 'always', growth: 'constant', delay: 400} as const;
		const bench = new Bench([service('web', {restart})]);
		bench.now = 250;
		bench.exit('web');
		expect(new Visitor(bench).say('Subscribe,archon.kinds=backoff\n')).toEqual([
			`Row,event,6,${EPOCH + 250},backoff,web,running,backoff,1001,1,0,1,${EPOCH + 650},exit status 0; restart 1 of 3`, 'Ok',
		]);
	});
});

describe('numbers', () => {
	test('since one of them: what has come after it', () => {
		const visitor = new Visitor(new Bench([service('web')]));
		expect(told(visitor.say('Subscribe,archon.since=3\n'))).toEqual(['4 all-ready', 'Ok']);
		expect(told(visitor.say('Subscribe,archon.since=4\n'))).toEqual(['Ok']);
		expect(told(visitor.say('Subscribe,archon.since=now\n'))).toEqual(['Ok']);
	});

	test('of another archon: all that there is', () => {
		expect(told(new Visitor(new Bench()).say('Subscribe,archon.since=500\n'))).toEqual(['1 booted', '2 all-ready', 'Ok']);
	});

	test('that are not kept any more are counted', () => {
		const bench = new Bench([service('web', {run: '/bin/true', restart: {...service('x').restart, policy: 'always', attempts: 60}})]);
		while (bench.events.last() < 150) bench.tick();
		const gone = bench.events.last() - 100;
		const visitor = new Visitor(bench);
		expect(visitor.say('Subscribe,archon.since=10\n').slice(0, 1)).toEqual([`Row,missed,${gone - 10}`]);
		expect(visitor.say('Subscribe\n')).not.toContain(expect.stringMatching('missed'));
	});
});

describe('a client that follows', () => {
	test('is told what is kept, and then what comes, in one piece for each turn', async () => {
		const bench = new Bench([service('web'), service('db')]);
		const visitor = new Visitor(bench);
		expect(told(visitor.say('@e,Subscribe,web,archon.follow=yes\n'))).toEqual([
			expect.stringMatching('started,web'), expect.stringMatching('ready,web'), '@e,Row,live,6',
		]);
		visitor.say('Stop,all\n');
		await rest();
		expect(visitor.heard()).toEqual([
			expect.stringMatching('stopping,web'), expect.stringMatching('exited,web'), expect.stringMatching('stopped,web'),
		]);
	});

	test('meets a bug: it is told, and the others are told what happens', async () => {
		const bench = new Bench([service('web')]);
		const [one, other] = [new Visitor(bench), new Visitor(bench)];
		one.say('Subscribe,archon.follow=yes\n');
		other.say('Subscribe,archon.since=now,archon.follow=yes\n');
		vi.spyOn(bench.events, 'read').mockImplementationOnce(() => {
			throw new Error('oops');
		});
		bench.exit('web');
		await rest();
		expect([one.heard(), told(other.heard())]).toEqual([['Error,a bug in archon: Error: oops'], [expect.stringMatching('exited'), expect.stringMatching('completed')]]);
	});

	test('leaves nothing behind', async () => {
		const bench = new Bench([service('web')]);
		const [one, other] = [new Visitor(bench), new Visitor(bench)];
		one.say('Subscribe,archon.follow=yes\n');
		other.say('Subscribe,archon.since=now,archon.follow=yes\n');
		expect(bench.events.followers()).toBe(1);
		one.leave();
		bench.exit('web');
		await rest();
		expect(other.heard()).toHaveLength(2);
		other.leave();
		expect(bench.events.followers()).toBe(0);
	});

	test('and does not read is told how many it has missed, and holds up no one', async () => {
		const bench = new Bench([service('web', {run: '/bin/true', restart: {...service('x').restart, policy: 'always', attempts: 1000, growth: 'constant', delay: 1}})]);
		const [slow, quick] = [new Visitor(bench), new Visitor(bench)];
		slow.isDeaf = true;
		const before = [...slow.say('Subscribe,archon.follow=yes\n')];
		const seen = [...quick.say('Subscribe,archon.follow=yes\n')];
		while (bench.events.last() < 3000) {
			bench.tick();
			await rest();
			seen.push(...quick.heard());
		}
		before.push(...slow.heard());
		const held = slow.pending;
		expect(held).toBeLessThan(80 << 10);
		slow.isDeaf = false;
		slow.read();
		const after = slow.heard();
		const count = (lines: readonly string[]): number => lines.filter(line => line.startsWith('Row,event')).length;
		const missed = Number(/^Row,missed,(\d+)$/.exec(after[0] ?? '')?.[1]);
		expect(count(before) + missed + count(after)).toBe(bench.events.last());
		expect(count(seen)).toBe(bench.events.last());
	});
});

test.each([
	['Subscribe,nginx', 'Error,no service matches nginx'],
	['Subscribe,archon.kinds=exitd', 'Error,Subscribe: archon.kinds takes kinds of events with + between them'],
	['Subscribe,archon.since=-1', 'Error,"Subscribe: archon.since takes the number of an event, or now"'],
	['Subscribe,archon.folow=yes', 'Error,Subscribe: unknown option archon.folow; did you mean archon.follow?'],
])('%s is refused', (request, reply) => {
	expect(new Visitor(new Bench([service('web')])).say(`${request}\n`)).toEqual([reply]);
});
