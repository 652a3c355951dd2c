/** The keys at the top that say how the whole behaves, in every format: group by group, in the order in which people read of them. */
import {byNeed} from '../../core/by-need.ts';
import {LOGGING} from '../../core/defaults.ts';
import {NO_BIND} from '../../features/bind/core/rules.ts';
import {PORT_RULES} from '../../features/ports/core/spec.ts';
import {keysOf, type Intersection, type WholeGroup, type WholePlanning} from '../group.ts';
import {shutdown} from '../keys/shutdown.ts';
import {startRate} from '../keys/start-rate.ts';
import {lateWhole} from '../late.ts';
import type {Whole} from '../planning.ts';
import type {Settings} from '../shape.ts';
import type {ActionsAt} from '../written-action.ts';

const loadAccess = byNeed(() => import('../keys/access.ts'));
const loadAlerts = byNeed(() => import('../../features/alerts/keys.ts'));
const loadBoot = byNeed(() => import('../../features/boot/keys/boot.ts'));
const loadBind = byNeed(() => import('../../features/bind/keys/bind.ts'));
const loadLogging = byNeed(() => import('../../features/logging/keys/logging.ts'));
const loadManifest = byNeed(() => import('../../features/manifest/keys/manifest.ts'));
const loadPorts = byNeed(() => import('../../features/ports/keys/ports.ts'));
const loadMonitor = byNeed(() => import('../../features/monitor/keys/monitor.ts'));
const loadRemote = byNeed(() => import('../keys/remote.ts'));
const loadRules = byNeed(() => import('../../features/rules/keys.ts'));
const loadSignals = byNeed(() => import('../keys/signals.ts'));
const loadSync = byNeed(() => import('../../features/sync/keys.ts'));
const loadWeb = byNeed(() => import('../../features/web/keys.ts'));
const loadWatchConfig = byNeed(() => import('../../features/watch-config/keys.ts'));

const archon = lateWhole(
	loadLogging, 'archon', {archon: {logging: null, events: null, log_level: 'info', state_dir: null, watch_config: null}},
	{logging: LOGGING, events: LOGGING, level: 'info', stateDir: null},
);
const signals = lateWhole(loadSignals, 'signals', {signals: []}, {signals: []});
const access = lateWhole(loadAccess, 'access', {access: []}, {access: []});
const remote = lateWhole(loadRemote, 'remote', {remote: []}, {remote: []});
const manifest = lateWhole(loadManifest, 'manifest', {manifest: null}, {manifest: null});
const monitor = lateWhole(loadMonitor, 'monitor', {monitor: []}, {monitor: []});
const sync = lateWhole(loadSync, 'sync', {sync: null}, {sync: null});
const rules = lateWhole(loadRules, 'rules', {rules: null}, {rules: null});
const alerts = lateWhole(loadAlerts, 'alerts', {alerts: null}, {alerts: null});
const web = lateWhole(loadWeb, 'web', {web: null}, {web: null});
const watchConfig = lateWhole(loadWatchConfig, 'watchConfig', {watch_config: null}, {watchConfig: null});
const bind = lateWhole(loadBind, 'bind', {bind: NO_BIND}, {bind: NO_BIND});
const ports = lateWhole(loadPorts, 'topPorts', {ports: PORT_RULES}, {ports: PORT_RULES});
const boot = lateWhole(loadBoot, 'boot', {boot: null}, {boot: null});

export const WHOLE_GROUPS = [
	archon, boot, shutdown, startRate, signals, access, remote, manifest, monitor, sync, rules, alerts, web, watchConfig, ports, bind,
] as const;

export const WHOLE = keysOf(WHOLE_GROUPS);

/** The actions in those that are written. */
export const actionsOfWhole = (settings: Settings<typeof WHOLE>): readonly ActionsAt[] =>
	(WHOLE_GROUPS as readonly WholeGroup<Settings<typeof WHOLE>>[]).flatMap(group => {
		const isWritten = Object.entries(group.keys).some(([name, {initial}]) => settings[name as keyof typeof settings] !== initial);
		return isWritten ? group.actions?.(settings) ?? [] : [];
	});

/** What the keys come to, all together. */
export function planWhole(settings: Settings<typeof WHOLE>, planning: WholePlanning): Whole {
	type Plans = Intersection<ReturnType<(typeof WHOLE_GROUPS)[number]['plan']>>;
	// The keys of `archon` come last: one of another group may stand among them.
	return Object.assign({}, ...WHOLE_GROUPS.toReversed().map(({plan}) => plan(settings, planning))) as Plans;
}
