/** What may be said of restarts: the key `restart`, and which ends mean what. */
import {NO_ENDS} from '../core/defaults.ts';
import type {Ends} from '../core/service.ts';
import {RESTART_WORDS} from './glossary.ts';
import {key, optional, value} from './keys.ts';
import {readBy, readListOf, refuse} from './readers.ts';
import {attempts, decimal, duration, ending, oneOf, policy, restart} from './scalars.ts';
import {readShape, shape, type Context, type Key, type Settings} from './shape.ts';
import {isNothing, type Value} from './values.ts';

export const RESTART = shape({
	policy: optional(
		policy, 'no | always | on-failure | unless-stopped', 'as without a map', 'after which ends it is started again',
	),
	growth: value(
		oneOf(['exponential', 'linear'] as const), 'exponential | linear', 'exponential',
		'linear: the nth pause is n times the delay, and even the first restart has one',
	),
	delay: value(duration, 'duration', '100ms', 'the pause before the second restart within the window'),
	factor: value(decimal(1, 100), 'number', '2', 'by how much the pause grows with each further restart'),
	max_delay: value(duration, 'duration', '10s', 'the longest pause'),
	jitter: value(decimal(0, 1), '0 to 1', '0.1', 'the share of the pause that is left to chance'),
	attempts: value(attempts, 'number | unlimited', '8', 'restarts within the window; the next end makes it failed'),
	window: value(duration, 'duration', '60s', 'how long an end counts against the attempts'),
	reset_after: value(duration, 'duration', '60s', 'having been up for so long wipes out all earlier ends'),
}, new Set(), new Set(), RESTART_WORDS);

/** A key with exit statuses and signals. */
export const ends = (fallback: string, initial: Ends, help: string): Key<Ends> =>
	key(readEnds, 'list of exit statuses and signals', fallback, initial, help);

/** Nothing written leaves the default; an empty list is none. */
function readEnds(from: Value, context: Context): Ends | undefined {
	if (isNothing(from)) return undefined;
	return readListOf(readBy(ending))(from, context)?.reduce((all: Ends, each) => 'code' in each
		? {...all, codes: [...all.codes, each.code]}
		: {...all, signals: [...all.signals, each.signal]}, NO_ENDS);
}

export function readRestart(from: Value, context: Context): Settings<typeof RESTART.keys> | undefined {
	const initial = RESTART.initial;
	if (from.kind !== 'map') {
		const word = readBy(restart)(from, context);
		return word && {...initial, policy: word.policy, attempts: word.attempts ?? initial.attempts};
	}
	const settings = readShape(RESTART, from, context);
	const longest = from.entries.get('max_delay');
	if (settings.delay <= settings.max_delay) return settings;
	if (longest) return refuse(longest.value, context, 'has a max_delay that is shorter than its delay');
	return {...settings, max_delay: settings.delay};
}
