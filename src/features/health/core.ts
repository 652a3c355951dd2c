/** Probes of readiness and health: when the next one begins, and what their results mean. */
import type {Effect} from '../../core/effect.ts';
import type {Entry} from '../../core/entry.ts';
import type {News, Purpose} from '../../core/event.ts';
import type {Run} from '../../core/ids.ts';
import type {ProbeState, Up} from '../../core/phase.ts';
import type {Probe} from '../../core/service.ts';
import type {Instant, Millis} from '../../core/time.ts';
import {elapsed} from '../../core/state.ts';

/** The first probe begins at once. */
export const initialProbes = (now: Instant): ProbeState => ({next: now, failures: 0, successes: 0, detail: ''});

/** The effect that begins a probe. */
export const probe = (
	{id, service}: Entry, run: Run, purpose: Purpose, {probe, timeout}: {readonly probe: Probe; readonly timeout: Millis},
): Effect => ({kind: 'probe', id, run, service, purpose, probe, timeout});

/** The state after a probe; the next one begins at `next`. */
export const afterProbe = (state: ProbeState, passed: boolean, detail: string, next: Instant): ProbeState => ({
	next, detail,
	failures: passed ? 0 : state.failures + 1,
	successes: passed ? state.successes + 1 : 0,
});

/** The health of a service after a probe (compose-spec `healthcheck`). */
export function healthAfter(phase: Up, {passed, detail}: Extract<News, {kind: 'probe'}>, entry: Entry, now: Instant): Up {
	const {service: {health}} = entry;
	if (!health || !phase.probes) return phase;
	const isEarly = phase.health === 'starting' && elapsed(entry, now) < health.startPeriod;
	const next = now + (isEarly && !passed ? health.startInterval : health.interval);
	const probes = afterProbe(phase.probes, passed, detail, next);
	if (passed) return {...phase, probes, health: probes.successes >= health.successes ? 'healthy' : phase.health};
	if (isEarly) return {...phase, probes: {...probes, failures: 0}};
	return {...phase, probes, health: probes.failures >= health.retries ? 'unhealthy' : phase.health};
}
