/** One arm for each effect: what the core asks for, done to the machine and to nothing else. */
import {type Event, type Run, type Service, SIG, type SignalNumber} from '../core/model.ts';
import {narrate, narrateSeason} from '../core/narrate.ts';
import {isAlive} from '../core/supervisor.ts';
import {errnoText} from './diagnose.ts';
import type {Log} from './log.ts';
import type {Hands} from './loop.ts';
import {close, EAGAIN, kill} from './native.ts';
import type {Output} from './output.ts';
import {descendants, processes} from './procfs.ts';
import type {Reaper} from './reaper.ts';
import {spawnRun, type Streams} from './spawner.ts';

export interface Machine {
	readonly reaper: Reaper;
	readonly output: Output;
	readonly log: Log;
	/** Hears news that came without being asked for. */
	readonly hear: (event: Event) => void;
	/** Whether the last sweep has begun. */
	readonly isSweeping: () => boolean;
	/** The last thing that archon does. */
	readonly exit: (status: number) => void;
}

export function createHands({reaper, output, log, hear, isSweeping, exit}: Machine): Hands {
	const tell = (line: ReturnType<typeof narrate>): void => void (line && log[line.level](line.text));

	/** Exits first; then, during the sweep, whether that was the last of all. */
	function collect(): void {
		reaper.reap();
		if (isSweeping() && reaper.isAlone()) hear({kind: 'alone'});
	}

	return {
		collect,
		perform(effect) {
			switch (effect.kind) {
				case 'signal': return reaper.signal(effect.run, effect.pid, effect.signal, effect.group);
				case 'changed': {
					if (isAlive(effect.before.phase) && !isAlive(effect.after.phase)) output.drain(effect.after.id);
					return tell(narrate(effect.before, effect.after));
				}
				case 'forgotten': return output.forget(effect.entry.id);
				case 'season': return tell(narrateSeason(effect.season));
				case 'sweep': {
					if (process.pid === 1 || !reaper.isAlone()) sweep(effect.signal);
					return collect();
				}
				case 'exit': return output.finish(() => exit(effect.status));
			}
		},
		spawn({id, run, service}) {
			const {output: {kind}} = service.exec;
			const streams = output.streams(id, service);
			const news = typeof streams === 'number' ? noPipes(streams) : makeProcess(service, run, streams);
			if (news.kind === 'spawned') reaper.register(news.pid, id, run);
			if (kind === 'passed' && typeof streams !== 'number') streams.forEach(close);
			return {kind: 'news', id, run, news};
		},
		bug: (error, where) => log.fatal(`a bug in archon, ${where}: ${error instanceof Error ? error.stack : error}`),
	};
}

type Spawned = ReturnType<typeof spawnRun>;

const noPipes = (errno: number): Spawned =>
	({kind: 'refused', refusal: {stage: 'making pipes', errno, reason: errnoText(errno), temporary: true}});

/** What throws on the way (no memory for the request, no room for the library) is a refusal that may pass. */
function makeProcess(service: Service, run: Run, streams: Streams): Spawned {
	try {
		return spawnRun(service, run, streams);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return {kind: 'refused', refusal: {stage: 'creating a process', errno: EAGAIN, reason, temporary: true}};
	}
}

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
