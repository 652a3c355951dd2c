/** A plan as a list: each node knows its place among the others, and each spelling of a command its node. */
import type {PlanNode} from './spec.ts';

/** What does not change of a node. */
export interface Place {
	/** Its number: nodes are counted from the root, each before its child nodes. */
	readonly id: number;
	readonly name: string;
	readonly action: string | null;
	/** Null: it is the root. */
	readonly parent: number | null;
	readonly children: readonly number[];
}

/** A command and the node that runs it. */
export interface Offer {
	readonly node: number;
	readonly name: string;
	readonly aliases: readonly string[];
	readonly action: string | null;
}

/** A plan as the machine uses it. */
export interface Plan {
	readonly places: readonly Place[];
	readonly byName: ReadonlyMap<string, number>;
	/** By name and by alias. */
	readonly offers: ReadonlyMap<string, Offer>;
}

/** Reads the tree once. A spelling that several commands have is the first one's. */
export function planOf(root: PlanNode): Plan {
	const places: Place[] = [];
	const byName = new Map<string, number>();
	const offers = new Map<string, Offer>();
	const add = ({name, action, nodes, commands}: PlanNode, parent: number | null): number => {
		const id = places.length;
		const children: number[] = [];
		places.push({id, name, action, parent, children});
		if (!byName.has(name)) byName.set(name, id);
		for (const command of commands) {
			const offer: Offer = {node: id, ...command};
			for (const word of [command.name, ...command.aliases]) if (!offers.has(word)) offers.set(word, offer);
		}
		for (const node of nodes) children.push(add(node, id));
		return id;
	};
	add(root, null);
	return {places, byName, offers};
}
