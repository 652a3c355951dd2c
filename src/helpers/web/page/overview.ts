/** All services as a page: how many are how, and a table of those that are asked for, a hundred at a time. Pure. */
import type {StatusRow} from '../../../control/requests/status/wire.ts';
import type {Load} from '../../../cli/top/load.ts';
import {may} from '../visitor.ts';
import type {Page, Seen} from './frame.ts';
import {html, type Html, path, type Piece, raw} from './html.ts';
import {ago, badge, buttons, linkTo, memoryOf, notice, percentOf, type Said} from './parts.ts';

/** What a person has chosen, as it stands in the address. */
export interface Choice {
	/** A part of names or groups. */
	readonly q: string;
	readonly state: string;
	readonly sort: string;
	/** From 1. */
	readonly page: number;
}

export interface Overview {
	readonly services: readonly StatusRow[];
	readonly loads: ReadonlyMap<string, Load>;
	readonly said: Said | null;
	/** In milliseconds since 1970. */
	readonly now: number;
}

/** So that a page stays small however many services there are. */
export const PER_PAGE = 100;
const LONGEST = 100;

export function choiceOf(query: ReadonlyMap<string, string>): Choice {
	const get = (name: string): string => (query.get(name) ?? '').trim().slice(0, LONGEST);
	const page = get('page');
	return {q: get('q'), state: get('state'), sort: get('sort'), page: /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1};
}

const address = ({q, state, sort, page}: Choice): string => path([''], {q, state, sort, page: page > 1 ? String(page) : ''});

/** States that a person should see to. */
const ATTENTION: ReadonlySet<string> = new Set(['failed', 'unhealthy', 'backoff']);

const COLUMNS: readonly (readonly [sort: string, title: string, isNumber: boolean])[] = [
	['name', 'Service', false], ['state', 'State', false], ['for', 'For', true], ['restarts', 'Restarts', true], ['cpu', 'CPU', true],
	['memory', 'Memory', true],
];

/** What matters most comes first. */
const ORDER: readonly string[] = ['failed', 'unhealthy', 'backoff', 'waiting', 'starting', 'stopping', 'running', 'exited', 'stopped'];

/** By what is sorted: numbers from the largest. */
function sorted(rows: readonly StatusRow[], by: string, loads: Overview['loads']): readonly StatusRow[] {
	const keyOf: Readonly<Record<string, (row: StatusRow) => number>> = {
		state: ({status}) => ORDER.indexOf(status), for: ({since}) => since, restarts: ({restarts}) => -restarts,
		cpu: ({name}) => -(loads.get(name)?.percent ?? -1), memory: ({name}) => -(loads.get(name)?.memory ?? -1),
	};
	const key = Object.hasOwn(keyOf, by) ? keyOf[by] : undefined;
	if (key) return [...rows].sort((a, b) => key(a) - key(b));
	return by === 'name' ? [...rows].sort((a, b) => a.name < b.name ? -1 : 1) : rows;
}

