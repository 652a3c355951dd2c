/** Looks at a service from outside: when to look, one at a time, and what they make of its health. */
import type {Effect} from '../../core/effect.ts';
import type {Entry} from '../../core/entry.ts';
import type {News, Purpose} from '../../core/event.ts';
import type {Run} from '../../core/ids.ts';
import type {Looks, Up} from '../../core/phase.ts';
import type {Probe} from '../../core/service.ts';
import type {Instant, Millis} from '../../core/time.ts';
import {elapsed} from '../../core/state.ts';

/** A service is looked at as soon as there is something to look at. */
export const firstLook = (now: Instant): Looks => ({next: now, failures: 0, successes: 0, found: ''});

export const look = (
	{id, service}: Entry, run: Run, purpose: Purpose, {probe, timeout}: {readonly probe: Probe; readonly timeout: Millis},
): Effect => ({kind: 'probe', id, run, service, purpose, probe, timeout});

/** After a look: the next one at `next`, whatever time this one took. */
export const lookAgain = (looks: Looks, good: boolean, found: string, next: Instant): Looks => ({
	next, found,
	failures: good ? 0 : looks.failures + 1,
	successes: good ? looks.successes + 1 : 0,
});

/** What a look makes of a service that is up (compose-spec `healthcheck`). */
export function healthAfter(phase: Up, {good, found}: Extract<News, {kind: 'probe'}>, entry: Entry, now: Instant): Up {
	const {service: {health}} = entry;
	if (!health || !phase.looks) return phase;
	const isEarly = phase.health === 'starting' && elapsed(entry, now) < health.startPeriod;
	const next = now + (isEarly && !good ? health.startInterval : health.interval);
	const looks = lookAgain(phase.looks, good, found, next);
	if (good) return {...phase, looks, health: looks.successes >= health.successes ? 'healthy' : phase.health};
	if (isEarly) return {...phase, looks: {...looks, failures: 0}};
	return {...phase, looks, health: looks.failures >= health.retries ? 'unhealthy' : phase.health};
}
