/** `archonctl auto`. */
import {AUTO} from '../../control/requests/auto/wire.ts';
import {byName, NAMES} from '../by-name.ts';

export const auto = byName(AUTO, {
	name: 'auto',
	summary: 'let the config decide again whether services run, after start or stop',
	details: [
		'What was stopped and starts by itself (autostart) starts; what was started and does not stops. What has ended',
		'or failed by itself stays as it is. Does not wait.',
		NAMES,
	],
	examples: ['archonctl stop web; archonctl auto web'],
});
