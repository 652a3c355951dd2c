/**
 * A day of a busy container in virtual time: the real core, the real handoff, the real ways of lines and the real
 * control server over processes that are only told of. Whatever is kept for each event is kept by archon's own code.
 */
import {LOGGING, NEED, NO_HOOKS, RESTART, service as plain} from '../../src/core/defaults.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Event, News} from '../../src/core/event.ts';
import type {Id, Run} from '../../src/core/ids.ts';
import type {Outcome} from '../../src/core/outcome.ts';
import type {Health, Service} from '../../src/core/service.ts';
import type {Instant} from '../../src/core/time.ts';
import type {Logs} from '../../src/features/logging/core.ts';
import {ok} from '../../src/core/result.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {narrate, narrateStage} from '../../src/core/narrate.ts';
import {entryOf, type State} from '../../src/core/state.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {step} from '../../src/core/supervisor.ts';
import {createServer} from '../../src/control/server.ts';
import type {ConnectionListener} from '../../src/control/transport.ts';
import {after, soon} from '../../src/os/clock.ts';
import {type Handoff, HANDOFF_SIZE, openHandoff} from '../../src/os/reexec/handoff.ts';
import {record} from '../../src/os/reexec/instance.ts';
import {type Pipeline, createPipeline} from '../../src/features/logging/os/pipeline.ts';
import {createRecorder} from '../../src/features/events/os/recorder.ts';
import {random} from './random.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** How the processes of a service live. */
interface Habit {
	readonly service: Service;
	/** Milliseconds from its start to its end by itself, at least and at most; null: it stays. */
	readonly span?: readonly [number, number];
	/** What it may end with. */
	readonly codes?: readonly [number, ...number[]];
	/** Says that it is ready, and then that it lives, about so often, and seldom falls silent. */
	readonly beat?: number;
	/** Ends by SIGKILL only. */
	readonly isDeaf?: boolean;
	/** Leaves others behind, which end when they are told to. */
	readonly leavesSurvivors?: boolean;
	/** How often it cannot be made for want of something that passes. */
	readonly refused?: number;
}

interface Process {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
	readonly habit: Habit;
	outcome: Outcome | null;
}

export interface Day {
	/** Lives on until then. */
	until(end: Instant): Promise<void>;
	/** What has happened so far. */
	readonly counts: {events: number; spawns: number; lines: number; requests: number; writes: number; commands: number; reloads: number};
	readonly state: () => State;
	/** Connections that clients have open. */
	readonly visitors: () => number;
}

