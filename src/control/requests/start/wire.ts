/** `Start`: start services and what they need. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, wire} from '../../wire.ts';

export const START = wire('start', {names: many('name', PATTERN, 1)}, {verb: 'Start', role: 'operate', isScoped: true, isRepeatable: true});

export type StartRequest = RequestOf<typeof START>;

/** What a pattern or a group has chosen and `Start` or `Restart` leaves alone, as no name says that it is meant. */
export const LEFT: RowForm<{readonly name: string; readonly why: string}> = {
	means: 'a service that stays down, as a test, a list or an operator keeps it down and it was not named itself',
	columns: {name: 'of the service', why: 'who keeps it down, in words'},
};

export const pages: Pages = {
	Start: {
		help: 'start services and what they need',
		rows: [LEFT],
		reply: '`Ok` when all of them are up, have completed, or were skipped and not named themselves; `Error` when one cannot be',
		examples: [['Start,web', 'Ok']],
	},
};
