/** `archonctl reboot`. */
import {REBOOT} from '../../control/requests/reboot/wire.ts';
import type {Command} from '../command.ts';
import {statusOf} from '../reply.ts';

export const reboot: Command = {
	name: 'reboot',
	usage: '',
	summary: 'stop all services in order, and begin again in the same container',
	details: [
		'Does not wait. When all has ended, archon executes itself again with the same pid, reads its config, and',
		'starts its services; the boot script of the config runs before them. All other processes of the container',
		'end too. A config with problems is told at once, and nothing is stopped. A shutdown meanwhile wins.',
	],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	isQuiet: true,
	examples: ['archonctl reboot'],
	run: (_, io, reach) => reach(client => statusOf(client, REBOOT, [], io)),
};
