/** archon as the init of a container: connects core, os and control, and runs the loop. */
import type {Server} from '../control/server.ts';
import {socketPaths} from '../control/transport.ts';
import type {NumberedRule} from '../core/access.ts';
import {byNeed} from '../core/by-need.ts';
import {changedSettings, type Config, type Whole} from '../core/config.ts';
import {isAlive} from '../core/phase.ts';
import {HELPER_PREFIX, SHELL} from '../core/helper-roles.ts';
import {parse, stringify} from '../core/serialize.ts';
import type {SignalNumber} from '../core/signal-numbers.ts';
import type {Meanings, ReceivedSignal} from '../core/signals.ts';
import {hasTerminal} from '../core/shell-service.ts';
import {entries, entryOf, isHelper, isPool} from '../core/state.ts';
import type {BootScript} from '../features/boot/core.ts';
import {createRecorder} from '../features/events/os/recorder.ts';
import {NO_BIND} from '../features/bind/core/rules.ts';
import {PORT_RULES} from '../features/ports/core/spec.ts';
import {createOutput} from '../features/logging/os/output.ts';
import {numbered} from '../os/access.ts';
import {soon} from '../os/clock.ts';
import {keepCounts} from '../os/counts.ts';
import {env} from '../os/environment.ts';
import {errnoText} from '../os/errno.ts';
import {createHelpers} from '../os/helpers.ts';
import {lacks} from '../os/host-checks.ts';
import {ownPath, pid, uid} from '../os/identity.ts';
import {createLog, type Log} from '../os/log.ts';
import {createLoop, type Loop} from '../os/loop.ts';
import {watchMemory} from '../os/oom.ts';
import {createHands} from '../os/perform.ts';
import {createPoller, type Poller} from '../os/poller.ts';
import {onUncaught, run} from '../os/reactor.ts';
import {createReaper} from '../os/reap/reaper.ts';
import {findSpawned, findTagged, forgive, record, startInstance} from '../os/reexec/instance.ts';
import {type KeptFds, openKeptFds} from '../os/reexec/kept-fds.ts';
import type {Reexec} from '../os/reexec/reexec.ts';
import {createManager} from '../os/service-manager.ts';
import {listenForSignals} from '../os/signals.ts';
import type {Owner} from '../os/sockets/asker.ts';
import {type Listener, serve} from '../os/sockets/listener.ts';
import {sys} from '../os/sys.ts';
import {traceOf} from '../os/trace.ts';
import {createMemoryTrimmer} from '../os/trim-memory.ts';
import {createBeside} from './beside.ts';
import type {ConfigSource} from './config-source.ts';
import {firstState, given, handedOver, type HandedOver, NO_CONFIG} from './own-config.ts';
import {createWatchConfig} from './watch-config.ts';
import {createSignalHandler} from './signals.ts';
import {createReloads, IN_FORCE, type Texts} from './reload.ts';

const upgrading = byNeed(() => import('../os/reexec/upgrade.ts'));
const scripting = byNeed(() => import('../features/boot/os/rc.ts'));
const rebooting = byNeed(() => import('./reboot.ts'));
const keeping = byNeed(() => import('../features/state/os/keeper.ts'));

export interface Options {
	/** The config; null: archon was re-executed, and its last instance has handed the state over. */
	readonly config: Config | null;
	/** All that was read for it, as text; null: nothing was read. */
	readonly kept: string | null;
	/** The default meanings of signals. */
	readonly meanings: Meanings;
	/** Paths for the control socket, of which the first that can be created is used; empty: there is no socket. */
	readonly sockets: readonly string[];
	/** Where the config comes from; null: archon was started without one. */
	readonly source: ConfigSource | null;
	/** Lines that are logged first. */
	readonly notes: readonly string[];
	readonly version: string;
	/** What else is served beside the control socket; the result ends that, as archon is about to end. */
	readonly serveAlso?: (parts: AlsoParts) => () => void;
	/** What `ps` calls the process. */
	readonly name?: string;
	/** Whether $NOTIFY_SOCKET is for the command and not for archon: in one-command mode. */
	readonly isPayload?: boolean;
}

export interface AlsoParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	readonly log: Log;
	/** Null: there is no control socket. */
	readonly listener: Listener | null;
	readonly isDegraded: boolean;
	readonly dispatch: Loop['dispatch'];
}

/** How many descriptors archon needs for itself, roughly, and for each service: both ends of two pipes. */
const [FDS_OF_ARCHON, FDS_OF_SERVICE] = [64, 4];

