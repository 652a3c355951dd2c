/** Medians of the last run of the bench that is kept, as a table in Markdown. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Outcome, told} from '../../bench/findings.ts';
import {summaryOf} from '../../bench/report.ts';
import {ROWS, shown} from '../../bench/rows.ts';

/** Of the rows that are named, or of all; the goals are for those who work on archon. */
export function figures(root: string, only: readonly string[] = ROWS.map(({id}) => id), withGoals = true): string {
	const outcomes = JSON.parse(readFileSync(join(root, 'bench', 'results', 'bench.json'), 'utf8')) as readonly Outcome[];
	const outcome = outcomes.find(({place}) => place === 'namespace');
	if (!outcome) throw new Error('bench/results/bench.json has no run in PID namespaces');
	const names = outcome.entrants.filter(({absent}) => absent === null).map(({name}) => name);
	const rows = told(ROWS, outcome).filter(({id}) => only.includes(id)).map(row => {
		const goal = row.goal === null ? '' : `${row.better === 'less' ? '≤' : '≥'} ${shown(row.goal, {digits: row.goal % 1 === 0 ? 0 : 1})}`;
		const values = names.map(name => {
			const value = summaryOf(row, name, outcome)?.value;
			const text = value === undefined ? '–' : shown(value, row);
			return name === 'archon' ? `**${text}**` : text;
		});
		return [`${row.title}, ${row.unit}`, ...withGoals ? [goal] : [], ...values];
	});
	const table = [['', ...withGoals ? ['goal'] : [], ...names], ['---', ...rows[0]?.slice(1).map(() => '--:') ?? []], ...rows];
	return table.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}
