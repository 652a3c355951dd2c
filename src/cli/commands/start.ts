/** `archonctl start`. */
import {START} from '../../control/requests/start/wire.ts';
import {byName, NAMES} from '../by-name.ts';

export const start = byName(START, {
	name: 'start',
	summary: 'start services and what they need, and wait until they are up',
	details: [
		'Ends when all of them are up, or one cannot be. What a test, a hitlist or a manifest keeps down',
		'is started where it is named itself; a pattern or a group leaves it alone, and says so.', NAMES,
	],
	examples: ['archonctl start web', 'archonctl start all'],
});
