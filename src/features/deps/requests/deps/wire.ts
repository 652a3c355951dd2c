/** `Deps`: the dependencies that were made while archon runs. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

export interface DepsRow {
	readonly id: number;
	readonly service: string;
	readonly target: string;
	readonly on: string;
	/** Empty: nothing. */
	readonly does: string;
	readonly order: string;
	/** Milliseconds since 1970; 0: not by itself. */
	readonly until: number;
	readonly times: number;
}

export const DEPS_ROW: Rows<DepsRow> = {
	encode: ({id, service, target, on, does, order, until, times}) =>
		[String(id), service, target, on, does, order, until === 0 ? '' : String(until), String(times)],
	decode: ([id = '', service = '', target = '', on = '', does = '', order = '', until = '', times = '']) =>
		({id: Number(id), service, target, on, does, order, until: Number(until), times: Number(times)}),
};

export const DEPS = wire('deps', {}, {verb: 'Deps', role: 'observe', isRepeatable: true});

export type DepsRequest = RequestOf<typeof DEPS>;

const ROW: RowForm<DepsRow> = {
	means: 'a dependency',
	columns: {
		id: 'its number', service: 'the service that acts', target: 'what it looks at', on: 'what must happen',
		does: 'what is done then, as it was written; empty: nothing', order: '`start` or `none`',
		until: 'when it is over, in milliseconds since 1970; empty: when it is taken away', times: 'how often it has acted',
	},
};

export const pages: Pages = {
	Deps: {
		help: 'show the dependencies that were made while archon runs',
		rows: [ROW], reply: '`Ok`', examples: [['Deps', 'Ok']],
	},
};
