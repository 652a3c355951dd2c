/** How processes are made in slices: all else that happens meanwhile is heard, counted in processes and never in time. */
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, onTestFinished, test, vi} from 'vitest';
import type {Effect} from '../../../src/core/effect.ts';
import {SIG, signalName} from '../../../src/core/signal-numbers.ts';
import {entries, find} from '../../../src/core/state.ts';
import {create} from '../../../src/core/whole.ts';
import {createLoop, type Loop} from '../../../src/os/loop.ts';
import {turn as turnOf} from '../../../src/os/reactor.ts';
import {sys} from '../../../src/os/sys.ts';
import {killedBy, service, SETTINGS, type Traits} from '../../stories/tell.ts';

const ALL = 2000;
/** What it takes to make a process, in milliseconds; more on a slow machine, which only makes slices smaller. */
const BURN = 0.5;
/** Processes of one slice at most: of its 4 ms, with the four that are begun when they are over. */
const MOST = 4 / BURN + 4;

/** A machine that has other things to do takes its time. */
const LONG = {timeout: 60_000};

interface Bench {
	readonly loop: Loop;
	/** Names, in the order in which their processes were made. */
	readonly made: string[];
	readonly effects: Effect[];
	readonly bugs: unknown[];
}

/** A loop with real slices over processes that take their time to be made, and end when they are told to. */
function bench(onSpawn: (made: number) => void = () => {}): Bench {
	const [made, effects, bugs]: [string[], Effect[], unknown[]] = [[], [], []];
	const services = Array.from({length: ALL}, (_, number) => service(`s${number}`));
	const loop = createLoop(create(services, SETTINGS), {
		spawn({id, run, service: {name}}) {
			for (const begin = process.hrtime.bigint(); process.hrtime.bigint() - begin < BURN * 1e6;);
			made.push(name);
			onSpawn(made.length);
			return () => ({kind: 'news', id, run, news: {kind: 'spawned', pid: 1000 + run}});
		},
		perform(effect) {
			if (effect.kind !== 'signal' || effect.signal === SIG.CONT || effect.signal === SIG.USR1) return;
			const entry = [...entries(loop.state())].find(({phase}) => 'run' in phase && phase.run === effect.run);
			const outcome = killedBy(effect.signal);
			setImmediate(() => loop.dispatch({kind: 'news', id: entry?.id ?? -1, run: effect.run, news: {kind: 'exited', outcome, survivors: false}}));
		},
		prepare: () => true, withdraw() {}, collect() {}, commit() {},
		bug: error => void bugs.push(error),
	});
	loop.subscribe(['signal', 'exit'], batch => void effects.push(...batch));
	return {loop, made, effects, bugs};
}

const turn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

async function until(isSo: () => boolean): Promise<void> {
	while (!isSo()) await turn();
}

const idsOf = ({loop}: Bench, names: readonly string[]): number[] => names.map(name => find(loop.state(), name)?.id ?? -1);

test('whatever else is to be done has its turn after each slice, all through a fan-out of 2,000', LONG, async () => {
	const {loop, made} = bench();
	const gaps: number[] = [];
	loop.dispatch({kind: 'boot'});
	gaps.push(made.length);
	while (made.length < ALL) {
		const before = made.length;
		await turn();
		gaps.push(made.length - before);
	}
	expect(Math.max(...gaps), gaps.join()).toBeLessThanOrEqual(MOST);
	expect(gaps.length).toBeGreaterThanOrEqual(ALL / MOST);
});

test('a client of a socket is answered again and again during a fan-out of 2,000, each time with more that are up', LONG, async () => {
	const {loop, made} = bench();
	const folder = mkdtempSync(join(tmpdir(), 'archon-loop-'));
	const path = join(folder, 'socket');
	const server = createServer((socket: Socket) => void socket.on('data', () => {
		// As a request does: an event is heard, and the answer tells the state.
		loop.dispatch({kind: 'signal', id: 0, signal: SIG.USR1});
		socket.write(`${[...entries(loop.state())].filter(({phase}) => phase.kind === 'up').length}\n`);
	})).listen(path);
	await once(server, 'listening');
	const client = connect(path);
	await once(client, 'connect');
	const answers: number[] = [];
	client.on('data', data => {
		answers.push(Number(data.toString()));
		if (made.length < ALL) client.write('?');
	});
	client.write('?');
	loop.dispatch({kind: 'boot'});
	await until(() => made.length === ALL);
	client.end();
	await once(client, 'close');
	server.close();
	rmSync(folder, {recursive: true});
	// There and back: a turn each, and one for what Node puts off.
	const gaps = answers.map((up, i) => up - (answers[i - 1] ?? 0));
	expect(Math.max(...gaps), answers.join()).toBeLessThanOrEqual(3 * MOST);
	expect(answers.length).toBeGreaterThanOrEqual(ALL / (3 * MOST) - 1);
});

