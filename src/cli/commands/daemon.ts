/** `archonctl daemon`: a command as a service of its own. */
import {START_DAEMON_V} from '../../control/requests/start-daemon/wire.ts';
import type {Command} from '../command.ts';
import {fieldsOf, OPTIONS} from '../launch.ts';
import {statusOf, usageError} from '../reply.ts';

export const daemon: Command = {
	name: 'daemon',
	usage: '[OPTION...] [--] COMMAND [ARG...]',
	summary: 'start a command as a service of its own, and leave it running',
	details: ['Its name is that of the program, with a number where that is taken.'],
	options: [
		...OPTIONS,
		{names: ['--restart'], value: 'POLICY', help: 'always, on-failure, on-failure:N, unless-stopped, or no'},
		{names: ['--on-exit'], value: 'COMMAND', help: 'run this at each of its exits, with $ARCHON_EXIT_CODE and others'},
	],
	least: 1,
	most: Infinity,
	endsOptions: true,
	isQuiet: true,
	examples: [
		'archonctl daemon -- sleep 100',
		'archonctl daemon --name tunnel --restart always -- ssh -N gateway',
	],
	run: (args, io, reach) => {
		const fields = fieldsOf(args, ['name', 'restart', 'user', 'on-exit'], io.env);
		return fields.ok ? reach(client => statusOf(client, START_DAEMON_V, fields.value, io)) : usageError(io, fields.error);
	},
};
