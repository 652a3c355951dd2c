/** What services use of the machine, made of what they had used at two moments. Pure. */
import type {UsageRow} from '../../control/requests/usage/wire.ts';

/** What a service's processes use now. */
export interface Load {
	/** Of one core since the last look; null: there was none. */
	readonly percent: number | null;
	/** In bytes. */
	readonly memory: number;
}

/** By the name of a service, `archon` and '' for all that belongs to none; `now` is a clock in milliseconds that only goes forward. */
export function createMeter(): (usages: readonly UsageRow[], now: number) => ReadonlyMap<string, Load> {
	let before = new Map<string, number>();
	let then = 0;
	return (usages, now) => {
		const elapsed = now - then;
		const loads = new Map(usages.map(({service, cpu, memory}): [string, Load] => {
			const name = service ?? '';
			const last = before.get(name);
			// Where a process has ended, less is counted than before.
			const percent = last === undefined || elapsed <= 0 ? null : Math.max(0, cpu - last) / elapsed * 100;
			return [name, {memory, percent}];
		}));
		before = new Map(usages.map(({service, cpu}) => [service ?? '', cpu]));
		then = now;
		return loads;
	};
}
