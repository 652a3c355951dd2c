/** `archonctl reload`. */
import {RELOAD, RELOAD_ROW} from '../../control/requests/reload/wire.ts';
import {RELOAD_CONFIG, RELOAD_CONFIG_ROW} from '../../control/requests/reload-config/wire.ts';
import type {Client} from '../../control/client.ts';
import {type Arguments, type Command, EXIT, type Io} from '../command.ts';
import {rowsOf, tellReply, tellTrouble, usageError} from '../reply.ts';

export const reload: Command = {
	name: 'reload',
	usage: '[--wait | --rollback] [--timeout SECONDS] [NAME...]',
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
		{names: ['--timeout'], value: 'SECONDS', help: 'for all services together to become ready; 300 if not given'},
	],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl reload', 'archonctl reload --rollback --timeout 30', 'archonctl reload nginx'],
	run(args, io, reach) {
		const {operands} = args;
		const waits = args.has('--wait') || args.has('--rollback');
		if (waits && operands.length > 0) return usageError(io, 'reload: --wait and --rollback are for archon\'s own config, without names');
		if (!waits && args.has('--timeout')) return usageError(io, 'reload: --timeout needs --wait or --rollback');
		return reach(client => waits ? tryConfig(client, args, io) : reloadNow(client, operands, io));
	},
};

function reloadNow(client: Client, names: readonly string[], io: Io): number {
	const rows = rowsOf(client, RELOAD, names, io);
	if (!rows.ok) return rows.error;
	for (const {text} of rows.value.map(RELOAD_ROW.decode)) io.stdout(`${text}\n`);
	return EXIT.ok;
}

function tryConfig(client: Client, args: Arguments, io: Io): number {
	const failure = args.has('--rollback') ? 'rollback' : 'keep';
	const answer = client.ask(RELOAD_CONFIG, [failure, args.values('--timeout').at(-1) ?? '']);
	if (!answer.ok) return tellTrouble(answer.error, io);
	const rows = answer.value.rows.map(RELOAD_CONFIG_ROW.decode);
	for (const {kind, text} of rows) if (kind === 'done') io.stdout(`${text}\n`);
	const status = tellReply(answer.value.reply, io);
	const lines = rows.filter(({kind}) => kind === 'line');
	if (lines.length > 0) io.stderr(`its last lines:\n${lines.map(({text}) => `  ${text}\n`).join('')}`);
	return status;
}
