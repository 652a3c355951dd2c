/** `Input`: what is typed into the terminal of a service. */
import {NAME, one, type Pages, type RequestOf, type Type, wire} from '../../../../control/wire.ts';
import {unescapeBytes} from '../../core/terminals.ts';

export const SEAT: Type<number> = {
	takes: 'the number of a seat', bounds: 'of the row `attached`', read: text => /^\d{1,15}$/.test(text) ? Number(text) : null,
};

const BYTES: Type<string> = {
	takes: 'bytes, escaped', bounds: '`\\\\` for a backslash, `\\xHH` for each byte that is not printable ASCII', read: unescapeBytes,
};

export const INPUT = wire('input', {name: one('name', NAME), seat: one('seat', SEAT), bytes: one('bytes', BYTES)}, {
	verb: 'Input', role: 'operate', isScoped: true, isRepeatable: false,
});

export type InputRequest = RequestOf<typeof INPUT>;

export const pages: Pages = {
	Input: {
		help: 'type into the terminal of a service, for a client of `Terminal`',
		rows: [],
		reply: '`Ok` when the terminal has taken all of it: who has only a few of these under way types no faster than is read',
		examples: [['Input,web,1,ls\\x0d', 'Error,no client has the seat 1 at the terminal of web']],
	},
};
