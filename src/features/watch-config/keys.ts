/** `watch_config` at the top, and of `archon`: whether archon reloads its config by itself when its files change. */
import {duration as durations, either} from '../../config/accepts.ts';
import {key} from '../../config/key.ts';
import {readBy} from '../../config/readers.ts';
import {duration, fault, parser, truth, type Parse} from '../../config/scalars.ts';
import type {WholeGroup} from '../../config/group.ts';
import type {Settings} from '../../config/shape.ts';
import {ok} from '../../core/result.ts';
import type {Millis} from '../../core/time.ts';

/** Long enough for an editor or a sync to write several files. */
const PAUSE: Millis = 500;
const [LEAST, MOST]: readonly [Millis, Millis] = [10, 60_000];

const pause: Parse<Millis | null> = parser(() => either(truth.accepts(), {...durations(LEAST, MOST), examples: ['2s']}), text => {
	const word = truth(text);
	if (word.ok) return ok(word.value ? PAUSE : null);
	const millis = duration(text);
	if (!millis.ok) return fault('is neither true, false nor a duration');
	return millis.value >= LEAST && millis.value <= MOST ? millis : fault('is not between 10ms and 1m');
});

const FORM = 'true | false | duration';

const KEYS = {
	watch_config: key<Millis | null>(
		readBy(pause), FORM, 'false', null, 'the config is reloaded when its files have changed and were left alone for so long; true: 500ms',
	),
};

/** The same among the keys of `archon`. */
export const WATCH_CONFIG = key<Millis | null>(readBy(pause), FORM, 'false', null, 'the same as watch_config at the top');

export const watchConfig = {
	keys: KEYS,
	words: () => ({names: {watch_config: 'watch auto_reload reload_on_change'}}),
	plan: ({watch_config: watchConfig}: Settings<typeof KEYS>) => ({watchConfig}),
} satisfies WholeGroup;
