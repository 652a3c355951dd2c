/** What can happen: the input of `step`. */
import type {Act} from './action.ts';
import type {CoreConfig} from './config.ts';
import type {Id, Run} from './ids.ts';
import type {Adopted, Outcome, Refusal} from './outcome.ts';
import type {Remembered} from './remembered.ts';
import type {Service, Sourced, StopPolicy} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Instant, Millis} from './time.ts';
import type {Protocol} from '../features/ports/core/spec.ts';
import type {Terms} from '../features/deps/core/dependency.ts';
import type {Found, MonitorNews} from '../features/monitor/core/news.ts';
import type {Answer} from '../features/run-test/core/answer.ts';
import type {TrialRules} from './trial.ts';
import type {Decider, Ruling} from './wanted.ts';

/** What happened to a run, as `os/` reports it. */
export type News =
	/** `sourced`: the variables from its sources (`env_file`, `env_from`) where they differ from those in its service. */
	| {readonly kind: 'spawned'; readonly pid: number; readonly sourced?: Sourced}
	| {readonly kind: 'refused'; readonly refusal: Refusal}
	/** Its start conditions hold, or do not, or that cannot be told; `why`: the condition, empty where they hold. */
	| {readonly kind: 'examined'; readonly verdict: 'met' | 'unmet' | 'unknown'; readonly why: string}
	/** Its process was not started, for the service had to stop before its turn came. */
	| {readonly kind: 'withdrawn'}
	/** The first process of a service that forks has exited with 0, and the main one, of which `main-pid` will tell, is looked for. */
	| {readonly kind: 'forked'}
	/** Its main process ended; `survivors`: descendants of it still run. */
	| {readonly kind: 'exited'; readonly outcome: Outcome; readonly survivors: boolean}
	/** The last of the survivors has ended. */
	| {readonly kind: 'emptied'}
	/** It has reported that it is ready, in the way that its `ready` names. */
	| {readonly kind: 'ready'}
	| {readonly kind: 'probe'; readonly purpose: Purpose; readonly passed: boolean; readonly detail: string}
	/** The commands of a hook have ended; `failure`: why one of them failed, null: all succeeded. */
	| {readonly kind: 'hooked'; readonly hook: Hook; readonly failure: string | null}
	| {readonly kind: 'notify'; readonly message: NotifyMessage}
	/** A deadline of its phase has passed. */
	| {readonly kind: 'timeout'};

/** What a probe is for. */
export type Purpose = 'ready' | 'health';

export type Hook = 'pre_start' | 'post_start' | 'pre_stop' | 'post_stop' | 'down' | 'reload';

/** A message of sd_notify(3) other than READY=1. */
export type NotifyMessage =
	| {readonly kind: 'reloading'}
	| {readonly kind: 'stopping'}
	| {readonly kind: 'status'; readonly text: string}
	/** EXTEND_TIMEOUT_USEC=: the current start, stop or watchdog timeout is at least so long from now on. */
	| {readonly kind: 'extend'; readonly millis: Millis}
	/** WATCHDOG=1. */
	| {readonly kind: 'alive'}
	/** WATCHDOG=trigger: the service asks to be treated as if its watchdog had expired. */
	| {readonly kind: 'trigger'}
	/** WATCHDOG_USEC=: a new watchdog interval. */
	| {readonly kind: 'watchdog'; readonly millis: Millis}
	/** MAINPID=: another process of the run is the main one; `os/` has checked that it belongs to the run. */
	| {readonly kind: 'main-pid'; readonly pid: number}
	| {readonly kind: 'errno'; readonly errno: number};

