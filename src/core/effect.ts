/** What the core asks `os/` to do, as data: the output of `step`. */
import type {Bounds} from './action.ts';
import type {Entry} from './entry.ts';
import type {Hook, Purpose} from './event.ts';
import type {Id, Run} from './ids.ts';
import type {Outcome, Scope} from './outcome.ts';
import type {Kept} from '../features/monitor/core/kept.ts';
import type {HookCommand, Probe, RunTest, Service, StartConditions} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import type {Millis} from './time.ts';
import type {Failure} from './trial.ts';
import type {SocketsAct} from '../features/sockets/core/act.ts';

/** An effect of one step. */
export type Effect =
	| {readonly kind: 'spawn'; readonly id: Id; readonly run: Run; readonly service: Service}
	/** Whether the start conditions of a service hold is to be told within the timeout (ms). */
	| {
		readonly kind: 'examine'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly conditions: StartConditions; readonly timeout: Millis;
	}
	/** The service has to stop before its process was started: a spawn that still waits for its turn is cancelled. */
	| {readonly kind: 'withdraw'; readonly id: Id; readonly run: Run}
	| {readonly kind: 'signal'; readonly run: Run; readonly pid: number; readonly signal: SignalNumber; readonly to: Scope}
	/** A service is in a new phase: for the log and for subscribers. */
	| {readonly kind: 'changed'; readonly before: Entry; readonly after: Entry}
	| {readonly kind: 'forgotten'; readonly entry: Entry}
	| {
		readonly kind: 'probe'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly purpose: Purpose; readonly probe: Probe; readonly timeout: Millis;
	}
	/** The commands of a hook run one after the other, all within the timeout (ms). */
	| {
		readonly kind: 'hook'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly hook: Hook; readonly commands: readonly HookCommand[]; readonly timeout: Millis;
		/** Variables that override those of the commands. */
		readonly environment: Readonly<Record<string, string>>;
	}
	/**
	 * The command of an action runs as the service's user, or with null as archon's own; after the timeout (ms) it is killed with its
	 * group. `by`: as of `Act`.
	 */
	| {
		readonly kind: 'run'; readonly by: string; readonly about: {readonly id: Id; readonly service: Service} | null;
		readonly command: HookCommand; readonly timeout: Millis; readonly environment: Readonly<Record<string, string>>;
		readonly bounds?: Bounds;
	}
	/** People are told of what has happened: `about`, a service's name, or null: archon as a whole. The rest is as of `Act`. */
	| {
		readonly kind: 'alert'; readonly by: string; readonly about: string | null; readonly why: string; readonly text: string | null;
		readonly variables: Readonly<Record<string, string>>;
	}
	/** The command that says whether a service is to run; the event `tested` is its answer. An earlier one of the service is ended. */
	| {readonly kind: 'run-test'; readonly id: Id; readonly number: number; readonly service: Service; readonly test: RunTest}
	/** A test has answered, and that is worth an event. */
	| {readonly kind: 'tested'; readonly name: string; readonly reason: string}
	/** A feature has done what a trigger asked it for. */
	| {readonly kind: 'triggered'; readonly feature: string}
	/** The lines of a service go elsewhere from now on, also those of a process that runs already. */
	| {readonly kind: 'logging'; readonly id: Id; readonly service: Service}
	/** Another process is the main process of the run from now on. */
	| {readonly kind: 'follow'; readonly run: Run; readonly from: number; readonly to: number}
	/** The event `clock` is to tell what the clock on the wall says, now and whenever it was set; or not any more. */
	| {readonly kind: 'watch-clock'; readonly isOn: boolean}
	/** Something is to be done about the sockets of services, or about descriptors that are kept for them. */
	| {readonly kind: 'sockets'; readonly what: SocketsAct}
	/** The trial of a reload is over: what it started is ready, or why not; then the config before it is put back if `rollsBack`. */
	| {readonly kind: 'tried'; readonly failure: Failure | null; readonly rollsBack: boolean}
	/** The files of a manifest are to be read again. */
	| {readonly kind: 'reread'}
	/** The passes of a manifest are over: how many programs they have started, and how many are missing, of which the first are named. */
	| {
		readonly kind: 'reconciled'; readonly passes: number;
		readonly started: number; readonly missing: number; readonly names: readonly string[];
	}
	/** What is known of processes that archon has not started has changed: these are watched from now on, and no others. */
	| {readonly kind: 'watch-strangers'; readonly kept: Kept}
	/** A process that a rule means was met, or has ended; `outcome`: null where the kernel does not say how. */
	| {
		readonly kind: 'monitored'; readonly name: string; readonly pid: number; readonly outcome: Outcome | null;
		readonly hasEnded: boolean; readonly why: string;
	}
	/** A line for the log. */
	| {readonly kind: 'say'; readonly level: 'info' | 'warn' | 'error'; readonly text: string}
	| {readonly kind: 'stage'; readonly stage: Stage}
	/** What outlives archon (`state_dir`) is written at once, if anything does. */
	| {readonly kind: 'persist'}
	/** All services that are to run are up, for the first time. */
	| {readonly kind: 'arrived'}
	/** Every remaining process but archon is sent the signal; the event `alone` follows when all have ended. */
	| {readonly kind: 'sweep'; readonly signal: SignalNumber}
	/** `reboots`: archon is executed again instead. */
	| {readonly kind: 'exit'; readonly status: number; readonly why: string; readonly reboots?: true};
