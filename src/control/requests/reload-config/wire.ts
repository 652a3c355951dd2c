/** `ReloadConfig`: archon reads its config again, and waits until what that has started is ready. */
import {one, orEmpty, type Pages, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../wire.ts';
import {SECONDS} from '../values.ts';

const FAILURE: Type<'keep' | 'rollback'> = {
	takes: 'keep or rollback', read: text => text === 'keep' || text === 'rollback' ? text : null,
};

export const RELOAD_CONFIG = wire('reload-config', {
	failure: one('on failure', FAILURE),
	timeout: orEmpty('seconds', SECONDS),
}, {verb: 'ReloadConfig', role: 'operate', isRepeatable: false});

export type ReloadConfigRequest = RequestOf<typeof RELOAD_CONFIG>;

/** What was done, or a line of the service that did not become ready. */
export interface ReloadConfigRow {
	readonly kind: 'done' | 'line';
	readonly text: string;
}

export const RELOAD_CONFIG_ROW: Rows<ReloadConfigRow> = {
	encode: ({kind, text}) => [kind, text],
	decode: ([kind = '', text = '']) => ({kind: kind === 'line' ? 'line' : 'done', text}),
};

const DONE: RowForm<Pick<ReloadConfigRow, 'text'>> = {
	kind: 'done', means: 'once, where all is well', columns: {text: 'what has changed, in words'},
};
const LINE: RowForm<Pick<ReloadConfigRow, 'text'>> = {
	kind: 'line', means: 'where a service did not become ready: its last lines', columns: {text: 'the line'},
};

export const pages: Pages = {
	ReloadConfig: {
		help: 'read archon\'s config again, and wait until each service that this starts is ready; else keep it, or put the old one back',
		rows: [DONE, LINE],
		reply: '`Ok` when all of them are ready, 300 seconds at most unless another time is given; `Error` with every problem of the config, '
			+ 'and then nothing has changed; or with the service that did not become ready, and with `rollback` the config before it '
			+ 'is in force again',
		examples: [
			['ReloadConfig,rollback,60', 'Row,done,config reloaded: 2 unchanged', 'Ok'],
		],
	},
};
