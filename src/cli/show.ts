/** Commands that show: `status`, `history` and `tree`. */
import type {Client} from '../control/client.ts';
import {decodeEndRow, decodeStatusRow, decodeTreeRow, type StatusRow} from '../control/protocol.ts';
import {type Arguments, type Command, EXIT, type Io} from './command.ts';
import {complain, rowsOf} from './reply.ts';
import {type Look, renderEnds, renderTable, renderTree} from './render.ts';
import {renderSupervisor, supervisorState} from './compat.ts';

export const status: Command = {
	name: 'status',
	usage: '[--json] [--compat=supervisor] [NAME...]',
	summary: 'show services: status, pid, uptime, restarts, last end',
	details: [
		'With names, the exit status is 0 if all of them are running or have exited with 0, and 3 if not.',
		'A NAME may be all, or hold * and ?.',
	],
	options: [
		{names: ['--json'], value: null, help: 'one array of objects; since is in ms since 1970'},
		{names: ['--compat'], value: 'supervisor', help: 'as supervisorctl has it: RUNNING, FATAL and so on'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: [
		'archonctl status', 'archonctl status web || echo "web is not running"', 'archonctl status --json "web*"',
	],
	run: (args, io, reach) => {
		const stranger = args.values('--compat').find(name => name !== 'supervisor');
		if (stranger !== undefined) {
			complain(io, `--compat ${stranger}: only supervisor is known`);
			return EXIT.usage;
		}
		return reach(client => {
			const rows = rowsOf(client, ['Status', ...args.operands], io);
			if (!rows.ok) return rows.error;
			const services = rows.value.map(decodeStatusRow);
			io.stdout(show(services, args, io));
			return args.operands.length === 0 || services.every(isFine) ? EXIT.ok : EXIT.notRunning;
		});
	},
};

function show(services: readonly StatusRow[], args: Arguments, io: Io): string {
	const isCompat = args.has('--compat');
	if (args.has('--json')) {
		const worded = isCompat ? services.map(row => ({...row, status: supervisorState(row)})) : services;
		return `${JSON.stringify(worded, null, 2)}\n`;
	}
	return isCompat ? renderSupervisor(services, Date.now()) : renderTable(services, lookOf(io));
}

export const history: Command = {
	name: 'history',
	usage: '[--json] NAME...',
	summary: 'show how the last runs of services ended',
	details: ['The last ten of each service, oldest first. A NAME may be all, or hold * and ?.'],
	options: [{names: ['--json'], value: null, help: 'one array of objects; at is in ms since 1970'}],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl history web'],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, ['History', ...args.operands], io);
		if (!rows.ok) return rows.error;
		const ends = rows.value.map(decodeEndRow);
		io.stdout(args.has('--json') ? `${JSON.stringify(ends, null, 2)}\n` : renderEnds(ends));
		return EXIT.ok;
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

const isFine = ({status}: StatusRow): boolean => status === 'running' || status === 'exited';

/** no-color.org: any value but the empty one turns colours off. */
export const lookOf = ({isTty, env}: Io): Look =>
	({isColoured: isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb', now: Date.now()});
