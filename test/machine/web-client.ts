/** A client of HTTP that sends the bytes that it is told to, and sees those that come back. */
import {connect, type Socket} from 'node:net';

export interface Reply {
	readonly status: number;
	/** Names in small letters. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface Raw {
	readonly socket: Socket;
	/** All that came so far, one character a byte. */
	text(): string;
	/** Waits until that is so. */
	until(isDone: (text: string) => boolean): Promise<string>;
	/** Waits until the other end has closed. */
	closed(): Promise<string>;
	isClosed(): boolean;
}

/** `to`: a port of 127.0.0.1, or the path of a socket. */
export function raw(to: number | string, first = ''): Raw {
	const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
	let text = '';
	let isOver = false;
	const looks = new Set<() => void>();
	const wake = (): void => {
		for (const look of [...looks]) look();
	};
	socket.on('data', data => {
		text += data.toString('latin1');
		wake();
	});
	socket.on('error', () => {});
	socket.on('close', () => {
		isOver = true;
		wake();
	});
	socket.write(first, 'latin1');
	const until = (isDone: () => boolean): Promise<string> => new Promise((resolve, reject) => {
		const look = (): void => {
			if (!isDone() && !isOver) return;
			looks.delete(look);
			if (isDone()) resolve(text);
			else reject(new Error(`the connection ended after ${JSON.stringify(text)}`));
		};
		looks.add(look);
		look();
	});
	return {
		socket,
		text: () => text,
		until: isDone => until(() => isDone(text)),
		closed: () => until(() => isOver),
		isClosed: () => isOver,
	};
}

/** What is answered to one request, of which the connection ends afterwards. */
export async function speak(to: number | string, request: string): Promise<Reply> {
	const client = raw(to, request);
	const text = await client.closed();
	client.socket.destroy();
	const [reply] = repliesIn(text);
	if (!reply) throw new Error(`no answer: ${JSON.stringify(text)}`);
	return reply;
}

/** A request in its usual form. */
export function written(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body: string | null = null): string {
	const all = {Host: 'localhost', Connection: 'close', ...body === null ? {} : {'Content-Length': String(body.length)}, ...headers};
	return `${method} ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body ?? ''}`;
}

/** Whole answers with a Content-Length, one behind the other. */
export function repliesIn(text: string, isHead = false): readonly Reply[] {
	const replies: Reply[] = [];
	for (let rest = text; rest.includes('\r\n\r\n');) {
		const end = rest.indexOf('\r\n\r\n');
		const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
		const headers = Object.fromEntries(lines.map(line => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		}));
		const status = Number(first.split(' ')[1]);
		const length = isHead || status === 100 ? 0 : Number(headers['content-length'] ?? 0);
		rest = rest.slice(end + 4);
		if (rest.length < length) break;
		replies.push({status, headers, body: rest.slice(0, length)});
		rest = rest.slice(length);
	}
	return replies;
}
