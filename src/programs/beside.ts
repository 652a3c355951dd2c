/**
 * What few configs ask for beside their services, and PID 1 has a hand in: control by TCP, programs from manifests and from a
 * master, alerts, HTTP. Each is loaded with the first config that has it, and is told of each one after.
 */
import {byNeed} from '../core/by-need.ts';
import type {Config} from '../core/config.ts';
import {entries, isPool, type State} from '../core/state.ts';
import type {WithManifests} from '../features/manifest/core/control.ts';
import type {Reconciler} from '../features/manifest/os/reconciler.ts';
import type {Recorder} from '../features/events/os/recorder.ts';
import type {Ruling} from '../features/rules/requests/ruling.ts';
import {keptOf} from '../features/monitor/core/kept.ts';
import type {Alerting} from '../features/alerts/requests/alerting.ts';
import type {Pooling} from '../features/pools/requests/pooling.ts';
import type {Syncing} from '../features/sync/requests/syncing.ts';
import {soon} from '../os/clock.ts';
import type {Helpers} from '../os/helpers.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {EffectOf} from '../os/owners.ts';
import type {Poller} from '../os/poller.ts';
import type {Reaper} from '../os/reap/reaper.ts';
import type {Handoff} from '../os/reexec/handoff.ts';
import type {KeptFds} from '../os/reexec/kept-fds.ts';
import type {Reexec} from '../os/reexec/reexec.ts';
import type {Listener} from '../os/sockets/listener.ts';
import type {RemoteControl} from './remote.ts';
import type {AlertControl} from './alerts.ts';
import type {PoolsControl} from './pools.ts';
import type {RulesControl} from './rules.ts';
import type {SyncControl} from './sync.ts';
import type {WebControl} from './web.ts';
import type {ServiceWatches} from './watches.ts';

const pooling = byNeed(() => import('./pools.ts'));
const ruling = byNeed(() => import('./rules.ts'));
const alerting = byNeed(() => import('./alerts.ts'));
const answering = byNeed(() => import('./web.ts'));
const syncing = byNeed(() => import('./sync.ts'));

export interface BesideParts {
	readonly loop: Loop;
	readonly log: Log;
	readonly poller: Poller;
	readonly reaper: Reaper;
	readonly helpers: Helpers;
	readonly kept: KeptFds;
	readonly handoff: Handoff;
	readonly listener: () => Listener | null;
	readonly recorder: Pick<Recorder, 'events' | 'say' | 'tell' | 'tellOfPool'>;
	readonly whole: Reexec['whole'];
	/** archon was re-executed, and pools of the instance before go on. */
	readonly isResumed: boolean;
	readonly own: () => Pick<
		Config, 'logging' | 'events' | 'remote' | 'manifest' | 'monitor' | 'sync' | 'rules' | 'alerts' | 'web' | 'stateDir'
	>;
}

export interface Beside {
	/** The config in force is another one. */
	renew(): void;
	/** The files of the manifest may say something else. */
	rereadManifests(): void;
	readonly manifests: WithManifests;
	/** Null: nothing is pulled from a master. */
	sync(): Syncing | null;
	/** Null: there are no rules in Lua. */
	rules(): Ruling | null;
	/** Null: there are no pools. */
	pools(): Pooling | null;
	/** Null: no one is told of anything. */
	alerts(): Alerting | null;
	/** An action or a rule wants something told. */
	want(effect: EffectOf<'alert'>): void;
	/** Archon is about to end: what waits to be told is, as far as that is done in time. Calls back once. */
	finish(done: () => void): void;
}

