/** `Restart`: stop services and start them again. */
import {LEFT} from '../start/wire.ts';
import {many, type Pages, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const RESTART = wire('restart', {names: many('name', PATTERN, 1)}, {
	verb: 'Restart', role: 'operate', isScoped: true, isRepeatable: false,
});

export type RestartRequest = RequestOf<typeof RESTART>;

export const pages: Pages = {
	Restart: {
		help: 'stop services and start them again; what is named and down is started',
		rows: [LEFT],
		reply: '`Ok` when all of them are up by a new process',
		examples: [['Restart,web', 'Ok'], ['Restart,nginx', 'Error,no service matches nginx']],
	},
};
