/** What a visitor hears where a request fails: JSON for programs, a page for people. */
import type {Answer, Headers, Request} from './http/message.ts';

/** Whether the client would rather have a page: browsers name text/html, programs seldom do. */
export const wantsPage = (request: Pick<Request, 'header'>): boolean => (request.header('accept') ?? '').includes('text/html');

export const JSON_TYPE = 'application/json; charset=utf-8';
export const HTML_TYPE = 'text/html; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** `why`: what, why, what to do. */
export function fail(request: Pick<Request, 'header'>, answer: Answer, status: number, why: string, headers: Headers = {}): void {
	if (wantsPage(request)) answer.whole(status, {...headers, 'content-type': HTML_TYPE}, failurePage(status, why));
	else answer.whole(status, {...headers, 'content-type': JSON_TYPE}, `${JSON.stringify({error: why})}\n`);
}

function failurePage(status: number, why: string): string {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>archon: ${status}</title><h1>${status}</h1><p>${escapeHtml(why)}</p>`
		+ '<p><a href="/">services</a></p></html>\n';
}

/** For text and for attributes in double quotes. */
export const escapeHtml = (text: string): string =>
	text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
