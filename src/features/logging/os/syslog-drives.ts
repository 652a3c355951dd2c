/** The driver `syslog`: each service's lines go to a server on this machine, or by the helper to one in a network. */
import type {LogDriver, Syslog} from '../core.ts';
import {latin1Of} from '../../../os/bytes.ts';
import {count, droppedOf} from '../../../os/counts.ts';
import type {Link} from '../../../os/helpers.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Drive} from './pipeline.ts';
import {lossText} from './outlet.ts';
import {createQueue} from './queue.ts';
import {dialPath, placeOf} from './relays.ts';
import {createRemote} from './remote.ts';
import {delimiting} from './rfc5424.ts';
import {createSyslog, type Dial, type LineWriter} from './syslog.ts';

export interface SyslogDrives {
	to(name: string, driver: LogDriver, target: Syslog): Drive;
	/** Those that still have something to deliver, or may get it. */
	readonly writers: Iterable<LineWriter>;
}

export function createSyslogDrives(poller: Poller, handoff: Handoff, link: Link, warn: (text: string) => void): SyslogDrives {
	const writers = new Set<LineWriter>();
	const dialRemote = createRemote(link);

	function dialling({address, format}: Syslog): Dial {
		if (address.kind !== 'unix') return listener => dialRemote({address, format}, listener);
		const delimit = delimiting({address, format});
		return listener => dialPath(address.path, delimit, poller, listener);
	}

	return {
		writers,
		to(name, {streams}, target) {
			const {tag, address, facility, format} = target;
			const queue = createQueue(handoff.blocks, `syslog ${name} ${streams} ${placeOf(address)} ${facility} ${format} ${tag}`);
			const writer = createSyslog(target, dialling(target), queue, (lost, why) => {
				if (lost > 0) count(droppedOf(name), lost);
				warn(lost === 0 ? `syslog for ${tag}: ${why}; it is tried again` : `${lossText(new Map([[tag, lost]]), 'lost')}: syslog: ${why}`);
			});
			writers.add(writer);
			return {
				streams, outlet: () => null,
				take: ({bytes, stream, at, isPiece}) => {
					const text = latin1Of(bytes, 0, isPiece ? bytes.length : bytes.length - 1);
					writer.put(text.split('\n'), stream, at);
				},
				close: () => writer.whenIdle(() => {
					writers.delete(writer);
					writer.close();
				}),
			};
		},
	};
}
