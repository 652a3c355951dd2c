/** dumb-init: one command, and what it leaves behind. */
import type {Supervisor} from './supervisor.ts';

export const dumbInit: Supervisor = {
	name: 'dumb-init',
	packages: ['dumb-init'],
	programs: ['dumb-init'],
	manner: 'one command, no supervision',
	most: 1,
	start: ({program}) => ({command: ['dumb-init', '--', program, '0']}),
	status: null,
	end: {signal: 'SIGTERM'},
	logs: [],
};
