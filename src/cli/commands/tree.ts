/** `archonctl tree`. */
import type {Client} from '../../control/client.ts';
import {STATUS, STATUS_ROW} from '../../control/requests/status/wire.ts';
import {TREE, TREE_ROW} from '../../control/requests/tree/wire.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {lookOf} from '../look.ts';
import {renderTree} from '../render.ts';
import {rowsOf} from '../reply.ts';

export const tree: Command = {
	name: 'tree',
	usage: '',
	summary: 'show services over their processes',
	details: ['Processes that left their parent are shown with the service that they came from.'],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl tree'],
	run: (_, io, reach) => reach(client => drawTree(client, io)),
};

function drawTree(client: Client, io: Io): number {
	const services = rowsOf(client, STATUS, [], io);
	if (!services.ok) return services.error;
	const processes = rowsOf(client, TREE, [], io);
	if (!processes.ok) return processes.error;
	io.stdout(renderTree(services.value.map(STATUS_ROW.decode), processes.value.map(TREE_ROW.decode), lookOf(io)));
	return EXIT.ok;
}
