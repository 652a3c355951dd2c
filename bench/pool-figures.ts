/** What bench/results/pools.json has, and its table. */
import type {Machine} from './machine.ts';
import {shown} from './rows.ts';

export interface PoolFigure {
	readonly title: string;
	readonly value: number;
	readonly unit: 'ms' | 'MiB';
}

export interface PoolFigures {
	readonly machine: Machine;
	readonly figures: readonly PoolFigure[];
}

/** In Markdown. */
export function poolTable({machine, figures}: PoolFigures): string {
	const {cpu, cores, kernel, load} = machine;
	const rows = figures.map(({title, value, unit}) => `| ${title}, ${unit} | ${shown(value, {digits: 1})} |`);
	const where = `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Linux ${kernel}, load before it ${load.toFixed(1)}.`;
	return ['| | |', '| --- | --: |', ...rows, '', where].join('\n');
}
