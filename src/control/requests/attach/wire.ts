/** `Attach`: the status of a `Run` whose connection ended because archon was re-executed. */
import {NAME, one, type RequestOf, type RowForm, wire} from '../../wire.ts';

/** The command never began, so that it can be asked for once more. */
export const UNHEARD_ROW = {
	kind: 'unheard',
	means: 'before an `Error`: archon never began this command, and its `Run` may be sent again',
	columns: {},
} satisfies RowForm;

export const ATTACH = wire('attach', {name: one('name', NAME)}, {
	verb: 'Attach',
	help: 'wait for a command of Run again, after archon was re-executed and the connection has ended',
	role: 'operate',
	isRepeatable: true,
	rows: [UNHEARD_ROW],
	reply: '`ExitStatus` when it has ended; a command that no client asks for within 10 s is ended as if its client had left',
	examples: [['Attach,job-7', 'Error,no command job-7 waits for its client']],
});

export type AttachRequest = RequestOf<typeof ATTACH>;
