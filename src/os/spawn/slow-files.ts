/**
 * Questions to file systems that may not answer, one at a time of each folder: where none comes, one thread hangs on that
 * folder and no more, and all others who ask about it are refused until it answers.
 */
import type {Millis} from '../../core/time.ts';
import {after} from '../clock.ts';
import {type Done, type Job, type Order, start} from '../jobs.ts';

/** `told` hears what came of it, or null where nothing came in time, in a turn of its own; the result makes it hear nothing. */
export type Ask = (folder: string, job: Job, order: Order, told: (done: Done | null) => void) => () => void;

interface Question {
	readonly job: Job;
	readonly order: Order;
	/** Once; null: the answer is of no interest any more. */
	told: ((done: Done | null) => void) | null;
}

export function createAsking(patience: Millis, begin: typeof start = start): Ask {
	/** Folders that are asked about, each with the questions that come next. */
	const asked = new Map<string, Question[]>();
	const hanging = new Set<string>();

	function tell(question: Question, done: Done | null): void {
		const {told} = question;
		question.told = null;
		told?.(done);
	}

	function put(folder: string, question: Question, next: Question[]): void {
		const forgetTime = after(patience, () => {
			hanging.add(folder);
			tell(question, null);
			for (const each of next.splice(0)) tell(each, null);
		});
		begin(question.job, question.order, done => {
			forgetTime();
			hanging.delete(folder);
			tell(question, done);
			let following = next.shift();
			while (following?.told === null) following = next.shift();
			if (following) put(folder, following, next);
			else asked.delete(folder);
		});
	}

	return (folder, job, order, told) => {
		if (hanging.has(folder)) return after(0, () => told(null));
		const question: Question = {job, order, told};
		const next = asked.get(folder);
		if (next) {
			next.push(question);
		} else {
			const none: Question[] = [];
			asked.set(folder, none);
			put(folder, question, none);
		}
		return () => void (question.told = null);
	};
}
