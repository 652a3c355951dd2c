/** Reads the config again and puts it in force; a config with a problem changes nothing. One reload is done after the other. */
import type {Problem} from '../config/problems.ts';
import {formatProblem} from '../config/problems.ts';
import {isSameKept} from '../config/kept.ts';
import {byNeed} from '../core/by-need.ts';
import type {Config} from '../core/config.ts';
import type {Effect} from '../core/effect.ts';
import {partOf} from '../core/features.ts';
import {err, ok, type Result} from '../core/result.ts';
import {entryOf, find, namesake, type State} from '../core/state.ts';
import type {Service} from '../core/service.ts';
import type {TrialRules} from '../core/trial.ts';
import {whyNothingStarts} from '../core/stage.ts';
import type {Logs} from '../features/logging/core.ts';
import {rollback} from '../features/rollback/core/feature.ts';
import {arrival} from '../features/service-manager/core.ts';
import type {Recorder} from '../features/events/os/recorder.ts';
import {soon} from '../os/clock.ts';
import {count, FAILED_RELOADS, RELOADS} from '../os/counts.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {Handoff} from '../os/reexec/handoff.ts';
import type {Manager} from '../os/service-manager.ts';
import type {ConfigSource, Reading} from './config-source.ts';

const comparing = byNeed(() => import('../core/reconfigure.ts'));

export interface ReloadParts {
	readonly loop: Pick<Loop, 'state' | 'dispatch' | 'subscribe'>;
	readonly log: Log;
	readonly recorder: Pick<Recorder, 'say'>;
	readonly logs: Pick<Logs, 'tail'>;
	readonly manager: Manager;
	/** Null: archon was started without a config. */
	readonly source: ConfigSource | null;
	/** Texts that outlive re-execution. */
	readonly texts: Texts;
	readonly whole: <T>(act: () => T) => T;
	/** Puts in force what the core does not know, and tells which of it has changed. */
	readonly adopt: (config: Config) => readonly string[];
	/** Is told what was read last, so that its files may be watched. */
	readonly watch: (kept: string) => void;
}

export type Texts = Pick<Handoff, 'put' | 'get' | 'delete'>;

/** What was read for the config in force; and for the one before it, while the reload is on trial. */
export const [IN_FORCE, BEFORE] = ['config', 'config before'];

export interface How {
	/** Whether it waits until what it starts is ready, and what happens if it does not become so; null: it does not wait. */
	readonly trial: TrialRules | null;
	/** Nothing is done where the files say what they said when they were last read. */
	readonly onlyIfChanged?: boolean;
}

/** What a reload has changed, in words; or why nothing has changed, or why it was undone. */
export type ReloadResult = Result<string, Undone>;

export interface Undone {
	readonly why: string;
	/** The last lines of the service that is to blame. */
	readonly lines: readonly string[];
	/** The config is in force, and a service that it has started is not ready. */
	readonly isInForce?: true;
}

type Done = (result: ReloadResult) => void;

export interface Reloads {
	/** Begins a reload, at once or after those that were asked for before it. */
	ask(how: How, done: Done): void;
	/** Goes on with what the previous instance has begun. */
	resume(): void;
}

interface Pending extends How {
	readonly done: Done[];
}

/** How many may wait. */
const PENDING_MAX = 100;

/** How many of the last lines are told. */
const LINES = 10;

