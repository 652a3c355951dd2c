/** Commands that show: `status` and `tree`. */
import type {Client} from '../control/client.ts';
import {decodeStatusRow, decodeTreeRow, type StatusRow} from '../control/protocol.ts';
import {type Command, EXIT, type Io} from './command.ts';
import {rowsOf} from './reply.ts';
import {type Look, renderTable, renderTree} from './render.ts';

export const status: Command = {
	name: 'status',
	usage: '[--json] [NAME...]',
	summary: 'show services: status, pid, uptime, restarts, last end',
	details: [
		'With names, the exit status is 0 if all of them are running or have exited with 0, and 3 if not.',
		'A NAME may be all, or hold * and ?.',
	],
	options: [{names: ['--json'], value: null, help: 'one array of objects; since is in ms since 1970'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: [
		'archonctl status', 'archonctl status web || echo "web is not running"', 'archonctl status --json "web*"',
	],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, ['Status', ...args.operands], io);
		if (!rows.ok) return rows.error;
		const services = rows.value.map(decodeStatusRow);
		if (args.has('--json')) io.stdout(`${JSON.stringify(services, null, 2)}\n`);
		else io.stdout(renderTable(services, lookOf(io)));
		return args.operands.length === 0 || services.every(isFine) ? EXIT.ok : EXIT.notRunning;
	}),
};

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
	const services = rowsOf(client, ['Status'], io);
	if (!services.ok) return services.error;
	const processes = rowsOf(client, ['Tree'], io);
	if (!processes.ok) return processes.error;
	io.stdout(renderTree(services.value.map(decodeStatusRow), processes.value.map(decodeTreeRow), lookOf(io)));
	return EXIT.ok;
}

const isFine = ({status, exit}: StatusRow): boolean =>
	status === 'running' || (status === 'exited' && exit === 0);

/** no-color.org: any value but the empty one turns colours off. */
const lookOf = ({isTty, env}: Io): Look =>
	({isColoured: isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb', now: Date.now()});