export function dawn(seed: number): Day {
	const r = random(seed);
	const counts = {events: 0, spawns: 0, lines: 0, requests: 0, writes: 0, commands: 0, reloads: 0};
	const cast = new Map(services().map(habit => [habit.service.name, habit]));
	let state = create(config(), {shutdownGrace: 9000, sweepGrace: 2000, startRate: {perSecond: 20, burst: 100}, whenIdle: 'failed', seed});
	let committed = state;
	let now: Instant = 0;
	let pids = 1;
	let isBusy = false;
	let visitors = 0;
	const future = createFuture();
	const later = (delay: number, happen: () => void): void => future.add(now + delay, happen);
	const inbox: Event[] = [];
	const spawns: Extract<Effect, {kind: 'spawn'}>[] = [];
	const processes = new Map<Run, Process>();
	const handoff = ledgerOn(() => counts.writes++);
	const recorder = createRecorder(handoff.blocks, true, id => entryOf(state, id));

	/** The config as it is now: a service with a name that was never there before comes and goes with each reload. */
	function config(): readonly Service[] {
		const extra = `extra-${counts.reloads}`;
		return [...[...cast.values()].map(({service}) => service), {
			...short(extra), stop: {signal: SIG.TERM, grace: 1000 + counts.reloads}, needs: [{...NEED, name: 'steady-0'}],
		}];
	}

	// ── Lines ──

	const pipelines = new Map<Id, Pipeline>();
	const own = createPipeline(LOGGING, [], {shut() {}, open() {}}, () => {});
	const pipelineOf = (id: Id | null): Pipeline | undefined => (id === null ? own : pipelines.get(id));
	const logs: Logs = {
		tail: (id, count) => pipelineOf(id)?.tail(count) ?? [],
		follow: (id, dispatch) => pipelineOf(id)?.follow(dispatch) ?? (() => {}),
		files: () => [],
		reopen() {},
	};
	const write = (pipeline: Pipeline | undefined, text: string): void => {
		counts.lines++;
		pipeline?.take(Buffer.from(`${text}\n`), 'stdout', false);
	};
	const say = (line: {readonly text: string} | null): void => void (line && write(own, line.text));

	// ── The loop ──

	const server = createServer({
		state: () => state, dispatch, events: recorder.events, logs, terminals() {}, wallClock: instant => Math.round(instant), sync: () => null, rules: () => null,
		alerts: () => null, pools: () => null, ownUid: 0,
		access: () => [], warn: text => say({text}), examine: (_service, told) => told(null), logging: () => LOGGING,
		version: {version: '1', lives: 0, cause: ''}, upgrade() {}, examineReboot: told => told(null), soon, after,
		plan() {}, config() {}, tree() {}, needsRestart() {}, usage() {}, measures() {}, examineHost() {}, kept: () => null, strangers() {}, manifests() {},
		heldFor: () => [],
		allocPort: () => ok(20_000), test: () => () => {}, triggered: (_line, done) => done(),
		reload(_how, done) {
			counts.reloads++;
			dispatch({kind: 'reconfigure', services: config(), shutdownGrace: 9000, startRate: state.settings.startRate, whenIdle: 'failed'});
			done(ok('reloaded'));
		},
	});

	function dispatch(event: Event): void {
		inbox.push(event);
		if (isBusy) return;
		isBusy = true;
		for (;;) {
			for (const event of inbox) take(event);
			inbox.length = 0;
			record(handoff, committed, state);
			committed = state;
			if (spawns.length === 0) break;
			for (const effect of spawns.splice(0)) spawn(effect);
		}
		isBusy = false;
	}

	function take(event: Event): void {
		counts.events++;
		const [after, effects] = step(state, event, now);
		state = after;
		for (const effect of effects) {
			if (effect.kind === 'spawn') spawns.push(effect);
			else perform(effect);
		}
		for (const effect of effects) {
			if (effect.kind === 'changed') recorder.arms.changed(effect);
			if (effect.kind === 'forgotten') recorder.arms.forgotten(effect);
		}
		server.watch(effects);
	}

	// ── The machine ──

	const news = ({id, run}: Pick<Process, 'id' | 'run'>, news: News): void => dispatch({kind: 'news', id, run, news});
	const lives = (process: Process): boolean => process.outcome === null;

	function perform(effect: Exclude<Effect, {kind: 'spawn'}>): void {
		switch (effect.kind) {
			case 'changed': return say(narrate(effect.before, effect.after));
			case 'stage': return say(narrateStage(effect.stage));
			case 'say': return say(effect);
			case 'forgotten': {
				pipelines.get(effect.entry.id)?.close();
				return void pipelines.delete(effect.entry.id);
			}
			case 'logging': return pipelines.get(effect.id)?.drive(LOGGING, []);
			case 'probe': return later(r.between(1, 50), () => {
				const process = processes.get(effect.run);
				if (!process || !lives(process)) return;
				write(pipelines.get(process.id), `GET /health at ${now} by ${effect.run}`);
				const passed = !r.chance(0.005);
				news(process, {kind: 'probe', purpose: effect.purpose, passed, detail: passed ? 'status 200' : `status 500 at ${now}`});
			});
			case 'hook': return later(r.between(1, 200), () => {
				const process = processes.get(effect.run);
				if (process) news(process, {kind: 'hooked', hook: effect.hook, failure: r.chance(0.05) ? `exit ${r.between(1, 9)}` : null});
			});
			case 'signal': {
				const process = processes.get(effect.run);
				if (process) later(r.between(0, 5), () => signal(process, effect.signal));
				return;
			}
			case 'follow':
			case 'sweep':
			case 'exit': return;
		}
	}

	function spawn({id, run, service}: Extract<Effect, {kind: 'spawn'}>): void {
		counts.spawns++;
		const habit = cast.get(service.name) ?? {service, ...(service.type === 'oneshot' && {span: [100, 30_000] as const})};
		if (habit.refused && r.chance(habit.refused)) {
			const refusal = {stage: 'creating a process', errno: 11, reason: `no room at ${now}`, temporary: true};
			inbox.push({kind: 'news', id, run, news: {kind: 'refused', refusal}});
			return;
		}
		if (!pipelines.has(id)) pipelines.set(id, createPipeline(LITTLE, [], {shut() {}, open() {}}, () => {}));
		const process: Process = {id, run, pid: ++pids, habit, outcome: null};
		processes.set(run, process);
		inbox.push({kind: 'news', id, run, news: {kind: 'spawned', pid: process.pid}});
		write(pipelines.get(id), `${service.name} begins as ${process.pid}`);
		const {span, codes, beat} = habit;
		if (span) later(r.between(...span), () => end(process, {kind: 'code', code: r.pick(codes ?? [0])}));
		if (beat) later(r.between(1, SECOND), () => {
			if (!lives(process)) return;
			news(process, {kind: 'ready'});
			live(process, beat);
		});
	}

	/** One sign of life after the other. */
	function live(process: Process, beat: number): void {
		if (!lives(process)) return;
		news(process, {kind: 'notify', message: {kind: 'alive'}});
		if (r.chance(0.2)) news(process, {kind: 'notify', message: {kind: 'status', text: `${counts.events} served`}});
		if (!r.chance(0.002)) later(r.between(beat / 2, beat), () => live(process, beat));
	}

	function signal(process: Process, signal: number): void {
		if (signal === SIG.CONT || signal === SIG.USR1 || processes.get(process.run) !== process) return;
		if (!lives(process)) {
			processes.delete(process.run);
			return news(process, {kind: 'emptied'});
		}
		if (!process.habit.isDeaf || signal === SIG.KILL) end(process, {kind: 'signal', signal, core: false});
	}

	function end(process: Process, outcome: Outcome): void {
		if (!lives(process)) return;
		process.outcome = outcome;
		const survivors = process.habit.leavesSurvivors === true && outcome.kind === 'code';
		if (!survivors) processes.delete(process.run);
		news(process, {kind: 'exited', outcome, survivors});
	}

	// ── The people ──

	/** One connection with one request; the client leaves with the answer, or after so long. */
	function ask(request: string, patience = Infinity): void {
		counts.requests++;
		visitors++;
		let isGone = false;
		const leave = (): void => {
			if (isGone) return;
			isGone = true;
			visitors--;
			listener.closed();
		};
		const listener: ConnectionListener = server.accept({
			peer: {pid: 77, uid: 0, gid: 0, groups: [], owner: null}, pending: () => 0, takeFd: () => null, closeFd() {}, end() {},
			send(bytes) {
				if (/^(Ok|Error|ExitStatus)/m.test(decoder.decode(bytes))) setImmediate(leave);
			},
		});
		listener.data(encoder.encode(`${request}\n`));
		if (patience < Infinity) later(patience, leave);
	}

	function every(period: number, act: (count: number) => void): void {
		let count = 0;
		const again = (): void => {
			later(r.between(period * 0.9, period * 1.1), again);
			act(count++);
		};
		later(r.between(0, period), again);
	}

	const anyone = (): string => r.pick([...cast.keys()] as [string, ...string[]]);

	function people(): void {
		// Who watches all day, who comes and leaves, and who only looks.
		ask('Logs,archon.follow=yes,archon.lines=0');
		every(40 * MINUTE, () => ask('Logs,s*,archon,archon.follow=yes', r.between(1, 30) * MINUTE));
		every(MINUTE, () => ask('Status'));
		every(5 * MINUTE, () => ask(`History,${anyone()}`));
		every(10 * MINUTE, () => ask('Logs,archon.lines=5'));
		every(10 * SECOND, count => {
			counts.commands++;
			ask(`Run,report --number ${count}`, r.chance(0.2) ? r.between(1, 20 * SECOND) : Infinity);
		});
		every(3 * MINUTE, count => {
			ask(`StartDaemon,helper --number ${count},archon.name=helper`);
			later(2 * MINUTE, () => ask('StopDaemon,helper'));
		});
		every(5 * MINUTE, () => {
			const name = anyone();
			ask(`Stop,${name}`);
			later(MINUTE, () => ask(`Start,${name}`));
		});
		every(4 * MINUTE, () => ask(`Restart,${anyone()}`));
		every(10 * MINUTE, () => ask('Start,job-*,flaky-*,hopeless-*'));
		for (let i = 0; i < JOBS; i++) every(10 * MINUTE, () => ask(`Start,job-${i}`));
		every(6 * MINUTE, () => ask(`Signal,${anyone()},USR1`));
		every(6 * MINUTE, () => ask(`Reload,${anyone()}`));
		every(4 * MINUTE, () => ask('Reload'));
	}

	record(handoff, null, state);
	dispatch({kind: 'boot'});
	people();

	return {
		counts, state: () => state, visitors: () => visitors,
		async until(end) {
			for (let turn = 1;; turn++) {
				const next = Math.min(future.next(), nextDeadline(state));
				if (next > end) break;
				now = Math.max(now, next);
				if (future.next() <= now) future.take()();
				else dispatch({kind: 'tick'});
				// What was put off for a moment has its turn.
				if (turn % 32 === 0) await rest();
			}
			now = end;
			await rest();
		},
	};
}

