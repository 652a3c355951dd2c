/** `start_period`, `start_timeout`: how long a start takes, and how long it may take. */
import type {HookCommand, Ready} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import type {Part, ServiceGroup, Written} from '../group.ts';
import {optional, value} from '../key.ts';
import type {Planning} from '../planning.ts';
import {duration, patience} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {writtenAt} from '../values.ts';
import {refuseForOneshot, type Type} from './type.ts';

/** When a service that must be ready has to be, if nothing says how soon. */
const START_TIMEOUT: Millis = 60_000;

const KEYS = {
	start_period: value(duration, 'duration', '0s', 'without ready: a daemon counts as ready when it has run this long'),
	start_timeout: optional(
		patience, 'duration | unlimited', '60s with ready or type: forking, else unlimited',
		'how long a daemon may take to be ready, or a oneshot to complete',
	),
};

type Own = Settings<typeof KEYS> & {readonly ready: Ready | null; readonly type: Type};

interface Limited {
	readonly pre_start: readonly HookCommand[];
	readonly post_start: readonly HookCommand[];
}

export const start = {
	keys: KEYS,
	reads: ['ready', 'type'],
	words: () => ({names: {start_period: 'startsecs startTime', start_timeout: 'TimeoutStartSec timeout-up listen_timeout'}}),
	conflicts(service: Written<Own & Limited>, {problems, notes}: Planning) {
		const {name, path, map, settings: {type, ready, pre_start: before, post_start: after}} = service;
		refuseForOneshot(service, 'start_period', problems.report);
		if (type === 'oneshot') return;
		const [period, timeout] = [writtenAt(map, 'start_period')?.key, writtenAt(map, 'start_timeout')?.key];
		if (period && ready) problems.report(period, `${path}.start_period is only for a service without ready`);
		const isLimited = type === 'forking' || (writtenAt(map, 'ready') ?? writtenAt(map, 'env_from') ?? before.length + after.length > 0);
		if (timeout && !isLimited) notes.gather(timeout, 'start_timeout has no effect without ready', name);
	},
	plan: ({start_period: startPeriod, start_timeout: timeout, ready, type}: Own): Part =>
		({startPeriod, startTimeout: timeout ?? (ready || type === 'forking' ? START_TIMEOUT : Infinity)}),
} satisfies ServiceGroup;
