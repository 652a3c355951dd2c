/** `on_failure`, `conflicts`: services that start when this one has failed, and that do not run beside it. */
import type {ServiceGroup} from '../group.ts';
import {key} from '../key.ts';
import {united} from '../merge.ts';
import {readNames, type Name} from './groups.ts';

const names = (help: string, example: string) =>
	key<readonly Name[]>(readNames, 'name | list of services and groups', 'empty', [], help, example);

const KEYS = {
	on_failure: names('services that start when it has failed for good, with its name in $ARCHON_FAILED_SERVICE', 'alert'),
	conflicts: names('services that stop when it starts, and it when they start: they never run at the same time', 'maintenance'),
};

/** What becomes of them is for all services together (relations.ts). */
export const relations = {
	keys: KEYS,
	isForAll: true,
	merge: {on_failure: united(), conflicts: united()},
	words: () => ({names: {conflicts: 'conflicts_with'}}),
} satisfies ServiceGroup;
