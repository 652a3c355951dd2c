/** The graph of needs as SVG, with the same in words for those who do not see it. Pure. */
import type {GraphRow} from '../../../control/requests/graph/wire.ts';
import {html, type Html, path, type Piece} from './html.ts';
import {around, type Drawing, draw, type Line} from './graph.ts';
import {glyph, linkTo, lookOf} from './parts.ts';

/** `name`: what is around that service; null: all that has to do with another one. Null: there is nothing to draw. */
export function graphOf(rows: readonly GraphRow[], name: string | null): Html | null {
	const near = around(rows, name);
	const relations = near.rows.filter(row => row.kind !== 'service');
	const drawing = draw(near);
	if (relations.length === 0) return null;
	const title = name === null ? 'Which services need which' : `What ${name} needs, and what needs it`;
	return html`<div id="graph"><div class="scroll" tabindex="0" role="region" aria-label="${title}: drawing">${
		svgOf(drawing, name, title)}</div>
${near.left > 0 && html`<p class="soft more">${near.left} more are not drawn.</p>`}
<details class="more"><summary>The same in words</summary><ul>${relations.map(row => html`<li>${inWords(row)}</li>`)}</ul></details></div>`;
}

const CONDITIONS: Readonly<Record<string, string>> = {
	service_started: 'started', service_healthy: 'ready', service_completed_successfully: 'completed',
};

function inWords(row: GraphRow): Piece {
	if (row.kind === 'service') return null;
	if (row.kind !== 'need') {
		return row.kind === 'conflict'
			? html`${linkTo(row.name)} never runs together with ${linkTo(row.other)}`
			: html`when ${linkTo(row.name)} has failed, ${linkTo(row.other)} is started`;
	}
	const how = row.strength === 'hard' ? 'needs' : row.strength === 'soft' ? 'waits for' : 'starts after';
	return html`${linkTo(row.name)} ${how} ${linkTo(row.other)} ${CONDITIONS[row.condition] ?? row.condition}${!row.isMet && ' (not yet)'}`;
}

function svgOf({width, height, size: [wide, high], boxes, lines}: Drawing, here: string | null, title: string): Html {
	return html`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="${title}">
${lines.map(line => {
	const {strength, isMet} = line.need;
	return html`<path class="edge${strength !== 'hard' && ' soft'}${!isMet && ' unmet'}" d="${curve(line)}"/>`;
})}
${boxes.map(({name, status, x, y}) => html`<a href="${path(['services', name])}"${
	name === here && html` class="here"`}><title>${name}</title>
<rect class="box" x="${x}" y="${y}" width="${wide}" height="${high}" rx="9"/>
<g class="${lookOf(status)}" transform="translate(${x + 12} ${y + high / 2 - 6})"><g class="glyph">${glyph(status)}</g></g>
<text x="${x + 32}" y="${y + 19}">${shortened(name)}</text><text class="sub" x="${x + 32}" y="${y + 34}">${status}</text></a>`)}</svg>`;
}

function curve({points}: Line): string {
	const [[x, y] = [0, 0], ...others] = points;
	let [lastX, lastY] = [x, y];
	return `M${x} ${y}${others.map(([toX, toY]) => {
		const middle = (lastX + toX) / 2;
		const piece = lastY === toY ? `H${toX}` : `C${middle} ${lastY} ${middle} ${toY} ${toX} ${toY}`;
		[lastX, lastY] = [toX, toY];
		return piece;
	}).join('')}`;
}

const LONGEST = 21;

function shortened(name: string): string {
	return name.length > LONGEST ? `${name.slice(0, LONGEST - 1).toWellFormed()}…` : name;
}
