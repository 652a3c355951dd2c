/** Puts the nodes of a graph in an order in which each comes after all that it needs, or names a cycle. */
import {err, ok, type Result} from './result.ts';

/**
 * The nodes, needs first; otherwise in the order given. Or a cycle: each of its nodes needs the next and
 * the last needs the first; it begins with the one given first. What `needsOf` names beside `nodes` is
 * ignored. Linear in nodes and edges, and as deep as memory allows.
 */
export function order<Node extends string | number>(
	nodes: readonly Node[],
	needsOf: (node: Node) => readonly Node[],
): Result<readonly Node[], readonly Node[]> {
	const ordered: Node[] = [];
	const state = new Map<Node, 'new' | 'open' | 'done'>(nodes.map(node => [node, 'new']));
	const path: Visit<Node>[] = [];
	const enter = (node: Node) => {
		state.set(node, 'open');
		path.push({node, needs: needsOf(node), next: 0});
	};
	for (const root of nodes) {
		if (state.get(root) === 'new') enter(root);
		for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
			const need = visit.needs[visit.next];
			visit.next += 1;
			if (need === undefined) {
				state.set(visit.node, 'done');
				ordered.push(visit.node);
				path.pop();
			} else if (state.get(need) === 'open') {
				return err(cycle(nodes, path.map(step => step.node), need));
			} else if (state.get(need) === 'new') {
				enter(need);
			}
		}
	}
	return ok(ordered);
}

/** A node on the path from the root, and how many of its needs were looked at. */
interface Visit<Node> {
	readonly node: Node;
	readonly needs: readonly Node[];
	next: number;
}

/** The part of the path that begins with `start`, turned so that it begins with the node given first. */
function cycle<Node>(nodes: readonly Node[], path: readonly Node[], start: Node): readonly Node[] {
	const members = path.slice(path.indexOf(start));
	const known = new Set(members);
	const first = members.indexOf(nodes.find(node => known.has(node)) ?? start);
	return [...members.slice(first), ...members.slice(0, first)];
}
