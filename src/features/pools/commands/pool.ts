/** `archonctl pool`: the nodes and commands of a pool, as they are and as they change. */
import {age, size} from '../../../cli/figures.ts';
import {type Again, type Arguments, type Command, EXIT, type Io} from '../../../cli/command.ts';
import {lookOf} from '../../../cli/look.ts';
import {createPoolView} from '../../../cli/pool-chart.ts';
import {complain, printJson, rowsOf, statusOf, tellReply, tellTrouble, usageError} from '../../../cli/reply.ts';
import {type Client, TRIES} from '../../../control/client.ts';
import {plainText} from '../../../core/plain.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {sys} from '../../../os/sys.ts';
import {reasonOf} from '../core/rows.ts';
import {unpacked} from '../requests/lines.ts';
import {COLUMNS, POOL} from '../requests/pool/wire.ts';
import {POOL_RESTART} from '../requests/pool-restart/wire.ts';
import {POOL_NODE_ROW, POOLS} from '../requests/pools/wire.ts';

const WHAT = ['tree', 'commands', 'features', 'watch', 'restart', 'stop'] as const;

type What = (typeof WHAT)[number];

export const pool: Command = {
	name: 'pool',
	usage: '[--json] [--memory] [tree | commands | features | watch | restart | stop] [POOL] [NODE]',
	summary: 'show the processes of a pool, follow them, and boot them again',
	details: [
		'tree, the default: each node with its status, pid and age, below it the commands that run.',
		'commands: what can be asked for, by which names, and the node that it is forked from.',
		'features: the files that each node, or NODE, has loaded and its parent has not.',
		'watch: the tree as it changes; elsewhere than on a terminal one line for each change.',
		'restart: ends all nodes, or NODE and those below it, and boots them again; commands run on unless the config',
		'says otherwise. stop: the same as archonctl stop.',
		'POOL may be left out where there is one only.',
	],
	options: [
		{names: ['--json'], value: null, help: 'one array of objects; of watch one object for each change, in a line'},
		{names: ['--memory'], value: null, help: 'of tree: what each process takes with its share of what several share (PSS)'},
	],
	least: 0,
	most: 3,
	endsOptions: false,
	examples: ['archonctl pool', 'archonctl pool tree --memory app', 'archonctl pool restart app test_env'],
	run(args, io, reach, _live, _by, again) {
		const [word = 'tree', name = null, node = null] = args.operands;
		const what = WHAT.find(each => each === word);
		if (!what) return usageError(io, `pool ${word}: tree, commands, features, watch, restart or stop`);
		if (node !== null && (what === 'watch' || what === 'stop')) return usageError(io, `pool ${what} takes no node`);
		if (what === 'stop') {
			let found: Result<string, number> = err(EXIT.ok);
			const status = reach(client => (found = poolOf(client, name, io)).ok ? EXIT.ok : found.error);
			return found.ok ? stop(found.value, again, args) : status;
		}
		return reach(client => {
			const found = poolOf(client, name, io);
			return found.ok ? DOES[what](client, found.value, node, args, io) : found.error;
		});
	},
};

const stop = (pool: string, again: Again, args: Arguments): Promise<number> =>
	again(['stop', ...args.has('--json') ? ['--json'] : [], pool]);

/** The pool that is meant where none is named. */
function poolOf(client: Client, name: string | null, io: Io): Result<string, number> {
	if (name !== null) return ok(name);
	const rows = rowsOf(client, POOLS, [], io);
	if (!rows.ok) return rows;
	const pools = [...new Set(rows.value.map(row => POOL_NODE_ROW.decode(row).pool))];
	const [only] = pools;
	if (only !== undefined && pools.length === 1) return ok(only);
	complain(io, pools.length === 0 ? 'no pool runs' : `there are several pools: ${pools.join(', ')}`);
	return err(EXIT.refused);
}

type Does = (client: Client, pool: string, node: string | null, args: Arguments, io: Io) => number;

const DOES: {readonly [W in Exclude<What, 'stop'>]: Does} = {
	tree, commands, features, watch,
	restart: (client, pool, node, args, io) => {
		const status = statusOf(client, POOL_RESTART, [pool, ...node === null ? [] : [node]], io);
		if (status === EXIT.ok && args.has('--json')) printJson(io, {ok: true});
		return status;
	},
};

type Row = Readonly<Record<string, string>>;

function ask(
	client: Client, pool: string, what: string, columns: readonly string[], node: string | null, io: Io,
): Result<readonly Row[], number> {
	const rows = rowsOf(client, POOL, [pool, what, ...node === null ? [] : [node]], io);
	if (!rows.ok) return rows;
	return ok(rows.value.map(row => Object.fromEntries(columns.map((column, index) => [column, unpacked(row[index] ?? '')]))));
}

const orNull = (text = ''): string | null => text || null;
const numberOf = (text = ''): number | null => (text === '' ? null : Number(text));

