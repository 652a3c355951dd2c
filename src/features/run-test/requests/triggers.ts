/**
 * Triggers: the config is read again, all that decides from outside is asked, and what differs starts and stops. One is done after the
 * other; who asks while one is under way shares the next.
 */
import {createBlockers} from '../../../control/blockers.ts';
import type {Daemon} from '../../../control/daemon.ts';
import {whyNothingStarts} from '../../../core/stage.ts';
import type {Effect} from '../../../core/effect.ts';
import type {Entry} from '../../../core/entry.ts';
import {isBusy} from '../../../core/features.ts';
import type {Id} from '../../../core/ids.ts';
import {listed} from '../../../core/listed.ts';
import {isAlive} from '../../../core/phase.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {entries, entryOf, isHelper, isUnderWay, type State} from '../../../core/state.ts';
import type {Millis} from '../../../core/time.ts';
import {NAME, RUNNING_MAX, type RunTests} from '../core/part.ts';
import type {TriggerRow} from './trigger/wire.ts';

export type Done = (result: Result<TriggerRow, string>) => void;

export interface Triggers {
	/** Calls back once, when all is done. What it returns only forgets who asked: a trigger goes on to its end. */
	ask(done: Done): () => void;
	onEffects(effects: readonly Effect[]): void;
}

/** How many may wait for one. */
const WAITING_MAX = 100;
/** How long what was started or stopped is waited for when all tests have answered. */
const PATIENCE: Millis = 300_000;
/** The same for a config that is read, and for what makes the processes of tests and reads files, beside the time that the tests have. */
const [READING, MAKING]: readonly [Millis, Millis] = [300_000, 30_000];

type TriggerDaemon = Pick<Daemon, 'state' | 'dispatch' | 'reload' | 'after' | 'triggered'>;

interface Job {
	readonly done: Set<Done>;
	readonly before: State;
	/** When its tests began to be asked; null: the config is read. */
	asking: State | null;
	/** What was asked and has not answered in time, in words; empty: all have. */
	unheard: string;
	/** What is waited for; null: tests are, or the config. */
	open: Set<Id> | null;
	isAsked: boolean;
	forgetTime: () => void;
}

export function createTriggers(daemon: TriggerDaemon): Triggers {
	let current: Job | null = null;
	const next = new Set<Done>();

	function begin(): void {
		if (current || next.size === 0) return;
		const job: Job = {done: new Set(next), before: daemon.state(), asking: null, unheard: '', open: null, isAsked: false, forgetTime() {}};
		current = job;
		next.clear();
		const since = (job.before.slices[NAME] as RunTests).last;
		job.forgetTime = daemon.after(READING, () => finish(job, err(`the config was not read within ${READING / 1000} s`)));
		daemon.reload({trial: null}, result => {
			if (current !== job) return;
			job.forgetTime();
			if (!result.ok) return finish(job, err(`cannot reload the config: ${result.error.why}`));
			job.asking = daemon.state();
			job.forgetTime = daemon.after(timeFor(job.asking), () => settleAll(job));
			daemon.dispatch({kind: 'triggered', since});
			job.isAsked = true;
			look(job);
		});
	}

	function finish(job: Job, result: Result<TriggerRow, string>): void {
		if (current !== job) return;
		current = null;
		job.forgetTime();
		for (const each of job.done) each(result);
		begin();
	}

	function look(job: Job): void {
		const state = daemon.state();
		if (!job.isAsked) return;
		if (state.stage.kind !== 'running') return finish(job, err(whyNothingStarts(daemon.state())));
		if (!job.open) {
			if (!isBusy(state)) settleAll(job);
			return;
		}
		if (job.open.size === 0) conclude(job);
	}

	/** What is asked has answered, or is not waited for any more: what it has started or stopped is. */
	function settleAll(job: Job): void {
		if (current !== job || job.open) return;
		job.forgetTime();
		const state = daemon.state();
		if (isBusy(state)) job.unheard = unheardIn(job.asking ?? job.before, state);
		const open = new Set([...entries(state)].filter(entry => isMoved(entry, job.before)).map(({id}) => id));
		job.open = open;
		job.forgetTime = daemon.after(PATIENCE, () => conclude(job));
		settle(job, open);
		if (open.size === 0) conclude(job);
	}

	/** Whatever of these has come to where it goes is not waited for any more. */
	function settle({open}: Job, ids: Iterable<Id>): void {
		const blockers = createBlockers(daemon.state());
		for (const id of ids) {
			const entry = entryOf(daemon.state(), id);
			if (!entry || !isOnItsWay(entry) || blockers.isStuck(entry)) open?.delete(id);
		}
	}

	function conclude(job: Job): void {
		if (current !== job) return;
		job.forgetTime();
		job.isAsked = false;
		const row = sumUp(job.before, daemon.state(), job.unheard);
		daemon.triggered(row.line, () => finish(job, ok(row)));
	}

	return {
		ask(done) {
			if (daemon.state().stage.kind !== 'running') done(err(whyNothingStarts(daemon.state())));
			else if (next.size >= WAITING_MAX) done(err('too many triggers are waiting'));
			else next.add(done);
			begin();
			return () => {
				next.delete(done);
				current?.done.delete(done);
			};
		},
		onEffects(effects) {
			if (!current) return;
			const {open} = current;
			if (open) {
				const ids = effects.flatMap(effect => (effect.kind === 'changed' && open.has(effect.after.id) ? [effect.after.id]
					: effect.kind === 'forgotten' && open.has(effect.entry.id) ? [effect.entry.id] : []));
				if (ids.length > 0) settle(current, ids);
			}
			look(current);
		},
	};
}

