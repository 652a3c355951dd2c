/** `watchdog`: keep-alive messages that a daemon sends (sd_notify(3)). */
import type {Part, ServiceGroup, Written} from '../../../config/group.ts';
import {optional} from '../../../config/key.ts';
import {refuseForOneshot, type Type} from '../../../config/keys/type.ts';
import type {Planning} from '../../../config/planning.ts';
import {lapse} from '../../../config/scalars.ts';
import type {Settings} from '../../../config/shape.ts';

const KEYS = {
	watchdog: optional(lapse, 'duration', 'none', 'it must send WATCHDOG=1 at least this often, as by sd_notify(3)'),
};

export const watchdog = {
	keys: KEYS,
	words: () => ({names: {watchdog: 'WatchdogSec'}}),
	conflicts: (service: Written<{readonly type: Type}>, {problems}: Planning) =>
		refuseForOneshot(service, 'watchdog', problems.report),
	plan: ({watchdog}: Settings<typeof KEYS>): Part => ({watchdog}),
} satisfies ServiceGroup;
