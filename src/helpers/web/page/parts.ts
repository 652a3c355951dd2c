/** What several pages show of a service: its state, what can be done with it, times and figures. */
import type {StatusRow} from '../../../control/requests/status/wire.ts';
import {age, size} from '../../../cli/figures.ts';
import type {Load} from '../../../cli/top/load.ts';
import {may} from '../visitor.ts';
import {csrfOf, type Seen} from './frame.ts';
import {html, type Html, path, type Piece, raw} from './html.ts';

/** How a state is shown: never by its colour alone. */
type Look = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

const LOOKS: Readonly<Record<string, Look>> = {
	running: 'good', unhealthy: 'warn', backoff: 'warn', failed: 'bad', waiting: 'busy', starting: 'busy', stopping: 'busy',
};

export const lookOf = (status: string): Look => LOOKS[status] ?? 'idle';

/** In a square of 12. */
const GLYPHS: Readonly<Record<Look, string>> = {
	good: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z',
	warn: 'M6 .8 11.6 11H.4z',
	bad: 'M2.4 1 1 2.4 4.6 6 1 9.6 2.4 11 6 7.4 9.6 11 11 9.6 7.4 6 11 2.4 9.6 1 6 4.6z',
	busy: 'M6 1v10A5 5 0 0 1 6 1zm1 .1a5 5 0 0 1 0 9.8V9.4a3.5 3.5 0 0 0 0-6.8z',
	idle: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.7a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6z',
};

export const glyph = (status: string): Html => raw(`<path d="${GLYPHS[lookOf(status)]}"/>`);

export const badge = (status: string): Html =>
	html`<span class="state ${lookOf(status)}"><svg viewBox="0 0 12 12" aria-hidden="true">${glyph(status)}</svg>${status}</span>`;

export const linkTo = (name: string): Html => html`<a href="${path(['services', name])}">${name}</a>`;

/** How long ago something was; both in milliseconds since 1970. */
export const ago = (at: number, now: number): Html => html`<time datetime="${isoOf(at)}" title="${isoOf(at)}">${age(now - at)}</time>`;

/** Empty where it is no date. */
export const isoOf = (at: number): string => Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : '';

export const percentOf = (load: Load | undefined): Piece => load === undefined || load.percent === null
	? null
	: html`${load.percent >= 9.95 ? Math.round(load.percent) : load.percent.toFixed(1)} %`;

export const memoryOf = (load: Load | undefined): Piece => load ? size(load.memory) : null;

export type Action = 'start' | 'stop' | 'restart';

const WORDS: Readonly<Record<Action, string>> = {start: 'Start', stop: 'Stop', restart: 'Restart'};

const DOWN = new Set(['stopped', 'exited', 'failed']);

/** Buttons, where the visitor may press them; `back`: the path that is shown after that. */
export function buttons({name, status}: Pick<StatusRow, 'name' | 'status'>, visitor: Seen, back: string): Piece {
	if (!may(visitor, 'operate')) return null;
	const actions: readonly Action[] = DOWN.has(status) ? ['start'] : ['restart', 'stop'];
	return html`<div class="acts">${actions.map(action => html`<form method="post" action="${path(['services', name, action])}">${
		csrfOf(visitor)}<input type="hidden" name="back" value="${back}">
<button>${WORDS[action]}<span class="hid"> ${name}</span></button></form>`)}</div>`;
}

/** What has come of an action, for the next page. */
export interface Said {
	readonly kind: 'good' | 'bad' | '';
	readonly text: string;
}

export const notice = (said: Said | null): Piece => said && html`<p class="notice ${said.kind}" role="status" id="said">${said.text}</p>`;
