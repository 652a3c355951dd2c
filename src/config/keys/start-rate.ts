/** `start_rate` at the top: how fast services that ended may be started again. */
import {START_RATE as DEFAULT} from '../../core/defaults.ts';
import {either} from '../accepts.ts';
import type {WholeGroup} from '../group.ts';
import {key, value} from '../key.ts';
import {readBy} from '../readers.ts';
import {decimal, whole} from '../scalars.ts';
import {reader, readShape, shape, type Context, type Settings} from '../shape.ts';
import type {Value} from '../values.ts';

const perSecond = decimal(0.1, 10_000);

const START_RATE = shape({
	per_second: value(perSecond, 'number', String(DEFAULT.perSecond), 'restarts in each second, once the burst is used up'),
	burst: value(whole(1, 10_000), 'number', String(DEFAULT.burst), 'restarts that may come at once before that'),
});

const KEYS = {
	start_rate: key(
		reader(() => either(perSecond.accepts(), {shape: START_RATE}), readStartRate),
		'number | map', String(DEFAULT.perSecond), START_RATE.initial,
		'how many services may be restarted each second',
	),
};

export const startRate = {
	keys: KEYS,
	maps: [['start_rate', START_RATE]],
	plan: ({start_rate: {per_second: perSecond, burst}}: Settings<typeof KEYS>) => ({startRate: {perSecond, burst}}),
} satisfies WholeGroup;

function readStartRate(from: Value, context: Context): Settings<typeof START_RATE.keys> | undefined {
	if (from.kind === 'map') return readShape(START_RATE, from, context);
	const number = readBy(perSecond)(from, context);
	return number === undefined ? undefined : {...START_RATE.initial, per_second: number};
}
