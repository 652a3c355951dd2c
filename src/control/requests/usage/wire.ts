/** `Usage`: what the processes of each service use. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** A service that has processes: `Row,web,3,1250,12582912`. */
export interface UsageRow {
	/** `archon`: archon itself; null: processes below it that belong to no service. */
	readonly service: string | null;
	readonly processes: number;
	/** In milliseconds. */
	readonly cpu: number;
	/** In bytes. */
	readonly memory: number;
}

export const USAGE_ROW: Rows<UsageRow> = {
	encode: ({service, processes, cpu, memory}) => [service ?? '', String(processes), String(cpu), String(memory)],
	decode([service = '', processes = '', cpu = '', memory = '']) {
		return {service: service === '' ? null : service, processes: Number(processes), cpu: Number(cpu), memory: Number(memory)};
	},
};

export const USAGE = wire('usage', {}, {verb: 'Usage', role: 'observe', isScoped: true, isRepeatable: true});

export type UsageRequest = RequestOf<typeof USAGE>;

const FORM: RowForm<UsageRow> = {
	means: 'a service that has processes',
	columns: {
		service: 'its name; `archon`: archon itself; empty: processes below archon that belong to no service',
		processes: 'how many',
		cpu: 'what they have computed, in ms, with what had ended and one of them has waited for: less than before once one of them ends',
		memory: 'what they have in memory, in bytes: resident, so that what they share counts for each of them',
	},
};

export const pages: Pages = {
	Usage: {
		help: 'show what the processes of each service use',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Usage', 'Row,web,1,0,1048576', 'Row,archon,1,10,3145728', 'Ok']],
	},
};