test('a signal is heard in the middle of a fan-out of 2,000', LONG, async () => {
	const AT = 500;
	const {loop, made} = bench(count => {
		if (count === AT) process.kill(process.pid, 'SIGUSR2');
	});
	let heard = -1;
	process.once('SIGUSR2', () => void (heard = made.length));
	loop.dispatch({kind: 'boot'});
	await until(() => made.length === ALL);
	expect(heard).toBeGreaterThanOrEqual(AT);
	expect(heard - AT).toBeLessThanOrEqual(2 * MOST);
});

test('a batch of news makes no slice of each: what comes at once is heard at once', LONG, async () => {
	const {loop, made} = bench();
	loop.dispatch({kind: 'boot'});
	const before = made.length;
	for (let i = 0; i < 100; i++) loop.dispatch({kind: 'signal', id: i, signal: SIG.USR1});
	expect(made.length).toBe(before);
	await until(() => made.length === ALL);
});

test('a shutdown in the middle of a fan-out is its end: what was not made never is, and what was ends', LONG, async () => {
	const {loop, made, effects, bugs} = bench();
	loop.dispatch({kind: 'boot'});
	await until(() => made.length > 200);
	const before = made.length;
	loop.dispatch({kind: 'shutdown', why: 'SIGTERM'});
	await until(() => loop.state().stage.kind === 'sweeping');
	expect(made.length).toBe(before);
	expect(before).toBeLessThan(ALL / 2);
	const told = effects.filter(effect => effect.kind === 'signal' && effect.signal === SIG.TERM);
	expect(told).toHaveLength(before);
	const phases = [...entries(loop.state())].map(({phase}) => (phase.kind === 'down' ? phase.cause : phase.kind));
	expect(new Set(phases)).toEqual(new Set(['stopped']));
	loop.dispatch({kind: 'alone'});
	expect(effects.at(-1)).toMatchObject({kind: 'exit', status: 0});
	expect(bugs).toEqual([]);
});

test('a service that is stopped before its turn gets no process until it is started; one that is restarted before its turn gets one', LONG, async () => {
	const here = bench();
	const {loop, made, bugs} = here;
	loop.dispatch({kind: 'boot'});
	loop.dispatch({kind: 'stop', ids: idsOf(here, ['s1990', 's1991'])});
	loop.dispatch({kind: 'restart', ids: idsOf(here, ['s1992'])});
	await until(() => made.includes('s1999'));
	expect(made).not.toContain('s1990');
	expect(find(loop.state(), 's1991')?.phase).toEqual({kind: 'down', cause: 'stopped'});
	loop.dispatch({kind: 'start', ids: idsOf(here, ['s1990'])});
	await until(() => made.includes('s1990'));
	expect(made.filter(name => name === 's1992')).toHaveLength(1);
	expect(find(loop.state(), 's1992')?.phase.kind).toBe('up');
	expect(new Set(made).size).toBe(ALL - 1);
	expect(bugs).toEqual([]);
});

