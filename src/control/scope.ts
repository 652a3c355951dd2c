/** Which services a request may concern. */
import type {Service} from '../core/service.ts';
import {find, type State} from '../core/state.ts';

export interface Scope {
	/** All services, those to come as well, and archon as a whole. */
	readonly isWhole: boolean;
	/** The same for scopes that are the same; empty: the whole. */
	readonly key: string;
	has(service: Pick<Service, 'name' | 'groups'>): boolean;
	/** Why the asker may not name this, whether there is such a service or not; null: archon as a whole. The refusal is logged. */
	refusal(name: string | null): string;
}

export const WHOLE: Scope = {isWhole: true, key: '', has: () => true, refusal: () => 'request refused'};

/** Whether a service of that name is there and among these; null: what belongs to none is of the whole alone. */
export const hasName = (scope: Scope, state: State) => (name: string | null): boolean => {
	const service = name === null ? undefined : find(state, name)?.service;
	return scope.isWhole || (service !== undefined && scope.has(service));
};
