/** `Start`: start services and what they need. */
import {many, type Pages, PATTERN, type RequestOf, wire} from '../../wire.ts';

export const START = wire('start', {names: many('name', PATTERN, 1)}, {verb: 'Start', role: 'operate', isScoped: true, isRepeatable: true});

export type StartRequest = RequestOf<typeof START>;

export const pages: Pages = {
	Start: {
		help: 'start services and what they need',
		rows: [],
		reply: '`Ok` when all of them are up, have completed, or were skipped and not named themselves; `Error` when one cannot be',
		examples: [['Start,web', 'Ok']],
	},
};
