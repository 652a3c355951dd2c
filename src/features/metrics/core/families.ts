/** What is exported as metrics: a family for each line of `archonctl metrics` that begins with `# TYPE`, and what it is made of. */
import {STATUSES} from '../../../core/statuses.ts';
import type {MetricsRow, RowKind} from './columns.ts';

type RowOf<K extends RowKind> = Extract<MetricsRow, {kind: K}>;

/** A value with the labels that it has beside those of its row; null: the row has no such value. */
export type Sample = readonly [value: number | null, labels?: Labels];
export type Labels = Readonly<Record<string, string>>;

/** Metrics of one name. */
export interface Family {
	/** Without what its type adds to it: `_total`, `_info`. */
	readonly name: string;
	readonly type: 'gauge' | 'counter' | 'info';
	readonly help: string;
	/** The kind of rows that it is made of. */
	readonly of: RowKind;
	/** The fields of a row that are labels. */
	readonly labels: readonly string[];
	/** Labels that it has beside these. */
	readonly more: readonly string[];
	samples(row: MetricsRow): readonly Sample[];
}

type Made<K extends RowKind> = (row: RowOf<K>) => readonly Sample[];

const LABELS: Readonly<Record<RowKind, readonly string[]>> = {
	archon: [], service: ['service'], check: ['service', 'check'], pool: ['pool', 'state'], receiver: ['receiver'],
};

const family = <K extends RowKind>(
	of: K, type: Family['type'], name: string, help: string, samples: Made<K>, more: readonly string[] = [],
): Family => ({name, type, help, of, labels: LABELS[of], more, samples: row => (row.kind === of ? samples(row as RowOf<K>) : [])});

const is = (yes: boolean): number => (yes ? 1 : 0);
const number = (field: string): readonly Sample[] => [[field === '' ? null : Number(field)]];
/** From milliseconds. */
const seconds = (field: string): readonly Sample[] => [[field === '' ? null : Number(field) / 1000]];
const flag = (field: string): readonly Sample[] => [[field === '' ? null : is(field === 'yes')]];

export const FAMILIES: readonly Family[] = [
	family('archon', 'info', 'archon_build', 'The version of archon, and what it was built for.',
		({version, arch}) => [[1, {version, arch}]], ['version', 'arch']),
	family('archon', 'gauge', 'archon_start_time_seconds',
		'When archon began, since 1970; re-execution is no new beginning.', row => seconds(row.started)),
	family('archon', 'counter', 'archon_reexecs',
		'How often archon was re-executed: over a fault, or to be upgraded.', row => number(row.lives)),
	family('archon', 'gauge', 'archon_healthy',
		'Whether all that is to run is ready, as archonctl health has it.', row => flag(row.healthy)),
	family('archon', 'counter', 'archon_orphans_reaped',
		'Processes without a parent that archon has waited for.', row => number(row.orphans)),
	family('archon', 'counter', 'archon_cpu_seconds', 'What archon itself has computed.', row => seconds(row.cpu)),
	family('archon', 'gauge', 'archon_memory_bytes', 'What archon itself has in memory (resident).', row => number(row.memory)),
	family('archon', 'counter', 'archon_config_reloads', 'Reloads of the config, by what came of them.',
		({reloads, failedReloads}) => (reloads === '' ? [] : [[Number(reloads), {result: 'ok'}], [Number(failedReloads), {result: 'failed'}]]),
		['result']),
	family('archon', 'gauge', 'archon_transient_services',
		'Services that clients have made (archonctl run); they have no series of their own.',
		row => number(row.transients)),
	family('service', 'gauge', 'archon_service_state', 'Whether the service is in this state.',
		({status}) => STATUSES.map(state => [is(state === status), {state}]), ['state']),
	family('service', 'gauge', 'archon_service_ready',
		'Whether the service is up, ready and healthy, or has completed.', row => flag(row.ready)),
	family('service', 'gauge', 'archon_service_wanted', 'Whether the service is to run.', row => flag(row.wanted)),
	family('service', 'counter', 'archon_service_restarts', 'Starts of the service after the first.', row => number(row.restarts)),
	family('service', 'gauge', 'archon_service_state_since_seconds',
		'When the service came to its state, since 1970.', row => seconds(row.since)),
	family('service', 'gauge', 'archon_service_start_time_seconds',
		'When the main process of the service was made, since 1970.', row => seconds(row.started)),
	family('service', 'gauge', 'archon_service_next_run_time_seconds',
		'When the schedule of the service is due next, since 1970.', row => seconds(row.next)),
	family('service', 'gauge', 'archon_service_exit_status',
		'How the last process of the service ended: its status, or 128 and the signal.',
		row => number(row.exit)),
	family('service', 'gauge', 'archon_service_processes', 'How many processes the service has.', row => number(row.processes)),
	family('service', 'counter', 'archon_service_cpu_seconds',
		'What the processes of the service have computed.', row => seconds(row.cpu)),
	family('service', 'gauge', 'archon_service_memory_bytes',
		'What the processes of the service have in memory (resident).', row => number(row.memory)),
	family('service', 'counter', 'archon_service_log_lines', 'Lines that archon has read of the service.', row => number(row.lines)),
	family('service', 'counter', 'archon_service_log_bytes', 'Bytes of these lines.', row => number(row.bytes)),
	family('service', 'counter', 'archon_service_log_dropped_lines',
		'Lines of the service that were dropped: too many, or what takes them is too slow.',
		row => number(row.dropped)),
	family('check', 'gauge', 'archon_check_up', 'Whether the last probe of the service passed.', row => flag(row.passed)),
	family('check', 'gauge', 'archon_check_duration_seconds', 'How long the last probe of the service took.', row => seconds(row.took)),
	family('check', 'counter', 'archon_checks', 'Probes of the service, by their result.',
		({passes, failures}) => [[Number(passes), {result: 'passed'}], [Number(failures), {result: 'failed'}]], ['result']),
	family('pool', 'gauge', 'archon_pool_nodes', 'Nodes of a pool that are in this state.', row => number(row.nodes)),
	family('receiver', 'gauge', 'archon_alerts_firing',
		'Services with which something is wrong, as far as the receiver is to hear of it.', row => number(row.firing)),
	family('receiver', 'gauge', 'archon_alerts_waiting', 'Messages that wait to be delivered.', row => number(row.waiting)),
	family('receiver', 'counter', 'archon_alerts_delivered', 'Messages that were delivered.', row => number(row.delivered)),
	family('receiver', 'counter', 'archon_alerts_dropped', 'Messages that were given up.', row => number(row.dropped)),
];

/** Services by their state, as many series as there are states. */
export const SERVICES = {
	name: 'archon_services', type: 'gauge', help: 'Services that are in this state.', labels: ['state'],
} as const;

/** The name that its samples have. */
export const sampleName = ({name, type}: Pick<Family, 'name' | 'type'>): string => name + SUFFIX[type];

const SUFFIX = {gauge: '', counter: '_total', info: '_info'} as const;
