/**
 * A world for the core to live in: processes that start, refuse, crash, ignore signals and leave
 * children behind, people who ask for things at bad moments, and a clock that only the world moves.
 */
import {NEED, RESTART, service as plain} from '../../src/core/defaults.ts';
import {WHEN_IDLE} from '../../src/core/config.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Event, News, NotifyMessage} from '../../src/core/event.ts';
import type {Id, Run} from '../../src/core/ids.ts';
import type {Outcome} from '../../src/core/outcome.ts';
import {partOf} from '../../src/core/features.ts';
import {GROWTHS, type Health, type Need, type Ready, type Schedule, type Service} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {awaitsActions, type Stage} from '../../src/core/stage.ts';
import type {Instant} from '../../src/core/time.ts';
import {entries, entryOf, find, livingRivals, type State} from '../../src/core/state.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {step} from '../../src/core/supervisor.ts';
import {schedule} from '../../src/features/schedule/core/feature.ts';
import {UTC} from '../../src/features/schedule/core/zone.ts';
import type {Decider} from '../../src/core/wanted.ts';
import {checkEvents, checkExamination, checkFailure, checkHook, checkProbe, checkSignal, checkSpawn, checkState} from './invariants.ts';
import {checkFreed, checkPorts, drawPorts, leave, meet, type Net, take} from './ports.ts';
import {type Random, random} from './random.ts';
import {told} from './rules.ts';
import {type Acts, checkActs, drawAct, drawReacting, movedBy} from './reactions.ts';
import {type Asked, checkRules} from './rulings.ts';
import {checkListening, checkSockets, drawLazy, heed, type Listeners} from './sockets.ts';
import {commandsOf} from '../../src/features/reactions/core/feature.ts';
import {checkSchedules} from './schedules.ts';

/** A process as the machine sees it, from spawn until all that it made is gone and reported. */
export interface Process {
	readonly id: Id;
	readonly run: Run;
	pid: number;
	readonly service: Service;
	/** Has said that it is ready, or needs not say so. */
	isReady: boolean;
	/** Its main process is there, which is not the first one where its service forks. */
	isForked: boolean;
	/** Probes and hooks under way. */
	helpers: number;
	/** Ignores every signal but SIGKILL. */
	readonly deaf: boolean;
	/** Leaves others behind when it ends. */
	readonly leavesSurvivors: boolean;
	outcome: Outcome | null;
	/** The kernel has told the core of its end: the pid may be anybody's from now on. */
	reported: boolean;
	/** Others that it made live on after it. */
	survivors: boolean;
	/** Its commands post_stop were begun. */
	isFinished: boolean;
	/** It has completed, and its commands down were not begun. */
	isDone: boolean;
}

interface Temper {
	readonly refuse: number;
	readonly crash: number;
	readonly deaf: number;
	readonly orphan: number;
	readonly requests: number;
	/** Processes that are not made at once. */
	readonly slow: number;
	/** Probes and hooks that fail. */
	readonly sick: number;
	/** Services that never say that they are ready. */
	readonly mute: number;
	/** Words on the notification socket, each minute of a service. */
	readonly chatter: number;
	/** Times at which no process runs. */
	readonly stalls: number;
	/** Answers of tests, changes of lists, and runs that are due. */
	readonly decisions: number;
}

interface Future {
	readonly at: Instant;
	readonly order: number;
	readonly happen: () => void;
}

/** What a seed led to, for the tests to judge and people to read. */
export interface Report {
	readonly steps: number;
	readonly trace: readonly string[];
	readonly spawns: number;
}

/** How long the world takes to be alone once it is swept. */
const SWEEP_MAX = 50;

/** After which nothing may be left of a run. */
const LEAVING: ReadonlySet<News['kind']> = new Set(['exited', 'emptied', 'refused', 'withdrawn']);

/** Also a run of a schedule beside others (`overlap: allow`), which has a number: `backup@2`. */
const isAmong = (names: ReadonlySet<string>, name: string): boolean => names.has(name.replace(/@\d+$/, ''));

const CALM: Temper = {refuse: 0, crash: 0, deaf: 0, orphan: 0, requests: 0, slow: 0, sick: 0, mute: 0, chatter: 0, stalls: 0, decisions: 0};

