/** `Tree`: all processes below archon, and whose they are. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** A process: `Row,web,1234,1,,nginx: master process`. */
export interface TreeRow {
	/** The service it belongs to; null: none. */
	readonly service: string | null;
	readonly pid: number;
	readonly parent: number;
	/** It has ended, and its parent has not waited for it. */
	readonly zombie: boolean;
	readonly command: string;
}

export const TREE_ROW: Rows<TreeRow> = {
	encode: ({service, pid, parent, zombie, command}) => [service ?? '', String(pid), String(parent), zombie ? 'zombie' : '', command],
	decode([service = '', pid = '', parent = '', zombie = '', command = '']) {
		return {service: service === '' ? null : service, pid: Number(pid), parent: Number(parent), zombie: zombie !== '', command};
	},
};

export const TREE = wire('tree', {}, {verb: 'Tree', role: 'observe', isScoped: true, isRepeatable: true});

export type TreeRequest = RequestOf<typeof TREE>;

const FORM: RowForm<TreeRow> = {
	means: 'a process below archon',
	columns: {
		service: 'the service it belongs to; empty: none',
		pid: 'its pid',
		parent: 'the pid of its parent',
		zombie: '`zombie` if it has ended and its parent has not waited for it, else empty',
		command: 'its command line',
	},
};

export const pages: Pages = {
	Tree: {
		help: 'show all processes below archon, and whose they are',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Tree', 'Row,web,41,1,,sleep 1000000', 'Ok']],
	},
};
