/** `archonctl help`. */
import {type Command, EXIT, type Table} from '../command.ts';
import {describe, overview} from '../help.ts';
import {complain, printJson} from '../reply.ts';
import {GLOBAL, operandsOf, optionsOf} from '../global.ts';

export const help = (table: Table): Command => ({
	name: 'help',
	usage: '[--json] [COMMAND]',
	summary: 'explain a command',
	details: [],
	options: [{names: ['--json'], value: null, help: 'one array of commands with their options; of one object for a COMMAND'}],
	least: 0,
	most: 1,
	endsOptions: false,
	isLong: true,
	onHosts: {isLocal: () => true},
	examples: ['archonctl help run'],
	async run({operands: [name]}, io) {
		if (io.isJson) {
			const commands = name === undefined ? await table.all() : [await table.find(name)].filter(command => command !== null);
			if (commands.length > 0) {
				printJson(io, commands.map(asObject));
				return EXIT.ok;
			}
		}
		if (name === undefined) {
			io.stdout(overview(await table.all()));
			return EXIT.ok;
		}
		const command = await table.find(name);
		if (command) io.stdout(describe(command));
		if (command) return EXIT.ok;
		const {HABITS} = await import('../habits.ts');
		const habit = HABITS.find(row => row.name === name);
		if (habit) io.stdout(`${name}, a word of ${habit.of}: ${habit.means.replaceAll('`', '')}\n`);
		else complain(io, table.unknown(name));
		return habit ? EXIT.ok : EXIT.usage;
	},
});

/** For programs, as completions are. */
const asObject = (command: Command): object => ({
	name: command.name, usage: operandsOf(command), summary: command.summary, details: command.details, examples: command.examples,
	options: [...optionsOf(command), ...GLOBAL].map(({names, value, help}) => ({names, value, help})),
});