/** Lives one seed to its end, with a trace if it is told; throws an error with one that says which promise was broken. */
export function live(seed: number, isReborn = false, isTold = false): Report {
	const world = new World(seed, isReborn, isTold);
	try {
		world.live();
	} catch (error) {
		// A trace takes a tenth of the time, and only this one is read: the same world is lived again.
		if (!isTold) return live(seed, isReborn, true);
		const trace = world.trace.slice(-60).join('\n');
		throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${trace}`, {cause: error});
	}
	return {steps: world.steps, trace: world.trace, spawns: world.spawns};
}

const wordsOf = (effect: Effect): string => (effect.kind === 'changed'
	? `${effect.after.service.name} ${JSON.stringify(effect.after.phase)}`
	: JSON.stringify(effect, (key, value: unknown) => key === 'service' ? (value as Service).name : value));

/** The state as the next instance reads what this one wrote down. */
function reborn(state: State): State {
	const again = readAll(writeAll(state));
	if (!again) throw new Error('what was written down cannot be read');
	return again;
}

export class World {
	readonly #isReborn: boolean;
	readonly #isTold: boolean;
	now: Instant = 0;
	steps = 0;
	spawns = 0;
	exit: number | null = null;
	/** What deciders have said last of each service. */
	readonly asked: Asked = new Map();
	/** When each cause of actions has acted lately. */
	readonly acts: Acts = new Map();
	readonly net: Net = {strangers: new Set(), bound: new Set(), awaited: new Map(), chosen: new Map()};
	readonly listeners: Listeners = {armed: new Set(), starts: new Map()};
	/** The status of each service as its last event has told it. */
	readonly told = new Map<Id, string>();
	readonly trace: string[] = [];
	readonly processes: Process[] = [];
	readonly random: Random;
	state: State;
	/** The stage, as far as effects have told of it: in the middle of a step the state knows more. */
	stage: Stage['kind'] = 'boot';
	/** The state before the step that was made last. */
	before: State;
	#temper: Temper;
	/** Whether things that happen have actions. */
	readonly #reacts: boolean;
	/** Whether connections start services. */
	readonly #listens: boolean;
	/** Draws what concerns ports; null: no service has any. */
	readonly #porter: Random | null;
	/** How many ports services of the config have named. */
	#ports = 0;
	#inbox: Event[] = [];
	#future: Future[] = [];
	#order = 0;
	#pids = 1;
	#transients = 0;
	/** What the clock on the wall says at the instant 0. */
	#epoch = Date.UTC(2026, 2, 29);
	/** What each test has answered last. */
	readonly #answers = new Map<string, 'yes' | 'no' | 'timeout' | 'error'>();
	/** When the shutdown began, and when the last process of a service was gone. */
	#endedAt: Instant = 0;
	#lastGone: Instant = 0;
	/** For how long no process in it ran. */
	#stalled = 0;

	/** `isReborn`: archon dies and comes back after every eleventh step. `isTold`: what happens is written down. */
	constructor(seed: number, isReborn = false, isTold = false) {
		this.#isReborn = isReborn;
		this.#isTold = isTold;
		this.random = random(seed);
		const {random: r} = this;
		// The world's very faults are drawn from the seed, so that some worlds are all of one kind.
		const level = (): number => r.pick([0, 0.05, 0.2, 0.5, 0.9]);
		this.#temper = {refuse: level(), crash: level(), deaf: level(), orphan: level(), requests: r.pick([0, 5, 20, 60]),
			slow: r.pick([0, 0.5]), sick: level(), mute: level(), chatter: r.pick([0, 0, 5]), stalls: r.pick([0, 0, 4]), decisions: r.pick([0, 10, 60])};
		this.#reacts = r.chance(0.25);
		this.#listens = r.chance(0.25);
		// From a sequence of its own.
		const porter = random(seed + 0x90_47);
		this.#porter = porter.chance(0.25) ? porter : null;
		const startRate = {perSecond: r.pick([2, 20, 1000]), burst: r.pick([1, 100])};
		const settings = {shutdownGrace: r.pick([500, 9000]), sweepGrace: 2000, startRate, whenIdle: r.pick(WHEN_IDLE), seed};
		this.state = create(this.#services(), settings);
		this.before = this.state;
	}

	live(): void {
		// Some are there before archon.
		for (let i = Math.min(3, this.#ports); i > 0; i--) this.#intrude();
		this.#dispatch({kind: 'boot'});
		for (let i = 0; i < this.#temper.requests; i++) {
			this.#later(this.random.between(0, 60_000), () => this.#ask());
		}
		for (let i = this.#temper.decisions; i > 0; i--) this.#later(this.random.between(0, 60_000), () => this.#decide());
		for (let i = this.#porter ? 20 : 0; i > 0; i--) this.#later(this.#porter?.between(0, 60_000) ?? 0, () => this.#intrude());
		for (let i = this.#temper.stalls; i > 0; i--) this.#later(this.random.between(0, 60_000), () => this.#stall());
		this.#until(90_000);
		if (this.exit !== null) return this.#judgeEnd();
		this.#temper = CALM;
		for (const port of [...this.net.strangers]) leave(port, this.net).forEach(event => this.#dispatch(event));
		for (const process of this.processes) if (process.deaf) Object.assign(process, {deaf: false});
		// The longest way to rest: every restart of a window, each with the longest pause.
		this.#until(this.now + 300_000);
		if (this.exit !== null) return this.#judgeEnd();
		this.#judgeRest();
		this.#judgePeace();
		const start = this.now;
		this.#dispatch({kind: 'shutdown', why: 'the end'});
		this.#until(start + this.state.settings.shutdownGrace + this.state.settings.sweepGrace + 5000);
		this.#judgeEnd();
	}

	/** The living members of a run's process group, as kill(2) with a negative pid finds them. */
	process(run: Run): Process | undefined {
		return this.processes.find(process => process.run === run);
	}

	// ── Time ──

	#later(delay: number, happen: () => void): void {
		this.#future.push({at: this.now + delay, order: this.#order++, happen});
	}

	/** Moves the clock from happening to happening. News is heard before the clock, as in the kernel. */
	#until(until: Instant): void {
		const stalled = this.#stalled;
		while (this.exit === null) {
			this.#drain();
			if (this.exit !== null) return;
			this.#future.sort((a, b) => a.at - b.at || a.order - b.order);
			const happening = this.#future[0]?.at ?? Infinity;
			const next = Math.min(happening, nextDeadline(this.state));
			const end = until + this.#stalled - stalled;
			if (next > end) {
				this.now = end;
				return;
			}
			this.now = Math.max(this.now, next);
			if (happening <= this.now) this.#future.shift()?.happen();
			else this.#step({kind: 'tick'});
		}
	}

	/** No process runs for a while, and archon says so first. */
	#stall(): void {
		const millis = this.random.pick([1500, 20_000, 3_600_000]);
		this.#stalled += millis;
		for (const future of this.#future) Object.assign(future, {at: future.at + millis});
		this.now += millis;
		this.#endedAt += millis;
		this.#lastGone += millis;
		this.#dispatch({kind: 'stalled', millis});
	}

	#drain(): void {
		for (let event = this.#inbox.shift(); event; event = this.#inbox.shift()) this.#step(event);
	}

	#dispatch(event: Event): void {
		this.#inbox.push(event);
	}

	#news(process: Pick<Process, 'id' | 'run'>, news: News): void {
		this.#dispatch({kind: 'news', id: process.id, run: process.run, news});
	}

	#step(event: Event): void {
		if (++this.steps > 200_000) throw new Error('the world never comes to rest');
		if (this.#isTold) this.trace.push(`${this.now.toFixed(0)} ${JSON.stringify(event)}`);
		this.before = this.state;
		if (event.kind === 'news' && event.news.kind === 'exited') this.#reported(event.run);
		const isGone = event.kind === 'news' ? LEAVING.has(event.news.kind) : event.kind === 'acted' && awaitsActions(this.state.stage);
		if (isGone) this.#lastGone = this.now;
		const [state, effects] = step(this.before, event, this.now);
		// What tells of the end has no more time.
		if (state.stage.kind === 'sweeping' && awaitsActions(this.before.stage) && commandsOf(this.before) > 0) this.#lastGone = this.now;
		this.state = this.#isReborn && this.steps % 11 === 0 ? reborn(state) : state;
		checkState(state);
		checkRules(this.before, event, state, this.asked);
		checkSchedules(this.before, event, state, this.now);
		checkActs(this.before, effects, state, this.acts, this.now);
		// The machine tells of one connection, and looks at none after that.
		if (event.kind === 'activate') this.listeners.armed.delete(event.id);
		heed(effects, state, this.listeners);
		checkPorts(state, effects);
		checkSockets(this.before, event, state, this.listeners, this.now);
		for (const effect of effects) this.#perform(effect);
		checkEvents(this.told, effects, this.state);
	}

	#reported(run: Run): void {
		const process = this.process(run);
		if (process) process.reported = true;
	}

	// ── The machine ──

	#perform(effect: Effect): void {
		if (this.#isTold) this.trace.push(`    ${effect.kind} ${wordsOf(effect)}`);
		switch (effect.kind) {
			case 'spawn': return this.#spawn(effect);
			case 'signal': return this.#signal(effect);
			case 'sweep': return this.#later(this.random.between(0, SWEEP_MAX), () => this.#dispatch({kind: 'alone'}));
			case 'exit': {
				// Last commands that SIGKILL to all else left some time.
				const isFinishing = [...entries(this.state)].some(({phase}) => phase.kind === 'stopping' && phase.finish);
				if (isFinishing) this.#lastGone = this.now;
				this.exit = effect.status;
				return;
			}
			case 'examine': return this.#examine(effect);
			case 'probe': return this.#probe(effect);
			case 'hook': return this.#hook(effect);
			case 'follow': {
				const process = this.process(effect.run);
				if (process?.pid === effect.from) process.pid = effect.to;
				return;
			}
			case 'stage': {
				this.stage = effect.stage.kind;
				if (effect.stage.kind === 'stopping' && effect.stage.force === 1) this.#endedAt = this.now;
				return;
			}
			case 'changed': {
				const {before, after} = effect;
				checkFailure(after, this.state);
				if (before.phase.kind === 'stopping' && before.phase.finish) this.#lastGone = this.now;
				const last = this.processes.findLast(({id}) => id === after.id);
				if (last && after.phase.kind === 'done') last.isDone = true;
				return;
			}
			case 'run-test': return this.#answer(effect.id, effect.number, effect.service.name, effect.test.timeout);
			case 'sockets': return this.#listen(effect.what);
			case 'watch-clock': {
				if (effect.isOn) this.#dispatch({kind: 'clock', epoch: this.#epoch});
				return;
			}
			case 'alert':
			case 'arrived':
			case 'forgotten':
			case 'say': return;
			case 'run': return this.#later(this.random.between(0, effect.timeout), () => this.#dispatch({kind: 'acted'}));
		}
	}

	/** Somebody connects, sooner, later or never; and a connection ends. */
	#listen(what: Extract<Effect, {kind: 'sockets'}>['what']): void {
		const {random: r} = this;
		if (what.kind === 'arm' && this.#temper !== CALM && r.chance(0.8)) {
			this.#later(r.between(0, r.pick([1, 200, 20_000])), () => {
				if (this.listeners.armed.has(what.id)) this.#dispatch({kind: 'activate', id: what.id});
			});
		}
		if (what.kind === 'await-idle') {
			const {id, run, service: {idleTimeout}} = what;
			this.#later(idleTimeout + r.between(0, 5000), () => this.#dispatch({kind: 'idle', id, run}));
		}
	}

	#probe({run, purpose, timeout}: Extract<Effect, {kind: 'probe'}>): void {
		const process = this.process(run);
		checkProbe(process);
		if (!process) return;
		process.helpers++;
		this.#later(this.random.between(0, this.random.pick([1, 200, timeout])), () => {
			process.helpers--;
			const passed = !this.random.chance(this.#temper.sick);
			if (passed && purpose === 'ready') process.isReady = true;
			// It may come late: after the end of its run, and in the middle of the next.
			this.#news(process, {kind: 'probe', purpose, passed, detail: 'found'});
		});
	}

	#hook({id, run, service, hook, timeout}: Extract<Effect, {kind: 'hook'}>): void {
		const process = this.process(run);
		checkHook(hook, process);
		if (hook === 'pre_start' && !entryOf(this.state, id)?.leaving && service.onlyIf === null) checkSpawn(this, id, service);
		if (process && hook === 'post_stop') process.isFinished = true;
		const last = this.processes.findLast(each => each.id === id);
		if (last && hook === 'down') last.isDone = false;
		const failure = this.random.chance(this.#temper.sick) ? 'exit 1' : null;
		const delay = this.random.between(0, Math.min(timeout, this.random.pick([1, 500, 60_000])));
		this.#later(delay, () => {
			this.#news({id, run}, {kind: 'hooked', hook, failure});
		});
	}

	#examine({id, run, service, timeout}: Extract<Effect, {kind: 'examine'}>): void {
		checkExamination(this, id, service, run);
		const {random: r} = this;
		const verdict = r.chance(this.#temper.sick) ? r.pick(['unmet', 'unknown'] as const) : 'met';
		this.#later(r.between(0, Math.min(timeout, r.pick([1, 500, 30_000]))), () => {
			this.#news({id, run}, {kind: 'examined', verdict, why: verdict === 'met' ? '' : 'no'});
		});
	}

	/** What a service says on its notification socket, sense or nonsense. */
	#chat(process: Process): void {
		const {random: r} = this;
		if (process.outcome) return;
		const message = r.pick<NotifyMessage>([
			{kind: 'reloading'}, {kind: 'stopping'}, {kind: 'status', text: 'busy'}, {kind: 'extend', millis: 500}, {kind: 'alive'},
			{kind: 'trigger'}, {kind: 'watchdog', millis: 3000}, {kind: 'errno', errno: 2}, {kind: 'main-pid', pid: ++this.#pids},
		]);
		if (!r.chance(0.3)) {
			process.isForked ||= message.kind === 'main-pid';
			return this.#news(process, {kind: 'notify', message});
		}
		process.isReady = true;
		this.#news(process, {kind: 'ready'});
	}

	#spawn({id, run, service}: Extract<Effect, {kind: 'spawn'}>): void {
		// The container may have been told to end after it, in the very step.
		if (entryOf(this.state, id)?.leaving) return this.#news({id, run}, {kind: 'withdrawn'});
		checkSpawn(this, id, service);
		const {events, isBusy} = meet(service, this.state, this.net);
		events.forEach(event => this.#dispatch(event));
		if (isBusy) return this.#news({id, run}, {kind: 'withdrawn'});
		if (!this.random.chance(this.#temper.slow)) return this.#make(id, run, service);
		this.#later(this.random.between(0, 50), () => {
			if (entryOf(this.state, id)?.leaving) this.#news({id, run}, {kind: 'withdrawn'});
			else this.#make(id, run, service);
		});
	}

	#make(id: Id, run: Run, service: Service): void {
		this.spawns++;
		const {random: r} = this;
		if (r.chance(this.#temper.refuse)) {
			const temporary = r.chance(0.5);
			const refusal = {stage: 'executing x', errno: temporary ? 11 : 2, reason: 'no', temporary};
			return this.#news({id, run}, {kind: 'refused', refusal});
		}
		const process: Process = {
			id, run, service, pid: ++this.#pids, outcome: null, reported: false, survivors: false, helpers: 0,
			isFinished: false, isDone: false,
			isReady: service.ready === null,
			isForked: !service.forks,
			deaf: r.chance(this.#temper.deaf), leavesSurvivors: r.chance(this.#temper.orphan),
		};
		this.processes.push(process);
		this.#news(process, {kind: 'spawned', pid: process.pid});
		const code: Outcome = {kind: 'code', code: r.chance(this.#temper.crash) ? r.pick([1, 2, 127]) : 0};
		const ends = service.type === 'oneshot' || r.chance(this.#temper.crash);
		if (service.forks) this.#fork(process, code);
		if (ends) this.#later(r.between(0, r.pick([5, 500, 20_000])), () => this.#die(process, code));
		if (service.ready && service.ready.kind !== 'probe' && !r.chance(this.#temper.mute)) {
			this.#later(r.between(0, r.pick([1, 1000, 8000])), () => {
				process.isReady = true;
				this.#news(process, {kind: 'ready'});
			});
		}
		for (let i = this.#temper.chatter; i > 0; i--) this.#later(r.between(0, 60_000), () => this.#chat(process));
	}

	/** Its first process ends well and leaves another one, of which is told sooner, later or never, or it does not. */
	#fork(process: Process, code: Outcome): void {
		const {random: r} = this;
		if (r.chance(this.#temper.mute)) return;
		this.#later(r.between(0, r.pick([5, 500, 8000])), () => {
			if (process.outcome) return;
			if (code.kind === 'code' && code.code !== 0) return this.#die(process, code);
			this.#news(process, {kind: 'forked'});
			if (r.chance(this.#temper.mute)) return;
			this.#later(r.between(0, r.pick([0, 100, 8000])), () => {
				if (process.outcome) return;
				if (r.chance(this.#temper.crash)) return this.#die(process, code);
				process.isForked = true;
				this.#news(process, {kind: 'notify', message: {kind: 'main-pid', pid: ++this.#pids}});
			});
		});
	}

	#signal({run, pid, signal, to}: Extract<Effect, {kind: 'signal'}>): void {
		const process = this.process(run);
		checkSignal(this, process, {pid, signal, to});
		if (!process || signal === SIG.CONT) return;
		const {random: r} = this;
		if (process.survivors && to !== 'main') {
			if (signal === SIG.KILL || !process.deaf) this.#later(r.between(0, 20), () => this.#empty(process));
		}
		if (signal === SIG.KILL) {
			this.#later(r.between(0, 5), () => this.#die(process, {kind: 'signal', signal, core: false}, to !== 'tree'));
		} else if (!process.deaf && signal !== SIG.USR1) {
			const polite = r.chance(0.5);
			this.#later(r.between(0, r.pick([1, 300, 4000])), () =>
				this.#die(process, polite ? {kind: 'code', code: 0} : {kind: 'signal', signal, core: false}));
		}
	}

	#die(process: Process, outcome: Outcome, mayLitter = true): void {
		if (process.outcome) return;
		process.outcome = outcome;
		process.survivors = mayLitter && process.leavesSurvivors && process.service.killMode !== 'main';
		this.#news(process, {kind: 'exited', outcome, survivors: process.survivors});
		// Some survivors end without a signal, the others do not.
		if (process.survivors && this.random.chance(0.3)) this.#later(this.random.between(0, 3000), () => this.#empty(process));
	}

	#empty(process: Process): void {
		if (!process.outcome || process.survivors === false) return;
		process.survivors = false;
		this.#news(process, {kind: 'emptied'});
	}

	/** A stranger takes the port of a service, and gives it back sooner or later. */
	#intrude(): void {
		const r = this.#porter;
		if (!r || this.#ports === 0 || this.#temper === CALM) return;
		const port = 7000 + r.between(0, this.#ports - 1);
		take(port, this.processes, this.net);
		this.#later(r.pick([1, 500, 30_000]), () => leave(port, this.net).forEach(event => this.#dispatch(event)));
	}

	// ── The people ──

	#ask(): void {
		const {random: r} = this;
		const list = [...entries(this.state)];
		const ids = r.some(list, r.pick([0.1, 0.5, 1])).map(({id}) => id);
		const kind = r.pick(['start', 'stop', 'auto', 'restart', 'restart', 'reload', 'reconfigure', 'signal', 'add', 'remove', 'shutdown'] as const);
		if (kind === 'start' || kind === 'stop' || kind === 'auto' || kind === 'restart' || kind === 'reload') this.#dispatch({kind, ids});
		else if (kind === 'signal') for (const id of ids) this.#dispatch({kind, id, signal: SIG.USR1});
		else if (kind === 'reconfigure') this.#dispatch({...this.state.settings, kind, services: this.#edited()});
		else if (kind === 'remove') for (const id of ids) this.#dispatch({kind, id});
		else if (kind === 'add') this.#dispatch({kind, service: this.#service(`transient-${this.#transients++}`, [])});
		else if (r.chance(0.1)) this.#dispatch({kind, why: 'somebody asked'});
	}

	/** Tests answer, lists change, and runs are due. */
	#decide(): void {
		const {random: r} = this;
		const ids = r.some([...entries(this.state)], r.pick([0.1, 0.5, 1])).map(({id}) => id);
		if (this.#reacts && r.chance(0.3)) return this.#dispatch(drawAct(r, this.state));
		if (r.chance(0.2)) return this.#dispatch({kind: 'fire', ids});
		if (r.chance(0.1)) return this.#dispatch({kind: 'run-now', ids});
		if (r.chance(0.1)) return this.#dispatch({kind: 'triggered'});
		if (r.chance(0.1)) {
			this.#epoch += r.pick([-86_400_000, -100_000, -10, 10, 100_000, 86_400_000]);
			if (partOf(this.state, schedule).epoch !== null) this.#dispatch({kind: 'clock', epoch: this.#epoch});
			return;
		}
		if (r.chance(0.1)) {
			const service = this.#service(`manifest-${this.#transients++}`, []);
			this.#dispatch({kind: 'add', service});
			// The list has been read, and the service is known by now.
			this.#later(0, () => this.#rule('manifest', [find(this.state, service.name)?.id ?? -1], () => true));
			return;
		}
		const rule = r.pick(['hitlist', 'manifest'] as const);
		const isUnlisted = rule === 'manifest' && r.chance(0.5);
		this.#rule(rule, ids, () => (rule === 'hitlist' ? r.pick([false, null]) : r.pick([true, false, null])));
		if (isUnlisted) for (const {id, service} of entries(this.state)) if (service.origin === 'manifest') this.#dispatch({kind: 'remove', id});
	}

	/** A test takes its time, and may not answer at all; once faults have ceased it says what it has said before. */
	#answer(id: Id, number: number, name: string, timeout: number): void {
		const {random: r} = this;
		const verdict = r.chance(this.#temper.sick) ? r.pick(['timeout', 'error'] as const) : r.pick(['yes', 'yes', 'no'] as const);
		const settled = this.#temper === CALM ? this.#answers.get(name) ?? 'yes' : verdict;
		this.#answers.set(name, settled);
		this.#later(r.between(0, r.pick([1, timeout])), () => {
			this.#dispatch({kind: 'tested', id, number, answer: {verdict: settled, why: settled, detail: '', took: 1}});
		});
	}

	#rule(rule: Decider, ids: readonly Id[], answer: () => boolean | null): void {
		const {random: r} = this;
		const rulings = ids.map(id => {
			const runs = answer();
			return {id, ruling: runs === null ? null : {runs, why: r.pick(['', 'exit status 1'])}};
		});
		this.#dispatch({kind: 'rule', rule, rulings, revive: r.chance(0.3)});
	}

	/** The config after somebody has edited it: some gone, some new, some changed in what they do or in how they are kept. */
	#edited(): Service[] {
		const {random: r} = this;
		const kept = [...entries(this.state)].flatMap(({service, retired}) => (service.origin === 'config' && !retired ? [service] : []));
		const left = kept.filter(() => !r.chance(0.15));
		const names = new Set(left.map(({name}) => name));
		const edited = left.map((service): Service => ({
			...service, needs: service.needs.filter(({name}) => names.has(name)),
			onFailure: service.onFailure.filter(name => names.has(name)), conflicts: service.conflicts.filter(name => names.has(name)),
			...(r.chance(0.2) && {exec: {...service.exec, argv: [service.name, String(this.#order++)] as const}}),
			...(r.chance(0.2) && {stop: {signal: SIG.TERM, grace: r.pick([10, 2000])}}),
			...(r.chance(0.1) && {test: null}), ...(r.chance(0.1) && service.schedule && {schedule: r.pick([null, this.#schedule()])}),
			...(r.chance(0.1) && {health: null}), ...(r.chance(0.1) && {watchdog: null}), ...(r.chance(0.1) && {ready: null}),
		}));
		if (r.chance(0.5)) edited.push(this.#service(`s${1000 + this.#order++}`, []));
		// In the order of needs, as the config's plan has them.
		const rank = (service: Service): number => service.needs.length;
		return edited.every((service, i) => service.needs.every(({name}) => edited.findIndex(each => each.name === name) < i))
			? edited : edited.toSorted((a, b) => rank(a) - rank(b)).filter(({needs}) => needs.length === 0);
	}

	#services(): Service[] {
		const {random: r} = this;
		const density = r.pick([0, 0.1, 0.3, 0.8]);
		const services: Service[] = [];
		for (let i = r.between(1, r.pick([3, 8, 40])); i > 0; i--) {
			// What people, failures and the clock start is needed by no service.
			const needs = r.some(services.slice(-10).filter(({conflicts, schedule}) => conflicts.length === 0 && !schedule), density).map(({name, type}): Need => {
				const conditions = ['service_started', 'service_started', 'service_healthy'] as const;
				const isJob = type === 'oneshot' && r.chance(0.7);
				return {
					...NEED, name, condition: isJob ? 'service_completed_successfully' : r.pick(conditions),
					strength: r.pick(['hard', 'hard', 'hard', 'soft', 'order']), restart: r.chance(0.15),
					timeout: r.chance(0.2) ? r.pick([100, 5000]) : Infinity,
				};
			});
			services.push(this.#related(this.#service(`s${services.length}`, needs), services));
		}
		return services;
	}

	/** A service with others that start when it fails, and that conflict with it: then nothing starts it but people and failures. */
	#related(service: Service, earlier: readonly Service[]): Service {
		const {random: r} = this;
		const others = earlier.map(({name}) => name);
		const onFailure = r.chance(0.1) ? r.some(others.slice(-10), 0.3) : [];
		// What has a schedule does not start by a connection.
		const listens = {isLazy: false, sockets: []};
		if (r.chance(0.1)) return {...service, ...listens, onFailure, autostart: r.chance(0.2), schedule: this.#schedule()};
		if (!r.chance(0.1)) return {...service, onFailure};
		return {...service, onFailure, needs: [], autostart: false, conflicts: r.some(others.slice(-5), 0.5)};
	}

	#schedule(): Schedule {
		const {random: r} = this;
		return {
			when: r.chance(0.5) ? {kind: 'every', interval: r.pick([7000, 17_000])} : {kind: 'cron', text: r.pick(['* * * * *', '*/30 * * * * *']), zone: UTC},
			action: r.pick(['run', 'run', 'restart']), jitter: r.pick([0, 5000]), overlap: r.pick(['skip', 'allow', 'replace']),
			isCaughtUp: r.chance(0.5), deadline: 60_000,
		};
	}

	#service(name: string, needs: readonly Need[]): Service {
		const {random: r} = this;
		const isDaemon = r.chance(0.75);
		const isNamed = !name.startsWith('transient') && !name.startsWith('manifest');
		const probe = {kind: 'file', path: '/x'} as const;
		const ready = r.pick<Ready | null>([
			null, null, {kind: 'notify'}, {kind: 'log', pattern: 'x'}, {kind: 'probe', probe, interval: 500, timeout: 300},
		]);
		const health: Health = {
			probe, interval: r.pick([2000, 10_000]), timeout: 1000, retries: r.between(1, 3), successes: r.between(1, 2),
			startPeriod: r.pick([0, 5000]), startInterval: 1000, onUnhealthy: r.pick(['none', 'restart', 'restart', 'shutdown']),
		};
		const hook = (): (readonly [string])[] => (r.chance(0.1) ? [['hook']] : []);
		return {
			...plain(name, [name]), needs,
			type: isDaemon ? 'daemon' : 'oneshot',
			origin: name.startsWith('transient') ? 'daemon' : name.startsWith('manifest') ? 'manifest' : 'config',
			autostart: !name.startsWith('manifest') && r.chance(0.9),
			ready: isDaemon ? ready : null,
			startPeriod: r.pick([0, 0, 500]),
			startTimeout: r.pick([Infinity, 3000, 20_000]),
			health: isDaemon && r.chance(0.3) ? health : null,
			watchdog: r.chance(0.05) ? 4000 : null,
			restart: {
				...RESTART, policy: r.pick(['no', 'always', 'on-failure', 'unless-stopped']), delay: r.pick([10, 100]),
				growth: r.pick(GROWTHS), success: r.pick([RESTART.success, {codes: [0, 1], signals: [SIG.TERM]}]), maxDelay: r.pick([1000, 10_000]), jitter: r.pick([0, 0.1]),
				attempts: r.pick([1, 3, 8, Infinity]), counts: r.pick(['all', 'all', 'starts']), resetAfter: r.pick([1000, 60_000]),
			},
			stop: {signal: SIG.TERM, grace: r.pick([10, 1000, 5000])},
			hooks: {preStart: hook(), postStart: hook(), preStop: hook(), postStop: hook(), down: isDaemon ? [] : hook()},
			stopTo: r.pick(['main', 'main', 'group']), killMode: r.pick(['tree', 'tree', 'group', 'main']),
			forks: isDaemon && r.chance(0.15),
			reload: r.pick([null, {signal: SIG.USR1}, {command: ['reload']}]),
			...(this.#porter?.chance(0.5) && drawPorts(this.#porter, 7000 + this.#ports++)),
			...(this.#listens && isNamed && isDaemon && r.chance(0.3) && drawLazy(r, name)),
			on: this.#reacts && r.chance(0.3) ? drawReacting(r) : null,
			test: isNamed && r.chance(0.25) ? {command: ['test'], interval: r.pick([null, 10_000, 20_000]), timeout: 1000} : null,
			essential: r.chance(0.03),
			onFailed: r.chance(0.03) ? 'shutdown' : 'stay',
			onlyIf: r.chance(0.1) ? {pathExists: ['/x'], pathMissing: [], envSet: [], command: null, otherwise: r.pick(['satisfied', 'unmet'])} : null,
		};
	}

	// ── The end ──

	/** Once faults cease: everything wanted is up, at rest for a reason, or waits for something that is not up. */
	#judgeRest(): void {
		if (this.#inbox.length > 0) throw new Error('news was left unheard');
		const restless = this.#restless();
		checkListening(this.state);
		checkFreed(this.state);
		for (const entry of entries(this.state)) {
			const {phase, service, needs, retired} = entry;
			if (retired) throw new Error(`${service.name} was retired and never went`);
			if (isAmong(restless, service.name)) continue;
			const unmoved = phase.kind === 'spawning' || phase.kind === 'stopping' || phase.kind === 'backoff';
			if (unmoved) throw new Error(`${service.name} never came to rest: ${phase.kind}`);
			const isLate = phase.kind === 'starting' && phase.deadline < this.now;
			if (isLate) throw new Error(`${service.name} is starting for ever`);
			const {runs, by} = told({...entry, stage: this.state.stage.kind});
			if (!runs && phase.kind !== 'down') throw new Error(`${service.name} is not to run by ${by}, and is ${phase.kind}`);
			if (runs && phase.kind === 'down' && (phase.cause === 'new' || phase.cause === 'stopped')) {
				throw new Error(`${service.name} is to run by ${by}, and was forgotten`);
			}
			const isHeld = needs.length > 0 || livingRivals(this.state.table, entry).length > 0;
			if (phase.kind === 'waiting' && !isHeld) throw new Error(`${service.name} waits for nothing`);
		}
	}

	/** Once all that decides has come to rest, so does the state: nothing starts or stops any more. */
	#judgePeace(): void {
		const restless = this.#restless();
		const movesOf = (): string => [...entries(this.state)].filter(({service}) => !isAmong(restless, service.name))
			.map(({service: {name}, phase, starts}) => `${name} ${phase.kind} ${starts}`).join('\n');
		const before = movesOf();
		this.#until(this.now + 30_000);
		if (movesOf() !== before) throw new Error(`there is no rest:\n${before}\n—\n${movesOf()}`);
	}

	/** A schedule, or a watchdog that gets no WATCHDOG=1, keeps its service on the move for ever, and those that are restarted with it. */
	#restless(): Set<string> {
		const found = new Set(movedBy([...entries(this.state)].map(({service}) => service)));
		const fired = new Set<Id>();
		// What a failure starts comes before what fails.
		for (const {id, service, phase, needs, dependents} of [...entries(this.state), ...[...entries(this.state)].reverse(), ...entries(this.state)]) {
			const isWatched = service.watchdog !== null || (phase.kind === 'up' && phase.watchdog !== null);
			const isTakenAlong = service.needs.some(({name, restart}) => restart && found.has(name));
			const isFor = [...entries(this.state)].some(({service: {name, onFailure}}) => found.has(name) && onFailure.includes(service.name));
			// A run that is due tries what it needs once more.
			const isTried = dependents.some(({id}) => fired.has(id));
			if (service.schedule || isTried) fired.add(id);
			if (isWatched || fired.has(id) || isTakenAlong || isFor || needs.length !== service.needs.length) found.add(service.name);
		}
		return found;
	}

	#judgeEnd(): void {
		if (this.exit === null) throw new Error('the shutdown never ended');
		const left = this.processes.filter(({outcome}) => outcome === null);
		const wasted = this.now - Math.max(this.#endedAt, this.#lastGone);
		if (left.length === 0 && wasted > SWEEP_MAX) throw new Error(`the end took ${wasted} ms longer than it had to`);
		if (left.length > 0) throw new Error(`exited over living processes: ${left.map(({service}) => service.name).join(' ')}`);
	}
}
