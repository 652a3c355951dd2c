/** The control server with all that its handlers need of archon: loaded with the first client, as most containers start without one. */
import {createServer, type Server} from '../control/server.ts';
import type {NumberedRule} from '../core/access.ts';
import type {Whole} from '../core/config.ts';
import {lazily} from '../core/lazily.ts';
import type {Logging} from '../features/logging/core.ts';
import type {Output} from '../features/logging/os/output.ts';
import type {Recorder} from '../features/events/os/recorder.ts';
import type {Keeper} from '../features/state/os/keeper.ts';
import {after, soon, wallClock} from '../os/clock.ts';
import {uid} from '../os/identity.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {MoreHands} from '../os/perform.ts';
import type {Reaper} from '../os/reap/reaper.ts';
import type {Reexec} from '../os/reexec/reexec.ts';
import type {Beside} from './beside.ts';
import type {ConfigSource} from './config-source.ts';
import type {InForce} from './inspect-config.ts';
import {IN_FORCE, type Reloads, type Texts} from './reload.ts';

export interface ControlServerParts {
	readonly loop: Loop;
	readonly hands: MoreHands;
	readonly reaper: Reaper;
	readonly output: Output;
	readonly log: Log;
	readonly recorder: Recorder;
	readonly reloads: Reloads;
	readonly beside: Beside;
	readonly source: ConfigSource | null;
	readonly texts: Texts;
	/** Null: nothing outlives archon. */
	readonly keeper: Keeper | null;
	/** Null: archon is not re-executed here. */
	readonly reexec: Reexec | null;
	readonly version: string;
	/** The path that clients reach archon at. */
	readonly served: () => string | null;
	readonly access: () => readonly NumberedRule[];
	readonly whole: () => Whole;
	readonly logging: () => Logging;
	readonly upgrade: (path: string | null, failed: (why: string) => void) => void;
}

/** How long a trigger waits for its state to be written (ms). */
const STATE_PATIENCE = 10_000;

export function createControlServer(parts: ControlServerParts): Server {
	const {loop, hands, reaper, output, log, recorder, reloads, beside, source, texts, keeper, reexec, whole, upgrade} = parts;
	const inForce = (): InForce => ({state: loop.state(), source, kept: texts.get(IN_FORCE), whole: whole()});
	const looking = lazily(async () => (await import('../os/reap/tree.ts'))
		.looksAt(() => ({state: loop.state(), isCommand: reaper.isCommand}), soon));
	const measuring = lazily(async () => (await import('../features/metrics/os/measuring.ts')).createMeasuring({
		usage: (told, failed) => looking(({usage}) => usage(told, failed), failed), output, checks: hands.checks, state: loop.state, soon,
	}));
	const mapping = lazily(async () => (await import('./mapped.ts')).staleIn(looking));
	const examining = lazily(() => import('./doctor.ts'));
	const rebooting = lazily(() => import('./reboot.ts'));
	const inspecting = lazily(() => import('./inspect-config.ts'));
	const strangers = lazily(() => import('../features/monitor/os/held.ts'));
	const [lives, cause] = [reexec?.reexecutions ?? 0, reexec?.causes.at(-1)?.kind ?? ''];

	const server = createServer({
		state: loop.state, dispatch: loop.dispatch, wallClock, reload: reloads.ask,
		tree: (isAll, told, failed) => looking(({tree}) => tree(isAll, told, failed), failed),
		needsRestart: (isMeant, told, failed) => mapping(find => find(isMeant, told, failed), failed),
		usage: (told, failed) => looking(({usage}) => usage(told, failed), failed),
		measures: (told, failed) => measuring(measure => measure(told, failed), failed),
		examineHost: (told, failed) => examining(({examineHost}) => told(examineHost({
			state: loop.state(), socket: parts.served(), lives, cause,
		})), failed),
		plan: (done, failed) => inspecting(({planReload}) => planReload(inForce(), done), failed),
		config: (name, showsSecrets, done, failed) => inspecting(({showConfig}) => showConfig(inForce(), name, showsSecrets, done), failed),
		examineReboot: (told, failed) => rebooting(each => each.examineReboot(reexec, source, told), failed),
		test: hands.ask,
		heldFor: hands.heldFor,
		allocPort: (key, protocol, port) => hands.ports().alloc(key, protocol, port),
		triggered(line, done) {
			log.info(`triggered: ${line}`);
			recorder.say('triggered', line);
			if (!keeper) return done();
			const forget = after(STATE_PATIENCE, done);
			keeper.persist(() => {
				forget();
				done();
			});
		},
		kept: () => keeper?.about() ?? null, ownUid: uid, access: parts.access, warn: log.warn,
		soon, after, events: recorder.events, logs: output.logs,
		sync: beside.sync, rules: beside.rules, pools: beside.pools, alerts: beside.alerts, terminals: output.terminals, logging: parts.logging,
		strangers, manifests: beside.manifests, upgrade, examine: hands.examine, version: {version: parts.version, lives, cause},
	});
	loop.subscribe(['changed', 'forgotten', 'stage', 'triggered'], server.watch);
	return server;
}
