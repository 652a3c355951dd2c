/** The kinds of events that clients are told, with what they mean. */

/** What can happen to a service, with what it means. Names are stable: programs and people filter by them. */
export const SERVICE_KINDS = {
	waiting: 'it is to run, and waits for other services',
	blocked: 'what it waits for has failed for good: only an operator can change that',
	preparing: 'its start conditions are examined, or its pre_start commands run',
	started: 'its process was made',
	ready: 'it is ready, and what needs it may start; again after `reloading`',
	healthy: 'its health check passes',
	unhealthy: 'its health check has failed too often',
	reloading: 'it reads its config (sd_notify)',
	'main-pid': 'another process is its main process',
	stopping: 'it was told to stop',
	killed: 'it was sent SIGKILL',
	exited: 'its main process has ended',
	restarting: 'it has ended by itself, and is started again at once',
	backoff: 'it has ended by itself or could not be started, and is started again later',
	completed: 'it has ended with success, and is not started again',
	stopped: 'it was stopped on request, or by the ruling that is the reason',
	failed: 'it has failed for good, and stays down',
	skipped: 'its start conditions do not hold',
	tested: 'its test was asked whether it is to run: at boot, by a reload or a trigger, or with another answer than before',
	'file-changed': 'a file that it watches has changed',
	removed: 'archon knows it no more',
} as const;

/** What can happen to archon as a whole. */
export const OWN_KINDS = {
	booted: 'archon has begun',
	'all-ready': 'all services that are to run are up, for the first time',
	're-executed': 'archon was executed again in its place, after a fault or by an upgrade; services kept running',
	reloaded: 'a config was read and put in force',
	'reload-failed': 'a reload has changed nothing, has failed, or was undone',
	reconciled: 'a manifest was compared with what runs, and the passes that start what is missing are over',
	monitored: 'a process that archon has not started is watched, by a rule of `monitor` or a dependency',
	'monitored-exited': 'such a process has ended; how, where the kernel says so',
	triggered: 'all tests were asked, and what differed has started or stopped',
	'rule-disabled': 'a rule in Lua has failed five times in a row, and is not told of anything any more',
	orphans: 'processes that lost their parents have ended and were reaped; those of some seconds together',
	rebooting: 'all services stop, and archon begins again in the same container',
	shutdown: 'the shutdown has begun, or has become more forceful',
} as const;

/** What the master of a pool tells of its nodes and commands; the service is the pool. */
export const POOL_KINDS = {
	'node-ready': 'a node has loaded what it is for, and can be forked',
	'node-crashed': 'what a node loads has failed: it and those below it wait for a change of a file, or for `archonctl pool restart`',
	'node-ended': 'the process of a node has ended, and those below it with it; it is booted again',
	'command-started': 'a client has a command of the pool; `pid` is its process',
	'command-ended': 'that command has ended, as `exit` says',
	'pool-restarted': 'a node, and those below it, are booted again: a file has changed, or somebody has asked for it',
} as const;

export type PoolKind = keyof typeof POOL_KINDS;
export type ServiceKind = keyof typeof SERVICE_KINDS;
export type OwnKind = keyof typeof OWN_KINDS;
export type EventKind = ServiceKind | PoolKind | OwnKind;

export const EVENT_KINDS = [...Object.keys(SERVICE_KINDS), ...Object.keys(POOL_KINDS), ...Object.keys(OWN_KINDS)] as readonly EventKind[];
