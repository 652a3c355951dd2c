/** `Status`: services as they are now. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** A service: `Row,web,running,1234,1700000000000,2,,daemon,,backend,yes,config,,`. */
export interface StatusRow {
	readonly name: string;
	readonly status: string;
	/** An empty field stands for null, here and elsewhere. */
	readonly pid: number | null;
	/** In milliseconds since 1970. */
	readonly since: number;
	/** Starts after the first. */
	readonly restarts: number;
	readonly exit: number | null;
	readonly type: string;
	readonly note: string;
	/** The groups that it is in. */
	readonly groups: readonly string[];
	/** Whether it is to run, and the rule that says so. */
	readonly wanted: boolean;
	readonly by: string;
	/** When a test, hitlist or manifest has said so last; null: it is another rule that speaks. */
	readonly ruled: number | null;
	/** When its schedule is due next, in milliseconds since 1970. */
	readonly next: number | null;
}

export const STATUS_ROW: Rows<StatusRow> = {
	encode({name, status, pid, since, restarts, exit, type, note, groups, wanted, by, ruled, next}) {
		return [
			name, status, orEmpty(pid), String(since), String(restarts), orEmpty(exit), type, note, groups.join(' '),
			wanted ? 'yes' : 'no', by, orEmpty(ruled), orEmpty(next),
		];
	},
	decode([
		name = '', status = '', pid = '', since = '', restarts = '', exit = '', type = '', note = '', groups = '', wanted = '', by = '',
		ruled = '', next = '',
	]) {
		return {
			name, status, pid: orNull(pid), since: Number(since), restarts: Number(restarts), exit: orNull(exit), type, note,
			groups: groups === '' ? [] : groups.split(' '), wanted: wanted === 'yes', by, ruled: orNull(ruled), next: orNull(next),
		};
	},
};

const orEmpty = (number: number | null): string => number === null ? '' : String(number);
const orNull = (field: string): number | null => field === '' ? null : Number(field);

export const STATUS = wire('status', {names: many('name', PATTERN, 0)}, {
	verb: 'Status', role: 'observe', isScoped: true, isRepeatable: true,
});

export type StatusRequest = RequestOf<typeof STATUS>;

/** What `by` can be, in the order of the rules. */
export const RULES = '`archon`, `shutdown`, `operator`, `client`, `hitlist`, `test`, `manifest`, `action`, `config`, `failure`, '
	+ '`connection`, `schedule`, `dependents`';

const FORM: RowForm<StatusRow> = {
	means: 'a service, in the order of the config',
	columns: {
		name: 'its name; an instance of a scaled service is `name:0`',
		status: '`stopped`, `waiting`, `starting`, `running`, `unhealthy`, `stopping`, `backoff`, `exited` or `failed`',
		pid: 'of its main process; empty: it has none',
		since: 'when it came to this status, in ms since 1970',
		restarts: 'starts after the first',
		exit: 'how its last process ended: the exit code, or 128 and the signal; empty: none has ended',
		type: '`daemon` or `oneshot`',
		note: 'what it waits for, or how it ended, in words',
		groups: 'the groups that it is in, with spaces between them',
		wanted: '`yes` if it is to run, else `no`',
		by: `the first rule that speaks: ${RULES}`,
		ruled: 'when a test, hitlist or manifest has said so last, in ms since 1970; empty: it is another rule that speaks',
		next: 'when its schedule is due next, in ms since 1970; empty: it has none',
	},
};

export const pages: Pages = {
	Status: {
		help: 'show services as they are now; without a name all of them',
		rows: [FORM],
		reply: '`Ok`',
		examples: [
			['Status,web', 'Row,web,running,41,1700000000000,0,,daemon,,backend,yes,config,,', 'Ok'],
			['Status,nginx', 'Error,no service matches nginx'],
		],
	},
};