const JOBS = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const rest = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

/** So little is kept of what a service says that the day's first hour fills it. */
const LITTLE = {...LOGGING, buffer: 512};

function short(name: string): Service {
	const service = plain(name, [name]);
	return {...service, exec: {...service.exec, output: {kind: 'lines', logging: LITTLE}}};
}

/** Sixty services of all kinds. */
function services(): readonly Habit[] {
	const many = (count: number, name: string, make: (service: Service, number: number) => Habit): readonly Habit[] =>
		Array.from({length: count}, (_, number) => make(short(`${name}-${number}`), number));
	const always = {...RESTART, attempts: Infinity};
	const health = (seconds: number): Health => ({
		probe: {kind: 'tcp', host: '127.0.0.1', port: 80}, interval: seconds * SECOND, timeout: SECOND, retries: 3, successes: 1,
		startPeriod: 0, startInterval: SECOND, onUnhealthy: 'restart',
	});
	return [
		...many(22, 'steady', (service, number) => ({
			service: {...service, restart: always, health: health(12 + number), reload: {signal: SIG.USR1}},
		})),
		...many(8, 'crasher', service => ({service: {...service, restart: always}, span: [200, 5 * SECOND], codes: [1, 2, 139]})),
		...many(6, 'flaky', service => ({
			service: {...service, restart: {...always, policy: 'on-failure'}}, span: [MINUTE, 10 * MINUTE], codes: [1, 1, 1, 0],
		})),
		...many(3, 'hopeless', service => ({service: {...service, restart: {...RESTART, attempts: 3}}, span: [1, 50], codes: [1]})),
		...many(JOBS, 'job', service => ({
			service: {...service, type: 'oneshot', restart: {...RESTART, policy: 'no'}}, span: [100, MINUTE], codes: [0, 0, 0, 3],
		})),
		...many(8, 'watched', service => ({
			service: {...service, restart: always, ready: {kind: 'notify'}, startTimeout: 20 * SECOND, watchdog: 10 * SECOND}, beat: 8 * SECOND,
		})),
		...many(4, 'dependent', (service, number) => ({
			service: {
				...service, restart: always, hooks: {...NO_HOOKS, postStart: [['warm-up']], preStop: [['drain']]},
				needs: [{...NEED, name: `flaky-${number}`, restart: true, strength: 'soft'}, {...NEED, name: `steady-${number}`, condition: 'service_healthy'}],
			},
		})),
		...many(1, 'deaf', service => ({service: {...service, restart: always, health: health(15)}, isDeaf: true})),
		...many(1, 'litterer', service => ({service: {...service, restart: always}, span: [SECOND, MINUTE], leavesSurvivors: true})),
		...many(1, 'refused', service => ({service: {...service, restart: always}, span: [SECOND, MINUTE], refused: 0.5})),
	];
}

