/** `archonctl restart`. */
import {RESTART} from '../../control/requests/restart/wire.ts';
import {byName, NAMES} from '../by-name.ts';
import type {Command} from '../command.ts';

export const restart: Command = {
	...byName(RESTART, {
		name: 'restart',
		summary: 'stop services and start them again, and wait until they are up',
		details: [
			'A service that is named and down is started; a pattern or a group restarts only what is to run.',
			'With several hosts REFRESHED is said of each that has done it.', NAMES,
		],
		examples: ['archonctl restart web', 'archonctl -H a,b,c restart web'],
	}),
	onHosts: {acknowledges: 'REFRESHED'},
};
