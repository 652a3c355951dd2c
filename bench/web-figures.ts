/** What bench/results/web.json has, and its table. */
import type {Machine} from './machine.ts';
import {shown} from './rows.ts';

/** Milliseconds from the end of a service until its next process has said its first word. */
export interface RestartTimes {
	readonly clients: string;
	readonly median: number;
	readonly p99: number;
}

export interface WebFigures {
	readonly machine: Machine;
	readonly times: readonly RestartTimes[];
}

/** In Markdown. */
export function webTable({machine, times}: WebFigures): string {
	const {cpu, cores, kernel, load} = machine;
	const rows = times.map(({clients, median, p99}) => `| ${clients} | ${shown(median, {digits: 1})} | ${shown(p99, {digits: 1})} |`);
	const where = `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Linux ${kernel}, load before it ${load.toFixed(1)}.`;
	const head = '| clients of `web` | ended to restarted, median, ms | 99th percentile, ms |';
	return [head, '| --- | --: | --: |', ...rows, '', where].join('\n');
}
