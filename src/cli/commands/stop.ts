/** `archonctl stop`. */
import {STOP} from '../../control/requests/stop/wire.ts';
import {byName, NAMES} from '../by-name.ts';

export const stop = byName(STOP, {
	name: 'stop',
	summary: 'stop services, and wait until they are gone',
	details: ['They stay stopped until they are started again.', NAMES],
	examples: ['archonctl stop web', 'archonctl stop "worker-*"'],
});
