/** `archonctl history`. */
import {END_ROW, HISTORY} from '../../control/requests/history/wire.ts';
import {NAMES} from '../by-name.ts';
import {type Command, EXIT} from '../command.ts';
import {renderEnds} from '../render.ts';
import {rowsOf} from '../reply.ts';

export const history: Command = {
	name: 'history',
	usage: '[--json] NAME...',
	summary: 'show how the last runs of services ended',
	details: ['The last ten of each service, oldest first.', NAMES],
	options: [{names: ['--json'], value: null, help: 'one array of objects; at is in ms since 1970'}],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl history web'],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, HISTORY, args.operands, io);
		if (!rows.ok) return rows.error;
		const ends = rows.value.map(END_ROW.decode);
		io.stdout(args.has('--json') ? `${JSON.stringify(ends, null, 2)}\n` : renderEnds(ends));
		return EXIT.ok;
	}),
};