test('while some processes execute the next are begun, four at most, and their news is heard in that order', () => {
	// On a busy machine a turn may be over before the last.
	const clock = vi.spyOn(sys, 'now').mockReturnValue(0);
	onTestFinished(() => clock.mockRestore());
	const [acts, heard]: [string[], string[]] = [[], []];
	const loop = createLoop(create(Array.from({length: 6}, (_, number) => service(`s${number}`)), SETTINGS), {
		spawn({id, run, service: {name}}) {
			acts.push(`begin ${name}`);
			return () => {
				acts.push(`end ${name}`);
				return {kind: 'news', id, run, news: {kind: 'spawned', pid: 1000 + run}};
			};
		},
		perform(effect) {
			if (effect.kind === 'changed' && effect.after.phase.kind === 'up') heard.push(effect.after.service.name);
		},
		prepare: () => true, withdraw() {}, collect() {}, commit() {},
		bug: error => expect.fail(String(error)),
	});
	loop.dispatch({kind: 'boot'});
	expect(acts).toEqual([
		...['s0', 's1', 's2', 's3'].map(name => `begin ${name}`), ...['s0', 's1', 's2', 's3'].map(name => `end ${name}`),
		'begin s4', 'begin s5', 'end s4', 'end s5',
	]);
	expect(heard).toEqual(['s0', 's1', 's2', 's3', 's4', 's5']);
});

describe('what a process is made with may take its time', () => {
	// On a busy machine a turn may be over before it has made a process.
	beforeEach(() => void vi.spyOn(sys, 'now').mockReturnValue(0));
	afterEach(() => void vi.restoreAllMocks());

	/** A loop in which nothing is ready before the test says so. */
	function bench() {
		const [made, withdrawn, bugs]: [string[], string[], unknown[]] = [[], [], []];
		const ready = new Map<string, () => void>();
		const runs = new Map<number, string>();
		const loop = createLoop(create([service('a'), service('b'), service('c', {needs: ['a']})], SETTINGS), {
			prepare({run, service: {name}}, isReady) {
				if (name === 'b') return true;
				runs.set(run, name);
				ready.set(name, isReady);
				return false;
			},
			spawn({id, run, service: {name}}) {
				made.push(name);
				return () => ({kind: 'news', id, run, news: {kind: 'spawned', pid: 1000 + run}});
			},
			perform(effect) {
				// As sources.ts does it.
				if (effect.kind === 'withdraw') ready.get(runs.get(effect.run) ?? '')?.();
			},
			withdraw: ({service: {name}}) => void withdrawn.push(name),
			collect() {}, commit() {},
			bug: error => void bugs.push(error),
		});
		return {loop, made, withdrawn, ready, bugs, phase: (name: string) => find(loop.state(), name)?.phase.kind};
	}

	test('and keeps only those waiting that need it', () => {
		const {loop, made, ready, phase, bugs} = bench();
		loop.dispatch({kind: 'boot'});
		expect([made, phase('a'), phase('c')]).toEqual([['b'], 'spawning', 'waiting']);
		ready.get('a')?.();
		expect([made, phase('a'), phase('c')]).toEqual([['b', 'a'], 'up', 'spawning']);
		ready.get('c')?.();
		expect([made, bugs]).toEqual([['b', 'a', 'c'], []]);
	});

	test('and no process is made where the service is to stop meanwhile', () => {
		const {loop, made, withdrawn, phase, bugs} = bench();
		loop.dispatch({kind: 'boot'});
		loop.dispatch({kind: 'stop', ids: [find(loop.state(), 'a')?.id ?? -1]});
		expect([made, withdrawn, phase('a'), bugs]).toEqual([['b'], ['a'], 'down', []]);
	});
});

