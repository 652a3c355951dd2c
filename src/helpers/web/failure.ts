/** What a visitor hears where a request fails: JSON for programs, a page for people. */
import {byNeed} from '../../core/by-need.ts';
import type {Answer, Headers, Request} from './http/message.ts';

const plain = byNeed(() => import('./page/plain.ts'));

/** Whether the client would rather have a page: browsers name text/html, programs seldom do. */
export const wantsPage = (request: Pick<Request, 'header'>): boolean => (request.header('accept') ?? '').includes('text/html');

export const JSON_TYPE = 'application/json; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

/** To who shows a token that no file has. */
export const WRONG_TOKEN = 'the token is wrong: it must be a line of a token_file of web.tokens';

/** `why`: what, why, what to do. */
export function fail(
	request: Pick<Request, 'header'> & Partial<Pick<Request, 'visitor'>>, answer: Answer, status: number, why: string, headers: Headers = {},
): void {
	if (wantsPage(request)) plain().showFailure(answer, status, why, request.visitor ?? null, headers);
	else answer.whole(status, {...headers, 'content-type': JSON_TYPE}, `${JSON.stringify({error: why})}\n`);
}
