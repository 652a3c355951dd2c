/** The hands of the loop, composed of the owners of effects: what the core asks for is done to the machine and to nothing else. */
import {byNeed} from '../core/by-need.ts';
import type {Event, News} from '../core/event.ts';
import type {Id, Run} from '../core/ids.ts';
import type {Adopted} from '../core/outcome.ts';
import type {Phase} from '../core/phase.ts';
import {entries, entryOf, find, type State} from '../core/state.ts';
import {createHealth, type Health} from '../features/health/os/health.ts';
import type {Output} from '../features/logging/os/output.ts';
import {ownOutput} from '../features/logging/os/owner.ts';
import type {BindRules} from '../features/bind/core/rules.ts';
import type {BindParts, BindServer} from '../features/bind/os/answering.ts';
import type {OwnPorts} from '../features/ports/os/ports.ts';
import type {PortRules} from '../features/ports/core/spec.ts';
import {type OwnSockets, ownSockets} from '../features/sockets/os/owner.ts';
import type {Keeper} from '../features/state/os/keeper.ts';
import type {Recorder} from '../features/events/os/recorder.ts';
import {commandsOf} from '../features/reactions/core/feature.ts';
import {ownActions} from '../features/reactions/os/owner.ts';
import {ownTests, type OwnTests} from '../features/run-test/os/owner.ts';
import {count, ORPHANS, uncountService} from './counts.ts';
import type {Helpers} from './helpers.ts';
import type {Log} from './log.ts';
import type {Hands} from './loop.ts';
import {createNarrator} from './narrator.ts';
import {compose, type Composition, type EffectOf, ownedByNeed, type Owner} from './owners.ts';
import {createPace} from './pace.ts';
import type {Poller} from './poller.ts';
import {isMadeBy} from './reap/own.ts';
import {ownProcesses} from './reap/owner.ts';
import type {Reaper} from './reap/reaper.ts';
import type {Handoff} from './reexec/handoff.ts';
import {record} from './reexec/instance.ts';
import type {KeptFds} from './reexec/kept-fds.ts';
import {type Manager, ownManager} from './service-manager.ts';
import {createShutdown} from './shutdown.ts';
import {makeDirectories, ownDirectories} from './spawn/directories.ts';
import {createStarter} from './spawn/starter.ts';
import type {Placing} from './spawn/placed-files.ts';
import {tellPorts} from './spawn/port-variables.ts';
import {createPlacing, ownPlacing} from './spawn/placing.ts';
import {createSources, ownSources} from './spawn/sources.ts';
import type {Sources} from './spawn/variable-sources.ts';
import {traceOf} from './trace.ts';

const [hooking, judging] = [byNeed(() => import('./spawn/hooks.ts')), byNeed(() => import('./spawn/conditions.ts'))];
const binding = byNeed(() => import('../features/bind/os/answering.ts'));
const porting = byNeed(() => import('../features/ports/os/ports.ts'));
const watching = byNeed(() => import('../features/monitor/os/owner.ts'));
const clocking = byNeed(() => import('../features/schedule/os/clock.ts'));

export interface Machine {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Output;
	readonly handoff: Handoff;
	readonly kept: KeptFds;
	readonly helpers: Helpers;
	/** No probe is made: each is taken to have found the service well. */
	readonly isDegraded?: boolean;
	readonly log: Log;
	/** Keeps events for those who ask. */
	readonly recorder: Recorder;
	/** The service manager outside of archon, if there is one. */
	readonly manager?: Manager;
	/** Keeps what outlives archon, where anything does. */
	readonly keeper: Pick<Keeper, 'persist' | 'finish'> | null;
	/** The files of the manifest are to be read again. */
	readonly reread: () => void;
	readonly state: () => State;
	/** The service that a living process belongs to, by nothing that it could forge. */
	readonly ownerOf: BindParts['ownerOf'];
	readonly bindRules: () => BindRules;
	/** Where ports come from that archon chooses. */
	readonly portRules: () => PortRules;
	/** People are to be told. */
	readonly alert: (effect: EffectOf<'alert'>) => void;
	/** Is given events that no effect has asked for. */
	readonly dispatch: (event: Event) => void;
	/** Whether the last sweep has begun. */
	readonly isSweeping: () => boolean;
	/** The last thing that archon does. */
	readonly exit: (status: number) => void;
	/** The same where archon begins again. */
	readonly reboot: (why: string) => void;
}

/** The hands, and how they take up what the previous instance of archon had in them. */
export interface MoreHands extends Hands {
	restore(state: State): void;
	/** The same where only the processes tell whose they are. */
	salvage(state: State, adopted: readonly Adopted[]): void;
	/** As of `Sources`. */
	readonly examine: Sources['examine'];
	/** As of `OwnTests`. */
	readonly ask: OwnTests['ask'];
	/** As of `OwnSockets`. */
	readonly heldFor: OwnSockets['heldFor'];
	/** Writes the files of a service that runs again, where they hold something else now. */
	readonly renewFiles: Placing['renew'];
	/** As of `Health`. */
	readonly checks: Health['checks'];
	/** Ports of services and clients. */
	readonly ports: () => OwnPorts;
	/** Other rules of `bind` are in force. */
	readonly rebind: () => void;
}

