/** One arm for each effect: what the core asks for, done to the machine and to nothing else. */
import type {Entry} from '../core/entry.ts';
import type {Event, News} from '../core/event.ts';
import type {Id, Run} from '../core/ids.ts';
import type {Adopted} from '../core/outcome.ts';
import type {Phase} from '../core/phase.ts';
import type {Service, Sourced} from '../core/service.ts';
import {SIG} from '../core/signal-numbers.ts';
import {narrate, narrateStage} from '../core/narrate.ts';
import {entries, entryOf, type State} from '../core/state.ts';
import {soon} from './clock.ts';
import {errnoText, isTemporary} from './errno.ts';
import {createHooks} from './spawn/hooks.ts';
import {pid} from './identity.ts';
import type {DescriptorKeeper} from './reexec/reexec.ts';
import {originOf} from './reap/descendants.ts';
import type {Handoff} from './reexec/handoff.ts';
import type {Manager} from './service-manager.ts';
import {record} from './reexec/instance.ts';
import type {Log} from './log.ts';
import type {Hands} from './loop.ts';
import type {Output, Unwired} from '../features/logging/os/output.ts';
import {createPace} from './pace.ts';
import type {Poller} from './poller.ts';
import {createProbes} from '../features/health/os/probes.ts';
import {createReadiness} from '../features/health/os/readiness.ts';
import type {Reaper} from './reap/reaper.ts';
import {createSources, type Sources, withSourced} from './spawn/variable-sources.ts';
import {spawnRun, type Spawned} from './spawn/spawner.ts';
import {ERRNO, sys} from './sys.ts';
import {writeTermination} from './termination.ts';
import {traceOf} from './trace.ts';

export interface Machine {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Output;
	readonly handoff: Handoff;
	readonly reexec: DescriptorKeeper;
	/** Nobody is looked at: what is looked for is taken to be well. */
	readonly isDegraded?: boolean;
	readonly log: Log;
	/** Who is told outside how the whole is; not there: nobody. */
	readonly manager?: Manager;
	/** Hears news that came without being asked for. */
	readonly dispatch: (event: Event) => void;
	/** Whether the last sweep has begun. */
	readonly isSweeping: () => boolean;
	/** The last thing that archon does. */
	readonly exit: (status: number) => void;
}

/** The hands, and how they take up what the last life of archon had in them. */
export interface MoreHands extends Hands {
	restore(state: State): void;
	/** The same where only the processes tell whose they are; of the descriptors only those stay open that are theirs. */
	salvage(state: State, adopted: readonly Adopted[], inheritedFds: readonly number[]): void;
	/** As of `Sources`. */
	readonly examine: Sources['examine'];
}

