/** tini: one command, and what it leaves behind. */
import type {Supervisor} from './supervisor.ts';

export const tini: Supervisor = {
	name: 'tini',
	packages: ['tini'],
	programs: ['tini'],
	manner: 'one command, no supervision',
	most: 1,
	start: ({program}) => ({command: ['tini', '--', program, '0']}),
	status: null,
	end: {signal: 'SIGTERM'},
	logs: [],
};
