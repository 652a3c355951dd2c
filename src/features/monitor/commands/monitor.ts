/** `archonctl monitor`. */
import {basename} from '../../../core/path.ts';
import {age} from '../../../cli/figures.ts';
import {type Arguments, type Command, EXIT, type Io, type Reach} from '../../../cli/command.ts';
import {printJson, rowsOf, statusOf, usageError} from '../../../cli/reply.ts';
import {MONITOR, UNMONITOR} from '../requests/monitor/wire.ts';
import {MONITOR_ROW, MONITORS, type MonitorRow} from '../requests/monitors/wire.ts';

export const monitor: Command = {
	name: 'monitor',
	usage: 'pid N | match exe=PATH [command=PATTERN] | list [--json] | rm NAME',
	summary: 'watch processes that archon has not started',
	details: [
		'pid: one process. match: all that execute PATH, also those that come later; with command, a pattern with',
		'* and ? for the whole command line. Their end is an event monitored-exited, at once: archonctl events',
		'-f. Config has the same under monitor, with what is done then; services hear of it by archonctl deps.',
	],
	options: [
		{names: ['--name'], value: 'NAME', help: 'what the rule is called; else after the process or the executable'},
		{names: ['--json'], value: null, help: 'list: one array: name, origin, match, processes'},
	],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl monitor pid 1234', 'archonctl monitor match exe=/usr/sbin/sshd', 'archonctl monitor list'],
	run(args, io, reach) {
		const [action = '', ...rest] = args.operands;
		const [first = ''] = rest;
		switch (action) {
			case 'list': return rest.length > 0 ? usageError(io, 'monitor list: takes nothing behind it') : list(args, io, reach);
			case 'rm': return rest.length === 1
				? reach(client => statusOf(client, UNMONITOR, [first], io)) : usageError(io, 'monitor rm: takes one NAME; see archonctl monitor list');
			case 'pid': {
				const isOne = rest.length === 1 && /^\d+$/.test(first);
				if (!isOne) return usageError(io, 'monitor pid: takes the number of one process, without names');
				return add(args.values('--name').at(-1) ?? `pid-${first}`, [`pid:${first}`], io, reach);
			}
			case 'match': {
				const exe = rest.find(each => each.startsWith('exe='))?.slice('exe='.length);
				const name = args.values('--name').at(-1) ?? (exe === undefined ? null : basename(exe).replaceAll('*', ''));
				if (rest.length === 0) return usageError(io, 'monitor match: takes exe=PATH, command=PATTERN or both');
				if (name === null || name === '') return usageError(io, 'monitor match: give it a name: --name agent');
				return add(name, rest, io, reach);
			}
			default: return usageError(io, `monitor: takes pid, match, list or rm, and not ${action}`);
		}
	},
};

function add(name: string, what: readonly string[], io: Io, reach: Reach): number {
	return reach(client => {
		const rows = rowsOf(client, MONITOR, [name, ...what], io);
		if (!rows.ok) return rows.error;
		const [met] = rows.value;
		io.stdout(`${name}: ${met ? `watching pid ${met[1]}${met[2] ? ` (${met[2]})` : ''}` : `watching ${what.join(' ')}`}\n`);
		return EXIT.ok;
	});
}

function list(args: Arguments, io: Io, reach: Reach): number {
	return reach(client => {
		const rows = rowsOf(client, MONITORS, [], io);
		if (!rows.ok) return rows.error;
		const found = rows.value.map(MONITOR_ROW.decode);
		if (args.has('--json')) printJson(io, asJson(found));
		else io.stdout(render(found));
		return EXIT.ok;
	});
}

type RowOf<K extends MonitorRow['kind']> = Extract<MonitorRow, {kind: K}>;

const rulesIn = (rows: readonly MonitorRow[]): readonly RowOf<'rule'>[] => rows.filter(row => row.kind === 'rule');
const processesOf = (rows: readonly MonitorRow[], rule: string): readonly RowOf<'process'>[] =>
	rows.filter((row): row is RowOf<'process'> => row.kind === 'process' && row.name === rule);

const asJson = (rows: readonly MonitorRow[]): object => rulesIn(rows).map(({name, origin, match}) => ({
	name, origin, match: match || null,
	processes: processesOf(rows, name).map(({pid, exe, since}) => ({pid, exe: exe || null, since})),
}));

function render(rows: readonly MonitorRow[]): string {
	const lines: string[] = [];
	for (const {name, origin, match} of rulesIn(rows)) {
		lines.push(`${name}  ${match === '' ? 'one process' : match}  (${origin})`);
		for (const {pid, exe, since} of processesOf(rows, name)) lines.push(`  ${pid}  ${exe || '-'}  for ${age(Date.now() - since)}`);
	}
	return lines.length === 0 ? 'nothing is watched\n' : lines.map(line => `${line}\n`).join('');
}
