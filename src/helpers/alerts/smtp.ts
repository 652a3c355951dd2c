/** Delivery by SMTP without TLS (RFC 5321), for a server on this machine or one that asks for no more. Nothing that comes is believed. */
import type {Millis} from '../../core/time.ts';
import {dial} from '../../features/health/os/dial.ts';
import {bytesOfLatin1, latin1Of} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import type {Poller} from '../../os/poller.ts';
import {type Stream, streamOn} from '../../os/sockets/stream.ts';
import {type Delivered, failed} from './delivery.ts';

export interface Envelope {
	readonly host: string;
	readonly port: number;
	/** What this machine calls itself. */
	readonly self: string;
	/** Addresses without spaces, brackets and controls. */
	readonly from: string;
	readonly to: readonly string[];
}

/** Of a reply: bytes that are waited for at most. */
const REPLY_MAX = 16 * 1024;

/** One command after the other, each with the reply that it must have; the last is QUIT, which needs none. */
export function commandsFor({self, from, to}: Envelope, mail: string): readonly (readonly [command: string, reply: number])[] {
	return [
		[`EHLO ${self.replaceAll(/[^\w.-]/g, '') || 'localhost'}`, 2], [`MAIL FROM:<${from}>`, 2],
		...to.map(each => [`RCPT TO:<${each}>`, 2] as const), ['DATA', 3],
		// A dot alone would be its end.
		[`${mail.replaceAll(/^\./gm, '..')}.`, 2], ['QUIT', 0],
	];
}

/** `mail`: lines that end in CR LF, all ASCII. */
export function deliverBySmtp(envelope: Envelope, mail: string, timeout: Millis, poller: Poller): Promise<Delivered> {
	const commands = commandsFor(envelope, mail);
	return new Promise(resolve => {
		let stream: Stream | null = null;
		let said = '';
		/** The command whose reply is awaited; -1: it is the greeting. */
		let at = -1;
		/** Recipients that were taken. */
		let taken = 0;
		const end = (delivered: Delivered): void => {
			cancel();
			giveUp();
			stream?.close();
			resolve(delivered);
		};
		const cancel = after(timeout, () => end(failed(stream ? 'the mail server has not answered in time' : 'no connection in time')));
		function heard(): void {
			for (;;) {
				const reply = replyIn(said);
				if (reply === null) return said.length > REPLY_MAX ? end(failed('what answers is no mail server', true)) : undefined;
				said = said.slice(reply.length);
				const wanted = at < 0 ? 2 : commands[at]?.[1] ?? 0;
				const isRecipient = commands[at]?.[0].startsWith('RCPT ') ?? false;
				const isTaken = Math.floor(reply.code / 100) === wanted;
				if (isRecipient && isTaken) taken++;
				// Some of them are better than none.
				const isLast = isRecipient && !commands[at + 1]?.[0].startsWith('RCPT ');
				if (isRecipient ? isLast && taken === 0 : !isTaken) {
					return end(failed(`the mail server says ${reply.text}`, reply.code >= 500));
				}
				at++;
				const [command = '', next = 0] = commands[at] ?? [];
				stream?.send(bytesOfLatin1(`${command}\r\n`));
				if (next === 0) return end(null);
			}
		}
		const giveUp = dial(envelope.host, envelope.port, poller, fd => {
			stream = streamOn(poller, fd, {
				data(bytes) {
					said += latin1Of(bytes);
					heard();
				},
				ended: () => end(failed('the mail server has closed the connection')),
			});
		}, why => {
			cancel();
			resolve(failed(why));
		});
	});
}

/** The first reply of a text, of one line or several; null: it is not whole. */
export function replyIn(text: string): {readonly code: number; readonly text: string; readonly length: number} | null {
	let from = 0;
	for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
		const line = text.slice(from, end);
		from = end + 1;
		if (/^\d{3}-/.test(line)) continue;
		const words = line.replaceAll(/[^ -~]+/g, ' ').trim().slice(0, 150);
		return {code: /^\d{3}( |\r?$)/.test(line) ? Number(line.slice(0, 3)) : 0, text: words, length: from};
	}
	return null;
}
