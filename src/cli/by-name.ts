/** What the commands `start`, `stop` and `restart` have in common: names of services, and output only of what stays down. */
import type {Verb} from '../control/client.ts';
import {type Command, EXIT} from './command.ts';
import {rowsOf} from './reply.ts';

/** For the help of commands that take names. */
export const NAMES = 'A NAME may be all, a group, a service with several instances, or hold * and ?.';

export function byName(verb: Verb, about: Pick<Command, 'name' | 'summary' | 'details' | 'examples'>): Command {
	return {
		...about,
		usage: 'NAME...',
		options: [],
		least: 1,
		most: Infinity,
		endsOptions: false,
		isQuiet: true,
		run: ({operands}, io, reach) => reach(client => {
			const rows = rowsOf(client, verb, operands, io);
			if (!rows.ok) return rows.error;
			for (const [name = '', why = ''] of rows.value) io.stdout(`${name} stays down: ${why}\n`);
			return EXIT.ok;
		}),
	};
}
