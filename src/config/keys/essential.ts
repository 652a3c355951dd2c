/** `on_failed`, `essential`: what a service's end means to the container. */
import type {Service} from '../../core/service.ts';
import type {Part, ServiceGroup} from '../group.ts';
import {value} from '../key.ts';
import {oneOf, truth} from '../scalars.ts';
import type {Settings} from '../shape.ts';

const KEYS = {
	on_failed: value(
		oneOf<Service['onFailed']>(['stay', 'shutdown']), 'stay | shutdown', 'stay', 'what happens when it has failed for good',
	),
	essential: value(truth, 'true | false', 'false', 'when it exits for good, the container exits with its status'),
};

export const essential = {
	keys: KEYS,
	isForAll: true,
	words: () => ({names: {essential: 'flag-essential'}}),
	plan: ({on_failed: onFailed, essential}: Settings<typeof KEYS>): Part => ({onFailed, essential}),
} satisfies ServiceGroup;
