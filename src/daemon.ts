/** Introduces core, kernel and control to each other, and lets them run: archon as the init of a container. */
import {type Accept, socketPaths} from './control/transport.ts';
import {createServer} from './control/server.ts';
import {err, ok, type Result, type Service, signalName, type SignalNumber, type StartRate} from './core/model.ts';
import {compare, describe} from './core/reconfigure.ts';
import {create, entryOf, find} from './core/state.ts';
import {wallClock} from './kernel/clock.ts';
import {createLog, type Level} from './kernel/log.ts';
import {createLoop, type Loop} from './kernel/loop.ts';
import {watchMemory} from './kernel/memory.ts';
import {becomeSubreaper, exitNow, setName} from './kernel/native.ts';
import {createOutput} from './kernel/output.ts';
import {createHands} from './kernel/perform.ts';
import {createPoller} from './kernel/poller.ts';
import {createReaper} from './kernel/reaper.ts';
import {hearSignals, type Meaning} from './kernel/signals.ts';
import {serve} from './kernel/sockets.ts';
import {treeOf} from './kernel/tree.ts';

/** What may change while archon runs. */
export interface Config {
	readonly services: readonly Service[];
	readonly shutdownGrace: number;
	readonly startRate: StartRate;
}

export interface Duty extends Config {
	readonly meanings: ReadonlyMap<SignalNumber, Meaning>;
	/** Where the control socket may be, the first that can be made is taken; empty: there is none. */
	readonly sockets: readonly string[];
	readonly level: Level;
	/** The config as it is now, or all that is wrong with it; null: there is none. */
	readonly reread: (() => Result<Config, readonly string[]>) | null;
	/** Said on the log before anything else. */
	readonly notes: readonly string[];
}

/** How long what belongs to no service may take to end after the last service. */
const SWEEP_GRACE = 2000;

export function runDaemon({services, shutdownGrace, startRate, meanings, sockets, level, reread, notes}: Duty): void {
	// Signals first: until they are heard, PID 1 is deaf to them. Then the loop, which they lead to.
	hearSignals(meanings, (signal, meaning) => heard(signal, meaning), () => hands.collect());
	if (process.pid !== 1) becomeSubreaper();
	setName('archon');

	const poller = createPoller();
	const output = createOutput(poller, services.map(({name}) => name));
	const log = createLog(level, output.say);
	const reaper = createReaper(event => loop.hear(event), poller, watchMemory());
	let closeSocket = (): void => {};
	const hands = createHands({
		reaper, poller, output, log,
		hear: event => loop.hear(event),
		isSweeping: () => loop.state().season.kind === 'sweeping',
		exit(status) {
			closeSocket();
			exitNow(status);
		},
	});
	const settings = {shutdownGrace, sweepGrace: SWEEP_GRACE, startRate, seed: process.pid ^ Date.now()};
	const loop: Loop = createLoop(create(services, settings), hands);

	function heard(signal: SignalNumber, meaning: Meaning | null): void {
		if (meaning === 'shutdown') return loop.hear({kind: 'shutdown', why: signalName(signal)});
		if (meaning === 'reload') return void reload();
		const main = meaning === 'main' ? find(loop.state(), 'main') : undefined;
		if (main) loop.hear({kind: 'signal', id: main.id, signal, group: false});
		else log.info(`${signalName(signal)} was ignored${meaning ? ': there is no service main to pass it to' : ''}`);
	}

	/** A config with a problem changes nothing. */
	function reload(): Result<string, string> {
		const result = tryReload();
		if (result.ok) log.info(result.value);
		else log.error(`cannot reload the config: ${result.error}; everything stays as it was`);
		return result;
	}

	function tryReload(): Result<string, string> {
		const state = loop.state();
		if (state.season.kind !== 'running') return err('archon is shutting down');
		const config = reread?.() ?? err(['there is none']);
		if (!config.ok) return err(config.error.join('\n'));
		const taken = config.value.services.find(({name}) => state.guests.has(name));
		if (taken) return err(`the name ${taken.name} is taken by a daemon that a client started`);
		const before = [...state.names.values()].flatMap(id => {
			const entry = entryOf(state, id);
			return entry && !entry.retired ? [entry.service] : [];
		});
		loop.hear({kind: 'reconfigure', ...config.value});
		return ok(`config reloaded: ${describe(compare(before, config.value.services))}`);
	}

	const isBug = (error: unknown): void => log.fatal(`a bug in archon: ${error instanceof Error ? error.stack : error}`);
	process.on('uncaughtException', isBug);
	process.on('unhandledRejection', isBug);

	for (const note of notes) log.info(note);
	loop.hear({kind: 'boot'});
	if (sockets.length > 0) closeSocket = openControl();

	/** Never fatal: without a socket archon supervises all the same. */
	function openControl(): () => void {
		const server = createServer({
			state: loop.state, hear: loop.hear, tree: () => treeOf(loop.state()), wallClock, reload,
			ownUid: process.getuid?.() ?? 0,
		});
		loop.watch(server.watch);
		const accept: Accept = server.accept;
		const failures: string[] = [];
		for (const path of sockets) {
			const listener = serve(path, poller, accept);
			if (listener.ok) return listener.value.close;
			failures.push(listener.error);
		}
		log.warn(`archonctl will not reach this archon: cannot listen at ${failures.join(', nor at ')}`);
		return () => {};
	}
}

/** The places for the control socket that a person's words and the environment leave. */
export const placesFor = (socket: string | null): readonly string[] =>
	socket === null ? socketPaths(process.env, process.getuid?.() ?? 0) : [socket];
