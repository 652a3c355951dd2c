/** `archonctl is-active`, `is-failed` and `pid`: one word about each service, as scripts for other supervisors ask for it. */
import type {Client} from '../../control/client.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../../control/requests/status/wire.ts';
import {TREE, TREE_ROW} from '../../control/requests/tree/wire.ts';
import {type Arguments, type Command, EXIT, type Io} from '../command.ts';
import {printJson, rowsOf, tellReply, tellTrouble} from '../reply.ts';

const JSON_OPTION = {names: ['--json'], value: null, help: 'one array of objects: name, state'} as const;
const QUIET = {names: ['--quiet', '-q'], value: null, help: 'say nothing: the exit status tells'} as const;

export const isActive: Command = {
	name: 'is-active',
	usage: '[--quiet] [--json] NAME...',
	summary: 'say whether services run, in the words of systemctl and with its exit statuses',
	details: [
		'active: it runs; activating: it starts, waits or is to be restarted; deactivating: it stops; failed; inactive.',
		'The exit status is 0 if one of them is active, else 3; 4 if there is no such service.',
	],
	options: [QUIET, JSON_OPTION],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl is-active web'],
	run: (args, io, reach) => reach(client => tell(client, args, io, states => states.includes('active') ? EXIT.ok : EXIT.notRunning)),
};

export const isFailed: Command = {
	...isActive,
	name: 'is-failed',
	summary: 'say whether services have failed, in the words of systemctl and with its exit statuses',
	details: [
		'The words are those of is-active. The exit status is 0 if one of them has failed, else 1; 4 if there is no',
		'such service.',
	],
	examples: ['archonctl is-failed web && archonctl start web'],
	run: (args, io, reach) => reach(client => tell(client, args, io, states => states.includes('failed') ? EXIT.ok : 1)),
};

/** systemd's active states (systemctl(1)). What is to be restarted is activating there, too. */
const STATES: Readonly<Record<string, string>> = {
	running: 'active', unhealthy: 'active', waiting: 'activating', starting: 'activating', backoff: 'activating',
	stopping: 'deactivating', failed: 'failed', exited: 'inactive', stopped: 'inactive',
};

/** systemctl's status where there is no such unit. */
const NO_SUCH = 4;

function tell(client: Client, args: Arguments, io: Io, statusOf: (states: readonly string[]) => number): number {
	const answer = client.ask(STATUS, args.operands);
	if (!answer.ok) return tellTrouble(answer.error, io);
	const {rows, reply} = answer.value;
	if (reply.kind !== 'Ok') {
		const status = tellReply(reply, io);
		return reply.kind === 'Error' && reply.reason.startsWith('no service matches') ? NO_SUCH : status;
	}
	const found = rows.map(STATUS_ROW.decode).map(({name, status}) => ({name, state: STATES[status] ?? 'unknown'}));
	if (io.isJson) printJson(io, found);
	else if (!args.has('--quiet')) io.stdout(found.map(({state}) => `${state}\n`).join(''));
	return statusOf(found.map(({state}) => state));
}

export const pid: Command = {
	name: 'pid',
	usage: '[--json] [NAME...]',
	summary: 'print the pid of the main process of services, or of archon',
	details: ['A line for each, in the order of the config; 0 for one without a process, and then the exit status is 3.'],
	options: [{names: ['--json'], value: null, help: 'one array of objects: name, pid (null: none)'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl pid web', 'kill -HUP "$(archonctl pid web)"'],
	run: ({operands}, io, reach) => reach(client => {
		const found = operands.length > 0 ? pidsOf(client, operands, io) : ownPid(client, io);
		if (typeof found === 'number') return found;
		if (io.isJson) printJson(io, found);
		else io.stdout(found.map(({pid}) => `${pid ?? 0}\n`).join(''));
		return found.every(({pid}) => pid !== null) ? EXIT.ok : EXIT.notRunning;
	}),
};

type Named = Pick<StatusRow, 'name' | 'pid'>;

function pidsOf(client: Client, names: readonly string[], io: Io): readonly Named[] | number {
	const rows = rowsOf(client, STATUS, names, io);
	return rows.ok ? rows.value.map(STATUS_ROW.decode).map(({name, pid}) => ({name, pid})) : rows.error;
}

function ownPid(client: Client, io: Io): readonly Named[] | number {
	const rows = rowsOf(client, TREE, ['all'], io);
	if (!rows.ok) return rows.error;
	return rows.value.map(TREE_ROW.decode).filter(({kind}) => kind === 'archon').map(({pid}) => ({name: 'archon', pid}));
}
