/** One service as a page: how it is and why, its last ends, what it needs, and its log. Pure. */
import type {GraphRow} from '../../../control/requests/graph/wire.ts';
import type {EndRow} from '../../../control/requests/history/wire.ts';
import type {StatusRow} from '../../../control/requests/status/wire.ts';
import type {WhyRow} from '../../../control/requests/why/wire.ts';
import type {UsageRow} from '../../../control/requests/usage/wire.ts';
import {span} from '../../../cli/figures.ts';
import type {Load} from '../../../cli/top/load.ts';
import {graphOf} from './drawing.ts';
import type {Page, Seen} from './frame.ts';
import {html, type Html, path, type Piece, raw} from './html.ts';
import {type LogChoice, placeText, type Place, type Shown} from './log-lines.ts';
import {ago, badge, buttons, isoOf, linkTo, memoryOf, notice, percentOf, type Said} from './parts.ts';

export interface Service {
	readonly row: StatusRow;
	readonly why: readonly WhyRow[];
	readonly ends: readonly EndRow[];
	readonly graph: readonly GraphRow[];
	readonly usage: UsageRow | undefined;
	readonly load: Load | undefined;
	readonly lines: readonly Shown[];
	readonly place: Place;
	/** Why there are no lines; null: there may be. */
	readonly noLog: string | null;
	readonly said: Said | null;
	/** In milliseconds since 1970. */
	readonly now: number;
}

export function servicePage(service: Service, choice: LogChoice, visitor: Seen): Page {
	const {row, now} = service;
	const query = {grep: choice.grep, stream: choice.stream};
	const graph = graphOf(service.graph, row.name);
	const main = html`<div class="head"><h1>${row.name}</h1>${badge(row.status)}${
		buttons(row, visitor, path(['services', row.name], query))}</div>
${notice(service.said)}
<section class="card" aria-label="At a glance"><dl class="facts">${facts(service)}</dl></section>
<div class="two"><section class="card" aria-labelledby="why-title"><h2 id="why-title">Why</h2>${whyOf(service.why, now)}</section>
<section class="card" aria-labelledby="ends-title"><h2 id="ends-title">Last ends</h2>${endsOf(service.ends, now)}</section></div>
${graph && html`<section class="card" aria-labelledby="graph-title"><h2 id="graph-title">Needs</h2>${graph}</section>`}
<section class="card flush" aria-labelledby="log-title" id="log-part">${logOf(service, choice)}</section>`;
	return {title: `${row.name} is ${row.status} · archon`, main, at: null, live: path(['services', row.name, 'live'], query)};
}

function facts({row, usage, load, now}: Service): Piece {
	const fact = (title: string, value: Piece): Html | null =>
		value === null || value === '' ? null : html`<div><dt>${title}</dt><dd>${value}</dd></div>`;
	return [
		fact(row.status, html`for ${ago(row.since, now)}`), fact('Restarts', row.restarts),
		fact('CPU', percentOf(load)), fact('Memory', memoryOf(load)),
		fact('CPU time', usage ? span(usage.cpu) : null), fact('Processes', usage ? usage.processes : null), fact('Pid', row.pid),
		fact('Last exit', row.exit), fact('Type', row.type), fact('Groups', row.groups.join(', ')),
		fact('Next by schedule', row.next === null ? null : `in ${span(Math.max(0, row.next - now))}`),
	];
}

type RowOf<K extends WhyRow['kind']> = Extract<WhyRow, {kind: K}>;
/** Services that wait, named on a page. */
const WAITING_MAX = 20;

function whyOf(rows: readonly WhyRow[], now: number): Html {
	const of = <K extends WhyRow['kind']>(kind: K): readonly RowOf<K>[] => rows.filter((row): row is RowOf<K> => row.kind === kind);
	const waiting = of('waiting');
	const help = of('help');
	return html`<ol class="why">${of('link').map(({name, status, why}, depth) =>
		html`<li>${depth > 0 && html`${linkTo(name)} is ${status}: `}${why}</li>`)}</ol>
<ul class="more soft">${of('wanted').map(({runs, why}) => html`<li>It is ${!runs && 'not '}to run: ${why}</li>`)}
${of('next').map(({name, at, what}) => html`<li>Next: ${what.replace(/^it\b/, () => name)} ${when(at, now)}</li>`)}
${waiting.length > 0 && html`<li>Waiting for it: ${
	waiting.slice(0, WAITING_MAX).map(({name}, index) => [index > 0 && ', ', linkTo(name)])}${
	waiting.length > WAITING_MAX && ` and ${waiting.length - WAITING_MAX} more`}</li>`}</ul>
${help.length > 0 && html`<h3 class="hid">What helps</h3><ul class="more">${help.map(({command, does}) =>
	html`<li><code>${command}</code> <span class="soft">${does}</span></li>`)}</ul>`}`;
}

const when = (at: number, now: number): Piece => at > now ? html`in <time datetime="${isoOf(at)}">${span(at - now)}</time>` : 'now';

function endsOf(ends: readonly EndRow[], now: number): Html {
	if (ends.length === 0) return html`<p class="soft">No run of it has ended.</p>`;
	return html`<ul class="ends">${[...ends].reverse().map(({at, how}) =>
		html`<li><span>${how}</span> <span class="soft">${ago(at, now)} ago</span></li>`)}</ul>`;
}

const STREAMS = [['', 'both streams'], ['stdout', 'stdout'], ['stderr', 'stderr']] as const;

function logOf({row, lines, place, noLog}: Service, {grep, stream}: LogChoice): Html {
	return html`<div class="bar pad"><h2 id="log-title">Log <span class="soft">(UTC)</span></h2>
<form class="find" action="${path(['services', row.name])}#log-part" data-keep><label for="grep" class="hid">Only lines with</label>
<input id="grep" name="grep" type="search" value="${grep}" placeholder="Only lines with …" maxlength="200">
<label for="stream" class="hid">Stream</label><select id="stream" name="stream">${STREAMS.map(([value, text]) =>
	html`<option value="${value}"${value === stream && raw(' selected')}>${text}</option>`)}</select>
<button>Show</button></form></div>
<ol id="log" tabindex="0" aria-label="Log of ${row.name}" data-keep data-from="${placeText(place)}">${lines.map(([time, kind, text]) =>
	html`<li class="${kind}">${time !== '' && html`<time>${time}</time>`}${text}</li>`)}${
	lines.length === 0 && html`<li id="none" class="note">${
		noLog ?? (grep === '' ? 'no line yet' : `no line with “${grep}” among those that are kept`)}</li>`}</ol>`;
}
