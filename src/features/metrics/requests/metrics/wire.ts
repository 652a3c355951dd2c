/** `Metrics`: what is counted and measured, as `archonctl metrics` and the web helper make text of it. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';
import {COLUMNS, type MetricsRow, type RowKind} from '../../core/columns.ts';

/** A row of a kind that is not known is of a later archon. */
export const METRICS_ROW: Rows<MetricsRow | null> = {
	encode(row) {
		const fields: Readonly<Record<string, string>> = row ?? {};
		return row ? [row.kind, ...COLUMNS[row.kind].map(column => fields[column] ?? '')] : [];
	},
	decode([kind = '', ...fields]) {
		if (!Object.hasOwn(COLUMNS, kind)) return null;
		const columns: readonly string[] = COLUMNS[kind as RowKind];
		return {kind, ...Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? '']))} as MetricsRow;
	},
};

export const METRICS = wire('metrics', {}, {verb: 'Metrics', role: 'observe', isScoped: true, isRepeatable: true});

export type MetricsRequest = RequestOf<typeof METRICS>;

type Columns<K extends RowKind> = Readonly<Record<(typeof COLUMNS)[K][number], string>>;

const ARCHON: Columns<'archon'> = {
	version: 'its version', arch: 'what it was built for: `amd64` or `arm64`', started: 'when it began, in ms since 1970',
	lives: 'how often it was re-executed', healthy: '`yes` if all that is to run, of what the asker may see, is ready, else `no`',
	orphans: 'processes without a parent that it has waited for', cpu: 'what it has computed, in ms',
	memory: 'what it has in memory, in bytes', reloads: 'reloads that put a config in force', failedReloads: 'reloads that did not',
	transients: 'services that clients have made',
};

const SERVICE: Columns<'service'> = {
	service: 'its name', status: 'as of `Status`', ready: '`yes` if it is up, ready and healthy, or has completed',
	wanted: '`yes` if it is to run', restarts: 'starts after the first', since: 'when it came to this status, in ms since 1970',
	started: 'when its main process was made, in ms since 1970', next: 'when its schedule is due next, in ms since 1970',
	exit: 'how its last process ended: the exit code, or 128 and the signal', processes: 'how many it has',
	cpu: 'what they and those before them have computed, in ms', memory: 'what they have in memory, in bytes',
	lines: 'lines that archon has read of it; empty: archon does not read its output', bytes: 'bytes of these',
	dropped: 'lines that were dropped',
};

const CHECK: Columns<'check'> = {
	service: 'the service', check: '`ready` or `healthcheck`', passed: 'whether the last one did', took: 'how long that took, in ms',
	passes: 'how many have passed', failures: 'and how many have not',
};

const POOL: Columns<'pool'> = {
	pool: 'its name', state: '`waiting`, `booting`, `ready` or `crashed`', nodes: 'how many nodes are in this state',
};

const RECEIVER: Columns<'receiver'> = {
	receiver: 'its name', firing: 'services with which something is wrong', waiting: 'messages that wait',
	delivered: 'messages that were delivered', dropped: 'messages that were given up',
};

const FORMS: readonly RowForm[] = [
	{kind: 'archon', means: 'archon; what is of the whole is empty for who may see some services only', columns: ARCHON},
	{kind: 'service', means: 'a service that no client has made; an empty field: there is no such thing', columns: SERVICE},
	{kind: 'check', means: 'the probes of a service, of one kind', columns: CHECK},
	{kind: 'pool', means: 'nodes of a pool', columns: POOL},
	{kind: 'receiver', means: 'a receiver of alerts, for who may see all', columns: RECEIVER},
];

export const pages: Pages = {
	Metrics: {
		help: 'show what is counted and measured, of archon and of each service',
		rows: FORMS,
		reply: '`Ok`',
		examples: [[
			'Metrics', 'Row,archon,0.1.0,amd64,1700000000000,0,no,12,150,4194304,1,0,0',
			'Row,service,web,running,yes,yes,0,1700000000000,1700000000000,,,1,250,1048576,40,2000,0',
			'Row,service,job,failed,no,yes,0,1700000000000,,,3,0,10,0,2,80,0', 'Ok',
		]],
	},
};
