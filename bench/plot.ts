/**
 * What was found, as a picture: for each row a small plot of horizontal bars on a logarithmic scale, the spread of the
 * repeats as a line, the goal as a mark. Plain SVG that is readable on light and on dark.
 */
import {type Outcome, told} from './findings.ts';
import {summaryOf} from './report.ts';
import {type Row, ROWS, shown} from './rows.ts';
import type {Summary} from './statistics.ts';

const [COLUMNS, WIDTH, GAP, MARGIN] = [3, 340, 28, 24];
const [NAME, VALUE, BAR, TOP, FOOT] = [84, 62, 18, 34, 20];
const HEAD = 64;

const STYLE = `
	:root { color-scheme: light dark }
	.page { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #24292f }
	.head { font-size: 18px; font-weight: 600 } .title { font-weight: 600 } .faint { fill: #57606a; font-size: 11px }
	.bar { fill: #9aa4af } .own { fill: #1a7f5a } .spread { stroke: #24292f; stroke-width: 1.5 } .grid { stroke: #d0d7de }
	.value { stroke: #ffffff; stroke-width: 3; paint-order: stroke }
	.goal { stroke: #cf5a13; stroke-width: 1.5; stroke-dasharray: 4 3 } .aim { fill: #cf5a13; font-size: 11px }
	@media (prefers-color-scheme: dark) {
		.page { fill: #0d1117 } text { fill: #e6edf3 } .faint { fill: #9198a1 } .bar { fill: #59636e } .own { fill: #3fb984 }
		.spread { stroke: #e6edf3 } .grid { stroke: #30363d } .goal { stroke: #f0883e } .aim { fill: #f0883e }
		.value { stroke: #0d1117 }
	}`;

interface Bar {
	readonly name: string;
	readonly summary: Summary;
}

export function plot(outcome: Outcome): string {
	const panels = told(ROWS, outcome).flatMap(row => {
		const bars = outcome.entrants.flatMap(({name}): readonly Bar[] => {
			const summary = summaryOf(row, name, outcome);
			return summary ? [{name, summary}] : [];
		});
		return bars.length > 0 ? [{row, bars}] : [];
	});
	const parts: string[] = [];
	let y = HEAD;
	for (let first = 0; first < panels.length; first += COLUMNS) {
		const line = panels.slice(first, first + COLUMNS);
		parts.push(...line.map(({row, bars}, column) => panel(row, bars, MARGIN + column * (WIDTH + GAP), y)));
		y += Math.max(...line.map(({bars}) => heightOf(bars.length))) + GAP;
	}
	const width = 2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GAP;
	const {machine: {cpu, cores, kernel}, place, date} = outcome;
	const where = place === 'namespace' ? 'PID namespace' : 'docker container';
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">
<title>archon and its peers, each as PID 1 of a ${where}</title>
<style>${STYLE}
</style>
<rect class="page" width="${width}" height="${y}"/>
<text class="head" x="${MARGIN}" y="30">archon and its peers, each as PID 1 of a ${where}</text>
<text class="faint" x="${MARGIN}" y="48">${escape(`${date.slice(0, 10)}, ${cpu}, ${cores} cores, Linux ${kernel}; logarithmic scales; \
line: lowest to highest repeat; dashes: what archon must reach`)}</text>
${parts.join('\n')}
</svg>
`;
}

const heightOf = (bars: number): number => TOP + bars * BAR + FOOT;

function panel(row: Row, bars: readonly Bar[], x: number, y: number): string {
	const values = bars.flatMap(({summary: {value, least, most}}) => [value, least, most]).concat(row.goal ?? []);
	const scale = scaleOf(values, NAME, WIDTH - VALUE);
	const bottom = TOP + bars.length * BAR;
	const grid = scale.ticks.map(({value, at}) => `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${bottom}"/>
<text class="faint" x="${at}" y="${bottom + 14}" text-anchor="middle">${short(value)}</text>`);
	const drawn = bars.map(({name, summary: {value, least, most}}, index) => {
		const top = TOP + index * BAR;
		const kind = name === 'archon' ? 'bar own' : 'bar';
		const [end, low, high] = [scale.at(value), scale.at(least), scale.at(most)];
		const spread = high - low < 1 ? '' : `<line class="spread" x1="${low}" x2="${high}" y1="${top + 7}" y2="${top + 7}"/>`;
		return `<text x="${NAME - 6}" y="${top + 11}" text-anchor="end">${escape(name)}</text>
<rect class="${kind}" x="${NAME}" y="${top}" width="${Math.max(1, round(end - NAME))}" height="${BAR - 4}" rx="2"/>
${spread}`;
	});
	const labels = bars.map(({summary: {value, most}}, index) =>
		`<text class="value" x="${round(scale.at(Math.max(value, most)) + 5)}" y="${TOP + index * BAR + 11}">${shown(value, row)}</text>`);
	const at = scale.at(row.goal ?? 0);
	const aim = row.goal === null ? '' : `<line class="goal" x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${bottom}"/>
<text class="aim" x="${WIDTH}" y="14" text-anchor="end">${row.better === 'less' ? '≤' : '≥'} ${row.goal}</text>`;
	return `<g transform="translate(${x} ${y})">
<text class="title" x="0" y="14">${escape(row.title)}, ${row.unit}</text>
${[...grid, ...drawn, aim, ...labels].join('\n').replaceAll('\n\n', '\n')}
</g>`;
}

export interface Scale {
	/** Where a value lies; what is no more than the least power of ten that is shown lies at the left end. */
	at(value: number): number;
	readonly ticks: readonly {readonly value: number; readonly at: number}[];
}

/** From a power of ten that is less than half of the least value above zero to the greatest value; at least two powers wide. */
export function scaleOf(values: readonly number[], left: number, right: number): Scale {
	const positive = values.filter(value => value > 0);
	const [least, most] = positive.length > 0 ? [Math.min(...positive), Math.max(...positive)] : [1, 1];
	// A bar must have some length, also that of the least.
	const low = Math.ceil(Math.log10(least) - Math.log10(2)) - 1;
	const high = Math.max(Math.log10(most), low + 2);
	const at = (value: number): number => {
		const share = value > 0 ? (Math.log10(value) - low) / (high - low) : 0;
		return round(left + Math.max(0, Math.min(1, share)) * (right - left));
	};
	const ticks = Array.from({length: Math.floor(high - low + 1e-9) + 1}, (_, power) => 10 ** (low + power));
	return {at, ticks: ticks.map(value => ({value, at: at(value)}))};
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** `0.01`, `100`, `10k`, `1M`. */
function short(value: number): string {
	if (value >= 1e6) return `${value / 1e6}M`;
	return value >= 1e4 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
