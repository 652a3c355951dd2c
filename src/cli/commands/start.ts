/** `archonctl start`. */
import {START} from '../../control/requests/start/wire.ts';
import {byName, NAMES} from '../by-name.ts';

export const start = byName(START, {
	name: 'start',
	summary: 'start services and what they need, and wait until they are up',
	details: ['Ends when all of them are up, or one cannot be.', NAMES],
	examples: ['archonctl start web', 'archonctl start all'],
});
