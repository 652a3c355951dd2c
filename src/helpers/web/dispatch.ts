/** From a request as it came to the handler of its route: whether the host, the visitor and the request itself are good for it. */
import {type Grant, includes} from '../../core/access.ts';
import {byNeed} from '../../core/by-need.ts';
import {type Area, AREAS, SHOWN, type WebRules} from '../../core/web.ts';
import {latin1Of} from '../../os/bytes.ts';
import {isAddress} from '../../features/sockets/core/address.ts';
import type {Asking} from './doors.ts';
import {fail, WRONG_TOKEN} from './failure.ts';
import type {Incoming} from './http/connection.ts';
import type {Answer, Headers, Request} from './http/message.ts';
import {firstOf, readPairs, readTarget} from './http/target.ts';
import {type Route, routesAt} from './routes.ts';
import {isCsrf, type Session, sessionIn, type Sessions} from './sessions.ts';
import type {Tokens} from './tokens.ts';
import type {Visitor} from './visitor.ts';

const entry = byNeed(() => import('./entry.ts'));

export interface DispatchParts {
	readonly rules: () => Pick<WebRules, 'hosts' | 'show'>;
	readonly tokens: Tokens;
	readonly sessions: Sessions;
	readonly asking: (grant: Grant) => Asking;
}

/** Of the connection on which the request came. */
export interface Origin {
	/** In figures, or `unix`. */
	readonly address: string;
	/** Only this machine comes in there. */
	readonly isNear: boolean;
	/** It waits until a token is judged, or to be told that it is wrong, and may make room for others. */
	waits(isWrong: boolean): void;
	/** Who comes is found out; null: a stranger. */
	known(who: {readonly grant: Grant; readonly token: string} | null): void;
}

export type Dispatch = (incoming: Incoming, answer: Answer, origin: Origin) => () => void;

const NONE = (): void => {};
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const BEARER = /^Bearer +([!-~]+)$/i;
const CHALLENGE: Headers = {'www-authenticate': 'Bearer realm="archon"'};

/** Who comes, as far as it was found out. */
interface Known {
	readonly grant: Grant | null;
	readonly session: Session | null;
	readonly token: string | null;
}

