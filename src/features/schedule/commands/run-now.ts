/** `archonctl run-now`. */
import {byName, NAMES} from '../../../cli/by-name.ts';
import {RUN_NOW} from '../requests/run-now/wire.ts';

export const runNow = byName(RUN_NOW, {
	name: 'run-now',
	summary: 'run services with a schedule now, and wait until they have completed',
	details: ['When they run next by their schedule stays as it is. One that is restarted by its schedule is restarted.', NAMES],
	examples: ['archonctl run-now backup'],
});
