/** `archonctl help`. */
import {type Command, EXIT, type Table} from '../command.ts';
import {describe, overview} from '../help.ts';
import {complain} from '../reply.ts';

export const help = (table: Table): Command => ({
	name: 'help',
	usage: '[COMMAND]',
	summary: 'explain a command',
	details: [],
	options: [],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl help run'],
	async run({operands: [name]}, io) {
		if (name === undefined) {
			io.stdout(overview(await table.all()));
			return EXIT.ok;
		}
		const command = await table.find(name);
		if (command) io.stdout(describe(command));
		else complain(io, table.unknown(name));
		return command ? EXIT.ok : EXIT.usage;
	},
});
