/** `archonctl signal`. */
import {SIGNAL} from '../../control/requests/signal/wire.ts';
import {NAMES} from '../by-name.ts';
import type {Command} from '../command.ts';
import {statusOf} from '../reply.ts';

export const signal: Command = {
	name: 'signal',
	usage: 'SIGNAL NAME|PID...',
	summary: 'send a signal to the main process of services',
	details: ['A SIGNAL is a name with or without SIG, or a number.', NAMES],
	options: [],
	least: 2,
	most: Infinity,
	endsOptions: false,
	isQuiet: true,
	examples: ['archonctl signal HUP web', 'archonctl signal USR1 1234'],
	run: ({operands: [name = '', ...targets]}, io, reach) =>
		reach(client => statusOf(client, SIGNAL, [...targets, name], io)),
};
