/** `archonctl fds`. */
import {type Command, EXIT} from '../../../cli/command.ts';
import {printJson, rowsOf} from '../../../cli/reply.ts';
import {plainText} from '../../../core/plain.ts';
import {FD_ROW, type FdRow, FDS} from '../requests/fds/wire.ts';

export const fds: Command = {
	name: 'fds',
	usage: '[--json]',
	summary: 'show the sockets and descriptors that archon holds for services',
	details: [
		'Each run is given them from descriptor 3 on, in this order. A socket is one of the config (sockets);',
		'stored is what the service has given archon to keep (fd_store_max). FD is its number in archon.',
	],
	options: [{names: ['--json'], value: null, help: 'one array of objects'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl fds'],
	run: (_, io, reach) => reach(client => {
		const rows = rowsOf(client, FDS, [], io);
		if (!rows.ok) return rows.error;
		const held = rows.value.map(FD_ROW.decode);
		if (io.isJson) printJson(io, held.map(({service, kind, name, fd, what}) => ({service, kind, name, fd, what})));
		else io.stdout(render(held));
		return EXIT.ok;
	}),
};

function render(held: readonly FdRow[]): string {
	if (held.length === 0) return 'archon holds no sockets and no descriptors for services\n';
	const rows = [['SERVICE', 'KIND', 'NAME', 'FD', 'WHAT'], ...held.map(({service, kind, name, fd, what}) =>
		[service, kind, plainText(name), String(fd), plainText(what)])];
	const widths = [0, 1, 2, 3].map(i => Math.max(...rows.map(row => (row[i] ?? '').length)));
	return rows.map(row => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}\n`).join('');
}
