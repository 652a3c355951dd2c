/** `Graph`: services, and what they have to do with each other. */
import type {Condition, Need} from '../../../core/service.ts';
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

export type GraphRow =
	| {readonly kind: 'service'; readonly name: string; readonly status: string; readonly type: string}
	/** `name` needs `other`. */
	| {
		readonly kind: 'need'; readonly name: string; readonly other: string; readonly condition: Condition;
		readonly strength: Need['strength']; readonly isMet: boolean; readonly restarts: boolean;
	}
	/** `conflict`: they never run at the same time. `on-failure`: `other` is started when `name` has failed for good. */
	| {readonly kind: 'conflict' | 'on-failure'; readonly name: string; readonly other: string};

export const GRAPH_ROW: Rows<GraphRow> = {
	encode(row) {
		switch (row.kind) {
			case 'service': return [row.kind, row.name, row.status, row.type];
			case 'need': return [row.kind, row.name, row.other, row.condition, row.strength, yes(row.isMet), yes(row.restarts)];
			default: return [row.kind, row.name, row.other];
		}
	},
	decode([kind = '', name = '', second = '', third = '', fourth = '', met = '', restarts = '']) {
		switch (kind) {
			case 'need': return {
				kind, name, other: second, condition: third as Condition, strength: fourth as Need['strength'],
				isMet: met === 'yes', restarts: restarts === 'yes',
			};
			case 'conflict':
			case 'on-failure': return {kind, name, other: second};
			default: return {kind: 'service', name, status: second, type: third};
		}
	},
};

const yes = (is: boolean): string => (is ? 'yes' : 'no');

export const GRAPH = wire('graph', {}, {verb: 'Graph', role: 'observe', isScoped: true, isRepeatable: true});

export type GraphRequest = RequestOf<typeof GRAPH>;

const PAIR = {name: 'the service', other: 'the other one'};
const FORMS: readonly RowForm[] = [
	{
		kind: 'service', means: 'a service, in the order of the config',
		columns: {name: 'its name', status: 'its status', type: '`daemon` or `oneshot`'},
	},
	{
		kind: 'need', means: 'a service needs another one',
		columns: {
			name: 'the service', other: 'the one that it needs',
			condition: '`service_started`, `service_healthy` or `service_completed_successfully`',
			strength: '`hard`: it must be met; `soft`: it is waited for, and may fail; `order`: it is waited for only if it is starting anyway',
			isMet: '`yes` if it would let the service start now, else `no`',
			restarts: '`yes` if the service is restarted with it, else `no`',
		},
	},
	{kind: 'conflict', means: 'two services never run at the same time', columns: PAIR},
	{kind: 'on-failure', means: 'the other one is started when the service has failed for good', columns: PAIR},
];

export const pages: Pages = {
	Graph: {
		help: 'show which services need, start and exclude each other',
		rows: FORMS,
		reply: '`Ok`',
		examples: [['Graph', 'Row,service,web,running,daemon', 'Row,service,job,failed,oneshot', 'Ok']],
	},
};
