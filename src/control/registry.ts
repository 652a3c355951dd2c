/** All requests that archon knows, in the order of the page about them, and the way from a record to one of them. */
import {err, type Result} from '../core/result.ts';
import {SUBSCRIBE} from '../features/events/requests/subscribe/wire.ts';
import {INPUT} from '../features/attach/requests/input/wire.ts';
import {RESIZE} from '../features/attach/requests/resize/wire.ts';
import {TERMINAL, VIEW} from '../features/attach/requests/terminal/wire.ts';
import {RECONCILE} from '../features/manifest/requests/reconcile/wire.ts';
import {UNWANT, WANT} from '../features/manifest/requests/want/wire.ts';
import {METRICS} from '../features/metrics/requests/metrics/wire.ts';
import {LOGS} from '../features/logging/requests/logs/wire.ts';
import {REOPEN} from '../features/logging/requests/reopen/wire.ts';
import {RULES} from '../features/rules/requests/rules/wire.ts';
import {RULES_RELOAD} from '../features/rules/requests/rules-reload/wire.ts';
import {RULES_TEST} from '../features/rules/requests/rules-test/wire.ts';
import {ALERTS_STATUS} from '../features/alerts/requests/alerts-status/wire.ts';
import {ALERTS_TEST} from '../features/alerts/requests/alerts-test/wire.ts';
import {POOL} from '../features/pools/requests/pool/wire.ts';
import {POOL_RESTART} from '../features/pools/requests/pool-restart/wire.ts';
import {POOLS} from '../features/pools/requests/pools/wire.ts';
import {SYNC} from '../features/sync/requests/sync/wire.ts';
import {SYNC_STATUS} from '../features/sync/requests/sync-status/wire.ts';
import {ALLOC_PORT, FREE_PORT} from '../features/ports/requests/alloc-port/wire.ts';
import {PORTS} from '../features/ports/requests/ports/wire.ts';
import {DEPEND, UNDEPEND} from '../features/deps/requests/depend/wire.ts';
import {DEPS} from '../features/deps/requests/deps/wire.ts';
import {MONITOR, MONITOR_FD, UNMONITOR} from '../features/monitor/requests/monitor/wire.ts';
import {MONITORS} from '../features/monitor/requests/monitors/wire.ts';
import {FDS} from '../features/sockets/requests/fds/wire.ts';
import {TEST} from '../features/run-test/requests/test/wire.ts';
import {TRIGGER} from '../features/run-test/requests/trigger/wire.ts';
import {STATE} from '../features/state/requests/state/wire.ts';
import {NEEDS_RESTART} from '../features/watch/requests/needs-restart/wire.ts';
import {RUN_NOW} from '../features/schedule/requests/run-now/wire.ts';
import {clip, type Fields} from './records.ts';
import {ATTACH} from './requests/attach/wire.ts';
import {AUTO} from './requests/auto/wire.ts';
import {BLAME} from './requests/blame/wire.ts';
import {CONFIG} from './requests/config/wire.ts';
import {DOCTOR} from './requests/doctor/wire.ts';
import {GRAPH} from './requests/graph/wire.ts';
import {HEALTH} from './requests/health/wire.ts';
import {HISTORY} from './requests/history/wire.ts';
import {LIMIT} from './requests/limit/wire.ts';
import {PLAN} from './requests/plan/wire.ts';
import {RELOAD} from './requests/reload/wire.ts';
import {RELOAD_CONFIG} from './requests/reload-config/wire.ts';
import {RESTART} from './requests/restart/wire.ts';
import {RUN, RUN_V} from './requests/run/wire.ts';
import {SHUTDOWN} from './requests/shutdown/wire.ts';
import {SIGNAL} from './requests/signal/wire.ts';
import {START} from './requests/start/wire.ts';
import {START_DAEMON, START_DAEMON_V} from './requests/start-daemon/wire.ts';
import {STATUS} from './requests/status/wire.ts';
import {STOP} from './requests/stop/wire.ts';
import {STOP_DAEMON} from './requests/stop-daemon/wire.ts';
import {TREE} from './requests/tree/wire.ts';
import {REBOOT} from './requests/reboot/wire.ts';
import {UPGRADE} from './requests/upgrade/wire.ts';
import {USAGE} from './requests/usage/wire.ts';
import {VERSION} from './requests/version/wire.ts';
import {WAIT} from './requests/wait/wire.ts';
import {WHY} from './requests/why/wire.ts';
import type {RequestOf} from './wire.ts';

export const REQUESTS = [
	STATUS, HEALTH, HISTORY, TREE, USAGE, METRICS, LOGS, SUBSCRIBE, WAIT, WHY, BLAME, GRAPH, DOCTOR, NEEDS_RESTART, STATE,
	START, STOP, AUTO, RESTART, RUN_NOW, RELOAD, RELOAD_CONFIG, TRIGGER, TEST, PLAN, CONFIG, RECONCILE, WANT, UNWANT, SIGNAL,
	RUN, RUN_V, ATTACH, START_DAEMON, START_DAEMON_V, STOP_DAEMON,
	SYNC_STATUS, SYNC, FDS, RULES, RULES_RELOAD, RULES_TEST, PORTS, ALLOC_PORT, FREE_PORT,
	MONITORS, MONITOR, MONITOR_FD, UNMONITOR, DEPS, DEPEND, UNDEPEND,
	TERMINAL, VIEW, INPUT, RESIZE, REOPEN, LIMIT, UPGRADE, VERSION, REBOOT, SHUTDOWN,
	ALERTS_STATUS, ALERTS_TEST, POOLS, POOL, POOL_RESTART,
] as const;

export type Request = RequestOf<(typeof REQUESTS)[number]>;

const BY_VERB = new Map<string, (typeof REQUESTS)[number]>(REQUESTS.map(wire => [wire.verb, wire]));

/** The description of a request by its name. */
export const wireOf = (verb: string): (typeof REQUESTS)[number] | undefined => BY_VERB.get(verb);

/** The request that a record makes, or what is wrong with it. */
export function decodeRequest([verb, ...fields]: Fields): Result<Request, string> {
	const wire = BY_VERB.get(verb);
	if (!wire) return err(`unknown request: ${clip(verb, 64)}`);
	const request = wire.decode(fields);
	return request.ok ? request : err(`${verb}: ${request.error}`);
}