export function createReloads({loop, log, recorder, logs, manager, source, texts, whole, adopt, watch}: ReloadParts): Reloads {
	const pending: Pending[] = [];
	/** The one that is being read, or on trial. */
	let current: Pending | null = null;
	/** What it has changed, in words. */
	let words = '';
	let lastRead: string | null = null;
	/** The config before a trial cannot be put back. */
	let isStuck = false;

	const isTrying = (): boolean => {
		const {trial, due} = partOf(loop.state(), rollback);
		return trial !== null || (due !== null && !isStuck);
	};

	function ask(how: How, done: Done): void {
		const joined = pending.find(({trial, onlyIfChanged = false}) =>
			trial === null && how.trial === null && onlyIfChanged === (how.onlyIfChanged ?? false));
		if (joined) joined.done.push(done);
		else if (pending.length < PENDING_MAX) pending.push({...how, done: [done]});
		else return done(failed('too many reloads are waiting'));
		next();
	}

	function next(): void {
		if (current || isTrying()) return;
		const how = pending.shift();
		if (!how) return;
		current = how;
		if (!source) return finish(failed('archon was started without one'));
		// Before READY=1, and in a shutdown, RELOADING=1 would have no meaning.
		const isTold = partOf(loop.state(), arrival).hasArrived && loop.state().stage.kind === 'running';
		source.read(reading => whole(() => {
			const known = lastRead ?? texts.get(IN_FORCE);
			lastRead = reading.kept;
			watch(reading.kept);
			if (how.onlyIfChanged && known !== null && isSameKept(known, reading.kept)) return finish(ok('nothing has changed'), false);
			if (isTold) manager.reloading();
			const result = enforce(reading, how.trial);
			if (isTold) manager.ready(result.ok ? 'config reloaded' : 'cannot reload the config; nothing has changed');
			if (!result.ok) return finish(failed(result.error));
			log.info(words);
			recorder.say('reloaded', words);
			if (how.trial === null) finish(ok(words), false);
		}));
	}

	/** `isLogged`: what has gone wrong was not told yet. */
	function finish(result: ReloadResult, isLogged = true): void {
		const done = current?.done ?? [];
		current = null;
		count(result.ok ? RELOADS : FAILED_RELOADS, 1);
		if (!result.ok) recorder.say('reload-failed', result.error.why);
		if (!result.ok && isLogged) log.error(`cannot reload the config: ${result.error.why}; nothing has changed`);
		for (const each of done) each(result);
		// When the core has heard of all that was done.
		soon(() => whole(next));
	}

	function enforce({config, kept}: Reading, trial: TrialRules | null): Result<string, string> {
		const state = loop.state();
		if (state.stage.kind !== 'running') return err(whyNothingStarts(state));
		if (!config.ok) return err(told(config.error));
		const taken = config.value.services.find(({name}) => namesake(state, name));
		if (taken) return err(`the name ${taken.name} is taken by a daemon that a client started`);
		const before = texts.get(IN_FORCE);
		if (trial?.rollsBack && before === null) return err('what was read for the config in force is not known any more, to roll back to');
		if (trial?.rollsBack && before !== null) texts.put(BEFORE, before);
		const {compare, describe} = comparing();
		const change = compare(servicesOf(state), config.value.services);
		const settings = put(config.value, kept);
		// Known before the core acts, as it may end a trial in the same step.
		words = `config reloaded: ${describe(change, settings)}`;
		loop.dispatch({kind: 'reconfigure', ...config.value, ...trial && {trial}});
		return ok(words);
	}

	/** All but what the core has to know. */
	function put(config: Config, kept: string): readonly string[] {
		texts.put(IN_FORCE, kept);
		return adopt(config);
	}

	/** A trial is over. */
	function conclude({failure, rollsBack}: Extract<Effect, {kind: 'tried'}>): void {
		if (!rollsBack) texts.delete(BEFORE);
		if (!failure) return finish(ok(words), false);
		const id = failure.name === null ? undefined : find(loop.state(), failure.name)?.id;
		const lines = id === undefined ? [] : logs.tail(id, LINES).map(({text}) => text);
		if (!rollsBack) return finish(err({why: failure.why, lines, isInForce: true}), false);
		undo(failure.why, lines);
	}

	function undo(why: string, lines: readonly string[]): void {
		const kept = texts.get(BEFORE);
		const stuck = (reason: string): void => {
			isStuck = true;
			log.error(`cannot put the config before the reload back: ${reason}`);
			finish(err({why: `${why}; and the config before it cannot be put back: ${reason}`, lines}), false);
		};
		if (!source || kept === null) return stuck('what was read for it is not known any more');
		source.replay(kept, ({config}) => whole(() => {
			if (!config.ok) return stuck(told(config.error));
			put(config.value, kept);
			loop.dispatch({kind: 'reconfigure', ...config.value, isRollback: true});
			texts.delete(BEFORE);
			log.warn('the config before the reload is back in force; the files of the config still differ from it');
			finish(err({why: `${why}; the config before it is back in force`, lines}), false);
		}));
	}

	loop.subscribe(['tried'], effects => effects.forEach(conclude));

	return {
		ask,
		resume() {
			const {due} = partOf(loop.state(), rollback);
			if (due) undo(due.why, []);
		},
	};
}

/** The services of the config that is in force. */
export const servicesOf = (state: State): readonly Service[] => [...state.names.values()].flatMap(id => {
	const entry = entryOf(state, id);
	return entry && !entry.retired ? [entry.service] : [];
});

export const told = (problems: readonly Problem[]): string => problems.map(formatProblem).join('\n');

const failed = (why: string): ReloadResult => err({why, lines: []});
