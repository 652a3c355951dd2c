/** `archonctl reload`. */
import {RELOAD, RELOAD_ROW} from '../../control/requests/reload/wire.ts';
import {type Command, EXIT} from '../command.ts';
import {rowsOf} from '../reply.ts';

export const reload: Command = {
	name: 'reload',
	usage: '[NAME...]',
	summary: 'read archon\'s config again, or tell services to read theirs',
	details: [
		'Without a NAME: new services start, those that the config no longer has stop, changed ones restart, and the',
		'others keep running. If the config has a problem, nothing changes and every problem is told.',
		'With a NAME: by the signal or the command that the service\'s key reload names. Does not wait.',
	],
	options: [],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl reload', 'archonctl reload nginx'],
	run: ({operands}, io, reach) => reach(client => {
		const rows = rowsOf(client, RELOAD, operands, io);
		if (!rows.ok) return rows.error;
		for (const {text} of rows.value.map(RELOAD_ROW.decode)) io.stdout(`${text}\n`);
		return EXIT.ok;
	}),
};