export function runDaemon(options: Options): void {
	const {meanings, sockets, notes, version, source, serveAlso, name = 'archon', isPayload = false} = options;
	if (pid !== 1) sys.becomeSubreaper();
	sys.setName(name);

	const instance = startInstance([IN_FORCE]);
	const {reexec, handoff, past} = instance;
	keepCounts(handoff);
	const whole: Reexec['whole'] = act => (reexec ? reexec.whole(act) : act());
	const kept = openKeptFds({
		handoff, keepFd: reexec?.keepFd ?? (() => 0), close: sys.close, strays: instance.inheritedFds,
		failed: (fd, errno) => log.warn(`cannot keep descriptor ${fd} for when archon is re-executed: ${errnoText(errno)}`),
	});
	const begun = past ? null : given(options.config, options.kept, source, instance.isRebooted ? handoff.get(IN_FORCE) : null);
	let own = begun ? handedOver(begun.config) : {...NO_CONFIG, ...parse<Partial<HandedOver>>(past?.options ?? '{}')};
	let rules: Meanings = new Map([...meanings, ...own.signals]);
	const act = (heard: ReceivedSignal): void => whole(() => {
		obey(heard);
		reexec?.heard(heard.signal);
	});
	const listenAlso = listenForSignals(rules.keys(), act, () => whole(() => hands.collect()));
	const state = past?.state ?? firstState(begun?.config ?? NO_CONFIG);
	sys.raiseFdLimit();
	sys.reserveFds(FDS_OF_ARCHON + FDS_OF_SERVICE * state.names.size);

	const poller = createPoller(whole);
	const pools = past ? [...entries(state)].filter(isPool).map(({service: {name}}) => name) : [];
	const helpers = createHelpers({poller, kept, pools, isUpgraded: reexec?.causes.at(-1)?.kind === 'upgrade'});
	const names = [...state.names.keys()].filter(name => !name.startsWith(HELPER_PREFIX));
	const isLasting = pid !== 1 && own.stateDir !== null;
	const output = createOutput({poller, handoff, kept, helpers, isDegraded: instance.isDegraded, isLasting}, names, own.events);
	let isLent = hasTerminal(state);
	const terminalMode = isLent && !past ? sys.terminalMode(0) : -1;
	output.hold(isLent);
	const log = createLog(() => own.level, output.say);
	const reaper = createReaper(event => loop.dispatch(event), poller, watchMemory(), id => entryOf(loop.state(), id));
	const recorder = createRecorder(handoff.blocks, !reexec || reexec.reexecutions === 0, id => entryOf(loop.state(), id));
	const keeper = own.stateDir === null ? null : keeping().createKeeper({
		dir: own.stateDir, kept, log, state: () => loop.state(), hasManifest: own.manifest !== null,
	});
	const manager = createManager(isPayload ? {} : env());
	let listener: Listener | null = null;
	let endAlso = (): void => {};
	/** The path that the listener is at. */
	let served: string | null = null;
	let server: Server | null = null;
	let grants: readonly NumberedRule[] = [];
	const hands = createHands({
		reaper, poller, output, handoff, kept, helpers, log, recorder, manager, keeper, isDegraded: instance.isDegraded,
		reread: () => beside.rereadManifests(),
		state: () => loop.state(),
		ownerOf,
		bindRules: () => own.bind ?? NO_BIND,
		portRules: () => own.ports ?? PORT_RULES,
		alert: effect => beside.want(effect),
		dispatch: event => loop.dispatch(event),
		isSweeping: () => loop.state().stage.kind === 'sweeping',
		exit: status => beside.finish(() => {
			endAlso();
			listener?.close();
			sys.exit(status);
		}),
		reboot: why => beside.finish(() => {
			endAlso();
			listener?.close();
			rebooting().reboot(why, {reexec, handoff, log, exit: sys.exit});
		}),
	});
	const loop: Loop = createLoop(state, hands, whole);
	const beside = createBeside({
		loop, log, poller, reaper, helpers, kept, handoff, listener: () => listener, recorder, whole, isResumed: past !== null,
		own: () => own,
	});
	const texts: Texts = reexec ? handoff : createTexts();
	const watch = instance.isDegraded || !source ? () => {} : createWatchConfig({
		poller, log, pause: () => own.watchConfig ?? null, reload: () => reloads.ask({trial: null, onlyIfChanged: true}, () => {}),
	});
	const reloads = createReloads({loop, log, recorder, logs: output.logs, manager, source, texts, whole, adopt, watch});
	const trimmer = createMemoryTrimmer();
	const obey = createSignalHandler({loop, log, meanings: () => rules, reload: reloadOrRevive, reopen: output.logs.reopen});

	/** What of the config in force concerns the whole. */
	const wholeInForce = (): Whole => ({...own, ...loop.state().settings});

	function adopt(config: Config): readonly string[] {
		const changed = changedSettings(wholeInForce(), config);
		if (config.stateDir !== own.stateDir) log.info('archon.state_dir counts from the next start of archon');
		own = {...handedOver(config), stateDir: own.stateDir};
		output.resay(own.events);
		rules = new Map([...meanings, ...own.signals]);
		listenAlso(rules.keys());
		handoff.put('options', stringify(own));
		// When the services are those of the config as well.
		soon(() => whole(() => {
			grant();
			hands.rebind();
		}));
		for (const service of config.services) {
			const id = service.exec.files.length > 0 ? loop.state().names.get(service.name) : undefined;
			if (id !== undefined) hands.renewFiles(id, service);
		}
		return changed;
	}

	/** Nothing is written to the terminal while the shell has it; it comes back with the end of the shell. */
	function lendTerminal(): void {
		const now = loop.state();
		if (hasTerminal(now) === isLent) return;
		isLent = !isLent;
		output.hold(isLent);
		if (isLent || now.stage.kind !== 'running') return;
		sys.takeTerminal(0);
		// A shell that was killed has left it raw, and then ^C is no signal.
		if (typeof terminalMode !== 'number') sys.setTerminalMode(0, terminalMode, false, '');
		log.info(`the shell was left, and services keep running: archonctl start ${SHELL} begins another one`);
	}

	/** Puts in force who may ask what on the control socket. */
	function grant(): void {
		const found = numbered(own.access ?? []);
		grants = found.rules;
		for (const why of found.unknown) log.warn(`access: ${why}, and is granted nothing`);
		// Helpers are given their connections.
		const isOpen = grants.length > 0
			|| [...entries(loop.state())].some(entry => !isHelper(entry) && entry.service.control && entry.service.control.length > 0);
		const why = listener?.setOpen(isOpen) ?? null;
		if (why !== null) log.warn(`others than root cannot reach the control socket: ${why}`);
		server?.review();
		if (!instance.isDegraded) beside.renew();
	}

	/** Reloads the config. In degraded mode archon re-executes itself instead, and the next instance reads the config. */
	function reloadOrRevive(signal: SignalNumber): void {
		if (!instance.isDegraded || !reexec) return reloads.ask({trial: null}, () => {});
		forgive(handoff);
		reexec.heard(signal);
		reexec.upgrade('', 'to leave degraded mode');
	}

	function upgrade(given: string | null, failed: (why: string) => void): void {
		if (!reexec) return failed('archon has no memory here that survives re-execution');
		const path = given ?? ownPath();
		upgrading().examine(path, {reaper, poller, output}, why => {
			if (why !== null) return failed(why);
			// The new instance logs what has happened: a line that a thread is writing now would be written by both.
			failed(`executing ${path}: ${errnoText(-reexec.upgrade(path, path))}`);
		});
	}

	/** Re-executes archon after a bug, as its memory cannot be trusted any more: the next instance reads what was recorded. */
	function isBug(error: unknown): void {
		const words = traceOf(error);
		const failure = reexec?.revive(words);
		log.fatal(`a bug in archon: ${words}${failure ? `; cannot re-execute archon: ${errnoText(-failure)}` : ''}`);
	}

	onUncaught(isBug);

	// From here on archon survives a fault: the state is recorded, and descriptors are kept.
	if (past) hands.restore(state);
	if (begun) {
		handoff.put('options', stringify(own));
		if (begun.kept !== null) texts.put(IN_FORCE, begun.kept);
	}
	record(handoff, null, state);
	reexec?.arm();

	if (!past) for (const note of [...notes, ...lacks()]) log.info(note);
	for (const {service: {name, exec}} of past || uid !== 0 ? [] : [...entries(state)].filter(isHelper)) {
		// archon.sync becomes another user by itself.
		if (!exec.user && name !== `${HELPER_PREFIX}sync`) log.info(`${name} runs as root: archon cannot become another user here`);
	}
	if (begun?.problems && instance.isRebooted) log.error(rebooting().tellBroken(begun.problems, begun.kept !== null));
	if (instance.damage !== null) log.error(`${instance.story}, and cannot use the state that it had saved: ${instance.damage}`);
	whole(() => {
		if (past) goOn();
		else begin();
		if (!instance.isDegraded && sockets.length > 0) listener = openControl();
		endAlso = serveAlso?.({poller, kept, log, listener, isDegraded: instance.isDegraded, dispatch: loop.dispatch}) ?? endAlso;
		grant();
		const unclaimed = kept.closeUnclaimed();
		// In degraded mode archon has no use for many of them, as it says already.
		if (unclaimed > 0 && !instance.isDegraded) {
			log.info(`closed ${unclaimed} ${unclaimed === 1 ? 'descriptor' : 'descriptors'} of the previous instance that archon has no use for`);
		}
	});
	if (instance.rereads) {
		handoff.delete('reread');
		if (source) reloads.ask({trial: null}, () => {});
	}
	const inForce = own.watchConfig === null ? null : texts.get(IN_FORCE);
	if (inForce !== null) watch(inForce);
	reexec?.pending().forEach(act);
	loop.subscribe(['changed', 'probe', 'hook', 'signal'], trimmer.stir);
	if (state.names.has(SHELL)) loop.subscribe(['changed', 'stage'], lendTerminal);
	run();

	/** Begins from the config. Services that run already are adopted if the last instance's state cannot be read. */
	function begin(): void {
		// What the life before had is of no use, its lock on the state above all.
		if (instance.isRebooted) kept.closeStrays();
		const tagged = instance.damage === null ? [] : findTagged(state);
		const left = keeper?.begin(state);
		if (typeof left === 'string') return giveWay(left);
		const adopted = [...tagged, ...left?.adopted ?? []];
		hands.salvage(left?.state ?? state, adopted);
		// Before the control socket is made: as long as its old listener is open, it looks as if another archon had it.
		kept.closeStrays();
		const boots = (): void => loop.dispatch({kind: 'boot', adopted, ...left?.remembered && {remembered: left.remembered}});
		// Where services run already, archon alone begins again, and not the container.
		if (own.boot && adopted.length === 0) runScript(own.boot, boots);
		else boots();
	}

	/** What it has failed with ends the container, in order; a shutdown that came first is not undone by what comes of it. */
	function runScript(script: BootScript, boots: () => void): void {
		const isWaiting = (): boolean => loop.state().stage.kind === 'boot';
		scripting().runBootScript(script, {
			reaper, poller, output, handoff, log,
			boots: () => void (isWaiting() && boots()),
			ends: (why, status) => void (isWaiting() && loop.dispatch({kind: 'shutdown', why, status})),
		});
	}

	/** Another archon runs what this one would run as well. */
	function giveWay(why: string): void {
		log.error(why);
		output.finish(() => sys.exit(1));
	}

	function goOn(): void {
		keeper?.resume();
		const going = [...entries(state)].filter(({phase}) => isAlive(phase)).length;
		const kept = `${going} ${going === 1 ? 'service keeps' : 'services keep'} running`;
		log.warn(`${instance.story} and was re-executed: ${kept}${instance.isDegraded ? DEGRADED : ''}`);
		recorder.say('re-executed', instance.story);
		loop.dispatch({kind: 'resumed', found: findSpawned(state)});
		if (state.stage.kind === 'boot' && own.boot) runScript(own.boot, () => loop.dispatch({kind: 'boot'}));
		hands.collect();
		reloads.resume();
	}

	async function loadServer(): Promise<Server> {
		const {createControlServer} = await import('./control-server.ts');
		return server = createControlServer({
			loop, hands, reaper, output, log, recorder, reloads, beside, source, texts, keeper, reexec, version, upgrade,
			served: () => served, access: () => grants, whole: wholeInForce, logging: () => own.logging,
		});
	}

	function ownerOf(pid: number): Owner | null | 'unknown' {
		const id = reaper.serviceOf(pid);
		const entry = id === null || id === 'unknown' ? undefined : entryOf(loop.state(), id);
		return entry ? {id: entry.id, name: entry.service.name} : id === null ? null : 'unknown';
	}

	/** It is never fatal: archon also works without a socket. */
	function openControl(): Listener | null {
		const failures: string[] = [];
		for (const path of sockets) {
			const listener = serve(path, {poller, kept, ownerOf, left: trimmer.stir}, loadServer);
			if (listener.ok) {
				served = path;
				return listener.value;
			}
			failures.push(listener.error);
		}
		log.warn(`archonctl cannot reach archon: cannot listen at ${failures.join(', nor at ')}${ELSEWHERE}`);
		return null;
	}
}

/** Where the root is read-only, for instance. */
const ELSEWHERE = '; mount a tmpfs at /run, or name a writable path with --socket or $ARCHON_SOCKET';

const DEGRADED = `; degraded mode after too many crashes: services are kept running, but without archonctl, without probes, \
and with their output unformatted; SIGHUP ends degraded mode`;

/** Where no memory outlives archon. */
function createTexts(): Texts {
	const texts = new Map<string, string>();
	return {put: (key, text) => void texts.set(key, text), get: key => texts.get(key) ?? null, delete: key => void texts.delete(key)};
}

/** The paths for the control socket, by `--socket` or the environment. */
export const placesFor = (socket: string | null): readonly string[] =>
	socket === null ? socketPaths(env(), uid) : [socket];
