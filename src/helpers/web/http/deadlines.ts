/** Deadlines of many connections with one timer: most are put off or dropped long before they are due. */
import type {Instant, Millis} from '../../../core/time.ts';

export interface Deadline {
	/** Another one for the same; Infinity: none. */
	set(at: Instant): void;
	drop(): void;
}

export interface Deadlines {
	/** `due` is called once when the deadline has passed, until another one is set. */
	add(due: () => void): Deadline;
}

interface Waiting {
	at: Instant;
	readonly due: () => void;
}

export function createDeadlines(now: () => Instant, after: (millis: Millis, callback: () => void) => () => void): Deadlines {
	const all = new Set<Waiting>();
	let armed: Instant = Infinity;
	let disarm = (): void => {};

	function arm(at: Instant): void {
		if (at >= armed) return;
		disarm();
		armed = at;
		disarm = after(Math.max(0, at - now()), ring);
	}

	function ring(): void {
		armed = Infinity;
		const at = now();
		for (const each of [...all]) {
			if (each.at > at) continue;
			each.at = Infinity;
			each.due();
		}
		let next: Instant = Infinity;
		for (const each of all) next = Math.min(next, each.at);
		arm(next);
	}

	return {
		add(due) {
			const own: Waiting = {at: Infinity, due};
			all.add(own);
			return {
				set(at) {
					own.at = at;
					arm(at);
				},
				drop: () => void all.delete(own),
			};
		},
	};
}