export function createBeside(parts: BesideParts): Beside {
	const {loop, log, poller, reaper, helpers, kept, handoff, listener, recorder, whole, own} = parts;
	let remote: Promise<RemoteControl> | null = null;
	let manifests: Promise<Reconciler> | null = null;
	let sync: SyncControl | null = null;
	let rules: RulesControl | null = null;
	let watches: Promise<ServiceWatches> | null = null;
	let alerts: AlertControl | null = null;
	let web: WebControl | null = null;
	let pools: PoolsControl | null = null;
	/** Rules of the first config are told of all that has been since archon began, but of nothing before a reboot. */
	let isFirst = true;
	const began = recorder.events.last() + 1;

	async function loadManifest(): Promise<Reconciler> {
		const {createManifest} = await import('./manifest.ts');
		return createManifest({loop, log, poller, reaper, logging: () => own().logging, pulled: () => own().sync?.dest ?? null, whole});
	}

	async function loadRemote(): Promise<RemoteControl> {
		const {createRemoteControl} = await import('./remote.ts');
		const {state, dispatch} = loop;
		return createRemoteControl({link: helpers.link('gate'), log, state, dispatch, listener, whole});
	}

	async function loadWatches(): Promise<ServiceWatches> {
		const {createServiceWatches} = await import('./watches.ts');
		return createServiceWatches({loop, log, recorder, poller, reaper, own});
	}

	function rereadManifests(): void {
		void manifests?.then(({reread}) => reread());
	}

	function createSync(): SyncControl {
		const {state, dispatch, subscribe} = loop;
		return syncing().createSyncControl({link: helpers.link('sync'), state, dispatch, subscribe, whole, switched: rereadManifests});
	}

	function createRules(): RulesControl {
		const {state, dispatch} = loop;
		const {events, say} = recorder;
		const from = isFirst ? began : events.last() + 1;
		const link = helpers.link('rules');
		return ruling().createRulesControl({link, log, state, dispatch, listener, events, say, from, handoff, soon, whole});
	}

	function createPools(): PoolsControl {
		const {state, dispatch} = loop;
		const isResumed = parts.isResumed && isFirst;
		return pooling().createPoolsControl({helpers, log, state, dispatch, tell: recorder.tellOfPool, soon, whole, isResumed});
	}

	function createAlerts(): AlertControl {
		const {state, dispatch} = loop;
		return alerting().createAlertControl({link: helpers.link('alerts'), kept, log, state, dispatch, listener, whole});
	}

	function createWeb(): WebControl {
		const {state, dispatch} = loop;
		return answering().createWebControl({link: helpers.link('web'), kept, log, state, dispatch, listener, whole});
	}

	return {
		renew() {
			if (own().remote.length > 0) remote ??= loadRemote();
			void remote?.then(({set}) => whole(() => set(own().remote)));
			if (own().manifest) manifests ??= loadManifest();
			void manifests?.then(({set}) => whole(() => set(own().manifest)));
			const {monitor} = own();
			if (monitor.length > 0 || keptOf(loop.state())) loop.dispatch({kind: 'monitor', news: {kind: 'config', rules: monitor}});
			if (own().sync) sync ??= createSync();
			sync?.set(own().sync);
			if (own().rules) rules ??= createRules();
			rules?.set(own().rules);
			if (!pools && [...entries(loop.state())].some(isPool)) pools = createPools();
			pools?.renew();
			isFirst = false;
			if (hasWatches(loop.state())) watches ??= loadWatches();
			void watches?.then(({renew}) => whole(renew));
			if (own().alerts) alerts ??= createAlerts();
			alerts?.set(own().alerts);
			if (own().web) web ??= createWeb();
			web?.set(own().web);
		},
		rereadManifests,
		manifests: (use, failed) => void (manifests ? manifests.then(use).catch(failed) : use(null)),
		sync: () => sync,
		rules: () => (own().rules ? rules : null),
		pools: () => pools,
		alerts: () => alerts,
		want({about, text, why, by}) {
			if (!own().alerts) return;
			// Services may begin before it does.
			alerts ??= createAlerts();
			alerts.want({service: about ?? '', text: text ?? `${why} (${by})`, at: Date.now()});
		},
		finish: done => (alerts ? alerts.finish(done) : done()),
	};
}

const hasWatches = (state: State): boolean => [...entries(state)].some(({service}) => service.watch.length > 0);