export function createHands(machine: Machine): MoreHands {
	const {reaper, poller, output, handoff, kept, helpers, isDegraded = false, log, recorder, manager, keeper} = machine;
	const {reread, alert, dispatch, state, portRules, bindRules, ownerOf, isSweeping, exit, reboot} = machine;
	let ownPorts: OwnPorts | null = null;
	const ports = (): OwnPorts =>
		ownPorts ??= porting().createPorts({state, rules: portRules, poller, dispatch, serviceOf: pid => reaper.serviceOf(pid)});
	let bindServer: BindServer | null = null;
	const binds = (): BindServer =>
		bindServer ??= binding().createBindServer({poller, kept, handoff, state, rules: bindRules, ownerOf, socketOf, warn});
	const socketOf = (service: string, name: string): number | null => {
		const owner = find(state(), service)?.service;
		return owner ? sockets.made()?.bank.find(owner, name)?.fd ?? null : null;
	};
	tellPorts(service => ports().variables(service));
	const tell = (id: Id, run: Run, news: News): void => dispatch({kind: 'news', id, run, news});
	const warn = (text: string): void => log.warn(text);
	const sockets = ownSockets({poller, kept, handoff, warn, dispatch, portFor: (key, protocol) => ports().portFor(key, protocol)});
	const parts = {reaper, poller, output, handoff, kept, isDegraded, tell, warn, pace: createPace(), store: sockets.store};
	const health = createHealth(parts);
	const sources = createSources(parts);
	const placing = createPlacing(parts);
	const tests = ownTests({...parts, sources, tested: (id, number, answer) => dispatch({kind: 'tested', id, number, answer})});
	const {spawn, withdraw} = createStarter({...parts, helpers, readiness: health.readiness, sockets, sources, placing, ports, binds});

	const actions = ownActions({...parts, sources, alert, acted: () => dispatch({kind: 'acted'})});

	let reaped = 0;
	/** Exits first; then, during the sweep, whether that was the last of all. */
	function reapAll(): void {
		reaper.reap();
		const more = reaper.reaped() - reaped;
		reaped += more;
		if (more > 0) count(ORPHANS, more);
		recorder.reaped(reaped);
		if (isSweeping() && reaper.isAlone()) dispatch({kind: 'alone'});
	}

	// What a run has ended with comes before the words on it.
	const runs: Owner<'changed'> = {
		arms: {
			changed({before, after}) {
				const run = runOf(before.phase);
				if (run !== null && run !== runOf(after.phase)) owners.ended(after.id, run);
			},
		},
	};
	const keeping: Owner<'persist' | 'exit'> = {arms: {persist: () => keeper?.persist(), exit: () => keeper?.finish()}};
	const lists: Owner<'reread' | 'forgotten'> = {arms: {reread, forgotten: ({entry}) => uncountService(entry.service.name)}};
	// The processes first: their ends are heard of, whatever becomes of the rest.
	const owners: Composition = compose([
		runs, ownProcesses(reaper), ownOutput(output), health, ownDirectories(warn),
		ownedByNeed('hook', () => hooking().ownHooks(hooking().createHooks(parts), sources, placing, tell)),
		ownedByNeed('examine', () => judging().ownConditions(parts, sources)), ownSources(sources), ownPlacing(placing), tests,
		ownedByNeed('watch-clock', () => clocking().ownClock({poller, dispatch, log})),
		ownedByNeed('watch-strangers', () => watching().ownStrangers({poller, kept, dispatch, isDegraded, isOwn: isMadeBy(reaper), warn})),
		actions, ownManager(manager), createNarrator(log, text => manager?.status(text)),
		lists, sockets, recorder, keeping, createShutdown({reaper, output, log, reapAll, exit, reboot}),
	]);

	return {
		collect() {
			// What a process said comes before its end.
			poller.poll();
			reapAll();
		},
		perform: owners.perform,
		commit: (before, after) => record(handoff, before, after),
		restore(state) {
			if (handoff.past.has('bind')) binds();
			actions.resume(commandsOf(state));
			for (const entry of entries(state)) {
				try {
					owners.restore(entry);
				} catch (error) {
					// One service that cannot be taken up takes no other with it, least of all PID 1.
					log.error(`cannot take up all of ${entry.service.name} again: ${error instanceof Error ? error.message : error}`);
				}
			}
		},
		salvage(state, adopted) {
			for (const each of adopted) {
				const service = entryOf(state, each.id)?.service;
				if (service) owners.salvage(each, service);
			}
		},
		prepare(effect, ready) {
			// Commands that are asked for variables may need them; what is wrong is told when the process is made.
			if (effect.service.exec.sources.length > 0) makeDirectories(effect.service);
			return sources.prepare(effect, ready);
		},
		examine: sources.examine,
		ask: tests.ask,
		heldFor: sockets.heldFor,
		checks: health.checks,
		renewFiles: placing.renew,
		ports,
		rebind: () => bindServer?.settle(),
		spawn, withdraw,
		bug: (error, where) => log.fatal(`a bug in archon, ${where}: ${traceOf(error)}`),
	};
}

/** The run whose processes may live in a phase. */
const runOf = (phase: Phase): Run | null => ('run' in phase ? phase.run : null);
