/** `NeedsRestart`: services whose program or libraries are other files by now. */
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

/** A file that a process of the service has mapped: `Row,web,41,replaced,/usr/lib/libssl.so.3`. */
export interface NeedsRestartRow {
	readonly service: string;
	readonly pid: number;
	readonly state: 'deleted' | 'replaced' | 'unknown';
	/** The file; of what is not known, why. */
	readonly path: string;
}

export const NEEDS_RESTART_ROW: Rows<NeedsRestartRow> = {
	encode: ({service, pid, state, path}) => [service, String(pid), state, path],
	decode: ([service = '', pid = '', state = '', path = '']) =>
		({service, pid: Number(pid), state: state === 'deleted' || state === 'replaced' ? state : 'unknown', path}),
};

export const NEEDS_RESTART = wire('needs-restart', {names: many('name', PATTERN, 0)}, {
	verb: 'NeedsRestart', role: 'observe', isScoped: true, isRepeatable: true,
});

export type NeedsRestartRequest = RequestOf<typeof NEEDS_RESTART>;

const FORM: RowForm<NeedsRestartRow> = {
	means: 'a program or library that a service still uses, and that is another file by now or none',
	columns: {
		service: 'the service',
		pid: 'one of its processes that has the file mapped',
		state: '`replaced`: another file has its name; `deleted`: no file has; `unknown`: the process cannot be looked at',
		path: 'the file; with `unknown` why',
	},
};

export const pages: Pages = {
	NeedsRestart: {
		help: 'show services whose program or libraries were replaced or deleted since they were started: those with these names, or all',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['NeedsRestart,web', 'Row,web,41,replaced,/usr/lib/libssl.so.3', 'Ok']],
	},
};
