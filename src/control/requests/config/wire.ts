/** `Config`: the config that is in force, as one text. */
import {NAME, optional, orEmpty, type Pages, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../wire.ts';

const SECRETS: Type<'shown'> = {takes: 'shown', read: text => text === 'shown' ? text : null};

export const CONFIG = wire('config', {
	name: orEmpty('service', NAME),
	secrets: optional('secrets', SECRETS),
}, {verb: 'Config', role: 'observe', isRepeatable: true});

export type ConfigRequest = RequestOf<typeof CONFIG>;

/** A line of YAML. */
export interface ConfigRow {
	readonly line: string;
}

export const CONFIG_ROW: Rows<ConfigRow> = {
	encode: ({line}) => [line],
	decode: ([line = '']) => ({line}),
};

const FORM: RowForm<ConfigRow> = {means: 'a line of the config', columns: {line: 'YAML, from the first line to the last'}};

export const pages: Pages = {
	Config: {
		help: 'show the config that is in force, of one service or of all: merged, with the values of variables, secrets masked',
		rows: [FORM],
		reply: '`Ok`; `Error` where there is no such service, or where one without the role `admin` asks for secrets',
		examples: [[
			'Config,job', 'Row,services:', 'Row,"  job:"', 'Row,"    type: oneshot"', 'Row,"    command: sh -c \'exit 3\'"',
			'Row,"    restart: ""no"""', 'Row,"    essential: false"', 'Ok',
		]],
	},
};