/** A handoff in memory of its own. */
function ledgerOn(written: () => void): Handoff {
	const bytes = new ArrayBuffer(4096 + HANDOFF_SIZE);
	const memory = {fd: -1, size: bytes.byteLength, view: (at: number, length: number) => Buffer.from(bytes, at, length)};
	const handoff = openHandoff(memory, 0, true, () => {});
	return {
		...handoff,
		put(key, text) {
			written();
			handoff.put(key, text);
		},
	};
}

/** What is to come, by its time: a heap. */
function createFuture() {
	const heap: {readonly at: Instant; readonly happen: () => void}[] = [];
	const at = (place: number): Instant => heap[place]?.at ?? Infinity;
	const swap = (one: number, other: number): void => {
		const [a, b] = [heap[one], heap[other]];
		if (a && b) [heap[one], heap[other]] = [b, a];
	};
	return {
		next: (): Instant => at(0),
		add(at: Instant, happen: () => void): void {
			heap.push({at, happen});
			for (let place = heap.length - 1, up = (place - 1) >> 1; place > 0 && (heap[up]?.at ?? 0) > at; place = up, up = (place - 1) >> 1) swap(place, up);
		},
		take(): () => void {
			const first = heap[0];
			const last = heap.pop();
			if (last && heap.length > 0) heap[0] = last;
			for (let place = 0;;) {
				const least = at(2 * place + 2) < at(2 * place + 1) ? 2 * place + 2 : 2 * place + 1;
				if (at(least) >= at(place)) break;
				swap(place, least);
				place = least;
			}
			return first?.happen ?? (() => {});
		},
	};
}
