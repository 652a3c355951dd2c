/** `Limit`: a connection gives up rights. */
import {RIGHTS, type Role} from '../../../core/access.ts';
import {many, one, type Pages, PATTERN, type RequestOf, type Type, wire} from '../../wire.ts';

const ROLE: Type<Role> = {takes: 'a role', bounds: RIGHTS.join(', '), read: text => RIGHTS.find(role => role === text) ?? null};

export const LIMIT = wire('limit', {
	role: one('role', ROLE),
	names: many('name', PATTERN, 0),
}, {verb: 'Limit', role: 'observe', isScoped: true, isRepeatable: true});

export type LimitRequest = RequestOf<typeof LIMIT>;

export const pages: Pages = {
	Limit: {
		help: 'give up rights: from now on no request of this connection goes beyond the role, for these services or for all',
		rows: [],
		reply: '`Ok`; what was given up does not come back, and a further `Limit` gives up more. What was sent before it was answered may go '
			+ 'beyond it: a program that passes on the requests of others waits for the answer first',
		examples: [['Limit,operate,web,worker*', 'Ok'], ['Limit,rule', 'Error,Limit: rule is not a role']],
	},
};
