/** The frame of every page: the one HTML file with style and script, its title, header and footer. */
import {sys} from '../../../os/sys.ts';
import {textOf} from '../../../os/bytes.ts';
import type {Answer, Headers} from '../http/message.ts';
import type {Visitor} from '../visitor.ts';
import {html, type Html, raw} from './html.ts';

/** What a page knows of its visitor. */
export type Seen = Pick<Visitor, 'role' | 'isSession' | 'csrf'>;

export interface Page {
	readonly title: string;
	readonly main: Html;
	/** The path in the header that is this page; null: none of them. */
	readonly at: string | null;
	/** Where the browser hears of changes; null: the page stays as it is. */
	readonly live: string | null;
}

interface Template {
	readonly policy: string;
	readonly parts: readonly string[];
}

/** The build has put the hashes of style and script before the file (`scripts/build/page.ts`). */
const template = ((): () => Template => {
	let known: Template | null = null;
	return () => known ??= read();
})();

function read(): Template {
	const text = textOf(sys.embedded('page') ?? new Uint8Array());
	const end = text.indexOf('\n');
	return {policy: text.slice(0, end), parts: text.slice(end + 1).split(/\{\{(?:title|live|body)\}\}/)};
}

const LOGO = raw('<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 14V8a6 6 0 0 1 12 0v6h-3V8a3 3 0 0 0-6 0v6z"/></svg>');

/** Where the script says how the connection is. */
const LINE = raw('<span id="line" role="status" data-keep><noscript>as of now: reload for news</noscript></span>');

const LINKS = [['/', 'Services'], ['/graph', 'Graph']] as const;

/** A whole document. */
export function document({title, main, at, live}: Page, visitor: Seen | null): string {
	const {parts: [first = '', second = '', third = '', last = '']} = template();
	const isIn = visitor !== null && visitor.role !== 'none';
	const body = html`<a class="skip" href="#main">Skip to the content</a>
<header id="top"><a class="name" href="/">${LOGO}archon</a>
${isIn && html`<nav aria-label="Pages">${LINKS.map(([to, text]) =>
	html`<a href="${to}"${at === to && raw(' aria-current="page"')}>${text}</a>`)}</nav>`}
<div class="who">${live !== null && LINE}${whoOf(visitor)}</div>
</header>
<main id="main" tabindex="-1">${main}</main>`;
	return first + html`${title}`.html + second + (live === null ? '' : html` data-live="${live}"`.html) + third + body.html + last;
}

function whoOf(visitor: Seen | null): Html | null {
	if (!visitor) return null;
	if (!visitor.isSession) return html`<a href="/login">Log in</a>`;
	return html`<form method="post" action="/logout" data-plain>${csrfOf(visitor)}<span>${visitor.role}</span>
<button class="link">Log out</button></form>`;
}

/** What each form that does something has with it. */
export const csrfOf = ({csrf}: Seen): Html | null => csrf === null ? null : html`<input type="hidden" name="csrf" value="${csrf}">`;

/** Answers with a page. */
export function show(answer: Answer, status: number, page: Page, visitor: Seen | null, headers: Headers = {}): void {
	const whole = document(page, visitor);
	answer.whole(status, {...headers, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': template().policy}, whole);
}
