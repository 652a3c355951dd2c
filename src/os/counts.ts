/** Counts that only grow for as long as the container lives: the next instance of archon goes on with them. */
import type {Handoff} from './reexec/handoff.ts';

type Kept = Pick<Handoff, 'put' | 'get' | 'delete'>;

let kept: Kept | null = null;
const counts = new Map<string, number>();

const keyOf = (name: string): string => `count ${name}`;

/** Where they are kept; to be called before anything is counted. */
export function keepCounts(handoff: Kept): void {
	kept = handoff;
	counts.clear();
}

export function counted(name: string): number {
	const known = counts.get(name);
	if (known !== undefined) return known;
	const left = kept?.get(keyOf(name)) ?? null;
	const count = Number(left ?? 0);
	if (left !== null) counts.set(name, count);
	return count;
}

export function count(name: string, more: number): void {
	const sum = counted(name) + more;
	counts.set(name, sum);
	kept?.put(keyOf(name), String(sum));
}

/** By what they are told apart: by service, milliseconds that ended processes have computed, and lines that were dropped. */
export const computedBy = (service: string): string => `cpu ${service}`;
export const droppedOf = (service: string): string => `dropped ${service}`;
/** Of archon as a whole. */
export const [ORPHANS, RELOADS, FAILED_RELOADS] = ['orphans', 'reloads', 'failed reloads'] as const;

/** There is no such service any more. */
export function uncountService(service: string): void {
	for (const name of [computedBy(service), droppedOf(service)]) {
		counts.delete(name);
		kept?.delete(keyOf(name));
	}
}
