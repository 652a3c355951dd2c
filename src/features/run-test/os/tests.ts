/** Runs the tests of services: each in its service's context, a few at a time, and no longer than it may take. */
import {duration} from '../../../core/duration.ts';
import type {Id} from '../../../core/ids.ts';
import type {Service} from '../../../core/service.ts';
import type {Millis} from '../../../core/time.ts';
import type {Output} from '../../logging/os/output.ts';
import {bytesOfLatin1, textOf} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {close} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import type {EffectOf} from '../../../os/owners.ts';
import type {Pace} from '../../../os/pace.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {openCapture} from '../../../os/spawn/capture.ts';
import {adoptHelperCommand, runHelperCommand} from '../../../os/spawn/helper-command.ts';
import type {Sources} from '../../../os/spawn/variable-sources.ts';
import {type Answer, answerOf} from '../core/answer.ts';

export interface TestParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Pick<Output, 'nothing'>;
	readonly handoff: Handoff;
	readonly pace: Pace;
	readonly sources: Pick<Sources, 'glimpse'>;
	/** The core hears of an answer. */
	readonly tested: (id: Id, number: number, answer: Answer) => void;
}

export interface Tests {
	run(effect: EffectOf<'run-test'>): void;
	/** As of `OwnTests`. */
	ask(service: Service, told: (answer: Answer) => void): () => void;
	/** Ends all tests; their answers are not told. */
	stop(): void;
}

/** How many run at the same time, for the core and for clients. */
const RUNNING_MAX = 8;
/** Of what a test says the end is kept, and this much of its last line, in characters. */
const [SAID_MAX, DETAIL_MAX] = [4 * 1024, 200];

/** A test that runs, or waits for its turn. */
interface Job {
	readonly service: Service;
	/** Where its pid is written down. */
	readonly key: string | null;
	readonly told: (answer: Answer) => void;
	/** Ends what has begun; null: it waits. */
	stop: (() => void) | null;
}

/** `askedKey`: where the pids of tests are written down that are not asked for again by the next instance of archon. */
export function createTests(parts: TestParts, askedKey: string): Tests {
	const {reaper, handoff} = parts;
	const jobs = new Set<Job>();
	/** By service: what the core waits for. */
	const byId = new Map<Id, Job>();
	/** Services whose test has run in this instance: the pid that the previous one has written down may be another's by now. */
	const begun = new Set<Id>();
	/** Pids of tests that only a client waits for. */
	const asked = new Set<number>();
	let [running, looks] = [0, 0];
	// Their clients have lost archon, and ask again.
	for (const pid of (handoff.past.get(askedKey) ?? '').split(' ')) end(Number(pid));

	function end(pid: number): void {
		if (pid > 0) adoptHelperCommand(pid, 0, reaper, () => {})?.stop();
	}

	function add(job: Job): () => void {
		jobs.add(job);
		next();
		return () => drop(job);
	}

	/** It is over, or of no interest any more. */
	function drop(job: Job): void {
		if (!jobs.delete(job)) return;
		if (job.stop) running--;
		job.stop?.();
		next();
	}

	function next(): void {
		for (const job of jobs) {
			if (running >= RUNNING_MAX) return;
			if (job.stop) continue;
			running++;
			job.stop = begin(job, answer => {
				if (!jobs.has(job)) return;
				drop(job);
				job.told(answer);
			});
		}
	}

	/** Its variables are those that its sources hold now. */
	function begin({service, key}: Job, told: (answer: Answer) => void): () => void {
		let isOver = false;
		let stop = (): void => {};
		parts.sources.glimpse({id: 0, run: -(++looks), service}, found => parts.pace(() => {
			if (!isOver) stop = runTest(found, parts, told, (pid, isThere) => note(key, pid, isThere));
		}));
		return () => {
			isOver = true;
			stop();
		};
	}

	/** For the next instance of archon. */
	function note(key: string | null, pid: number, isThere: boolean): void {
		if (key !== null) return isThere ? handoff.put(key, String(pid)) : handoff.delete(key);
		if (isThere) asked.add(pid);
		else asked.delete(pid);
		handoff.put(askedKey, [...asked].join(' '));
	}

	return {
		run({id, number, service}) {
			const key = `test ${id}`;
			const before = byId.get(id);
			if (before) drop(before);
			// What the previous instance had begun is not heard by this one.
			else if (!begun.has(id)) end(Number(handoff.past.get(key) ?? 0));
			begun.add(id);
			const job: Job = {service, key, stop: null, told: answer => {
				byId.delete(id);
				parts.tested(id, number, answer);
			}};
			byId.set(id, job);
			add(job);
		},
		ask: (service, told) => add({service, key: null, told, stop: null}),
		stop() {
			const all = [...jobs];
			jobs.clear();
			byId.clear();
			for (const job of all) job.stop?.();
			running = 0;
		},
	};
}

/** Begins the process; what it says is heard only to be shown. The result ends it with its whole group. */
function runTest(
	service: Service, {reaper, poller, output}: TestParts, told: (answer: Answer) => void, note: (pid: number, isThere: boolean) => void,
): () => void {
	const {test} = service;
	if (!test) return () => {};
	const began = now();
	const took = (): Millis => now() - began;
	let text = '';
	const opened = openCapture(poller, more => void (text = (text + more).slice(-SAID_MAX)));
	if (!opened.ok) {
		told(answerOf(`making a pipe: ${errnoText(opened.error)}`, '', 0));
		return () => {};
	}
	const capture = opened.value;
	let isOver = false;
	let stop = (): void => {};
	const finish = (answer: () => Answer): void => {
		if (isOver) return;
		capture.drain();
		const found = answer();
		stop();
		told(found);
	};
	const forgetTime = after(test.timeout, () => poller.whole(() => finish(() => (
		{verdict: 'timeout', why: `no answer within ${duration(test.timeout)}`, detail: lastLine(text), took: took()}
	))));
	// It is not one of a run's own processes: no run is known by it.
	const streams = [output.nothing(), capture.writer, capture.writer] as const;
	const helper = runHelperCommand({run: 0, service, command: test.command, streams, isTidy: true}, reaper, failure =>
		poller.whole(() => finish(() => answerOf(failure, lastLine(text), took()))));
	close(capture.writer);
	if (helper.pid > 0) note(helper.pid, true);
	stop = () => {
		isOver = true;
		forgetTime();
		helper.stop();
		capture.close();
		if (helper.pid > 0) note(helper.pid, false);
	};
	// It could not be made, and that was told already.
	if (isOver || helper.pid === 0) stop();
	return () => stop();
}

/** The last line that is not blank, without what a terminal would not show; empty: all are blank. */
function lastLine(text: string): string {
	const lines = textOf(bytesOfLatin1(text)).split('\n');
	return (lines.map(line => line.replaceAll(/\p{Cc}/gu, ' ').trim()).findLast(line => line !== '') ?? '').slice(0, DETAIL_MAX);
}
