/** Syslog servers for tests: what they hear is kept, message by message. */
import {createSocket, type Socket as Receiver} from 'node:dgram';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';

const undo: (() => void)[] = [];

export function closeServers(): void {
	for (const close of undo.splice(0)) close();
}

export interface Receipt {
	readonly messages: string[];
	close(): void;
}

/** Each connection as octet-counted messages; what is no such message is one that says so. */
export async function stream(at: string | number, hear: (socket: Socket, nth: number) => void = () => {}): Promise<Receipt & {readonly port: number}> {
	const messages: string[] = [];
	const open = new Set<Socket>();
	let count = 0;
	const server: Server = createServer(socket => {
		open.add(socket);
		let rest = '';
		socket.setEncoding('latin1').on('data', (text: string) => {
			rest += text;
			for (let head = /^(\d+) /.exec(rest); ; head = /^(\d+) /.exec(rest)) {
				if (!head) return void (rest === '' || /^\d+$/.test(rest) || messages.push(`no message: ${rest.slice(0, 80)}`));
				const end = head[0].length + Number(head[1]);
				if (rest.length < end) return;
				messages.push(rest.slice(head[0].length, end));
				rest = rest.slice(end);
			}
		});
		socket.on('error', () => {});
		hear(socket, ++count);
	});
	if (typeof at === 'string') server.listen(at);
	else server.listen(at, '127.0.0.1');
	await new Promise(resolve => void server.once('listening', resolve));
	const close = (): void => {
		for (const socket of open) socket.destroy();
		server.close();
	};
	undo.push(close);
	return {messages, close, port: typeof at === 'string' ? 0 : (server.address() as AddressInfo).port};
}

export async function udp(port = 0): Promise<Receipt & {readonly port: number}> {
	const messages: string[] = [];
	const server: Receiver = createSocket({type: 'udp4', recvBufferSize: 1 << 20});
	server.on('message', message => void messages.push(message.toString('latin1')));
	await new Promise<void>(resolve => void server.bind(port, '127.0.0.1', resolve));
	let isOpen = true;
	const close = (): void => {
		if (isOpen) server.close();
		isOpen = false;
	};
	undo.push(close);
	return {messages, close, port: server.address().port};
}