/** Any input of `step`. */
export type Event =
	/** `adopted`: main processes of services that run already; `remembered`: what outlives archon, which is kept from now on. */
	| {readonly kind: 'boot'; readonly adopted?: readonly Adopted[]; readonly remembered?: Remembered}
	| {readonly kind: 'news'; readonly id: Id; readonly run: Run; readonly news: News}
	| {readonly kind: 'start' | 'restart'; readonly ids: readonly Id[]}
	/** `policy`: for this stop only, instead of the services' own. */
	| {readonly kind: 'stop'; readonly ids: readonly Id[]; readonly policy?: StopPolicy}
	/** Whether these run is the config's to say again, whatever operators have asked. */
	| {readonly kind: 'auto'; readonly ids: readonly Id[]}
	/**
	 * What a decider says of services; null: nothing any more. `revive`: what is to run and has failed or exited is started again, with
	 * all restarts.
	 */
	| {
		readonly kind: 'rule'; readonly rule: Decider; readonly revive: boolean;
		readonly rulings: readonly {readonly id: Id; readonly ruling: Omit<Ruling, 'at'> | null}[];
	}
	/** Runs are due: services that are at rest start, and are to run until they are at rest again. */
	| {readonly kind: 'fire'; readonly ids: readonly Id[]}
	/** Programs of a manifest become services, each of which starts when the manifest says so, by `rule`; a name that is taken is left out. */
	| {readonly kind: 'enlist'; readonly services: readonly Service[]}
	/** Services of a manifest that are at rest are forgotten. */
	| {readonly kind: 'delist'; readonly ids: readonly Id[]}
	/**
	 * The lists of a manifest were read, and `rule` has said what they say: what is missing is started, in at most `maxPasses` passes.
	 * `every`: until they are read again; Infinity: there is no manifest any more. `since`: when `rule` began to say it: what was started
	 * then belongs to the first pass; null: it says nothing new, and passes under way go on.
	 */
	| {readonly kind: 'reconcile'; readonly every: Millis; readonly maxPasses: number; readonly since: Instant | null}
	/** What came of the test of a service; `number`: that of its effect. */
	| {readonly kind: 'tested'; readonly id: Id; readonly number: number; readonly answer: Answer}
	/**
	 * All that decides from outside is asked again: each test, and each manifest. `since`: the number of the last test that had begun
	 * when this was asked for; later ones, of a reload, are new enough. Without it no test that runs is.
	 */
	| {readonly kind: 'triggered'; readonly since?: number}
	/** The same of services with a schedule, as it was asked for. */
	| {readonly kind: 'run-now'; readonly ids: readonly Id[]}
	/** A connection waits at the sockets of a service that starts with the first one (`accept: lazy`), or these cannot be bound. */
	| {readonly kind: 'activate'; readonly id: Id}
	/** No connection to the sockets of a run has been open for as long as its `idle_timeout`. */
	| {readonly kind: 'idle'; readonly id: Id; readonly run: Run}
	/** What the clock on the wall says at the instant 0, in ms since 1970: at first, and whenever it was set. */
	| {readonly kind: 'clock'; readonly epoch: Millis}
	| Act
	/** A command of an action (`run`) has come to its end, or is not begun. */
	| {readonly kind: 'acted'}
	/** Of processes that archon has not started. */
	| {readonly kind: 'monitor'; readonly news: MonitorNews}
	/** A dependency is made; `lasts`: how long it is there, null: until it is taken away; `process`: its target, where that is a pid. */
	| {
		readonly kind: 'depend'; readonly terms: Terms; readonly lasts: Millis | null;
		readonly process: Found | null;
	}
	| {readonly kind: 'undepend'; readonly ids: readonly number[]}
	/** What has become of a path or port that dependencies look at: `path:/x` or `port:80`, as they are written. */
	| {readonly kind: 'placed'; readonly place: string; readonly sign: 'ready' | 'exit' | 'change'}
	| {readonly kind: 'signal'; readonly id: Id; readonly signal: SignalNumber}
	/** Each service that is up is told to reload its config, in the way that its `reload` names. */
	| {readonly kind: 'reload'; readonly ids: readonly Id[]}
	/**
	 * A new config: removed services stop, added ones start, changed ones restart or are updated, the others keep running.
	 * `trial`: what it starts must become ready. `isRollback`: it was in force before a trial that has failed.
	 */
	| (CoreConfig & {readonly kind: 'reconfigure'; readonly trial?: TrialRules; readonly isRollback?: boolean})
	/** A transient service, which starts at once; one from a manifest starts when the manifest says so, by `rule`. */
	| {readonly kind: 'add'; readonly service: Service}
	/** A transient service that is at rest is removed. */
	| {readonly kind: 'remove'; readonly id: Id}
	/**
	 * The first one stops all services in order, the second one all at once, the third one kills them. `reboots`: archon begins again
	 * then, unless a shutdown comes meanwhile, which is the first one of its own. `cause`: as of `Stage`.
	 */
	| {readonly kind: 'shutdown'; readonly why: string; readonly status?: number; readonly reboots?: true; readonly cause?: null}
	/**
	 * archon was re-executed and continues from its handoff; `found`: the main processes of runs that were spawned after
	 * the last record.
	 */
	| {readonly kind: 'resumed'; readonly found: ReadonlyMap<Run, number>}
	/** A port is a service's from now on, or a client's, by its name: `web.http`. */
	| {readonly kind: 'hold-port'; readonly key: string; readonly port: number; readonly protocol: Protocol}
	| {readonly kind: 'free-port'; readonly key: string}
	/**
	 * A service is not started, as its port is in use by others; `by`: by whom, null: it is free, and each that waits for it starts.
	 * `host`: where its socket is to be bound, `*`: at all addresses; empty: it binds the port by itself.
	 */
	| {
		readonly kind: 'port-busy'; readonly port: number; readonly protocol: Protocol; readonly host?: string;
		readonly by: string | null; readonly service: string;
	}
	/** archon is the last process in its PID namespace, or has no descendants. */
	| {readonly kind: 'alone'}
	/**
	 * archon itself did not run for so long (a frozen cgroup, SIGSTOP). It comes before any event of that time, and all
	 * deadlines are moved by it.
	 */
	| {readonly kind: 'stalled'; readonly millis: Millis}
	/** Time has passed. It comes only when no other event is waiting. */
	| {readonly kind: 'tick'};
