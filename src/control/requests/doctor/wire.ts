/** `Doctor`: what archon knows of the container that it runs in, for `archonctl doctor` to judge. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** `Row,memory_limit,536870912`; null: there is no such thing, or it is not known. */
export interface DoctorRow {
	readonly fact: string;
	readonly value: string | null;
}

export const DOCTOR_ROW: Rows<DoctorRow> = {
	encode: ({fact, value}) => [fact, value ?? ''],
	decode: ([fact = '', value = '']) => ({fact, value: value === '' ? null : value}),
};

export const DOCTOR = wire('doctor', {}, {verb: 'Doctor', role: 'observe', isRepeatable: true});

export type DoctorRequest = RequestOf<typeof DOCTOR>;

const FORM: RowForm<DoctorRow> = {
	means: 'something about archon and its container',
	columns: {
		fact: '`pid`, `subreaper`, `uid`, `no_new_privs`, `capabilities` (hexadecimal, as in /proc), `socket`, `cgroup` (its folder), '
			+ '`cgroup_writable`, `memory_limit`, `memory_used`, `pids_limit`, `pids_used`, `fds_limit`, `fds_used`, `inotify_limit`, '
			+ '`stop_at_most` and `stop_grace` (in ms), `stop_chain`, `lines_lost`, `started` (in ms since 1970), `lives`, `cause`; others may come',
		value: 'its value; sizes are in bytes; empty: there is no such thing, or it is not known',
	},
};

export const pages: Pages = {
	Doctor: {
		help: 'show what archon knows of the container that it runs in',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Doctor', 'Row,pid,1', 'Row,subreaper,no', '…', 'Ok']],
	},
};
