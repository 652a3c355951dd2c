/** One arm for each effect: what the core asks for, done to the machine and to nothing else. */
import {type Event, type Id, type News, type Phase, type Run, type Service, SIG, type SignalNumber} from '../core/model.ts';
import {narrate, narrateSeason} from '../core/narrate.ts';
import {errnoText, isTemporary} from './diagnose.ts';
import {createHooks} from './hooks.ts';
import type {Log} from './log.ts';
import type {Hands} from './loop.ts';
import {EAGAIN, kill} from './native.ts';
import type {Output, Unwired} from './output.ts';
import {createPace} from './pace.ts';
import type {Poller} from './poller.ts';
import {createProbes} from './probes.ts';
import {descendants, processes} from './procfs.ts';
import {createReadiness} from './readiness.ts';
import type {Reaper} from './reaper.ts';
import {spawnRun} from './spawner.ts';
import {writeTermination} from './termination.ts';

export interface Machine {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Output;
	readonly log: Log;
	/** Hears news that came without being asked for. */
	readonly hear: (event: Event) => void;
	/** Whether the last sweep has begun. */
	readonly isSweeping: () => boolean;
	/** The last thing that archon does. */
	readonly exit: (status: number) => void;
}

export function createHands({reaper, poller, output, log, hear, isSweeping, exit}: Machine): Hands {
	const tell = (id: Id, run: Run, news: News): void => hear({kind: 'news', id, run, news});
	const warn = (text: string): void => log.warn(text);
	const parts = {reaper, poller, output, tell, warn, pace: createPace()};
	const [probes, hooks, readiness] = [createProbes(parts), createHooks(parts), createReadiness(parts)];
	const say = (line: ReturnType<typeof narrate>): void => void (line && log[line.level](line.text));

	/** Exits first; then, during the sweep, whether that was the last of all. */
	function bury(): void {
		reaper.reap();
		if (isSweeping() && reaper.isAlone()) hear({kind: 'alone'});
	}

	function close(id: Id, run: Run): void {
		probes.abandon(run);
		hooks.abandon(run);
		readiness.close(run);
		output.drain(id);
	}

	function spawn(id: Id, run: Run, service: Service): Spawned {
		const wiring = output.wire(id, service);
		if (!wiring.ok) return unwired(wiring.error);
		try {
			const given = readiness.prepare(id, run, service);
			if (!given.ok) return unwired({stage: 'making its notification pipe or socket', errno: given.error});
			const news = spawnRun(service, run, wiring.value.streams, {...given.value, note: warn});
			if (news.kind === 'spawned') reaper.register(news.pid, id, run);
			return news;
		} catch (error) {
			return obstructed(error);
		} finally {
			readiness.spawned(run);
			wiring.value.release();
		}
	}

	return {
		collect() {
			// What was said comes before the end of who said it.
			poller.poll();
			bury();
		},
		perform(effect) {
			switch (effect.kind) {
				case 'signal': return reaper.signal(effect.run, effect.pid, effect.signal, effect.group);
				case 'follow': return reaper.follow(effect.run, effect.from, effect.to);
				case 'probe': return probes.look(effect);
				case 'hook': return hooks.start(effect);
				case 'changed': {
					const run = runOf(effect.before.phase);
					if (run !== null && run !== runOf(effect.after.phase)) close(effect.after.id, run);
					return say(narrate(effect.before, effect.after));
				}
				case 'forgotten': return output.forget(effect.entry.id);
				case 'say': return log[effect.level](effect.text);
				case 'season': return say(narrateSeason(effect.season));
				case 'sweep': {
					if (process.pid === 1 || !reaper.isAlone()) sweep(effect.signal);
					return bury();
				}
				case 'exit': {
					const orphans = reaper.buried();
					if (orphans > 0) log.info(`${orphans} ${orphans === 1 ? 'orphan was' : 'orphans were'} buried`);
					writeTermination(`archon: ${effect.why}; status ${effect.status}`);
					return output.finish(() => exit(effect.status));
				}
			}
		},
		spawn: ({id, run, service}) => ({kind: 'news', id, run, news: spawn(id, run, service)}),
		bug: (error, where) => log.fatal(`a bug in archon, ${where}: ${error instanceof Error ? error.stack : error}`),
	};
}

type Spawned = ReturnType<typeof spawnRun>;

/** The run whose processes may live in a phase. */
const runOf = (phase: Phase): Run | null => ('run' in phase ? phase.run : null);

const unwired = ({stage, errno}: Unwired): Spawned =>
	({kind: 'refused', refusal: {stage, errno, reason: errnoText(errno), temporary: isTemporary(errno)}});

/** What throws on the way (no memory for the request, no room for the library) is a refusal that may pass. */
const obstructed = (error: unknown): Spawned => {
	const reason = error instanceof Error ? error.message : String(error);
	return {kind: 'refused', refusal: {stage: 'creating a process', errno: EAGAIN, reason, temporary: true}};
};

/**
 * To every process but archon: as PID 1 that is what kill(2) does with -1. Elsewhere others live in this
 * PID namespace, and only archon's own descendants are meant.
 */
function sweep(signal: SignalNumber): void {
	if (process.pid === 1) {
		kill(-1, signal);
		return;
	}
	for (const {pid, isZombie} of descendants(processes(), process.pid)) {
		if (!isZombie || signal === SIG.KILL) kill(pid, signal);
	}
}
