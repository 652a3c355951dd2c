/** `archonctl ports`. */
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {printJson, rowsOf, statusOf, usageError} from '../../../cli/reply.ts';
import type {Client} from '../../../control/client.ts';
import {plainText} from '../../../core/plain.ts';
import type {PortLine} from '../core/table.ts';
import {ALLOC_PORT, FREE_PORT} from '../requests/alloc-port/wire.ts';
import {PORT_ROW, PORTS} from '../requests/ports/wire.ts';

export const ports: Command = {
	name: 'ports',
	usage: '[--json] [alloc | free | list] [SERVICE NAME] [PORT] [PROTOCOL]',
	summary: 'show which port is whose, and give and take ports',
	details: [
		'list, the default: the ports of services (ports:), and those that were asked for.',
		'alloc SERVICE NAME: prints a port that nothing else is given. The same SERVICE and NAME get the same one',
		'each time, until it is freed; it is tcp unless PROTOCOL says udp. Of a service with port: auto it is the',
		'one that it finds in $PORT_<NAME>.',
		'free PORT: gives it back. A service that waits for it starts.',
	],
	options: [{names: ['--json'], value: null, help: 'list: one array of objects; alloc: one object: port'}],
	least: 0,
	most: 5,
	endsOptions: false,
	examples: ['archonctl ports', 'archonctl ports alloc worker debug', 'archonctl ports free 20000'],
	run({operands}, io, reach) {
		const [what = 'list', ...fields] = operands;
		if (what === 'list' && fields.length === 0) return reach(client => list(client, io));
		if (what === 'alloc' && fields.length >= 2) return reach(client => alloc(client, fields, io));
		if (what === 'free' && fields.length >= 1 && fields.length <= 2) return reach(client => statusOf(client, FREE_PORT, fields, io));
		return usageError(io, `ports ${operands.join(' ')}: list, alloc SERVICE NAME or free PORT`);
	},
};

function list(client: Client, io: Io): number {
	const rows = rowsOf(client, PORTS, [], io);
	if (!rows.ok) return rows.error;
	const lines = rows.value.map(PORT_ROW.decode).map(({key, ...line}) => ({name: key, ...line}));
	if (io.isJson) printJson(io, lines);
	else io.stdout(renderPorts(lines));
	return EXIT.ok;
}

function alloc(client: Client, fields: readonly string[], io: Io): number {
	const rows = rowsOf(client, ALLOC_PORT, fields, io);
	if (!rows.ok) return rows.error;
	const port = Number(rows.value[0]?.[0] ?? 0);
	if (io.isJson) printJson(io, {port});
	else io.stdout(`${port}\n`);
	return EXIT.ok;
}

type Line = Omit<PortLine, 'key'> & {readonly name: string};

function renderPorts(lines: readonly Line[]): string {
	if (lines.length === 0) return 'no service has a port by ports:, and no client has asked for one\n';
	const width = Math.max(...lines.map(({name}) => name.length));
	return lines.map(({port, protocol, name, kind, heldBy}) => {
		const held = heldBy === '' ? '' : `  held by ${plainText(heldBy)}`;
		return `${String(port ?? '-').padStart(5)}  ${protocol}  ${name.padEnd(width)}  ${kind}${held}\n`;
	}).join('');
}