export function overview({services, loads, said, now}: Overview, choice: Choice, visitor: Seen): Page {
	const wanted = choice.q.toLowerCase();
	const found = wanted === '' ? services : services.filter(({name, groups}) =>
		name.toLowerCase().includes(wanted) || groups.some(group => group.toLowerCase().includes(wanted)));
	const counts = new Map<string, number>();
	for (const {status} of found) counts.set(status, (counts.get(status) ?? 0) + 1);
	const rows = sorted(choice.state === '' ? found : found.filter(({status}) => status === choice.state), choice.sort, loads);
	const pages = Math.max(1, Math.ceil(rows.length / PER_PAGE));
	const page = Math.min(choice.page, pages);
	const first = (page - 1) * PER_PAGE;
	const shown = rows.slice(first, first + PER_PAGE);
	const at = {...choice, page};

	const main = html`<div class="head"><h1>${headline(services)}</h1>
<form class="find" action="/" data-soon role="search"><label for="q" class="hid">Name or group</label>
<input id="q" name="q" type="search" value="${choice.q}" placeholder="Name or group" maxlength="${LONGEST}">
${(['state', 'sort'] as const).map(name => choice[name] !== '' && html`<input type="hidden" name="${name}" value="${choice[name]}">`)}
<button>Find</button></form></div>${notice(said)}
<nav class="chips" aria-label="Services by state">${chip('all', '', found.length, at)}
${ORDER.filter(status => counts.has(status) || status === choice.state)
	.map(status => chip(status, status, counts.get(status) ?? 0, at))}</nav>
<section class="card flush" aria-label="Services">${
	shown.length === 0 ? html`<p class="pad soft">${nothing(choice)}</p>` : table(shown, at, loads, visitor, now)}
${pages > 1 && html`<nav class="pages" aria-label="Pages of the table">${turn('Earlier', page > 1, {...at, page: page - 1})}
<span class="soft">${first + 1}–${first + shown.length} of ${rows.length}</span>
${turn('Further', page < pages, {...at, page: page + 1})}</nav>`}</section>`;
	return {title: `${headline(services)} · archon`, main, at: '/', live: '/live'};
}

const turn = (text: string, is: boolean, to: Choice): Html => (is ? html`<a href="${address(to)}">${text}</a>` : raw('<span></span>'));

function nothing({q, state}: Choice): string {
	if (q === '') return state === '' ? 'There are no services.' : `No service is ${state}.`;
	return `No ${state === '' ? 'service' : `${state} service`} is called so.`;
}

function headline(services: readonly StatusRow[]): string {
	const trouble = services.filter(({status}) => ATTENTION.has(status));
	const [one] = trouble;
	if (one) return trouble.length === 1 ? `${one.name} is ${one.status}` : `${trouble.length} of ${services.length} services need attention`;
	const moving = services.filter(({status}) => status === 'starting' || status === 'waiting').length;
	if (moving > 0) return `${moving} of ${services.length} services ${moving === 1 ? 'is' : 'are'} on the way`;
	return services.length === 0 ? 'No services' : 'All is well';
}

const chip = (text: string, state: string, count: number, at: Choice): Html =>
	html`<a href="${address({...at, state, page: 1})}"${at.state === state && raw(' aria-current="true"')}>${text} <b>${count}</b></a>`;

function table(rows: readonly StatusRow[], at: Choice, loads: Overview['loads'], visitor: Seen, now: number): Html {
	const back = address(at);
	const hasButtons = may(visitor, 'operate');
	const number = (title: string, value: Piece): Html => html`<td class="num" data-name="${title}">${value}</td>`;
	const title = ([sort, text, isNumber]: (typeof COLUMNS)[number]): Html => {
		const isChosen = at.sort === sort;
		const to = address({...at, sort: isChosen ? '' : sort, page: 1});
		return html`<th scope="col"${isNumber && raw(' class="num"')}${isChosen && raw(' aria-sort="other"')}><a href="${to}"${
			isChosen && raw(' aria-current="true"')}>${text}</a></th>`;
	};
	return html`<table class="list"><thead><tr>${COLUMNS.map(title)}
${hasButtons && html`<th scope="col"><span class="hid">What can be done</span></th>`}</tr></thead>
<tbody>${rows.map(row => {
	const load = loads.get(row.name);
	return html`<tr id="s-${row.name}"><td class="svc">${linkTo(row.name)}${row.note !== '' && html`<p>${row.note}</p>`}</td>
<td>${badge(row.status)}</td>${number('for', ago(row.since, now))}
<td class="num${row.restarts === 0 && ' none'}" data-name="restarts">${row.restarts}</td>
${number('cpu', percentOf(load))}${number('memory', memoryOf(load))}${
	hasButtons && html`<td class="do">${buttons(row, visitor, back)}</td>`}</tr>`;
})}</tbody></table>`;
}
