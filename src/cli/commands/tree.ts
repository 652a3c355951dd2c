/** `archonctl tree`. */
import type {Client} from '../../control/client.ts';
import {shown} from '../../control/json.ts';
import {STATUS, STATUS_ROW} from '../../control/requests/status/wire.ts';
import {POOL_NODE_ROW, POOLS} from '../../features/pools/requests/pools/wire.ts';
import {TREE, TREE_ROW} from '../../control/requests/tree/wire.ts';
import {type Arguments, type Command, EXIT, type Io} from '../command.ts';
import {lookOf} from '../look.ts';
import {renderTree} from '../render-tree.ts';
import {rowsOf} from '../reply.ts';

export const tree: Command = {
	name: 'tree',
	usage: '[--all] [--json]',
	summary: 'show services over their processes, with age, computing time and memory',
	details: [
		'Processes that left their parent are shown with the service that they came from. CPU is what a process has',
		'computed without its children. MEMORY is what it has in memory (RSS): what several share counts for each of',
		'them. A service with several processes has their sums.',
	],
	options: [
		{names: ['--all', '-a'], value: null, help: 'also commands of probes and hooks, helpers, archon itself, and what is not below it'},
		{names: ['--json'], value: null, help: 'one array of objects; started is in ms since 1970, cpu in ms, memory in bytes'},
	],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl tree', 'archonctl tree --all --json'],
	run: (args, io, reach) => reach(client => drawTree(client, args, io)),
};

function drawTree(client: Client, args: Arguments, io: Io): number {
	const isAll = args.has('--all');
	const services = rowsOf(client, STATUS, [], io);
	if (!services.ok) return services.error;
	const rows = rowsOf(client, TREE, isAll ? ['all'] : [], io);
	if (!rows.ok) return rows.error;
	const found = rows.value.map(TREE_ROW.decode);
	const labels = args.has('--json') ? NO_LABELS : labelsOf(client);
	const processes = isAll ? found : shown(found);
	if (args.has('--json')) {
		io.stdout(`${JSON.stringify(processes, null, 2)}\n`);
	} else {
		const listed = services.value.map(STATUS_ROW.decode).filter(({name}) => isAll || !name.startsWith('archon.'));
		io.stdout(renderTree(listed, processes, lookOf(io), labels));
	}
	return EXIT.ok;
}

const NO_LABELS: ReadonlyMap<number, string> = new Map();

/** What processes of pools are, by pid; an archon of an older executable knows of none. */
function labelsOf(client: Client): ReadonlyMap<number, string> {
	const answer = client.ask(POOLS, []);
	if (!answer.ok) return NO_LABELS;
	const nodes = answer.value.rows.map(POOL_NODE_ROW.decode);
	return new Map(nodes.flatMap(({pid, node, status}) => (pid === null ? [] : [[pid, `${node} ${status}`]])));
}
