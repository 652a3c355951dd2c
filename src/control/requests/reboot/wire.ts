/** `Reboot`: the end of all services, and archon begins again in the same process. */
import {type Pages, type RequestOf, wire} from '../../wire.ts';

export const REBOOT = wire('reboot', {}, {verb: 'Reboot', role: 'admin', isRepeatable: false});

export type RebootRequest = RequestOf<typeof REBOOT>;

export const pages: Pages = {
	Reboot: {
		help: 'stop all services in order, as a shutdown does; then archon begins again in the same process and container, and reads its config',
		rows: [],
		reply: '`Ok` before anything is stopped; `Error` where the config has problems, and nothing has changed',
		examples: [['Reboot', 'Ok']],
	},
};
