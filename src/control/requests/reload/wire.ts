/** `Reload`: archon reads its config again, or services read theirs. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** What a reload of archon's own config has done, in words: `Row,config reloaded: 3 unchanged`. */
export interface ReloadRow {
	readonly text: string;
}

export const RELOAD_ROW: Rows<ReloadRow> = {
	encode: ({text}) => [text],
	decode: ([text = '']) => ({text}),
};

export const RELOAD = wire('reload', {names: many('name', PATTERN, 0)}, {
	verb: 'Reload', role: 'operate', isScoped: true, isRepeatable: true,
});

export type ReloadRequest = RequestOf<typeof RELOAD>;

const FORM: RowForm<ReloadRow> = {
	means: 'where no name is given',
	columns: {text: 'what has changed, in words'},
};

export const pages: Pages = {
	Reload: {
		help: 'read archon\'s config again; with names, tell these services to read theirs',
		rows: [FORM],
		reply: '`Ok` when the config is in force, or the services were told; `Error` with every problem of the config, and then '
			+ 'nothing has changed',
		examples: [['Reload', 'Row,config reloaded: 2 unchanged', 'Ok']],
	},
};
