/** `archonctl shutdown`. */
import {SHUTDOWN} from '../../control/requests/shutdown/wire.ts';
import type {Command} from '../command.ts';
import {statusOf} from '../reply.ts';

export const shutdown: Command = {
	name: 'shutdown',
	usage: '',
	summary: 'stop all services in order, and end the container with them',
	details: ['Does not wait. A second one stops all services at once, a third one kills them.'],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	isQuiet: true,
	examples: ['archonctl shutdown'],
	run: (_, io, reach) => reach(client => statusOf(client, SHUTDOWN, [], io)),
};
