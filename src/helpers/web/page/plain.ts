/** Pages without services: the form to log in, and what a person reads where a request fails. Who lacks a token is shown the form. */
import type {Answer, Headers} from '../http/message.ts';
import {type Seen, show} from './frame.ts';
import {html} from './html.ts';

/** `problem`: why the last attempt failed; null: there was none. */
export function showLogin(answer: Answer, status: number, problem: string | null, visitor: Seen | null, headers: Headers = {}): void {
	const main = html`<section class="login card"><h1>Log in</h1>
${problem !== null && html`<p class="notice bad" role="alert" id="why">${problem}</p>`}
<form method="post" action="/login" data-plain>
<input class="hid" name="user" value="archon" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required${problem !== null && html` aria-describedby="why"`}>
<button class="main">Log in</button></form>
<p class="soft more">Tokens are in the config, in <code>web.tokens</code>.</p></section>`;
	show(answer, status, {title: 'Log in · archon', main, at: null, live: null}, visitor?.isSession ? visitor : null, headers);
}

const TITLES: Readonly<Record<number, string>> = {
	400: 'That was no request', 403: 'Not allowed', 404: 'Not here', 405: 'Not that way', 408: 'Too slow',
	413: 'Too much', 421: 'Not this host', 429: 'Too often', 503: 'Not now',
};

/** `why`: what, why, what to do. */
export function showFailure(answer: Answer, status: number, why: string, visitor: Seen | null, headers: Headers = {}): void {
	if (status === 401) return showLogin(answer, status, why, visitor, headers);
	const title = TITLES[status] ?? (status < 500 ? 'That did not work' : 'That went wrong');
	const main = html`<section class="card"><p class="soft">${status}</p><h1>${title}</h1><p class="more" id="why">${why}</p>
<p class="more"><a href="/">All services</a></p></section>`;
	show(answer, status, {title: `${title} · archon`, main, at: null, live: null}, visitor, headers);
}
