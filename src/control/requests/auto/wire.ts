/** `Auto`: give the decision about services back to the config. */
import {many, type Pages, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const AUTO = wire('auto', {names: many('name', PATTERN, 1)}, {verb: 'Auto', role: 'operate', isScoped: true, isRepeatable: true});

export type AutoRequest = RequestOf<typeof AUTO>;

export const pages: Pages = {
	Auto: {
		help: 'let the config decide again whether services run, after a start or a stop',
		rows: [],
		reply: '`Ok` at once; `Error` where one that is named was made by a client, or is archon\'s own helper',
		examples: [['Auto,web', 'Ok']],
	},
};
