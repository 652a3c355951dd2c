/** `Attach`: the status of a `Run` whose connection ended because archon was re-executed. */
import {NAME, one, type Pages, type RequestOf, wire} from '../../wire.ts';

/** The first field of the row that says that the command never began. */
export const UNHEARD = 'unheard';

export const ATTACH = wire('attach', {name: one('name', NAME)}, {verb: 'Attach', role: 'admin', isRepeatable: true});

export type AttachRequest = RequestOf<typeof ATTACH>;

export const pages: Pages = {
	Attach: {
		help: 'wait for a command of Run again, after archon was re-executed and the connection has ended',
		rows: [{kind: UNHEARD, means: 'before an `Error`: archon never began this command, and its `Run` may be sent again', columns: {}}],
		reply: '`ExitStatus` when it has ended; a command that no client asks for within 10 s is ended as if its client had left',
		examples: [['Attach,job-7', 'Error,no command job-7 waits for its client']],
	},
};
