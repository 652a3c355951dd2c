/** `boot` at the top: a script that runs before all services. */
import type {WholeGroup} from '../../../config/group.ts';
import {key, optional, value, words} from '../../../config/key.ts';
import {refuse} from '../../../config/readers.ts';
import {absolutePath, oneOf, patience} from '../../../config/scalars.ts';
import {isMissing, reader, readShape, type Settings, shape} from '../../../config/shape.ts';
import {type BootScript, ON_FAILURE} from '../core.ts';

const BOOT = shape({
	rc: optional(absolutePath, 'path', 'required', 'the script; it runs as archon does, before any service', '/etc/rc'),
	args: {...words('its arguments', '[autoboot]'), fallback: '[autoboot]', initial: ['autoboot'] as readonly string[]},
	on_failure: value(oneOf(ON_FAILURE), ON_FAILURE.join(' | '), 'exit',
		'when it has failed: the container ends, a shell on its terminal, or services start all the same'),
	timeout: value(patience, 'duration | unlimited', 'unlimited', 'after which it is killed, and has failed'),
});

const KEYS = {
	boot: key<BootScript | null>(
		reader(() => ({shape: BOOT}), (from, context) => {
			if (from.kind !== 'map') return refuse(from, context, 'must be a map', 'write boot: {rc: /etc/rc}');
			const {rc, args, on_failure: onFailure, timeout} = readShape(BOOT, from, context);
			if (rc !== null) return {command: [rc, ...args ?? []], onFailure, timeout};
			return isMissing(['rc'], from, BOOT) ? refuse(from, context, 'has no rc', 'write boot: {rc: /etc/rc}') : undefined;
		}),
		'{rc, args, on_failure, timeout}', 'none', null, 'a script that runs before all services', '{rc: /etc/rc}',
	),
};

export const boot = {
	keys: KEYS,
	maps: [['boot', BOOT]],
	words: () => ({names: {boot: 'rc runcom autoboot init_script'}}),
	plan: ({boot}: Settings<typeof KEYS>) => ({boot}),
} satisfies WholeGroup;
