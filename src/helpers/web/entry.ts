/** How a browser comes in and goes: `POST /login` with a token in a form, and `POST /logout`. */
import {bytesOf} from '../../os/bytes.ts';
import {fail, wantsPage, WRONG_TOKEN} from './failure.ts';
import type {Handler, Headers} from './http/message.ts';
import {cookieOf, sessionIn, type Sessions} from './sessions.ts';
import type {Tokens} from './tokens.ts';

/** A token is at most so long (core/token.ts). */
const TOKEN_MAX = 256;

/** The form has `token`, and may have `next`, a path to go on to. */
export const login = (tokens: Tokens, sessions: Sessions): Handler => (request, answer) => {
	const refuse = (status: number, why: string, headers: Headers = {}): void => fail(request, answer, status, why, headers);
	const token = (request.form.get('token') ?? '').trim();
	if (token === '' || bytesOf(token).length > TOKEN_MAX) {
		refuse(401, 'the form has no token');
		return () => {};
	}
	return tokens.judge(token, request.address, grant => {
		if (grant === 'wait') return refuse(429, 'too many wrong tokens came from this address; try again later', {'retry-after': '20'});
		if (!grant) return refuse(401, WRONG_TOKEN);
		const id = sessions.begin(token);
		if (id === null) return refuse(503, 'there is no /dev/urandom here, and so no session: use Authorization: Bearer TOKEN');
		// Where it was shown in before, by a session of another token.
		const before = sessionIn(request.header('cookie'));
		if (before !== null) sessions.end(before);
		const headers = {'set-cookie': cookieOf(id)};
		if (wantsPage(request)) answer.whole(303, {...headers, location: pathIn(request.form.get('next'))}, '');
		else answer.whole(204, headers, '');
	});
};

export const logout = (sessions: Sessions): Handler => (request, answer) => {
	const id = sessionIn(request.header('cookie'));
	if (id !== null) sessions.end(id);
	const headers = {'set-cookie': cookieOf('')};
	if (wantsPage(request)) answer.whole(303, {...headers, location: '/'}, '');
	else answer.whole(204, headers, '');
	return () => {};
};

/** A path of this place and of no other. */
const pathIn = (next: string | undefined): string => (next !== undefined && /^\/([!-.0-[\]-~][!-[\]-~]*)?$/.test(next) ? next : '/');
