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
import {logs} from '../features/logging/requests/logs/handle.ts';
import {reopen} from '../features/logging/requests/reopen/handle.ts';
import {test} from '../features/run-test/requests/test/handle.ts';
import {trigger} from '../features/run-test/requests/trigger/handle.ts';
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

const rest = byNeed(() => import('./seldom-handlers.ts'));

/** For requests that few send: what handles them is loaded with the first. */
const seldom = <R>(make: () => Make<R>): Make<R> => context => (request, call) => make()(context)(request, call);

const MAKERS: {readonly [K in Kind]: Make<ByKind[K]>} = {
	status, health, history, tree, usage, metrics: seldom(() => rest().metrics), logs, subscribe, wait, why, blame, doctor,
	graph: seldom(() => rest().graph),
	'needs-restart': seldom(() => rest().needsRestart), state: seldom(() => rest().state),
	start, stop, auto, restart, 'run-now': runNow,
	reload, 'reload-config': reloadConfig, trigger, test, plan, config, signal,
	reconcile: seldom(() => rest().reconcile), want: seldom(() => rest().want), unwant: seldom(() => rest().unwant),
	run, attach, 'start-daemon': startDaemon, 'stop-daemon': stopDaemon,
	'sync-status': seldom(() => rest().syncStatus), sync: seldom(() => rest().sync), fds: seldom(() => rest().fds),
	rules: seldom(() => rest().rules), 'rules-reload': seldom(() => rest().rulesReload), 'rules-test': seldom(() => rest().rulesTest),
	ports: seldom(() => rest().ports), 'alloc-port': seldom(() => rest().allocPort), 'free-port': seldom(() => rest().freePort),
	monitors: seldom(() => rest().monitors), monitor: seldom(() => rest().monitor),
	'monitor-fd': seldom(() => rest().monitorFd), unmonitor: seldom(() => rest().unmonitor),
	deps: seldom(() => rest().deps), depend: seldom(() => rest().depend), undepend: seldom(() => rest().undepend),
	terminal, input, resize, reopen, limit, upgrade, version, reboot, shutdown,
	'alerts-status': seldom(() => rest().alertsStatus), 'alerts-test': seldom(() => rest().alertsTest),
	pools: seldom(() => rest().pools), pool: seldom(() => rest().pool), 'pool-restart': seldom(() => rest().poolRestart),
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
