/**
 * Archon on a bench: the real core and the real server over processes that are only told of. What a
 * program does is in its name; time stands still unless it is moved.
 */
import type {Ruling} from '../../../src/features/rules/requests/ruling.ts';
import type {Pooling} from '../../../src/features/pools/requests/pooling.ts';
import type {Alerting} from '../../../src/features/alerts/requests/alerting.ts';
import type {Syncing} from '../../../src/features/sync/requests/syncing.ts';
import type {NumberedRule} from '../../../src/core/access.ts';
import {LOGGING, NEED, service as defaults} from '../../../src/core/defaults.ts';
import type {Effect} from '../../../src/core/effect.ts';
import type {Event} from '../../../src/core/event.ts';
import type {Id, Run} from '../../../src/core/ids.ts';
import {attempt} from '../../../src/core/lazily.ts';
import type {Outcome} from '../../../src/core/outcome.ts';
import {err, ok, type Result} from '../../../src/core/result.ts';
import type {Undone} from '../../../src/control/daemon.ts';
import type {PlanRow} from '../../../src/control/requests/plan/wire.ts';
import type {Condition, Need, Service} from '../../../src/core/service.ts';
import type {Answer} from '../../../src/features/run-test/core/answer.ts';
import {SIG} from '../../../src/core/signal-numbers.ts';
import type {Strangers} from '../../../src/features/monitor/core/news.ts';
import type {Manifests} from '../../../src/features/manifest/core/control.ts';
import type {Measures} from '../../../src/features/metrics/core/measures.ts';
import type {LogLine, LogPosition, Logs} from '../../../src/features/logging/core.ts';
import {find, type State} from '../../../src/core/state.ts';
import {create, nextDeadline} from '../../../src/core/whole.ts';
import {step} from '../../../src/core/supervisor.ts';
import type {TreeRow} from '../../../src/control/requests/tree/wire.ts';
import type {NeedsRestartRow} from '../../../src/features/watch/requests/needs-restart/wire.ts';
import type {UsageRow} from '../../../src/control/requests/usage/wire.ts';
import {createServer, type Server} from '../../../src/control/server.ts';
import type {Connection, ConnectionListener, Peer} from '../../../src/control/transport.ts';
import {KeptEvents} from './events.ts';
import {Screens} from './screens.ts';

interface Process {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
	readonly service: Service;
	readonly signals: number[];
	isAlive: boolean;
}

/** Wall-clock time of instant 0. */
export const EPOCH = 1_700_000_000_000;

export class Bench {
	now = 0;
	state: State;
	readonly server: Server;
	readonly processes: Process[] = [];
	readonly effects: Effect[] = [];
	/** Programs are made only when the test says so, as on a busy machine. */
	isSlow = false;
	/** What a reload would do. */
	plan: Result<readonly PlanRow[], string> = ok([{kind: 'kept', name: 'web'}]);
	/** The lists of the config. */
	manifests: Manifests | null = null;
	/** Processes beside archon: those of even numbers. */
	readonly strangers: Strangers = {
		hold: pid => (pid % 2 === 0 ? ok({pid, start: 1, exe: `/bin/p${pid}`}) : err(`no process has the pid ${pid}`)),
		adopt: fd => ok({pid: fd, start: 1, exe: ''}), letGo() {},
	};
	/** Who is told of what goes wrong. */
	alerting: Alerting | null = null;
	pooling: Pooling | null = null;
	/** What is pulled from a master. */
	syncing: Syncing | null = null;
	ruling: Ruling | null = null;
	/** Why a reload that is tried fails. */
	failure: Undone | null = null;
	tree: readonly TreeRow[] = [];
	usage: readonly UsageRow[] = [];
	/** What is counted and measured. */
	measures: Measures = {
		used: () => ({processes: 0, cpu: 0, memory: 0, started: null}), output: () => null, dropped: () => 0, checks: () => [],
		orphans: 0, reloads: 0, failedReloads: 0, arch: 'amd64',
	};
	stale: readonly NeedsRestartRow[] = [];
	/** What users are granted, and what the log has been told. */
	access: readonly NumberedRule[] = [];
	readonly warnings: string[] = [];
	readonly logs = new Lines();
	readonly terminals = new Screens();
	readonly events = new KeptEvents(instant => EPOCH + (instant ?? this.now), 100);
	#byRun = new Map<Run, Process>();
	#inbox: Event[] = [];
	#spawns: Extract<Effect, {kind: 'spawn'}>[] = [];
	#isBusy = false;
	/** What tests of services say. */
	test: (service: Service, told: (answer: Answer) => void) => () => void = (_, told) => {
		told({verdict: 'yes', why: 'exit 0', detail: '', took: 3});
		return () => {};
	};

	allocated = 0;