export function createDispatch({rules, tokens, sessions, asking}: DispatchParts): Dispatch {
	/** Where sessions begin and end. */
	const entries: readonly Route[] = [
		{method: 'POST', path: '/login', area: 'page', role: 'none', handler: () => entry().login(tokens, sessions)},
		{method: 'POST', path: '/logout', area: 'page', role: 'none', handler: () => entry().logout(sessions)},
	];
	const entryAt = (path: string): ReturnType<typeof routesAt> =>
		entries.filter(route => route.path === path).map(route => ({route, parameters: NO_PARAMETERS}));

	return (incoming, answer, origin) => {
		const {head} = incoming;
		const header = (name: string): string | undefined => head.headers.get(name);
		const refuse = (status: number, why: string, headers: Headers = {}): (() => void) => {
			fail({header}, answer, status, why, headers);
			return NONE;
		};
		if (!isOurs(head.host, rules().hosts, origin)) {
			return refuse(421, `this is not ${head.host ?? ''}: ask by an address or by localhost, or add the name to web.hosts`);
		}
		const target = readTarget(head.target);
		if (!target.ok) return refuse(target.error.status, target.error.why);
		const {path, pairs} = target.value;
		const found = [...routesAt(path), ...entryAt(path)];
		if (found.length === 0) return refuse(404, `there is nothing at ${path}; what there is stands in /api/v1/openapi.json`);
		const method = head.method === 'HEAD' ? 'GET' : head.method;
		const fitting = found.find(({route}) => route.method === method);
		if (!fitting) {
			const allow = [...new Set(found.flatMap(({route}) => (route.method === 'GET' ? ['GET', 'HEAD'] : ['POST'])))].join(', ');
			return refuse(405, `${head.method} is not for ${path}: use ${allow}`, {allow});
		}
		const {route, parameters} = fitting;
		if (method === 'POST' && !head.hasLength) return refuse(411, 'POST takes a body with a Content-Length, which may be 0');
		const type = (header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
		if (method === 'POST' && type !== 'application/json' && type !== 'application/x-www-form-urlencoded') {
			return refuse(415, 'the Content-Type of a POST is application/json or application/x-www-form-urlencoded');
		}
		const form = type === 'application/x-www-form-urlencoded' ? readPairs(latin1Of(incoming.body)) : null;
		if (form && !form.ok) return refuse(form.error.status, form.error.why);

		const fields = firstOf(form?.value ?? []);
		let leave: () => void = NONE;
		let isGone = false;
		function go({grant, session, token}: Known): void {
			if (isGone) return;
			origin.known(grant && token !== null ? {grant, token} : null);
			const shown = grant ?? (isShown(route.area, origin) ? SHOWN : null);
			if (route.role !== 'none' && !shown) return void refuse(401, `${path} takes a token: Authorization: Bearer TOKEN`, CHALLENGE);
			if (route.role !== 'none' && shown && !includes(shown.role, route.role)) {
				if (!grant) return void refuse(401, `${path} takes a token with the role ${route.role}`, CHALLENGE);
				return void refuse(403, `${path} takes the role ${route.role}, and this token has the role ${shown.role}`);
			}
			if (method === 'POST') {
				const why = flawOf(incoming, session, fields.get('csrf'));
				if (why !== null) return void refuse(403, why);
			}
			const asked = shown && asking(shown);
			const visitor: Visitor = {
				role: shown?.role ?? 'none', services: shown?.services ?? null, isSession: session !== null, csrf: session?.csrf ?? null,
				ask: (request, words, hears) => asked?.ask(request, words, hears) ?? NONE,
				follow: (choice, hears) => asked?.follow(choice, hears) ?? NONE,
			};
			const request: Request = {
				method: head.method === 'HEAD' ? 'HEAD' : route.method, path, parameters, query: firstOf(pairs), pairs, header,
				body: incoming.body, form: fields, address: origin.address, visitor,
			};
			const ended = whenEnded(answer, () => asked?.end());
			// It shows a token in its body.
			if (path === '/login') origin.waits(false);
			const handler = route.handler()(request, ended);
			leave = () => {
				handler();
				asked?.end();
			};
		}

		const identified = identify(header, origin, go, why => {
			if (!isGone) refuse(why === null ? 401 : 429, why ?? WRONG_TOKEN, why === null ? CHALLENGE : {'retry-after': '20'});
		});
		return () => {
			isGone = true;
			identified();
			leave();
		};
	};

	/** `refused`: why it is not judged; null: it is wrong. */
	function identify(
		header: Request['header'], {address, waits}: Origin, go: (known: Known) => void, refused: (why: string | null) => void,
	): () => void {
		const authorization = header('authorization');
		if (authorization !== undefined) {
			const token = BEARER.exec(authorization)?.[1] ?? '';
			waits(false);
			return tokens.judge(token, address, grant => {
				if (grant === 'wait') refused('too many wrong tokens came from this address; try again later');
				else if (grant) go({grant, session: null, token});
				else refused(null);
			}, () => waits(true));
		}
		const id = sessionIn(header('cookie'));
		const session = id === null ? null : sessions.find(id);
		// It ends with its token.
		const grant = session && tokens.grantOf(session.token);
		go(session && grant ? {grant, session, token: session.token} : {grant: null, session: null, token: null});
		return NONE;
	}

	function isShown(area: Area, {isNear}: Origin): boolean {
		const shown = rules().show ?? (isNear ? AREAS : ['health']);
		return shown.includes(area);
	}
}

/** A browser that was lured here by a name of somebody else asks for that name (DNS rebinding). */
function isOurs(host: string | null, hosts: readonly string[], {address}: Origin): boolean {
	if (host === null || address === 'unix') return true;
	const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
	return name === 'localhost' || isAddress(name) || hosts.includes(name.replace(/\.$/, ''));
}

/** Whether another site may have made the browser send it; null: it has not. */
function flawOf({head: {headers, host}}: Incoming, session: Session | null, field: string | undefined): string | null {
	const site = headers.get('sec-fetch-site');
	if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'the request comes from another site';
	const origin = headers.get('origin');
	// Browsers say null for forms of pages that tell no one where they are, as ours; then the word of the session decides.
	if (origin !== undefined && origin !== 'null' && origin.replace(/^https?:\/\//i, '').toLowerCase() !== host) {
		return 'the request comes from a page of another origin';
	}
	if (!session || isCsrf(session, headers.get('x-archon-csrf') ?? field)) return null;
	return 'the word of the session is missing: the field csrf, or the header X-Archon-Csrf; load the page again';
}

/** Tells when the answer has ended, beside what it does. */
function whenEnded(answer: Answer, ended: () => void): Answer {
	return {
		whole(...args) {
			answer.whole(...args);
			ended();
		},
		stream(...args) {
			const stream = answer.stream(...args);
			return {
				...stream,
				end() {
					stream.end();
					ended();
				},
			};
		},
	};
}
