/** supervisord's priorities as `after`: what starts earlier, and stops later, where they really differ. */
import type {Made} from './program.ts';

/** A group as supervisord starts it: after those with a lower priority, and its programs by theirs. */
export interface Grouped {
	readonly priority: number;
	readonly services: readonly Made[];
}

/** Between instances, all together: more is no order that a person wrote down. */
const EDGES_MAX = 20_000;

/** By service: those that it comes after; null: these would be too many. */
export function orderOf(groups: readonly Grouped[]): ReadonlyMap<Made, readonly Made[]> | null {
	const after = new Map<Made, readonly Made[]>();
	const levels = [...new Set(groups.map(({priority}) => priority))].sort((a, b) => a - b);
	let before: readonly Made[] = [];
	let edges = 0;
	for (const level of levels) {
		const last: Made[] = [];
		for (const {services} of groups.filter(({priority}) => priority === level)) {
			let nearest = before;
			const steps = [...new Set(services.map(({priority}) => priority))].sort((a, b) => a - b);
			for (const step of steps) {
				const present = services.filter(({priority}) => priority === step);
				for (const each of present) {
					if (nearest.length > 0) after.set(each, nearest);
					edges += each.scale * nearest.reduce((sum, {scale}) => sum + scale, 0);
				}
				if (edges > EDGES_MAX) return null;
				const starting = present.filter(({startsBySelf}) => startsBySelf);
				if (starting.length > 0) nearest = starting;
			}
			if (nearest !== before) last.push(...nearest);
		}
		if (last.length > 0) before = last;
	}
	return after;
}

/** In seconds: how long a shutdown takes at most, group after group of one priority. */
export function shutdownOf(groups: readonly Grouped[]): number {
	const levels = new Map<string, number>();
	for (const {priority, services} of groups) {
		for (const each of services) {
			const level = `${priority} ${each.priority}`;
			levels.set(level, Math.max(levels.get(level) ?? 0, each.stopwait));
		}
	}
	return [...levels.values()].reduce((sum, each) => sum + each, 0);
}