	/** `past`: the state of the last instance, after which archon was re-executed. */
	constructor(services: readonly Service[] = [], past: State | null = null, cause = past ? 'fault' : '') {
		this.state = past ?? create(services, {
			shutdownGrace: 9000, sweepGrace: 1000, startRate: {perSecond: 1000, burst: 1000}, whenIdle: 'never', seed: 1,
		});
		this.server = createServer({
			state: () => this.state,
			dispatch: event => this.dispatch(event),
			tree: (_isAll, told, failed) => attempt(() => told(this.tree), failed),
			needsRestart: (isMeant, told) => told(this.stale.filter(({service}) => isMeant(service))),
			usage: told => told(this.usage),
			measures: told => told(this.measures),
			examineHost: told => told(new Map<string, string | number | null>([['pid', 1], ['memory_limit', null]])),
			wallClock: instant => EPOCH + instant,
			reload: (how, done) => done(how.trial && this.failure ? err(this.failure) : ok('config reloaded: 1 unchanged')),
			plan: done => done(this.plan),
			config: (_name, _shows, done) => done(ok('services: {}\n')),
			heldFor: () => [],
			// As os/ does where every port is free.
			allocPort: (key, protocol, port) => {
				const number = port ?? 20_000 + this.allocated++;
				this.dispatch({kind: 'hold-port', key, protocol, port: number});
				return ok(number);
			},
			test: (service, told) => this.test(service, told),
			triggered: (_line, done) => done(),
			kept: () => ({path: '/var/lib/archon/state.json', writtenAt: EPOCH, trouble: null}),
			sync: () => this.syncing, rules: () => this.ruling, alerts: () => this.alerting, pools: () => this.pooling, ownUid: 1000,
			access: () => this.access,
			warn: line => void this.warnings.push(line),
			examine: (_service, told) => told(null),
			soon: callback => void setImmediate(callback),
			after: (millis, callback) => {
				const timer = setTimeout(callback, millis);
				return () => clearTimeout(timer);
			},
			events: this.events,
			logs: this.logs,
			terminals: (act, failed) => attempt(() => act(this.terminals), failed),
			strangers: (use, failed) => attempt(() => use(this.strangers), failed),
			manifests: use => use(this.manifests),
			logging: () => LOGGING,
			version: {version: '1.2.3', lives: cause === '' ? 0 : 1, cause},
			examineReboot: told => told(null),
			upgrade: (path, failed) => failed(`executing ${path}: no such file or directory`),
		});
		if (!past) this.dispatch({kind: 'boot'});
	}

	dispatch(event: Event): void {
		this.#inbox.push(event);
		if (!this.#isBusy) this.#turn();
	}

	/** Makes the processes that a slow bench has not made yet. */
	work(): void {
		const spawns = this.#spawns.splice(0);
		for (const effect of spawns) this.#spawn(effect);
		this.#turn();
	}

	/** Moves the clock to the core's next deadline. */
	tick(): void {
		this.now = nextDeadline(this.state);
		this.dispatch({kind: 'tick'});
	}

	process(name: string): Process {
		const process = this.processes.findLast(({service}) => service.name === name);
		if (!process) throw new Error(`${name} was never spawned`);
		return process;
	}

	exit(name: string, outcome: Outcome = {kind: 'code', code: 0}): void {
		this.#die(this.process(name), outcome);
		this.#turn();
	}

	/** A line of a service, or of archon's own, which comes a millisecond after the last. */
	say(name: string | null, text: string, stream: LogLine['stream'] = 'stdout'): void {
		this.logs.say(name === null ? null : find(this.state, name)?.id ?? -1, [{at: EPOCH + ++this.now, stream, text}]);
	}

	phase(name: string): string | undefined {
		return find(this.state, name)?.phase.kind;
	}

	#turn(): void {
		if (this.#isBusy) return;
		this.#isBusy = true;
		for (;;) {
			for (const event of this.#inbox) this.#take(event);
			this.#inbox = [];
			if (this.isSlow || this.#spawns.length === 0) break;
			for (const effect of this.#spawns.splice(0)) this.#spawn(effect);
		}
		this.#isBusy = false;
	}

	#take(event: Event): void {
		const [state, effects] = step(this.state, event, this.now);
		this.state = state;
		this.effects.push(...effects);
		for (const effect of effects) {
			if (effect.kind === 'spawn') this.#spawns.push(effect);
			if (effect.kind === 'signal') this.#signal(effect);
		}
		this.events.hear(effects, state);
		this.server.watch(effects);
	}

	#spawn({id, run, service}: Extract<Effect, {kind: 'spawn'}>): void {
		const [program, code = '0'] = service.exec.argv;
		const refusals = new Map([['/no/such', 2], ['/dir/file', 20], ['/etc', 13], ['flaky', 11]]);
		const errno = refusals.get(program);
		if (errno !== undefined) {
			const reason = errno === 13 ? 'permission denied' : 'no such file or directory';
			const refusal = {stage: `executing ${program}`, errno, reason, temporary: errno === 11};
			this.#inbox.push({kind: 'news', id, run, news: {kind: 'refused', refusal}});
			return;
		}
		const process = {id, run, pid: 1000 + run, service, signals: [], isAlive: true};
		this.processes.push(process);
		this.#byRun.set(run, process);
		this.#inbox.push({kind: 'news', id, run, news: {kind: 'spawned', pid: process.pid}});
		if (program === '/bin/true') this.#die(process, {kind: 'code', code: 0});
		if (program === 'exit') this.#die(process, {kind: 'code', code: Number(code)});
		if (program === 'die') this.#die(process, {kind: 'signal', signal: Number(code), core: false});
	}

	#signal({run, signal}: Extract<Effect, {kind: 'signal'}>): void {
		const process = this.#byRun.get(run);
		if (!process?.isAlive) return;
		process.signals.push(signal);
		const isDeadly = signal === SIG.KILL || ([SIG.TERM, SIG.INT] as readonly number[]).includes(signal);
		if (isDeadly && (process.service.exec.argv[0] !== 'deaf' || signal === SIG.KILL)) {
			this.#die(process, {kind: 'signal', signal, core: false});
		}
	}

	#die(process: Process, outcome: Outcome): void {
		if (!process.isAlive) return;
		process.isAlive = false;
		const {id, run} = process;
		this.#inbox.push({kind: 'news', id, run, news: {kind: 'exited', outcome, survivors: false}});
	}
}

