/**
 * A world for the core to live in: processes that start, refuse, crash, ignore signals and leave
 * children behind, people who ask for things at bad moments, and a clock that only the world moves.
 */
import {
	type Condition, type Effect, type Event, type Id, type Instant, type Need, type News, type Outcome, type Run,
	type Service, SIG,
} from '../../src/core/model.ts';
import {create, entries, nextDeadline, type State, step} from '../../src/core/supervisor.ts';
import {checkSpawn, checkSignal, checkState} from './invariants.ts';
import {type Random, random} from './random.ts';

/** A process as the machine sees it, from spawn until its whole group is gone and reported. */
export interface Process {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
	readonly service: Service;
	/** Ignores every signal but SIGKILL. */
	readonly deaf: boolean;
	/** Leaves others in its process group when it ends. */
	readonly litters: boolean;
	outcome: Outcome | null;
	/** The kernel has told the core of its end: the pid may be anybody's from now on. */
	reported: boolean;
	/** Others of its group live on after it. */
	survivors: boolean;
}

interface Temper {
	readonly refuse: number;
	readonly crash: number;
	readonly deaf: number;
	readonly litter: number;
	readonly requests: number;
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

const CALM: Temper = {refuse: 0, crash: 0, deaf: 0, litter: 0, requests: 0};

/** Lives one seed to its end; throws an error that says which promise was broken. */
export function live(seed: number): Report {
	const world = new World(seed);
	try {
		world.live();
	} catch (error) {
		const trace = world.trace.slice(-60).join('\n');
		throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${trace}`, {cause: error});
	}
	return {steps: world.steps, trace: world.trace, spawns: world.spawns};
}

export class World {
	now: Instant = 0;
	steps = 0;
	spawns = 0;
	exit: number | null = null;
	readonly trace: string[] = [];
	readonly processes: Process[] = [];
	readonly random: Random;
	state: State;
	#temper: Temper;
	#inbox: Event[] = [];
	#future: Future[] = [];
	#order = 0;
	#pids = 1;
	#guests = 0;

	constructor(seed: number) {
		this.random = random(seed);
		const {random: r} = this;
		// The world's very faults are drawn from the seed, so that some worlds are all of one kind.
		const level = (): number => r.pick([0, 0.05, 0.2, 0.5, 0.9]);
		this.#temper = {refuse: level(), crash: level(), deaf: level(), litter: level(), requests: r.pick([0, 5, 20, 60])};
		const settings = {shutdownGrace: r.pick([500, 9000]), sweepGrace: 2000, seed};
		this.state = create(this.#services(), settings);
	}

	live(): void {
		this.#hear({kind: 'boot'});
		for (let i = 0; i < this.#temper.requests; i++) {
			this.#later(this.random.between(0, 60_000), () => this.#ask());
		}
		this.#until(90_000);
		if (this.exit !== null) return this.#judgeEnd();
		this.#temper = CALM;
		for (const process of this.processes) if (process.deaf) Object.assign(process, {deaf: false});
		// The longest way to rest: every restart of a window, each with the longest pause.
		this.#until(this.now + 3_600_000);
		if (this.exit !== null) return this.#judgeEnd();
		this.#judgeRest();
		const start = this.now;
		this.#hear({kind: 'shutdown', why: 'the end'});
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
	#until(end: Instant): void {
		while (this.exit === null) {
			this.#drain();
			if (this.exit !== null) return;
			this.#future.sort((a, b) => a.at - b.at || a.order - b.order);
			const happening = this.#future[0]?.at ?? Infinity;
			const next = Math.min(happening, nextDeadline(this.state));
			if (next > end) {
				this.now = end;
				return;
			}
			this.now = Math.max(this.now, next);
			if (happening <= this.now) this.#future.shift()?.happen();
			else this.#step({kind: 'tick'});
		}
	}

	#drain(): void {
		for (let event = this.#inbox.shift(); event; event = this.#inbox.shift()) this.#step(event);
	}

	#hear(event: Event): void {
		this.#inbox.push(event);
	}

	#news(process: Pick<Process, 'id' | 'run'>, news: News): void {
		this.#hear({kind: 'news', id: process.id, run: process.run, news});
	}

	#step(event: Event): void {
		if (++this.steps > 200_000) throw new Error('the world never comes to rest');
		this.trace.push(`${this.now.toFixed(0)} ${JSON.stringify(event)}`);
		const before = this.state;
		if (event.kind === 'news' && event.news.kind === 'exited') this.#reported(event.run);
		const [state, effects] = step(before, event, this.now);
		this.state = state;
		checkState(state);
		for (const effect of effects) this.#perform(effect);
	}

	#reported(run: Run): void {
		const process = this.process(run);
		if (process) process.reported = true;
	}

	// ── The machine ──

	#perform(effect: Effect): void {
		const words = effect.kind === 'changed' ? `${effect.after.service.name} ${JSON.stringify(effect.after.phase)}`
			: JSON.stringify(effect, (key, value: unknown) => key === 'service' ? (value as Service).name : value);
		this.trace.push(`    ${effect.kind} ${words}`);
		switch (effect.kind) {
			case 'spawn': return this.#spawn(effect);
			case 'signal': return this.#signal(effect);
			case 'sweep': return this.#later(this.random.between(0, 50), () => this.#hear({kind: 'alone'}));
			case 'exit': {
				this.exit = effect.status;
				return;
			}
			case 'changed':
			case 'forgotten':
			case 'season': return;
		}
	}

	#spawn({id, run, service}: Extract<Effect, {kind: 'spawn'}>): void {
		checkSpawn(this, id, service);
		this.spawns++;
		const {random: r} = this;
		if (r.chance(this.#temper.refuse)) {
			const temporary = r.chance(0.5);
			const refusal = {stage: 'executing x', errno: temporary ? 11 : 2, reason: 'no', temporary};
			return this.#news({id, run}, {kind: 'refused', refusal});
		}
		const process: Process = {
			id, run, service, pid: ++this.#pids, outcome: null, reported: false, survivors: false,
			deaf: r.chance(this.#temper.deaf), litters: r.chance(this.#temper.litter),
		};
		this.processes.push(process);
		this.#news(process, {kind: 'spawned', pid: process.pid});
		const code: Outcome = {kind: 'code', code: r.chance(this.#temper.crash) ? r.pick([1, 2, 127]) : 0};
		const ends = service.type === 'oneshot' || r.chance(this.#temper.crash);
		if (ends) this.#later(r.between(0, r.pick([5, 500, 20_000])), () => this.#die(process, code));
	}

	#signal({run, pid, signal, group}: Extract<Effect, {kind: 'signal'}>): void {
		const process = this.process(run);
		checkSignal(this, process, {pid, signal, group});
		if (!process || signal === SIG.CONT) return;
		const {random: r} = this;
		if (process.survivors && group) {
			if (signal === SIG.KILL || !process.deaf) this.#later(r.between(0, 20), () => this.#empty(process));
		}
		if (signal === SIG.KILL) {
			process.survivors &&= !group;
			this.#later(r.between(0, 5), () => this.#die(process, {kind: 'signal', signal, core: false}, !group));
		} else if (!process.deaf && signal !== SIG.USR1) {
			const polite = r.chance(0.5);
			this.#later(r.between(0, r.pick([1, 300, 4000])), () =>
				this.#die(process, polite ? {kind: 'code', code: 0} : {kind: 'signal', signal, core: false}));
		}
	}

	#die(process: Process, outcome: Outcome, mayLitter = true): void {
		if (process.outcome) return;
		process.outcome = outcome;
		process.survivors = mayLitter && process.litters;
		this.#news(process, {kind: 'exited', outcome, survivors: process.survivors});
		// Some litter goes by itself; the rest must be told.
		if (process.survivors && this.random.chance(0.3)) this.#later(this.random.between(0, 3000), () => this.#empty(process));
	}

	#empty(process: Process): void {
		if (!process.outcome || process.survivors === false) return;
		process.survivors = false;
		this.#news(process, {kind: 'emptied'});
	}

	// ── The people ──

	#ask(): void {
		const {random: r} = this;
		const list = [...entries(this.state)];
		const ids = r.some(list, r.pick([0.1, 0.5, 1])).map(({id}) => id);
		const kind = r.pick(['start', 'stop', 'restart', 'restart', 'signal', 'add', 'remove', 'shutdown'] as const);
		if (kind === 'start' || kind === 'stop' || kind === 'restart') this.#hear({kind, ids});
		else if (kind === 'signal') for (const id of ids) this.#hear({kind, id, signal: SIG.USR1, group: r.chance(0.2)});
		else if (kind === 'remove') for (const id of ids) this.#hear({kind, id});
		else if (kind === 'add') this.#hear({kind, service: this.#service(`guest-${this.#guests++}`, [])});
		else if (r.chance(0.1)) this.#hear({kind, why: 'somebody asked'});
	}

	#services(): Service[] {
		const {random: r} = this;
		const density = r.pick([0, 0.1, 0.3, 0.8]);
		const services: Service[] = [];
		for (let i = r.between(1, r.pick([3, 8, 40])); i > 0; i--) {
			const needs = r.some(services.slice(-10), density).map((need): Need => {
				const completed = need.type === 'oneshot' && r.chance(0.7);
				const condition: Condition = completed ? 'service_completed_successfully' : 'service_started';
				return {name: need.name, condition};
			});
			services.push(this.#service(`s${services.length}`, needs));
		}
		return services;
	}

	#service(name: string, needs: readonly Need[]): Service {
		const {random: r} = this;
		return {
			name, needs,
			type: r.chance(0.25) ? 'oneshot' : 'daemon',
			origin: name.startsWith('guest') ? 'daemon' : 'config',
			restart: {
				policy: r.pick(['no', 'always', 'on-failure', 'unless-stopped']), delay: r.pick([10, 100]), factor: 2,
				maxDelay: r.pick([1000, 10_000]), jitter: r.pick([0, 0.1]), attempts: r.pick([1, 3, 8, Infinity]), window: 60_000,
			},
			stop: {signal: SIG.TERM, grace: r.pick([10, 1000, 5000])},
			essential: r.chance(0.03),
			exec: {argv: [name], environment: {}, cwd: null, user: null, umask: null, output: {kind: 'lines'}, interactive: false},
		};
	}

	// ── The end ──

	/** Once faults cease: everything wanted is up, at rest for a reason, or waits for something that is not up. */
	#judgeRest(): void {
		if (this.#inbox.length > 0) throw new Error('news was left unheard');
		for (const {phase, service, wish, needs} of entries(this.state)) {
			const unmoved = phase.kind === 'spawning' || phase.kind === 'stopping' || phase.kind === 'backoff';
			if (unmoved) throw new Error(`${service.name} never came to rest: ${phase.kind}`);
			if (wish === 'stop' && phase.kind !== 'down') throw new Error(`${service.name} was stopped and is ${phase.kind}`);
			if (wish !== 'stop' && phase.kind === 'down' && (phase.cause === 'new' || phase.cause === 'stopped')) {
				throw new Error(`${service.name} is wanted and was forgotten`);
			}
			if (phase.kind === 'waiting' && needs.length === 0) throw new Error(`${service.name} waits for nothing`);
		}
	}

	#judgeEnd(): void {
		if (this.exit === null) throw new Error('the shutdown never ended');
		const left = this.processes.filter(({outcome}) => outcome === null);
		if (left.length > 0) throw new Error(`exited over living processes: ${left.map(({service}) => service.name).join(' ')}`);
	}
}
