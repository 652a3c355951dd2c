/** What is measured: each row of the table with its unit, its direction, and what archon is to reach. */
import type {Statistic} from './statistics.ts';

export const MEASURES = ['up', 'crash', 'status', 'requests', 'stop', 'memory', 'idle', 'orphans', 'log', 'size'] as const;
export type Measure = (typeof MEASURES)[number];

export interface Row {
	readonly id: string;
	readonly measure: Measure;
	readonly title: string;
	readonly unit: string;
	readonly better: 'less' | 'more';
	/** Behind the point; also what a goal is compared at. */
	readonly digits: number;
	readonly statistic: Statistic;
	/** What archon must reach at least (where more is better) or at most; null: nothing is asked. */
	readonly goal: number | null;
}

type Given = Partial<Pick<Row, 'better' | 'digits' | 'statistic' | 'goal'>>;

const row = (id: string, measure: Measure, title: string, unit: string, given: Given = {}): Row =>
	({id, measure, title, unit, better: 'less', digits: 1, statistic: 'median', goal: null, ...given});

/** The numbers of services that are started. */
export type Count = 20 | 500 | 2000;

/** Where the rows that need one number are measured. */
export const MIDDLE: Count = 500;

export const ROWS: readonly Row[] = [
	row('up-20', 'up', '20 services up', 'ms', {goal: 16}),
	row('up-500', 'up', '500 services up', 'ms', {digits: 0, goal: 260}),
	row('up-2000', 'up', '2000 services up', 'ms', {digits: 0, goal: 1000}),
	row('crash', 'crash', 'crash to restarted, median', 'ms', {goal: 1.2}),
	row('crash-p99', 'crash', 'crash to restarted, 99th percentile', 'ms', {statistic: 'p99', goal: 4}),
	row('status-20', 'status', 'status command, 20 services', 'ms', {goal: 5}),
	row('status-500', 'status', 'status command, 500 services', 'ms', {goal: 15}),
	row('requests', 'requests', 'status of one of 500 services, asked on one connection', '1/s', {better: 'more', digits: 0, goal: 5000}),
	row('stop', 'stop', 'all 500 stopped', 'ms', {digits: 0, goal: 90}),
	row('private-20', 'memory', 'private memory, 20 services', 'MiB', {goal: 3}),
	row('private-500', 'memory', 'private memory, 500 services', 'MiB', {goal: 8}),
	row('private-2000', 'memory', 'private memory, 2000 services', 'MiB', {goal: 20}),
	row('dirty-20', 'memory', 'private memory in no file, 20 services', 'MiB'),
	row('dirty-500', 'memory', 'private memory in no file, 500 services', 'MiB'),
	row('dirty-2000', 'memory', 'private memory in no file, 2000 services', 'MiB'),
	row('pss-20', 'memory', 'proportional memory, 20 services', 'MiB'),
	row('pss-500', 'memory', 'proportional memory, 500 services', 'MiB'),
	row('pss-2000', 'memory', 'proportional memory, 2000 services', 'MiB'),
	row('switches', 'idle', 'idle wake-ups a second, 500 services', '1/s', {goal: 0}),
	row('cpu', 'idle', 'idle processor time, 500 services', 'ms/s', {digits: 2}),
	row('orphans', 'orphans', 'orphans reaped', '1/s', {better: 'more', digits: 0, goal: 200_000}),
	row('log-file', 'log', '100-byte lines into a rotated file', 'MB/s', {better: 'more', digits: 0, goal: 400}),
	row('log-lines', 'log', 'the same, each line written alone', 'MB/s', {better: 'more', digits: 0, goal: 150}),
	row('log-pipe', 'log', '100-byte lines through PID 1’s stdout', 'MB/s', {better: 'more', digits: 0, goal: 200}),
	row('size', 'size', 'the executable', 'MiB', {digits: 2, goal: 3}),
	row('tree', 'size', 'all that comes with it', 'MiB'),
];

/** A value as it is shown. */
export const shown = (value: number, {digits}: Pick<Row, 'digits'>): string =>
	value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits}).replaceAll(',', ' ').replace(/^-0$/, '0');

/** Whether a value, as it is shown, is as good as the goal; null without a goal. */
export function meets(value: number, {goal, better, digits}: Pick<Row, 'goal' | 'better' | 'digits'>): boolean | null {
	if (goal === null) return null;
	const rounded = Number(value.toFixed(digits));
	return better === 'less' ? rounded <= goal : rounded >= goal;
}
