/** `shutdown` at the top: how everything is stopped, and when. */
import {IDLE_KEYS} from '../../features/idle/keys.ts';
import type {WholeGroup} from '../group.ts';
import {key, value} from '../key.ts';
import {readMap} from '../readers.ts';
import {duration} from '../scalars.ts';
import {shape, type Settings} from '../shape.ts';

const SHUTDOWN = shape({
	grace_period: value(duration, 'duration', '9s', 'for all services together, then KILL; docker waits 10s'),
	...IDLE_KEYS,
});

const KEYS = {
	shutdown: key(readMap(SHUTDOWN), 'map', 'empty', SHUTDOWN.initial, 'how everything is stopped', '{grace_period: 25s}'),
};

export const shutdown = {
	keys: KEYS,
	maps: [['shutdown', SHUTDOWN]],
	words: () => ({others: [['stop_grace_period grace_period', 'shutdown', 'write shutdown: {grace_period: …}']]}),
	plan: ({shutdown: {grace_period: shutdownGrace, when_idle: whenIdle}}: Settings<typeof KEYS>) =>
		({shutdownGrace, whenIdle: whenIdle ?? 'failed'}),
} satisfies WholeGroup;