function tree(client: Client, pool: string, node: string | null, args: Arguments, io: Io): number {
	const found = ask(client, pool, args.has('--memory') ? 'memory' : 'tree', COLUMNS.tree, node, io);
	if (!found.ok) return found.error;
	const rows = found.value.map(({node = '', parent, command, status = '', pid, since, features, commands, pss, own, why}) => ({
		node, parent: orNull(parent), command: orNull(command), status, pid: numberOf(pid), since: Number(since), features: Number(features),
		commands: Number(commands), pss: numberOf(pss), own: numberOf(own), why: orNull(why),
	}));
	if (args.has('--json')) {
		printJson(io, rows);
		return EXIT.ok;
	}
	const {now} = lookOf(io);
	const depths = new Map<string, number>();
	const memory = (kib: number | null): string => (kib === null ? '-' : size(kib * 1024));
	io.stdout(tableOf(
		['NODE', 'STATUS', 'PID', 'AGE', ...args.has('--memory') ? ['PSS', 'OWN'] : [], 'FILES', 'NOTE'],
		rows.map(({node, parent, command, status, pid, since, features, pss, own, why}) => {
			const depth = (depths.get(parent ?? '') ?? -1) + 1;
			if (command === null) depths.set(node, depth);
			const below = command === null ? depth : (depths.get(node) ?? 0) + 1;
			return [
				`${'  '.repeat(below)}${command ?? node}`, command === null ? status : 'runs', String(pid ?? '-'), age(now - since),
				...args.has('--memory') ? [memory(pss), memory(own)] : [], command === null ? String(features) : '', reasonOf(why ?? ''),
			];
		}),
	));
	return EXIT.ok;
}

function commands(client: Client, pool: string, node: string | null, args: Arguments, io: Io): number {
	const found = ask(client, pool, 'commands', COLUMNS.commands, node, io);
	if (!found.ok) return found.error;
	const rows = found.value.map(({command = '', node = '', status = '', running, aliases = ''}) =>
		({command, aliases: aliases === '' ? [] : aliases.split(' '), node, status, running: Number(running)}));
	if (args.has('--json')) printJson(io, rows);
	else {
		io.stdout(tableOf(['COMMAND', 'ALSO', 'NODE', 'STATUS', 'RUN'], rows.map(({command, aliases, node, status, running}) =>
			[command, aliases.join(', ') || '-', node, status, String(running)])));
	}
	return EXIT.ok;
}

function features(client: Client, pool: string, node: string | null, args: Arguments, io: Io): number {
	const found = ask(client, pool, 'features', COLUMNS.features, node, io);
	if (!found.ok) return found.error;
	const rows = found.value.map(({node = '', path = ''}) => ({node, path}));
	if (args.has('--json')) printJson(io, rows);
	else for (const each of rows) io.stdout(`${plainText(`${each.node}  ${each.path}`)}\n`);
	return EXIT.ok;
}

/** Until ctrl-c, or the end of archon. */
function watch(client: Client, pool: string, _node: string | null, args: Arguments, io: Io): number {
	const isJson = args.has('--json');
	const isChart = io.isTty && !isJson && io.env['TERM'] !== 'dumb';
	const view = createPoolView(isChart ? 'chart' : 'lines', {size: sizeOf(), color: lookOf(io).isColoured});
	let isFirst = true;
	const onRows = (fields: readonly (readonly string[])[]): void => {
		const rows = fields.map(POOL_NODE_ROW.decode);
		const from = rows.findLastIndex(({node}) => node === '');
		let text = '';
		if (isFirst || from >= 0) {
			const all = rows.slice(from + 1);
			text = isJson ? all.map(row => `${JSON.stringify(row)}\n`).join('') : view.plan(all);
		} else {
			text = rows.map(row => (isJson ? `${JSON.stringify(row)}\n` : view.changed(row))).join('');
		}
		isFirst = false;
		io.stdout(text + (isChart ? view.draw() : ''));
		tries = 0;
	};
	// It goes on where archon is re-executed, and ends with archon.
	let tries = 0;
	for (;;) {
		const reply = client.listen(POOLS, [pool, 'archon.follow=yes'], onRows);
		if (reply.ok) return tellReply(reply.value, io);
		if (reply.error.kind !== 'broken' || ++tries === TRIES || !client.reconnect()) return isFirst ? tellTrouble(reply.error, io) : EXIT.ok;
	}
}

const STDOUT = 1;

function sizeOf(): {readonly rows: number; readonly columns: number} {
	const size = new Int32Array(2);
	sys.terminalSize(STDOUT, size);
	return {rows: size[0] || 24, columns: size[1] || 80};
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): string {
	const cells = [titles, ...rows.map(row => row.map(plainText))];
	const widths = titles.map((_, index) => Math.max(...cells.map(row => row[index]?.length ?? 0)));
	return cells.map(row => `${row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ').trimEnd()}\n`).join('');
}
