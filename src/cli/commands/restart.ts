/** `archonctl restart`. */
import {RESTART} from '../../control/requests/restart/wire.ts';
import {byName, NAMES} from '../by-name.ts';

export const restart = byName(RESTART, {
	name: 'restart',
	summary: 'stop services and start them again, and wait until they are up',
	details: ['A service that is down is started.', NAMES],
	examples: ['archonctl restart web'],
});
