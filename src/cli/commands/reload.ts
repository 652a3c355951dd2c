/** `archonctl reload`. */
import {RELOAD, RELOAD_ROW} from '../../control/requests/reload/wire.ts';
import {RELOAD_CONFIG, RELOAD_CONFIG_ROW} from '../../control/requests/reload-config/wire.ts';
import type {Client} from '../../control/client.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {durationOf} from '../duration.ts';
import {printJson, rowsOf, tellReply, tellTrouble, usageError} from '../reply.ts';

export const reload: Command = {
	name: 'reload',
	usage: '[--wait | --rollback] [--timeout DURATION] [--json] [NAME...]',
	summary: 'read archon\'s config again, or tell services to read theirs',
	details: [
		'Without a NAME: new services start, those that the config no longer has stop, changed ones restart, and the',
		'others keep running. If the config has a problem, nothing changes and every problem is told. archonctl plan',
		'shows before what would be done.',
		'With a NAME: by the signal or the command that the service\'s key reload names. Does not wait.',
	],
	options: [
		{names: ['--wait'], value: null, help: 'until each service that this starts is ready; 1 and its last lines if one is not'},
		{names: ['--rollback'], value: null, help: 'the same, and then the config before it is put back in force'},
		{names: ['--timeout'], value: 'DURATION', help: 'for all services together to become ready: 30s, 1m30s; 5m if not given'},
		{names: ['--json'], value: null, help: 'one object: changes'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl reload', 'archonctl reload --rollback --timeout 30s', 'archonctl reload nginx'],
	run(args, io, reach) {
		const {operands} = args;
		const waits = args.has('--wait') || args.has('--rollback');
		if (waits && operands.length > 0) return usageError(io, 'reload: --wait and --rollback are for archon\'s own config, without names');
		if (!waits && args.has('--timeout')) return usageError(io, 'reload: --timeout needs --wait or --rollback');
		const given = args.values('--timeout').at(-1);
		const timeout = given === undefined ? null : durationOf(given);
		if (given !== undefined && (timeout === null || timeout >= MAX)) {
			return usageError(io, `--timeout ${given}: not a duration like 30s or 1m30s`);
		}
		const failure = args.has('--rollback') ? 'rollback' : 'keep';
		return reach(client => waits ? tryConfig(client, failure, timeout, io) : reloadNow(client, operands, io));
	},
};

/** The longest time that the request takes, in milliseconds. */
const MAX = 10_000_000_000;

function reloadNow(client: Client, names: readonly string[], io: Io): number {
	const rows = rowsOf(client, RELOAD, names, io);
	if (!rows.ok) return rows.error;
	tell(rows.value.map(RELOAD_ROW.decode), io);
	return EXIT.ok;
}

function tell(rows: readonly {readonly text: string}[], io: Io): void {
	const changes = rows.map(({text}) => text);
	if (io.isJson) printJson(io, {changes});
	else io.stdout(changes.map(text => `${text}\n`).join(''));
}

function tryConfig(client: Client, failure: string, timeout: number | null, io: Io): number {
	const answer = client.ask(RELOAD_CONFIG, [failure, timeout === null ? '' : String(timeout / 1000)]);
	if (!answer.ok) return tellTrouble(answer.error, io);
	const rows = answer.value.rows.map(RELOAD_CONFIG_ROW.decode);
	const [done, lines] = ['done', 'line'].map(kind => rows.filter(row => row.kind === kind));
	if (done && done.length > 0) tell(done, io);
	const last = (lines ?? []).map(({text}) => text);
	const status = tellReply(answer.value.reply, io, last.length > 0 ? {lines: last} : {});
	if (last.length > 0 && !io.isJson) io.stderr(`its last lines:\n${last.map(text => `  ${text}\n`).join('')}`);
	return status;
}
