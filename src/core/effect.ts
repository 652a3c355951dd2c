/** What the core asks of the machine, as data: the output of `step`. */
import type {Entry} from './entry.ts';
import type {Hook, Purpose} from './event.ts';
import type {Id, Run} from './ids.ts';
import type {Scope} from './outcome.ts';
import type {HookCommand, Probe, Service} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Stage} from './stage.ts';
import type {Millis} from './time.ts';

/** What the core asks of the kernel, as data. */
export type Effect =
	| {readonly kind: 'spawn'; readonly id: Id; readonly run: Run; readonly service: Service}
	/** The service is to leave before its process was made: what still keeps that from its turn is given up. */
	| {readonly kind: 'withdraw'; readonly id: Id; readonly run: Run}
	| {readonly kind: 'signal'; readonly run: Run; readonly pid: number; readonly signal: SignalNumber; readonly to: Scope}
	/** A service has a new phase: for the log, and for those who watch. */
	| {readonly kind: 'changed'; readonly before: Entry; readonly after: Entry}
	| {readonly kind: 'forgotten'; readonly entry: Entry}
	| {
		readonly kind: 'probe'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly purpose: Purpose; readonly probe: Probe; readonly timeout: Millis;
	}
	/** The commands of a hook, one after the other, all within the timeout. */
	| {
		readonly kind: 'hook'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly hook: Hook; readonly commands: readonly HookCommand[]; readonly timeout: Millis;
		/** Over that of the commands. */
		readonly environment: Readonly<Record<string, string>>;
	}
	/** What becomes of its lines is another matter from now on; those of a process that lives, too. */
	| {readonly kind: 'logging'; readonly id: Id; readonly service: Service}
	/** The run's main process is another one from now on. */
	| {readonly kind: 'follow'; readonly run: Run; readonly from: number; readonly to: number}
	/** A line for the log. */
	| {readonly kind: 'say'; readonly level: 'info' | 'warn' | 'error'; readonly text: string}
	| {readonly kind: 'stage'; readonly stage: Stage}
	/** All services that are to run are there, for the first time. */
	| {readonly kind: 'arrived'}
	/** Signal every process but archon that the services left behind; then say when alone. */
	| {readonly kind: 'sweep'; readonly signal: SignalNumber}
	| {readonly kind: 'exit'; readonly status: number; readonly why: string};
