/** `Signal`: a signal to the main processes of services. */
import {many, one, type Pages, type RequestOf, wire} from '../../wire.ts';
import {SIGNAL as NUMBER, TARGET} from '../values.ts';

export const SIGNAL = wire('signal', {
	targets: many('name or pid', TARGET, 1), signal: one('signal', NUMBER),
}, {verb: 'Signal', role: 'operate', isScoped: true, isRepeatable: false});

export type SignalRequest = RequestOf<typeof SIGNAL>;

export const pages: Pages = {
	Signal: {
		help: 'send a signal to the main processes of services',
		rows: [],
		reply: '`Ok` when it was sent',
		examples: [['Signal,web,HUP', 'Ok'], ['Signal,web,NOSUCH', 'Error,Signal: NOSUCH is not a signal']],
	},
};
