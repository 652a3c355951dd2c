/**
 * The handlers of all kinds of requests: each sends rows and a reply at once, or gives events to the core and replies when
 * the request is fulfilled. They know neither bytes nor connections.
 */
import {byNeed} from '../core/by-need.ts';
import type {Effect} from '../core/effect.ts';
import {subscribe} from '../features/events/requests/subscribe/handle.ts';
import {input} from '../features/attach/requests/input/handle.ts';
import {resize} from '../features/attach/requests/resize/handle.ts';
import {terminal} from '../features/attach/requests/terminal/handle.ts';
import {reconcile} from '../features/manifest/requests/reconcile/handle.ts';
import {unwant, want} from '../features/manifest/requests/want/handle.ts';
import {logs} from '../features/logging/requests/logs/handle.ts';
import {reopen} from '../features/logging/requests/reopen/handle.ts';
import {rules} from '../features/rules/requests/rules/handle.ts';
import {rulesReload} from '../features/rules/requests/rules-reload/handle.ts';
import {rulesTest} from '../features/rules/requests/rules-test/handle.ts';
import {alertsStatus} from '../features/alerts/requests/alerts-status/handle.ts';
import {alertsTest} from '../features/alerts/requests/alerts-test/handle.ts';
import {sync} from '../features/sync/requests/sync/handle.ts';
import {syncStatus} from '../features/sync/requests/sync-status/handle.ts';
import {allocPort, freePort} from '../features/ports/requests/alloc-port/handle.ts';
import {ports} from '../features/ports/requests/ports/handle.ts';
import {fds} from '../features/sockets/requests/fds/handle.ts';
import {test} from '../features/run-test/requests/test/handle.ts';
import {trigger} from '../features/run-test/requests/trigger/handle.ts';
import {state} from '../features/state/requests/state/handle.ts';
import {needsRestart} from '../features/watch/requests/needs-restart/handle.ts';
import {runNow} from '../features/schedule/requests/run-now/handle.ts';
import type {Call} from './call.ts';
import {createContext, type Make} from './context.ts';
import type {Daemon} from './daemon.ts';
import type {Request} from './registry.ts';
import {attach} from './requests/attach/handle.ts';
import {auto} from './requests/auto/handle.ts';
import {blame} from './requests/blame/handle.ts';
import {config} from './requests/config/handle.ts';
import {doctor} from './requests/doctor/handle.ts';
import {graph} from './requests/graph/handle.ts';
import {health} from './requests/health/handle.ts';
import {history} from './requests/history/handle.ts';
import {limit} from './requests/limit/handle.ts';
import {plan} from './requests/plan/handle.ts';
import {reload} from './requests/reload/handle.ts';
import {reloadConfig} from './requests/reload-config/handle.ts';
import {restart} from './requests/restart/handle.ts';
import {run} from './requests/run/handle.ts';
import {shutdown} from './requests/shutdown/handle.ts';
import {signal} from './requests/signal/handle.ts';
import {start} from './requests/start/handle.ts';
import {startDaemon} from './requests/start-daemon/handle.ts';
import {status} from './requests/status/handle.ts';
import {stop} from './requests/stop/handle.ts';
import {stopDaemon} from './requests/stop-daemon/handle.ts';
import {tree} from './requests/tree/handle.ts';
import {reboot} from './requests/reboot/handle.ts';
import {upgrade} from './requests/upgrade/handle.ts';
import {usage} from './requests/usage/handle.ts';
import {version} from './requests/version/handle.ts';
import {wait} from './requests/wait/handle.ts';
import {why} from './requests/why/handle.ts';

type ByKind = {readonly [R in Request as R['kind']]: R};
type Kind = keyof ByKind;

const strangers = byNeed(() => import('../features/monitor/requests/handlers.ts'));

/** For requests that few send: what handles them is loaded with the first. */
const seldom = <R>(make: () => Make<R>): Make<R> => context => (request, call) => make()(context)(request, call);

const MAKERS: {readonly [K in Kind]: Make<ByKind[K]>} = {
	status, health, history, tree, usage, logs, subscribe, wait, why, blame, graph, doctor, 'needs-restart': needsRestart, state,
	start, stop, auto, restart, 'run-now': runNow,
	reload, 'reload-config': reloadConfig, trigger, test, plan, config, reconcile, want, unwant, signal,
	run, attach, 'start-daemon': startDaemon, 'stop-daemon': stopDaemon,
	'sync-status': syncStatus, sync, fds, rules, 'rules-reload': rulesReload, 'rules-test': rulesTest,
	ports, 'alloc-port': allocPort, 'free-port': freePort,
	monitors: seldom(() => strangers().monitors), monitor: seldom(() => strangers().monitor),
	'monitor-fd': seldom(() => strangers().monitorFd), unmonitor: seldom(() => strangers().unmonitor),
	deps: seldom(() => strangers().deps), depend: seldom(() => strangers().depend), undepend: seldom(() => strangers().undepend),
	terminal, input, resize, reopen, limit, upgrade, version, reboot, shutdown,
	'alerts-status': alertsStatus, 'alerts-test': alertsTest,
};

export interface Handlers {
	/** Replies at once or later. What it returns is to be called if the client leaves before the reply. */
	take(request: Request, call: Call): (() => void) | void;
	onEffects(effects: readonly Effect[]): void;
}

export function createHandlers(daemon: Daemon): Handlers {
	const watchers: ((effects: readonly Effect[]) => void)[] = [];
	const context = createContext(daemon, callback => void watchers.push(callback));
	const handlers = Object.fromEntries(Object.entries(MAKERS).map(([kind, make]) => [kind, (make as Make<Request>)(context)]));
	return {
		take(request, call) {
			context.transients.sweep();
			return handlers[request.kind]?.(request, call);
		},
		onEffects(effects) {
			for (const tell of watchers) tell(effects);
		},
	};
}
