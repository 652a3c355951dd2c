/** `Want` and `Unwant`: a program is moved to the manifest or to the hitlist; the files say so from then on. */
import {ROLE} from '../../core/rules.ts';
import {NAME, one, orEmpty, PATH, type Pages, type RequestOf, type RowForm, type Type, wire} from '../../../../control/wire.ts';

const ROLE_NAME: Type<string> = {takes: 'a role', read: text => (ROLE.test(text) ? text : null)};

const ARGS = {program: one('name or path', NAME), path: orEmpty('path', PATH), role: orEmpty('role', ROLE_NAME)};
const ABOUT = {role: 'admin', isRepeatable: true} as const;

export const WANT = wire('want', ARGS, {verb: 'Want', ...ABOUT});
export const UNWANT = wire('unwant', ARGS, {verb: 'Unwant', ...ABOUT});

export type WantRequest = RequestOf<typeof WANT>;
export type UnwantRequest = RequestOf<typeof UNWANT>;

const DONE: RowForm = {means: 'what was done', columns: {text: 'in words'}};
const REPLY = '`Ok` when the files are written; `Error` where nothing was changed. The path is that of a program that is named; \
the role is that of other machines, whose manifest is meant';

export const pages: Pages = {
	Want: {
		help: 'put a program on the manifest, and take it off the hitlist',
		rows: [DONE], reply: REPLY,
		examples: [['Want,web,/opt/web', 'Row,web is in the manifest', 'Ok']],
	},
	Unwant: {
		help: 'put a program on the hitlist, and take it off the manifest',
		rows: [DONE], reply: REPLY,
		examples: [['Unwant,web', 'Row,web is on the hitlist', 'Ok']],
	},
};
