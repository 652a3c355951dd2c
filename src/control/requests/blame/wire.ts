/** `Blame`: how long the last start of each service took, and what it waited for. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

export interface StartRow {
	readonly name: string;
	/** When it was to start, in milliseconds since 1970. */
	readonly asked: number;
	/** In milliseconds, with fractions. */
	readonly waited: number;
	/** Null: it is not ready. */
	readonly took: number | null;
	/** Empty: it waited for no other. */
	readonly after: string;
}

export const START_ROW: Rows<StartRow> = {
	encode: ({name, asked, waited, took, after}) => [name, String(asked), waited.toFixed(3), took === null ? '' : took.toFixed(3), after],
	decode: ([name = '', asked = '', waited = '', took = '', after = '']) =>
		({name, asked: Number(asked), waited: Number(waited), took: took === '' ? null : Number(took), after}),
};

export const BLAME = wire('blame', {}, {verb: 'Blame', role: 'observe', isScoped: true, isRepeatable: true});

export type BlameRequest = RequestOf<typeof BLAME>;

const FORM: RowForm<StartRow> = {
	means: 'the last start of a service that the config or an operator has asked for; restarts by itself are none',
	columns: {
		name: 'the service',
		asked: 'when it was to start, in ms since 1970',
		waited: 'from then until its needs were met, in ms',
		took: 'from then until it was ready, or had completed, in ms; empty: it is not',
		after: 'the need that was ready last between these two; empty: it waited for no other',
	},
};

export const pages: Pages = {
	Blame: {
		help: 'show how long the last start of each service took, and what it waited for',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Blame', 'Row,web,1700000000000,0.000,1.250,', 'Row,job,1700000000000,0.000,,', 'Ok']],
	},
};
