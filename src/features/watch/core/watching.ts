/** When something that is watched is looked at, and what the look comes to. Pure: a small machine for each watch. */
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';

/** One watch. */
export interface Watching {
	/** Of the content that was last acted on, or found first; null: nothing was ever there; undefined: it was not looked at yet. */
	readonly stamp: string | null | undefined;
	/** When it is looked at next. */
	readonly due: Instant;
	/** When the first change was heard of that was not looked at yet; null: there was no such change. */
	readonly heardAt: Instant | null;
	readonly isLooking: boolean;
	/** It is not looked at before: what takes long is not done all the time. */
	readonly rest: Instant;
	/** When its actions were done lately, oldest first. */
	readonly acted: readonly Instant[];
	readonly isSuspended: boolean;
}

/** What a look has found. */
export interface Found {
	/** Null: nothing is there. */
	readonly stamp: string | null;
	/** How long it took. */
	readonly took: Millis;
	/** The kernel does not tell of all changes. */
	readonly isDeaf: boolean;
	/** It was too much to be compared: whatever was heard of counts as a change. */
	readonly isUnsure: boolean;
}

/** What follows from a look. */
export interface Verdict {
	readonly after: Watching;
	readonly acts: boolean;
	readonly says: 'suspended' | 'resumed' | null;
}

/** In debounces: what changes again and again is not waited for any longer. */
const DEBOUNCES_MAX = 10;
/** How often actions are done within how long; what does more is a loop, as of a service that writes what it watches. */
export const [ACTIONS_MAX, WINDOW] = [10, 60_000];
/** From one look to the next where the kernel does not tell of changes. */
export const POLL: Millis = 10_000;
/** Of the time, looks take no more than one part in this number. */
const SHARE = 20;

/** It is looked at once, at once. */
export const newWatching = (now: Instant): Watching =>
	({stamp: undefined, due: now, heardAt: null, isLooking: false, rest: now, acted: [], isSuspended: false});

/** Something may have changed. */
export function heard(watching: Watching, now: Instant, debounce: Millis): Watching {
	const heardAt = watching.heardAt ?? now;
	if (watching.isSuspended) return {...watching, heardAt};
	const due = Math.max(watching.rest, Math.min(now + debounce, heardAt + DEBOUNCES_MAX * debounce));
	// The first look is not put off.
	return {...watching, heardAt, due: watching.stamp === undefined ? Math.min(watching.due, due) : due};
}

/** It is looked at now. What is heard from here on is another change. */
export const look = (watching: Watching): Watching => ({...watching, isLooking: true, due: NEVER, heardAt: null});

/** A look is over. */
export function judge(before: Watching, found: Found, now: Instant): Verdict {
	const rest = now + SHARE * found.took;
	const next = found.isDeaf ? now + Math.max(POLL, SHARE * found.took) : NEVER;
	const due = Math.min(before.due === NEVER ? NEVER : Math.max(before.due, rest), next);
	const acted = before.acted.filter(at => at > now - WINDOW);
	const after: Watching = {...before, isLooking: false, rest, due, acted, isSuspended: false};
	const says = before.isSuspended ? 'resumed' : null;
	// What is gone is waited for: it may be about to come again.
	const stamp = found.stamp ?? before.stamp ?? null;
	const isChanged = before.stamp !== undefined && (found.isUnsure || stamp !== before.stamp);
	if (!isChanged) return {after: {...after, stamp}, acts: false, says};
	const [oldest = now] = acted;
	if (acted.length >= ACTIONS_MAX) {
		// The stamp stays, so that the last change is not forgotten.
		return {after: {...after, isSuspended: true, due: oldest + WINDOW + 1}, acts: false, says: before.isSuspended ? null : 'suspended'};
	}
	return {after: {...after, stamp, acted: [...acted, now]}, acts: true, says};
}
