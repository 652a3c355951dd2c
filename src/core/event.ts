/** What can happen: the input of `step`. */
import type {CoreConfig} from './config.ts';
import type {Id, Run} from './ids.ts';
import type {Adopted, Outcome, Refusal} from './outcome.ts';
import type {Service, Sourced, StopPolicy} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Millis} from './time.ts';

/** What happened to a run, from the kernel. */
export type News =
	/** `sourced`: what its sources of variables held, where that is not what its service says. */
	| {readonly kind: 'spawned'; readonly pid: number; readonly sourced?: Sourced}
	| {readonly kind: 'refused'; readonly refusal: Refusal}
	/** Its process was not made: before its turn came, the service was to leave. */
	| {readonly kind: 'withdrawn'}
	/** Its process ended; `survivors` says that others live on that it made, wherever they went. */
	| {readonly kind: 'exited'; readonly outcome: Outcome; readonly survivors: boolean}
	/** The last survivor is gone. */
	| {readonly kind: 'emptied'}
	/** It says that it can serve, by whichever way its `ready` names. */
	| {readonly kind: 'ready'}
	| {readonly kind: 'probe'; readonly purpose: Purpose; readonly passed: boolean; readonly detail: string}
	/** All commands of a hook have ended well, or (failure) one has not. */
	| {readonly kind: 'hooked'; readonly hook: Hook; readonly failure: string | null}
	| {readonly kind: 'notify'; readonly message: NotifyMessage}
	/** The deadline of its phase has come. */
	| {readonly kind: 'timeout'};

/** What a probe is for. */
export type Purpose = 'ready' | 'health';

export type Hook = 'pre_start' | 'post_start' | 'pre_stop' | 'post_stop' | 'down' | 'reload';

/** What a service says by sd_notify(3), beyond READY=1. */
export type NotifyMessage =
	| {readonly kind: 'reloading'}
	| {readonly kind: 'stopping'}
	| {readonly kind: 'status'; readonly text: string}
	/** Whatever it does takes so much longer, from now on (EXTEND_TIMEOUT_USEC). */
	| {readonly kind: 'extend'; readonly millis: Millis}
	| {readonly kind: 'alive'}
	/** WATCHDOG=trigger: it gives itself up. */
	| {readonly kind: 'trigger'}
	| {readonly kind: 'watchdog'; readonly millis: Millis}
	/** Another process of it is the main one from now on; the kernel has made sure that it is its. */
	| {readonly kind: 'main-pid'; readonly pid: number}
	| {readonly kind: 'errno'; readonly errno: number};

/** Any input of `step`. */
export type Event =
	/** `adopted`: processes of services that live already. */
	| {readonly kind: 'boot'; readonly adopted?: readonly Adopted[]}
	| {readonly kind: 'news'; readonly id: Id; readonly run: Run; readonly news: News}
	| {readonly kind: 'start' | 'restart'; readonly ids: readonly Id[]}
	/** `policy`: this once, instead of the services' own. */
	| {readonly kind: 'stop'; readonly ids: readonly Id[]; readonly policy?: StopPolicy}
	| {readonly kind: 'signal'; readonly id: Id; readonly signal: SignalNumber}
	/** Each that is up reads its config anew, in the way that its service names. */
	| {readonly kind: 'reload'; readonly ids: readonly Id[]}
	/** The config as it is now: what it names no more ends, what is new starts, what is unchanged notices nothing. */
	| (CoreConfig & {readonly kind: 'reconfigure'})
	/** A service made at run time; it starts at once. */
	| {readonly kind: 'add'; readonly service: Service}
	/** A service made at run time and at rest is forgotten. */
	| {readonly kind: 'remove'; readonly id: Id}
	/** The first ends everything in order; the second at once; the third by SIGKILL. */
	| {readonly kind: 'shutdown'; readonly why: string; readonly status?: number}
	/**
	 * archon was re-executed and goes on from what it wrote down; `found`: processes of runs of which it did not
	 * know yet that they exist.
	 */
	| {readonly kind: 'resumed'; readonly found: ReadonlyMap<Run, number>}
	/** No process but archon is left. */
	| {readonly kind: 'alone'}
	/**
	 * archon itself did not run for so long (a frozen cgroup, SIGSTOP), and is heard before anything that it may have
	 * missed: nobody is late for it.
	 */
	| {readonly kind: 'stalled'; readonly millis: Millis}
	/** Time has passed: heard only when the inbox is empty. */
	| {readonly kind: 'tick'};