export function createHands(machine: Machine): MoreHands {
	const {reaper, poller, output, handoff, reexec, isDegraded = false, log, manager, dispatch, isSweeping, exit} = machine;
	const tell = (id: Id, run: Run, news: News): void => dispatch({kind: 'news', id, run, news});
	const warn = (text: string): void => log.warn(text);
	const parts = {reaper, poller, output, handoff, reexec, tell, warn, pace: createPace()};
	const [probes, hooks, readiness] = [createProbes(parts), createHooks(parts), createReadiness(parts)];
	const sources = createSources(parts);
	const say = (line: ReturnType<typeof narrate>): void => void (line && log[line.level](line.text));

	/** Exits first; then, during the sweep, whether that was the last of all. */
	function reapAll(): void {
		reaper.reap();
		if (isSweeping() && reaper.isAlone()) dispatch({kind: 'alone'});
	}

	function close(id: Id, run: Run): void {
		probes.abandon(run);
		hooks.abandon(run);
		sources.abandon(run);
		readiness.close(run);
		reaper.release(run);
		output.drain(id);
	}

	function spawn(id: Id, run: Run, service: Service): () => Spawned {
		const read = sources.take(run);
		if (!read) return makeProcess(id, run, service);
		if (!read.ok) return () => ({kind: 'refused', refusal: read.error});
		const end = makeProcess(id, run, withSourced(service, read.value));
		return () => {
			const news = end();
			return news.kind === 'spawned' && !isKnown(service, read.value) ? {...news, sourced: read.value} : news;
		};
	}

	function makeProcess(id: Id, run: Run, service: Service): () => Spawned {
		const wiring = output.wire(id, service);
		if (!wiring.ok) return unwired(wiring.error);
		try {
			const given = readiness.prepare(id, run, service);
			if (!given.ok) return unwired({stage: 'making its notification pipe or socket', errno: given.error});
			const end = spawnRun(service, run, wiring.value.streams, {...given.value, note: warn});
			return () => {
				try {
					const news = end();
					if (news.kind === 'spawned') reaper.register(news.pid, id, run, originOf(service));
					return news;
				} catch (error) {
					return obstructed(error);
				}
			};
		} catch (error) {
			return () => obstructed(error);
		} finally {
			readiness.spawned(run);
			wiring.value.release();
		}
	}

	/** Its process first: that is heard of, whatever becomes of the rest. */
	function restore({id, phase, service}: Entry): void {
		// Of what has ended with all that it made only its last commands live, and these are taken up as such.
		const hasProcess = 'pid' in phase && !(phase.kind === 'stopping' && phase.finish);
		if (hasProcess) {
			const hasEnded = phase.kind === 'stopping' && phase.outcome !== null;
			reaper.adopt(id, phase.run, hasEnded ? 0 : phase.pid, phase.pid, originOf(service));
			if (phase.kind === 'stopping' && phase.killed) reaper.signal(phase.run, phase.pid, SIG.KILL, service.killMode);
		}
		output.restore(id, service);
		if (hasProcess) readiness.restore(id, phase.run, service, phase.kind === 'starting' && phase.isUnready);
	}

	return {
		collect() {
			// What was said comes before the end of who said it.
			poller.poll();
			reapAll();
		},
		perform(effect) {
			switch (effect.kind) {
				case 'withdraw': return sources.hurry(effect.run);
				case 'signal': return reaper.signal(effect.run, effect.pid, effect.signal, effect.to);
				case 'follow': return reaper.follow(effect.run, effect.from, effect.to);
				case 'probe': {
					if (!isDegraded) return probes.look(effect);
					const {id, run, purpose} = effect;
					return soon(() => tell(id, run, {kind: 'probe', purpose, passed: true, detail: 'not looked at'}));
				}
				case 'hook': {
					// The process is not made yet, and what it is made with is not read: what the last one had is none of its matter.
					if (effect.hook !== 'pre_start') return hooks.start(effect);
					return sources.glimpse(effect, service => hooks.start({...effect, service}));
				}
				case 'changed': {
					const run = runOf(effect.before.phase);
					if (run !== null && run !== runOf(effect.after.phase)) close(effect.after.id, run);
					const line = narrate(effect.before, effect.after);
					if (line?.level === 'error') manager?.status(line.text);
					return say(line);
				}
				case 'forgotten': return output.forget(effect.entry.id);
				case 'logging': return output.relog(effect.id, effect.service);
				case 'say': return log[effect.level](effect.text);
				case 'stage': {
					if (effect.stage.kind === 'stopping' && effect.stage.force === 1) manager?.stopping(effect.stage.why);
					return say(narrateStage(effect.stage));
				}
				case 'arrived': return manager?.ready('all services are up');
				case 'sweep': {
					if (pid === 1 || !reaper.isAlone()) reaper.sweep(effect.signal);
					return reapAll();
				}
				case 'exit': {
					const orphans = reaper.reaped();
					if (orphans > 0) log.info(`${orphans} ${orphans === 1 ? 'orphan was' : 'orphans were'} reaped`);
					writeTermination(`archon: ${effect.why}; status ${effect.status}`);
					return output.finish(() => exit(effect.status));
				}
			}
		},
		commit: (before, after) => record(handoff, before, after),
		restore(state) {
			for (const entry of entries(state)) {
				try {
					restore(entry);
				} catch (error) {
					// One service that cannot be taken up takes no other with it, least of all PID 1.
					log.error(`cannot take up all of ${entry.service.name} again: ${error instanceof Error ? error.message : error}`);
				}
			}
		},
		salvage(state, adopted, inheritedFds) {
			const rest = new Set(inheritedFds);
			for (const {id, run, pid} of adopted) {
				const service = entryOf(state, id)?.service;
				if (!service) continue;
				for (const fd of output.salvage(id, service, pid)) rest.delete(fd);
				reaper.adopt(id, run, pid, pid, originOf(service));
			}
			for (const fd of rest) sys.close(fd);
		},
		prepare: sources.prepare,
		examine: sources.examine,
		spawn({id, run, service}) {
			const end = spawn(id, run, service);
			return () => ({kind: 'news', id, run, news: end()});
		},
		withdraw({id, run, service}) {
			sources.abandon(run);
			const wiring = service.exec.output.kind === 'passed' ? output.wire(id, service) : null;
			if (wiring?.ok) wiring.value.release();
		},
		bug: (error, where) => log.fatal(`a bug in archon, ${where}: ${traceOf(error)}`),
	};
}

/** Whether the service says already what its sources hold; what commands print has no stamp. */
const isKnown = ({exec: {sources, sourced}}: Service, {stamp, foreign}: Sourced): boolean =>
	stamp === sourced.stamp && String(foreign) === String(sourced.foreign) && sources.every(({kind}) => kind !== 'command');

/** The run whose processes may live in a phase. */
const runOf = (phase: Phase): Run | null => ('run' in phase ? phase.run : null);

const unwired = ({stage, errno, reason = errnoText(errno)}: Unwired) => (): Spawned =>
	({kind: 'refused', refusal: {stage, errno, reason, temporary: isTemporary(errno)}});

/** What throws on the way (no memory for the request) is a refusal that may pass. */
const obstructed = (error: unknown): Spawned => {
	const reason = error instanceof Error ? error.message : String(error);
	return {kind: 'refused', refusal: {stage: 'creating a process', errno: ERRNO.EAGAIN, reason, temporary: true}};
};