/**
 * How long all tests can take: some at a time, each as long as it may, after those that began before. No order of theirs takes longer
 * than their sum divided by how many run, and the longest of them (Graham, "Bounds on Multiprocessing Timing Anomalies").
 */
function timeFor(state: State): Millis {
	let [sum, longest] = [0, 0];
	for (const {service: {test}} of entries(state)) {
		if (!test) continue;
		sum += test.timeout;
		longest = Math.max(longest, test.timeout);
	}
	// Passes over a list wait for what they start.
	return MAKING + sum / RUNNING_MAX + 2 * longest + (state.slices['manifest'] ? PATIENCE : 0);
}

/** Each answer is a ruling of its own, also where it is the same. */
function unheardIn(asking: State, state: State): string {
	const names = [...entries(state)].flatMap(({id, service: {name, test}, rulings}) =>
		(test && rulings.test === entryOf(asking, id)?.rulings.test ? [name] : []));
	return `did not wait for ${names.length === 0 ? 'a list' : `the ${names.length === 1 ? 'test' : 'tests'} of ${listed(names)}`}`;
}

/** Whether it is in another phase than before, and not only in the next part of the same. */
function isMoved({id, phase, service: {name}}: Entry, before: State): boolean {
	const was = entryOf(before, id);
	if (was?.service.name !== name) return true;
	return was.phase.kind !== phase.kind || runOf(was.phase) !== runOf(phase);
}

const runOf = (phase: Entry['phase']): number | null => ('run' in phase ? phase.run : null);

/** Whether it has still to start or to stop. A oneshot has started when it has a process; what will be tried again has failed. */
function isOnItsWay({phase, leaving, service: {type}}: Entry): boolean {
	switch (phase.kind) {
		case 'waiting':
		case 'spawning':
		case 'stopping': return true;
		case 'starting': return leaving || type === 'daemon';
		case 'up':
		case 'done': return leaving;
		case 'backoff':
		case 'down': return false;
	}
}

const KINDS = ['started', 'restarted', 'stopped', 'failed', 'late'] as const;

const WORDS = {started: 'started', restarted: 'restarted', stopped: 'stopped', failed: 'failed', late: 'still on their way:'} as const;

function sumUp(before: State, after: State, unheard: string): TriggerRow {
	const names: Readonly<Record<(typeof KINDS)[number], string[]>> = {started: [], restarted: [], stopped: [], failed: [], late: []};
	const tests = {yes: 0, no: 0, open: 0};
	let unchanged = 0;
	for (const entry of entries(after)) {
		if (isHelper(entry) || entry.service.origin === 'run') continue;
		const {service: {name, test}, rulings} = entry;
		if (test) tests[!rulings.test || rulings.test.isOpen ? 'open' : rulings.test.runs ? 'yes' : 'no']++;
		const was = entryOf(before, entry.id);
		const fate = fateOf(was?.service.name === name ? was : undefined, entry);
		if (fate) names[fate].push(name);
		else unchanged++;
	}
	for (const {id, phase, service: {name}} of entries(before)) {
		if (entryOf(after, id)?.service.name !== name && isAlive(phase)) names.stopped.push(name);
	}
	const count = tests.yes + tests.no + tests.open;
	const answers = [`${tests.yes} yes`, `${tests.no} no`, ...tests.open > 0 ? [`${tests.open} without an answer`] : []].join(', ');
	const line = [
		count === 0 ? 'no tests' : `${count} ${count === 1 ? 'test' : 'tests'}: ${answers}`,
		...KINDS.flatMap(kind => (names[kind].length > 0 ? [`${WORDS[kind]} ${listed(names[kind])}`] : [])),
		`${unchanged} unchanged`, ...unheard === '' ? [] : [unheard],
	].join('; ');
	const [started, restarted, stopped] = [names.started.length, names.restarted.length, names.stopped.length];
	const [failed, late] = [names.failed.length, names.late.length];
	return {tests: count, ...tests, started, restarted, stopped, failed, late, unchanged, line};
}

/** What has become of a service; null: nothing. */
function fateOf(was: Entry | undefined, entry: Entry): (typeof KINDS)[number] | null {
	const {phase, starts} = entry;
	const hasStarted = starts > (was?.starts ?? 0);
	if (isOnItsWay(entry) && (hasStarted || phase.kind !== was?.phase.kind)) return 'late';
	const hasFailed = phase.kind === 'backoff' || (phase.kind === 'down' && phase.cause === 'failed');
	if (hasFailed) return hasStarted || phase.kind !== was?.phase.kind ? 'failed' : null;
	const [wasUp, isUp] = [was !== undefined && isUnderWay(was.phase), isUnderWay(phase)];
	if (hasStarted) return wasUp && isUp ? 'restarted' : 'started';
	return wasUp && !isUp ? 'stopped' : null;
}
