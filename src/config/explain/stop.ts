/** How long a shutdown may take at most: `check --explain` tells it before, and `archonctl doctor` while it runs. */
import type {Service} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';

/** The chain of services, dependents first, whose grace periods add up to most (as core/ending.ts counts them). */
export function longestStop(services: readonly Service[]): readonly {readonly name: string; readonly grace: Millis}[] {
	const best = new Map<string, {readonly service: Service; readonly grace: Millis; readonly total: Millis; readonly next: string | null}>();
	let first: string | null = null;
	for (const service of services) {
		let [below, next]: [Millis, string | null] = [0, null];
		for (const {name} of service.needs) {
			const total = best.get(name)?.total ?? 0;
			if (total > below) [below, next] = [total, name];
		}
		// A oneshot has completed when those that need it run.
		const isGone = service.type === 'oneshot' && service.hooks.down.length === 0;
		const grace = isGone ? 0 : service.stop.grace * (service.hooks.postStop.length > 0 ? 2 : 1);
		best.set(service.name, {service, grace, total: below + grace, next});
		if (first === null || below + grace > (best.get(first)?.total ?? 0)) first = service.name;
	}
	const path: {name: string; grace: Millis}[] = [];
	for (let name = first; name !== null;) {
		const each = best.get(name);
		if (each && each.grace > 0) path.push({name, grace: each.grace});
		name = each?.next ?? null;
	}
	return path;
}
