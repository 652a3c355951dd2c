/** What handlers of requests need of archon; `programs/supervise.ts` provides it. */
import type {NumberedRule} from '../core/access.ts';
import type {Event} from '../core/event.ts';
import type {Id} from '../core/ids.ts';
import type {Failed, Lazily} from '../core/lazily.ts';
import type {Refusal} from '../core/outcome.ts';
import type {Result} from '../core/result.ts';
import type {Service} from '../core/service.ts';
import type {Instant, Millis} from '../core/time.ts';
import type {Events} from '../features/events/core.ts';
import type {Terminals} from '../features/attach/core/terminals.ts';
import type {Alerting} from '../features/alerts/requests/alerting.ts';
import type {Measures} from '../features/metrics/core/measures.ts';
import type {WithManifests} from '../features/manifest/core/control.ts';
import type {Protocol} from '../features/ports/core/spec.ts';
import type {Strangers} from '../features/monitor/core/news.ts';
import type {HeldFd} from '../features/sockets/core/held.ts';
import type {Answer} from '../features/run-test/core/answer.ts';
import type {Logging, Logs} from '../features/logging/core.ts';
import type {Ruling} from '../features/rules/requests/ruling.ts';
import type {Pooling} from '../features/pools/requests/pooling.ts';
import type {Syncing} from '../features/sync/requests/syncing.ts';
import type {NeedsRestartRow} from '../features/watch/requests/needs-restart/wire.ts';
import type {AboutKept} from '../features/state/core.ts';
import type {TrialRules} from '../core/trial.ts';
import type {State} from '../core/state.ts';
import type {PlanRow} from './requests/plan/wire.ts';
import type {TreeRow} from './requests/tree/wire.ts';
import type {UsageRow} from './requests/usage/wire.ts';
import type {VersionRow} from './requests/version/wire.ts';

/** Why a reload has changed nothing or was undone, and the last lines of the service that is to blame. */
export interface Undone {
	readonly why: string;
	readonly lines: readonly string[];
	/** The config is in force all the same. */
	readonly isInForce?: true;
}

/** What is loaded when it is first asked for tells `failed` what it throws: that is the asker's to answer. */
export interface Daemon {
	state(): State;
	/** When it returns, `state()` is that after the event, unless it was called while effects are performed. */
	dispatch(event: Event): void;
	/** Calls back soon with all processes below archon; `isAll`: with archon itself and those that are not below it. */
	tree(isAll: boolean, told: (rows: readonly TreeRow[]) => void, failed: Failed): void;
	/** Calls back soon with the programs and libraries of these services' processes that are other files by now, or gone. */
	needsRestart(isMeant: (name: string) => boolean, told: (rows: readonly NeedsRestartRow[]) => void, failed: Failed): void;
	/** Calls back soon with what the processes of each service use. */
	usage(told: (rows: readonly UsageRow[]) => void, failed: Failed): void;
	/** Calls back soon with what is measured and counted of services. */
	measures(told: (measures: Measures) => void, failed: Failed): void;
	/** Calls back in the next turn of the loop, when no effects are being performed. */
	soon(callback: () => void): void;
	/** Calls back once after this time, unless the result is called before. */
	after(millis: Millis, callback: () => void): () => void;
	/** In milliseconds since 1970. */
	wallClock(instant: Instant): number;
	/**
	 * Reads the config again and puts it in force, now or soon; calls back with what has changed, or with all problems of the
	 * config, and then nothing has changed. With a trial it calls back when that is over.
	 */
	reload(how: {readonly trial: TrialRules | null}, done: (result: Result<string, Undone>) => void): void;
	/** Asks the test of a service, which must have one; the result gives it up. Nothing follows from the answer. */
	test(service: Service, told: (answer: Answer) => void): () => void;
	/** A port for a name, which it keeps: one that is free, or the given one. */
	allocPort(key: string, protocol: Protocol, port: number | null): Result<number, string>;
	/** A trigger has come to its end, as the line says: that is told, and the state written. Calls back when it is. */
	triggered(line: string, done: () => void): void;
	/** Calls back, now or soon, with what a reload would do now, or with all problems of the config. */
	plan(done: (result: Result<readonly PlanRow[], string>) => void, failed: Failed): void;
	/** Calls back, now or soon, with the config in force as YAML, of one service or of all. */
	config(name: string | null, showsSecrets: boolean, done: (result: Result<string, string>) => void, failed: Failed): void;
	/** Calls back soon with what is to be known of archon and the container that it runs in, by name; null: not known. */
	examineHost(told: (facts: ReadonlyMap<string, string | number | null>) => void, failed: Failed): void;
	/** Calls back, now or soon, with why the files of variables of a service cannot be read now; null: they can. */
	examine(service: Service, told: (why: Refusal | null) => void): void;
	/** The sockets and descriptors that archon holds for a service. */
	heldFor(id: Id, service: Service): readonly HeldFd[];
	/** What is to be known of what outlives archon; null: nothing does. */
	kept(): AboutKept | null;
	readonly ownUid: number;
	/** `access` of the config in force. */
	access(): readonly NumberedRule[];
	/** A line in archon's log. */
	warn(line: string): void;
	readonly version: VersionRow;
	/** Re-executes archon, from the file at the path or from its own as it is now; calls back, with the reason, only if that fails. */
	upgrade(path: string | null, failed: (why: string) => void): void;
	/** Calls back, now or soon, with why archon cannot reboot, or null: it can, and its config has no problems. */
	examineReboot(told: (why: string | null) => void, failed: Failed): void;
	readonly events: Events;
	readonly logs: Logs;
	readonly terminals: Lazily<Terminals>;
	/** The lists of the config's manifest. */
	readonly manifests: WithManifests;
	/** Processes that archon has not started, as they are held to be watched. */
	readonly strangers: Lazily<Strangers>;
	/** Null: nothing is pulled from a master. */
	sync(): Syncing | null;
	/** Null: there are no rules in Lua. */
	rules(): Ruling | null;
	/** Null: there are no pools. */
	pools(): Pooling | null;
	/** Null: no one is told of anything. */
	alerts(): Alerting | null;
	/** Where the output of transient services goes. */
	logging(): Logging;
}
