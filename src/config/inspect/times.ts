/** Times that do not go together. */
import type {Millis} from '../../core/time.ts';
import {said} from '../durations.ts';
import type {Inspected, Inspecting} from './inspected.ts';

export function inspectTimes({services, draft, note}: Inspecting): void {
	for (const each of services) {
		const {service: {health, ready, startTimeout, restart, type}, at, path, has} = each;
		const isWritten = (...keys: readonly string[]): boolean => has(keys[0] ?? '') && at(...keys) !== at(...keys.slice(0, -1));
		const isTimed = isWritten('healthcheck', 'timeout') && isWritten('healthcheck', 'interval');
		if (health && isTimed && health.timeout > health.interval) {
			note(
				at('healthcheck', 'timeout'),
				`${path('healthcheck')}: a check may take ${said(health.timeout)}, longer than the ${said(health.interval)} from one to the next`,
				`until it is unhealthy it may take ${said(health.retries * (health.timeout + health.interval))}: write a shorter timeout`,
			);
		}
		if (ready?.kind === 'probe' && has('start_timeout') && startTimeout < ready.interval) {
			note(
				at('start_timeout'), `${path('start_timeout')}: it ends before the second look, as ready looks every ${said(ready.interval)}`,
				'write a longer start_timeout, or a shorter ready.interval',
			);
		}
		const isLimited = isWritten('restart', 'attempts') && type === 'daemon' && restart.counts === 'all' && Number.isFinite(restart.attempts);
		if (isLimited && !isReached(restart)) {
			note(
				at('restart', 'attempts'),
				`${path('restart')}: it never gives up, as ${restart.attempts} restarts with these delays take longer than ${said(restart.window)}`,
				'write a longer window, or shorter delays',
			);
		}
	}
	const chain = longestOf(services, draft.shutdownGrace);
	const [first] = chain;
	if (!first) return;
	const steps = chain.map(({name, service}) => `${name} ${said(service.stop.grace)}`).join(', then ');
	const total = chain.reduce((sum, {service}) => sum + service.stop.grace, 0);
	note(
		first.at('stop_grace_period'),
		`they stop one after the other, which may take ${said(total)}: ${steps}`,
		`shutdown.grace_period is ${said(draft.shutdownGrace)}, and each gets its share of that: make it longer, or these shorter`,
	);
}

/** Whether as many restarts as are allowed can come within the window, if each run ends at once. */
function isReached({attempts, delay, factor, maxDelay, growth, window, jitter}: Inspected['service']['restart']): boolean {
	let sum = 0;
	for (let index = 0; index < Math.min(attempts, 1000) && sum <= window; index += 1) {
		const grown = growth === 'constant' ? delay : growth === 'linear' ? delay * (index + 1) : index === 0 ? 0 : delay * factor ** (index - 1);
		sum += (growth === 'constant' ? grown : Math.min(grown, maxDelay)) * (1 - jitter);
	}
	return sum <= window;
}

/**
 * Of services that say themselves how long they may take, the dependents first: those that take longest together, if that
 * is more than the limit and none of them alone is; else none.
 */
function longestOf(services: readonly Inspected[], limit: Millis): readonly Inspected[] {
	const slow = services.filter(({has, service: {stop: {grace}, type}}) => has('stop_grace_period') && grace <= limit && type === 'daemon');
	if (slow.reduce((sum, {service: {stop}}) => sum + stop.grace, 0) <= limit) return [];
	// Services come after what they need: what a service takes is what it takes itself, and then the slowest of what it needs.
	const byName = new Map(services.map(each => [each.service.name, each]));
	const isSlow = new Set(slow);
	const best = new Map<Inspected, {readonly total: Millis; readonly next: Inspected | null}>();
	let longest: Inspected | null = null;
	for (const each of services) {
		let [total, next]: [Millis, Inspected | null] = [0, null];
		for (const {name} of each.service.needs) {
			const need = byName.get(name);
			const of = need && best.get(need)?.total || 0;
			if (need && of > total) [total, next] = [of, need];
		}
		best.set(each, {total: total + (isSlow.has(each) ? each.service.stop.grace : 0), next});
		if (!longest || (best.get(each)?.total ?? 0) > (best.get(longest)?.total ?? 0)) longest = each;
	}
	if (!longest || (best.get(longest)?.total ?? 0) <= limit) return [];
	const chain: Inspected[] = [];
	for (let each: Inspected | null = longest; each; each = best.get(each)?.next ?? null) if (isSlow.has(each)) chain.push(each);
	return chain;
}
