/** What the commands `start`, `stop` and `restart` have in common: names of services, and no output when all went well. */
import type {Verb} from '../control/client.ts';
import type {Command} from './command.ts';
import {statusOf} from './reply.ts';

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
		run: ({operands}, io, reach) => reach(client => statusOf(client, verb, operands, io)),
	};
}
