/** Medians of the last run of the bench that is kept, as a table in Markdown. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Outcome, told} from '../../bench/findings.ts';
import type {LayerFigures} from '../../bench/layer-figures.ts';
import {summaryOf} from '../../bench/report.ts';
import {ROWS, shown} from '../../bench/rows.ts';

/** All rows of the bench. */
export function figures(root: string): string {
	const outcome = lastRun(root);
	const names = outcome.entrants.filter(({absent}) => absent === null).map(({name}) => name);
	const rows = told(ROWS, outcome).map(row => {
		const goal = row.goal === null ? '' : `${row.better === 'less' ? '≤' : '≥'} ${shown(row.goal, {digits: row.goal % 1 === 0 ? 0 : 1})}`;
		const values = names.map(name => {
			const value = summaryOf(row, name, outcome)?.value;
			const text = value === undefined ? '–' : shown(value, row);
			return name === 'archon' ? `**${text}**` : text;
		});
		return [`${row.title}, ${row.unit}`, goal, ...values];
	});
	const table = [['', 'goal', ...names], ['---', '--:', ...names.map(() => '--:')], ...rows];
	return table.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function lastRun(root: string): Outcome {
	const outcomes = JSON.parse(readFileSync(join(root, 'bench', 'results', 'bench.json'), 'utf8')) as readonly Outcome[];
	const outcome = outcomes.find(({place}) => place === 'namespace');
	if (!outcome) throw new Error('bench/results/bench.json has no run in PID namespaces');
	return outcome;
}

/** The three figures that a user asks for first: of the bench, and of the layers of images. */
export function fewFigures(root: string): string {
	const outcome = lastRun(root);
	const layers = JSON.parse(readFileSync(join(root, 'bench', 'results', 'layers.json'), 'utf8')) as readonly LayerFigures[];
	const names = ['archon', 's6', 'supervisord'];
	const measured = (id: string): readonly string[] => names.map(name => {
		const row = ROWS.find(row => row.id === id);
		const value = row && outcome.entrants.some(entrant => entrant.name === name) ? summaryOf(row, name, outcome)?.value : undefined;
		return row && value !== undefined ? shown(value, row) : '–';
	});
	const layer = (name: string): string => shown((layers.find(layer => layer.name === name)?.gzip ?? 0) / 1e6, {digits: 1});
	const rows = [
		['a service crashed and runs again after, ms', ...measured('crash')],
		['memory that it needs for 500 services, MiB', ...measured('private-500')],
		['what an image pays for it, compressed, MB', layer('archon'), layer('s6 and execline'), layer('supervisord')],
	].map(([title = '', archon = '', ...others]) => [title, `**${archon}**`, ...others]);
	return [['', ...names], ['---', '--:', '--:', '--:'], ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}
