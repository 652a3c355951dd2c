/** Delivery to a syslog server: one line of a message, by the relays that services' lines take. */
import type {SyslogAddress} from '../../core/alerts.ts';
import type {Millis} from '../../core/time.ts';
import type {Message} from '../../features/alerts/core/message.ts';
import {dialPath, type Relay, type RelayListener} from '../../features/logging/os/relays.ts';
import {delimiting, framing} from '../../features/logging/os/rfc5424.ts';
import {bytesOf, bytesOfLatin1, latin1Of} from '../../os/bytes.ts';
import {after, soon} from '../../os/clock.ts';
import type {Poller} from '../../os/poller.ts';
import {dialInet} from '../inet-relays.ts';
import {type Delivered, failed} from './delivery.ts';

/** Characters of a line. */
const LINE_MAX = 1000;

/** A message in one line: its title, and why. */
export function lineOf({title, alerts: [first]}: Message): string {
	const why = first?.cause ?? first?.reason ?? '';
	return `${title}${why === '' ? '' : `: ${why}`}`.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, ' ').slice(0, LINE_MAX).toWellFormed();
}

export function deliverBySyslog(
	address: SyslogAddress, facility: number, message: Message, timeout: Millis, poller: Poller,
): Promise<Delivered> {
	const format = address.kind === 'unix' ? 'rfc3164' : 'rfc5424';
	const target = {facility, tag: 'archon', format, address, streams: ['stderr']} as const;
	const state = message.status === 'firing' ? 'stderr' : 'stdout';
	const frame = framing(target, message.host)(latin1Of(bytesOf(lineOf(message))), state, message.at);
	return new Promise(resolve => {
		let relay: Relay | null = null;
		let isOver = false;
		let isSent = false;
		const end = (delivered: Delivered): void => {
			if (isOver) return;
			isOver = true;
			cancel();
			relay?.close();
			resolve(delivered);
		};
		const cancel = after(timeout, () => end(failed('the syslog server takes nothing in time')));
		const listener: RelayListener = {
			ready(done) {
				if (isSent) return done > 0 ? end(null) : undefined;
				isSent = true;
				// Where it is ready at once, what was dialled is not known yet.
				soon(() => relay?.send(bytesOfLatin1(`${frame}\n`)));
			},
			lost: (_, why) => end(failed(why)),
			failed: why => end(failed(why)),
		};
		const dialled = address.kind === 'unix'
			? dialPath(address.path, delimiting(target), poller, listener)
			: dialInet({...target, address}, poller, listener);
		relay = dialled;
	});
}
