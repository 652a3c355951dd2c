/** `Monitors`: the rules by which processes are watched that archon has not started, and these processes. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

export type MonitorRow =
	| {readonly kind: 'rule'; readonly name: string; readonly origin: string; readonly match: string}
	| {readonly kind: 'process'; readonly name: string; readonly pid: number; readonly exe: string; readonly since: number};

export const MONITOR_ROW: Rows<MonitorRow> = {
	encode: row => (row.kind === 'rule'
		? [row.kind, row.name, row.origin, row.match] : [row.kind, row.name, String(row.pid), row.exe, String(row.since)]),
	decode: ([kind = '', name = '', second = '', third = '', since = '']) => (kind === 'process'
		? {kind, name, pid: Number(second), exe: third, since: Number(since)} : {kind: 'rule', name, origin: second, match: third}),
};

export const MONITORS = wire('monitors', {}, {verb: 'Monitors', role: 'observe', isRepeatable: true});

export type MonitorsRequest = RequestOf<typeof MONITORS>;

const FORMS: readonly RowForm[] = [
	{
		kind: 'rule', means: 'a rule',
		columns: {name: 'its name', origin: '`config` or `client`', match: 'what it means; empty: one process'},
	},
	{
		kind: 'process', means: 'a process that is watched by it',
		columns: {
			name: 'of the rule', pid: 'its number', exe: 'its executable; empty: archon may not know it',
			since: 'when it was met, in milliseconds since 1970',
		},
	},
];

export const pages: Pages = {
	Monitors: {
		help: 'show the rules by which processes are watched that archon has not started, each with its processes',
		rows: FORMS, reply: '`Ok`', examples: [['Monitors', 'Ok']],
	},
};