/** Lines in memory; like a kernel's, those of a service are kept and told only from its first process on. */
export class Lines implements Logs {
	readonly #kept = new Map<Id | null, LogLine[]>();
	readonly #hearers = new Map<Id | null, Set<(lines: readonly LogLine[]) => void>>();
	readonly marks = new Map<Id | null, readonly LogPosition[]>();
	reopened = 0;

	say(id: Id | null, lines: readonly LogLine[]): void {
		this.#kept.set(id, [...this.#kept.get(id) ?? [], ...lines]);
		for (const dispatch of this.#hearers.get(id) ?? []) dispatch(lines);
	}

	followers(): number {
		return [...this.#hearers.values()].reduce((sum, {size}) => sum + size, 0);
	}

	tail(id: Id | null, count: number): readonly LogLine[] {
		const kept = this.#kept.get(id) ?? [];
		return count < kept.length ? kept.slice(kept.length - count) : kept;
	}

	files(id: Id | null): readonly LogPosition[] {
		return this.marks.get(id) ?? [];
	}

	follow(id: Id | null, dispatch: (lines: readonly LogLine[]) => void): () => void {
		const hearers = this.#hearers.get(id) ?? new Set();
		this.#hearers.set(id, hearers);
		hearers.add(dispatch);
		return () => void hearers.delete(dispatch);
	}

	reopen(): void {
		this.reopened += 1;
	}
}

/** A client of the bench, that keeps whatever it is sent. */
export class Visitor {
	readonly #listener: ConnectionListener;
	#received = '';
	/** Descriptors on their way in, and those that the server closed. */
	readonly fds: number[] = [];
	readonly closedFds: number[] = [];
	isEnded = false;
	/** As a kernel does to a client that does not read. */
	hasNoRoom = false;
	/** Bytes that it has been sent and does not read. */
	pending = 0;
	/** Whether it reads nothing, so that all that it is sent is pending. */
	isDeaf = false;

	constructor(bench: Bench, uid = 0, more: Partial<Peer> = {}) {
		const connection: Connection = {
			peer: {pid: 77, uid, gid: uid, groups: [], owner: null, ...more},
			send: bytes => {
				if (this.hasNoRoom) this.leave();
				else this.#received += new TextDecoder().decode(bytes);
				if (this.isDeaf) this.pending += bytes.length;
			},
			pending: () => this.pending,
			end: () => {
				if (this.isEnded) throw new Error('ended twice');
				this.isEnded = true;
			},
			takeFd: () => this.fds.shift() ?? null,
			closeFd: fd => void this.closedFds.push(fd),
		};
		this.#listener = bench.server.accept(connection);
	}

	/** Whether the server may do without it. */
	get isIdle(): boolean {
		return this.#listener.isIdle();
	}

	/** Sends, and tells what came back at once. */
	say(text: string | Uint8Array): readonly string[] {
		this.#listener.data(typeof text === 'string' ? new TextEncoder().encode(text) : text);
		return this.heard();
	}

	/** The lines that came since last asked. */
	heard(): readonly string[] {
		const lines = this.#received.split('\n');
		this.#received = '';
		if (lines.pop() !== '') throw new Error('a reply was cut');
		return lines;
	}

	/** Reads what is pending, all at once. */
	read(): void {
		this.pending = 0;
		this.#listener.drained();
	}

	shutWriting(): readonly string[] {
		this.#listener.ended();
		return this.heard();
	}

	leave(): void {
		this.#listener.closed();
	}
}

/** Lets everything happen that the server put off. */
export const rest = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

export function service(name: string, more: Partial<Service> & {readonly run?: string} = {}): Service {
	const {run = 'sleep', ...rest} = more;
	const [program = '', ...args] = run.split(' ');
	const base = defaults(name, [program, ...args]);
	return {
		...base,
		restart: {...base.restart, policy: 'no', maxDelay: 1000, jitter: 0, attempts: 3},
		...rest,
	};
}

/** A need of the ordinary kind. */
export const need = (name: string, condition: Condition = 'service_started'): Need => ({...NEED, name, condition});