describe('a stall', () => {
	const HOUR = 3_600_000;

	afterEach(() => void vi.restoreAllMocks());

	/** A loop on a clock that only the test moves. */
	function single(traits: Traits, onSpawn: (stall: (millis: number) => void) => void = () => {}) {
		let time = 0;
		vi.spyOn(sys, 'now').mockImplementation(() => time);
		const stall = (millis: number): void => void (time += millis);
		const [signals, bugs]: [string[], unknown[]] = [[], []];
		const loop = createLoop(create([service('a', traits), service('b')], SETTINGS), {
			spawn({id, run}) {
				onSpawn(stall);
				return () => ({kind: 'news', id, run, news: {kind: 'spawned', pid: 1000 + run}});
			},
			perform(effect) {
				if (effect.kind === 'signal' && effect.signal !== SIG.CONT) signals.push(signalName(effect.signal));
			},
			prepare: () => true, withdraw() {}, collect() {}, commit() {},
			bug: error => void bugs.push(error),
		});
		return {
			loop, signals, bugs, stall,
			pass(millis: number): void {
				for (let i = 0; i < millis; i++) {
					time++;
					turnOf(0);
				}
			},
			/** What a thaw begins with: the timer, which is overdue. */
			thaw: (): void => turnOf(0),
		};
	}

	test('of an hour leaves a service that is stopped all of its grace, and one that is up is not silent for it', () => {
		const {loop, signals, bugs, stall, pass, thaw} = single({watchdog: 5000});
		loop.dispatch({kind: 'boot'});
		pass(4000);
		stall(HOUR);
		thaw();
		expect(signals).toEqual([]);
		loop.dispatch({kind: 'stop', ids: [0]});
		pass(1000);
		stall(HOUR);
		thaw();
		pass(4999);
		expect(signals).toEqual(['SIGTERM']);
		pass(1);
		expect(signals).toEqual(['SIGTERM', 'SIGKILL']);
		expect(bugs).toEqual([]);
	});

	test('is noticed by whatever is heard first, and counts once', () => {
		const {loop, signals, stall, pass} = single({});
		loop.dispatch({kind: 'boot'});
		loop.dispatch({kind: 'stop', ids: [0]});
		stall(HOUR);
		loop.dispatch({kind: 'signal', id: 1, signal: SIG.USR1});
		loop.dispatch({kind: 'tick'});
		pass(4999);
		expect(signals).toEqual(['SIGTERM', 'SIGUSR1']);
		pass(1);
		expect(signals).toEqual(['SIGTERM', 'SIGUSR1', 'SIGKILL']);
	});

	test('in the middle of a turn is one, whether or not a deadline has passed', () => {
		let spawns = 0;
		const {loop, signals, pass} = single({startTimeout: 5000, ready: {kind: 'notify'}}, stall => {
			if (++spawns === 3) stall(3000);
		});
		loop.dispatch({kind: 'boot'});
		pass(1000);
		loop.dispatch({kind: 'add', service: service('transient')});
		expect(spawns).toBe(3);
		pass(3999);
		expect(signals).toEqual([]);
		pass(1);
		expect(signals).toEqual(['SIGTERM']);
	});

	test('is not what a timer is late by, nor what archon sleeps without a deadline', () => {
		const {loop, signals, stall, pass, thaw} = single({});
		loop.dispatch({kind: 'boot'});
		stall(HOUR);
		loop.dispatch({kind: 'stop', ids: [0]});
		stall(5900);
		thaw();
		expect(signals).toEqual(['SIGTERM', 'SIGKILL']);
		pass(0);
	});
});

describe('a subscription', () => {
	/** A loop in which processes are made at once. */
	function two() {
		const [heard, bugs]: [string[], unknown[]] = [[], []];
		const loop = createLoop(create([service('a'), service('b')], SETTINGS), {
			spawn: ({id, run}) => () => ({kind: 'news', id, run, news: {kind: 'spawned', pid: 1000 + run}}),
			perform() {}, prepare: () => true, withdraw() {}, collect() {}, commit() {},
			bug: error => void bugs.push(error),
		});
		return {loop, heard, bugs};
	}

	test('tells the kinds that it is for, each batch once and in order, until it ends', async () => {
		const {loop, heard, bugs} = two();
		const leave = loop.subscribe(['changed'], effects => void heard.push(effects.map(({after}) => `${after.service.name} ${after.phase.kind}`).join()));
		loop.dispatch({kind: 'boot'});
		// On a busy machine processes are made in a later slice.
		await expect.poll(() => heard).toEqual(['a waiting,b waiting,a spawning,b spawning', 'a up', 'b up']);
		loop.dispatch({kind: 'signal', id: 0, signal: SIG.USR1});
		expect(heard).toHaveLength(3);
		leave();
		loop.dispatch({kind: 'stop', ids: [0]});
		expect([heard.length, bugs]).toEqual([3, []]);
	});

	test('that throws takes no other with it', () => {
		const {loop, heard, bugs} = two();
		loop.subscribe(['signal'], () => {
			throw new Error('deaf');
		});
		loop.subscribe(['signal'], effects => void heard.push(...effects.map(({signal}) => signalName(signal))));
		loop.dispatch({kind: 'boot'});
		loop.dispatch({kind: 'signal', id: 0, signal: SIG.USR1});
		expect([heard, bugs.map(String)]).toEqual([['SIGUSR1'], ['Error: deaf']]);
	});
});
