/** `archonctl status`. */
import {STATUS, STATUS_ROW, type StatusRow} from '../../control/requests/status/wire.ts';
import {plainText} from '../../core/plain.ts';
import {NAMES} from '../by-name.ts';
import {type Answered, type Arguments, type Command, EXIT, type Io} from '../command.ts';
import {renderSupervisor, supervisorState} from '../compat.ts';
import {lookOf} from '../look.ts';
import {type HostRow, renderTable} from '../render.ts';
import {complain, rowsOf} from '../reply.ts';

export const status: Command = {
	name: 'status',
	usage: '[OPTION...] [NAME...]',
	summary: 'show services: status, pid, uptime, restarts, last end',
	details: [
		'With names, the exit status is 0 if all of them are running or have exited with 0, and 3 if not.',
		'With --watch it goes on until ctrl-c; keys scroll a table that is longer than the terminal.',
		NAMES,
	],
	options: [
		{names: ['--json'], value: null, help: 'one array of objects; since is in ms since 1970'},
		{names: ['--groups'], value: null, help: 'with the groups of each service'},
		{names: ['--watch', '-w'], value: null, help: 'again whenever something has changed; with --json one line for each array'},
		{names: ['--compat'], value: 'supervisor', help: 'as supervisorctl shows it: RUNNING, FATAL and so on'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: [
		'archonctl status', 'archonctl status web || echo "web is not running"', 'archonctl status --json "web*"',
		'archonctl status --watch', 'archonctl -H a,b,docker://box status',
	],
	onHosts: {
		refuses: args => (args.has('--watch') ? 'status --watch shows one; events -f follows all' : null),
		together: args => (args.has('--compat')
			? null
			: (answers, io) => renderTable(answers.flatMap(rowsWithHost), lookOf(io), args.has('--groups'))),
	},
	run: async (args, io, reach, reachLive) => {
		const unknown = args.values('--compat').find(name => name !== 'supervisor');
		if (unknown !== undefined) {
			complain(io, `--compat ${unknown}: only supervisor is known`);
			return EXIT.usage;
		}
		if (args.has('--watch')) {
			const {watchStatus} = await import('../watch-status.ts');
			return watchStatus(io, reachLive, args.operands, rows => show(rows, args, io), !args.has('--json'));
		}
		return reach(client => {
			const rows = rowsOf(client, STATUS, args.operands, io);
			if (!rows.ok) return rows.error;
			const services = rows.value.map(STATUS_ROW.decode);
			io.stdout(show(services, args, io));
			return args.operands.length === 0 || services.every(isFine) ? EXIT.ok : EXIT.notRunning;
		});
	},
};

/** Another program may answer there: no row looks like that of another host. */
const rowsWithHost = ({host, values}: Answered): readonly HostRow[] =>
	(values as readonly StatusRow[]).map(row => ({...row, host, name: inOneLine(row.name), note: inOneLine(row.note)}));

const inOneLine = (text: string): string => plainText(text.replaceAll(/[\n\t]/g, ' '));

function show(services: readonly StatusRow[], args: Arguments, io: Io): string {
	const isCompat = args.has('--compat');
	if (args.has('--json')) {
		const worded = isCompat ? services.map(row => ({...row, status: supervisorState(row)})) : services;
		return `${JSON.stringify(worded, null, args.has('--watch') ? 0 : 2)}\n`;
	}
	return isCompat ? renderSupervisor(services, Date.now()) : renderTable(services, lookOf(io), args.has('--groups'));
}

const isFine = ({status}: StatusRow): boolean => status === 'running' || status === 'exited';
