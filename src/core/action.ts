/** What archon does when something has happened: one table of actions for events, watched files, dependencies and rules. */
import type {HookCommand, UserSpec} from './command.ts';
import type {Id} from './ids.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Millis} from './time.ts';

/** One thing that is done; `names`: services, groups or the name that instances share; empty: the service that it is about. */
export type Action =
	/** `restart` and `reload` are for services that run; `start` and `stop` hold until another action, or an operator, says otherwise. */
	| {readonly kind: 'start' | 'stop' | 'restart' | 'reload'; readonly names: readonly string[]}
	| {readonly kind: 'signal'; readonly signal: SignalNumber; readonly names: readonly string[]}
	/** As the user of the service that it is about, else archon's own; it is killed with its group after the timeout. */
	| {readonly kind: 'run'; readonly command: HookCommand; readonly timeout: Millis; readonly bounds?: Bounds}
	/** `text`: instead of what would be said; null: what has happened. */
	| {readonly kind: 'alert'; readonly text: string | null};

/**
 * For a command that others than the config have thought of: never as root because its service, or archon, is root. `runAs`: all of
 * them as this user, root as well, since the config says so.
 */
export interface Bounds {
	readonly runAs: UserSpec | null;
}

/** Something has happened for which there are actions: they are done, unless their cause has had too many lately. */
export interface Act {
	readonly kind: 'act';
	/**
	 * The cause, for people and for the rate: `watch of web`, `rule restart-on-oom`. Each has a token bucket, and another one for
	 * each service that it is about.
	 */
	readonly by: string;
	/** The service that it is about; null: none. */
	readonly about: Id | null;
	/** What has happened: a phrase for the log, as in `restarting web: watch of web: /etc/web.conf has changed`. */
	readonly why: string;
	readonly actions: readonly Action[];
	/** For commands: `ARCHON_EVENT` and what is known of it. `ARCHON_SERVICE` and `ARCHON_REASON` are added where they are missing. */
	readonly variables: Readonly<Record<string, string>>;
}
