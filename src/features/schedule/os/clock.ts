/** Tells the core what the clock on the wall says: when a schedule needs it first, and whenever it was set or the machine has slept. */
import type {Event} from '../../../core/event.ts';
import type {Owner} from '../../../os/owners.ts';
import {now} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import type {Log} from '../../../os/log.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLIN, sys} from '../../../os/sys.ts';

export interface ClockParts {
	readonly poller: Pick<Poller, 'watch' | 'forget'>;
	readonly dispatch: (event: Event) => void;
	readonly log: Pick<Log, 'warn'>;
	/** CLOCK_REALTIME, in ms. */
	readonly wall?: () => number;
}

export function ownClock({poller, dispatch, log, wall = Date.now}: ClockParts): Owner<'watch-clock'> {
	let fd = -1;

	const tell = (): void => dispatch({kind: 'clock', epoch: wall() - now()});

	function begin(): void {
		fd = sys.watchClock(-1);
		if (fd < 0) return log.warn(`cannot watch the clock: ${errnoText(-fd)}; schedules do not follow it when it is set`);
		poller.watch(fd, EPOLLIN, () => {
			// First, so that what happens from now on is told again.
			sys.watchClock(fd);
			tell();
		});
	}

	return {
		arms: {
			'watch-clock'({isOn}) {
				if (isOn) {
					if (fd < 0) begin();
					tell();
				} else if (fd >= 0) {
					poller.forget(fd);
					sys.close(fd);
					fd = -1;
				}
			},
		},
	};
}
