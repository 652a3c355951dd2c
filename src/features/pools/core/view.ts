/** A pool as people see it: a row for each node, its commands and its files. */
import type {Instant} from '../../../core/time.ts';
import {crashOf, pidOf, statusOf} from './life.ts';
import type {Offer} from './plan.ts';
import {type NodeRow, reasonOf} from './rows.ts';
import {nodeTables, pathTables, type Pool} from './state.ts';

/** One node, whose `since` is on the clock of the pool's events. */
export type Row = Omit<NodeRow, 'since'> & {readonly since: Instant};

/** A row for each node, parents before their child nodes. */
export function rows({plan, nodes}: Pool): readonly Row[] {
	return plan.places.map(({id, name, parent}) => {
		const {phase, since} = nodeTables.read(nodes, id)!;
		const why = crashOf(phase);
		return {
			node: name, parent: parent === null ? null : plan.places[parent]!.name,
			status: statusOf(phase), pid: pidOf(phase), why: why === null ? null : reasonOf(why), since,
		};
	});
}

/** Each command once, with the name of its node. */
export const commandsOf = ({plan}: Pool): readonly (Omit<Offer, 'node'> & {readonly node: string})[] =>
	[...new Set(plan.offers.values())].map(offer => ({...offer, node: plan.places[offer.node]!.name}));

/** The files that a node has loaded and none above it, sorted; null: there is no such node. */
export function filesOf({plan, nodes}: Pool, node: string): readonly string[] | null {
	const id = plan.byName.get(node);
	return id === undefined ? null : [...pathTables.all(nodeTables.read(nodes, id)!.files)].sort();
}

/** The whole text of a node's crash, or of the one above it that has crashed; null: there was none. */
export function crashTextOf({plan, nodes}: Pool, node: string): string | null {
	const id = plan.byName.get(node);
	return id === undefined ? null : crashOf(nodeTables.read(nodes, id)!.phase);
}
