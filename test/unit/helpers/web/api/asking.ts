/** The API over archon on a bench: a visitor with its rights, and an answer that keeps what it is given. */
import {vi} from 'vitest';
import type {Role} from '../../../../../src/core/access.ts';
import {ok} from '../../../../../src/core/result.ts';
import {createLive} from '../../../../../src/control/live-client.ts';
import type {EventChoice, HearsEvents} from '../../../../../src/helpers/control.ts';
import type {Answer, Headers, Request} from '../../../../../src/helpers/web/http/message.ts';
import {routesAt} from '../../../../../src/helpers/web/routes.ts';
import type {Visitor} from '../../../../../src/helpers/web/visitor.ts';
import {after, now} from '../../../../../src/os/clock.ts';
import type {Bench} from '../../../control/bench.ts';

export interface Rights {
	readonly role?: Role;
	readonly services?: readonly string[] | null;
}

/** Over one connection, which `cut` ends as a re-execution does. */
export function visitorTo(bench: Bench, {role = 'admin', services = null}: Rights = {}): Visitor & {cut(): void; followed: {choice: EventChoice; hears: HearsEvents}[]} {
	let cut = (): void => {};
	const uid = services || role !== 'admin' ? 4711 : 0;
	bench.access = [{to: {uid}, grant: {role, services}}];
	const live = createLive({
		open(listener) {
			const connection = bench.server.accept({
				peer: {pid: 77, uid, gid: uid, groups: [], owner: null}, pending: () => 0, takeFd: () => null, closeFd() {},
				send: bytes => queueMicrotask(() => listener.data(bytes.slice())), end: () => queueMicrotask(() => listener.ended()),
			});
			cut = () => {
				connection.closed();
				listener.ended();
			};
			return ok({send: bytes => connection.data(bytes), close: () => connection.closed()});
		},
		isOver: () => false, now, after, told() {},
	});
	const followed: {choice: EventChoice; hears: HearsEvents}[] = [];
	return {
		role, services, isSession: false, csrf: null, ask: live.ask, cut: () => cut(), followed,
		follow(choice, hears) {
			const one = {choice, hears};
			followed.push(one);
			return () => void followed.splice(followed.indexOf(one), 1);
		},
	};
}

/** What a client has got. */
export class Got implements Answer {
	status = 0;
	headers: Headers = {};
	text = '';
	isEnded = false;
	/** Bytes that it has not taken. */
	unread = 0;

	whole(status: number, headers: Headers, body: string | Uint8Array): void {
		if (this.status !== 0) throw new Error('answered twice');
		Object.assign(this, {status, headers, isEnded: true, text: typeof body === 'string' ? body : new TextDecoder().decode(body)});
	}

	stream(status: number, headers: Headers): ReturnType<Answer['stream']> {
		if (this.status !== 0) throw new Error('answered twice');
		Object.assign(this, {status, headers});
		return {
			write: text => void (this.text += text), backlog: () => this.unread, whenTaken() {},
			end: () => void (this.isEnded = true),
		};
	}

	get json(): unknown {
		return JSON.parse(this.text);
	}

	/** Of server-sent events: their fields. */
	get events(): readonly Readonly<Record<string, string>>[] {
		return this.text.split('\n\n').filter(block => block.trim() !== '')
			.map(block => Object.fromEntries(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)));
	}
}

export interface Asked {
	readonly headers?: Headers;
	readonly body?: string;
}

/** Begins a request; `leave`: the client is gone. */
export function begin(visitor: Visitor, line: string, {headers = {}, body = ''}: Asked = {}): Got & {leave(): void} {
	const [method = '', target = ''] = line.split(' ');
	const {pathname, searchParams} = new URL(target, 'http://archon');
	const found = routesAt(decodeURIComponent(pathname)).find(({route}) => route.method === method);
	if (!found) throw new Error(`no route for ${line}`);
	const pairs = [...searchParams];
	const request: Request = {
		method: method as 'GET' | 'POST', path: pathname, parameters: found.parameters, query: new Map(pairs.toReversed()), pairs,
		header: name => headers[name], body: new TextEncoder().encode(body), form: new Map(), address: '127.0.0.1', visitor,
	};
	const got = new Got();
	const leave = found.route.handler()(request, got);
	return Object.assign(got, {leave});
}

/** The answer to a request that ends by itself. */
export async function ask(visitor: Visitor, line: string, asked?: Asked): Promise<Got> {
	const got = begin(visitor, line, asked);
	await vi.waitFor(() => {
		if (!got.isEnded) throw new Error(`${line}: no answer`);
	}, {timeout: 10_000});
	return got;
}
