/** `archonctl trigger`. */
import {type Command, EXIT} from '../../../cli/command.ts';
import {printJson, rowsOf} from '../../../cli/reply.ts';
import {TRIGGER, TRIGGER_ROW} from '../requests/trigger/wire.ts';

export const trigger: Command = {
	name: 'trigger',
	usage: '[--json]',
	summary: 'read the config again, run all tests, start and stop what differs',
	details: [
		'It returns when all of that is done, with one line about it. What has failed is tried again. A test that takes',
		'too long or cannot be executed leaves its service as it is. If the config has a problem, nothing is done.',
	],
	options: [{names: ['--json'], value: null, help: 'one object: numbers of tests and services, and line'}],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['archonctl trigger'],
	run: (_, io, reach) => reach(client => {
		const rows = rowsOf(client, TRIGGER, [], io);
		if (!rows.ok) return rows.error;
		for (const row of rows.value.map(TRIGGER_ROW.decode)) {
			if (io.isJson) printJson(io, row);
			else io.stdout(`${row.line}\n`);
		}
		return EXIT.ok;
	}),
};
