/** `Tree`: all processes below archon, whose they are, and what they use. */
import {optional, type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** A process: `Row,web,1234,1,,nginx: master process,main,1700000000000,40,4194304`. */
export interface TreeRow {
	/** The service it belongs to; null: none. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	/** It has ended, and its parent has not waited for it. */
	readonly zombie: boolean;
	readonly command: string;
	/** `main`, `child`, `adopted`, `command`, `archon` or `foreign`. */
	readonly kind: string;
	/** In milliseconds since 1970. */
	readonly started: number;
	/** In milliseconds. */
	readonly cpu: number;
	/** In bytes. */
	readonly memory: number;
}

export const TREE_ROW: Rows<TreeRow> = {
	encode: ({service, pid, parent, zombie, command, kind, started, cpu, memory}) => [
		service ?? '', String(pid), String(parent), zombie ? 'zombie' : '', command, kind, String(started), String(cpu), String(memory),
	],
	decode([service = '', pid = '', parent = '', zombie = '', command = '', kind = '', started = '', cpu = '', memory = '']) {
		return {
			service: service === '' ? null : service, pid: Number(pid), parent: Number(parent), zombie: zombie !== '', command,
			kind, started: Number(started), cpu: Number(cpu), memory: Number(memory),
		};
	},
};

const which = optional('which', {takes: 'all', read: text => text === 'all' ? text : null});

export const TREE = wire('tree', {which}, {verb: 'Tree', role: 'observe', isScoped: true, isRepeatable: true});

export type TreeRequest = RequestOf<typeof TREE>;

const FORM: RowForm<TreeRow> = {
	means: 'a process below archon; with `all` archon itself and foreign ones as well',
	columns: {
		service: 'the service it belongs to; empty: none',
		pid: 'its pid',
		parent: 'the pid of its parent',
		zombie: '`zombie` if it has ended and its parent has not waited for it, else empty',
		command: 'its command line',
		kind: '`main`: a service\'s main process; `child`: another one has made it; `adopted`: an orphan; `command`: of a probe or a '
			+ 'hook; `archon`: archon itself; `foreign`: not below archon',
		started: 'when it was made, in ms since 1970',
		cpu: 'what it has computed, in ms, without its children',
		memory: 'what it has in memory, in bytes: resident, so that what it shares with others counts in full',
	},
};

export const pages: Pages = {
	Tree: {
		help: 'show all processes below archon, whose they are, and what they use',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Tree', 'Row,web,41,1,,sleep 1000000,main,1700000000000,0,1048576', 'Ok']],
	},
};
