/** `Resize`: the client's terminal has another size, and with it that of the service. */
import {NAME, one, type Pages, type RequestOf, wire} from '../../../../control/wire.ts';
import {SEAT} from '../input/wire.ts';
import {SIDE} from '../terminal/wire.ts';

export const RESIZE = wire(
	'resize', {name: one('name', NAME), seat: one('seat', SEAT), rows: one('rows', SIDE), columns: one('columns', SIDE)},
	{verb: 'Resize', role: 'operate', isScoped: true, isRepeatable: true},
);

export type ResizeRequest = RequestOf<typeof RESIZE>;

export const pages: Pages = {
	Resize: {
		help: 'give the terminal of a service another size, for a client of `Terminal` that types there',
		rows: [],
		reply: '`Ok`; its program is sent SIGWINCH, and so draws all again, also where it had this size already',
		examples: [['Resize,web,1,50,132', 'Error,no client has the seat 1 at the terminal of web']],
	},
};
