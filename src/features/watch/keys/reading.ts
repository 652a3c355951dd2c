/** Reads `watch`. */
import {ok} from '../../../core/result.ts';
import type {Millis} from '../../../core/time.ts';
import {duration as durations, either, oneOrMore, textLike} from '../../../config/accepts.ts';
import {readActions} from '../../../config/actions.ts';
import {key, list, optional, value} from '../../../config/key.ts';
import type {Place} from '../../../config/problems.ts';
import {readBy, readEachOf, refuse} from '../../../config/readers.ts';
import {duration, fault, parser, type Parse, truth} from '../../../config/scalars.ts';
import {type Context, reader, type Reader, readShape, shape} from '../../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';
import type {WrittenAction} from '../../../config/written-action.ts';

/** One item of `watch`, as it is written. */
export interface WrittenWatch {
	/** Null: libraries. */
	readonly path: string | null;
	readonly include: readonly string[];
	readonly exclude: readonly string[];
	readonly actions: readonly WrittenAction[];
	readonly debounce: Millis;
	readonly at: Place;
}

/** How long files must be left alone; packages are installed for longer than an editor writes. */
const [DEBOUNCE, INSTALLING] = [500, 5000];
const [LEAST, MOST]: readonly [Millis, Millis] = [10, 60_000];
const WATCHES_MAX = 100;
const PATTERNS_MAX = 100;
const PATTERN_MAX = 500;

const PATH = /^[^\t\n]+$/;
const GLOB = new RegExp(`^(?![!]|/*$)[^\\t\\n]{1,${PATTERN_MAX}}$`);

/** A path has no tab or line break in it. */
const path: Parse<string> = parser(() => textLike(PATH.source, '/etc/web', 'conf/app.yaml'), text =>
	(PATH.test(text) ? ok(text) : fault('is not a path')));

/** `*.conf`, `src/**`, `logs/`. */
const glob: Parse<string> = parser(() => textLike(GLOB.source, '*.conf', 'src/**', 'logs/'), text => {
	if (GLOB.test(text)) return ok(text);
	return text.startsWith('!') ? fault('begins with !', 'include says what counts, and exclude what does not')
		: fault('is not a pattern', 'write *.conf, src/** or logs/');
});

const pause: Parse<Millis> = parser(() => ({...durations(LEAST, MOST), examples: ['2s']}), text => {
	const millis = duration(text);
	return millis.ok && (millis.value < LEAST || millis.value > MOST) ? fault('is not between 10ms and 1m') : millis;
});

export const WATCH = shape({
	path: optional(
		path, 'path', 'required, or libraries', 'a file, or a folder with all that is below it; relative to working_dir', '/etc/web',
	),
	include: list(glob, 'pattern | list', 'what counts in a folder: names, or with / paths; empty: all', '["*.conf", "src/**"]'),
	exclude: list(glob, 'pattern | list', 'what does not; with a / at the end folders', '[logs/, "*.tmp"]'),
	action: key<readonly WrittenAction[]>(readActions, 'action | list of actions', 'restart', [], 'what is done', 'signal:HUP'),
	debounce: optional(pause, 'duration', '500ms; 5s for libraries', 'how long it must have been left alone', '2s'),
	libraries: value(truth, 'true | false', 'false', 'instead of path: restarts it when its program or its libraries were replaced'),
}, {
	words: () => ({
		names: {
			path: 'file files folder dir directory paths', exclude: 'ignore ignored ignore_watch', action: 'actions do then run command',
			debounce: 'delay watch_delay', libraries: 'libs',
		},
	}),
});

const readPath = readBy(path);

const readWatch: Reader<WrittenWatch> = reader(() => either(path.accepts(), {shape: WATCH}), (from, context) => {
	if (from.kind === 'map') return readMapping(from, context);
	const written = readPath(from, context);
	return written === undefined ? undefined
		: {path: written, include: [], exclude: [], actions: [restartAt(from)], debounce: DEBOUNCE, at: from};
});

export const readWatches: Reader<readonly WrittenWatch[]> = reader(() => oneOrMore(readWatch.accepts()), (from, context) => {
	const found = readEachOf(readWatch)(from, context);
	return found && found.length > WATCHES_MAX ? refuse(from, context, `has more than ${WATCHES_MAX} items`) : found;
});

function readMapping(from: Mapping, context: Context): WrittenWatch | undefined {
	const {path: watched, include, exclude, action, debounce, libraries} = readShape(WATCH, from, context);
	const written = (name: string): Value | undefined => {
		const found = from.entries.get(name)?.value;
		return found && !isNothing(found) ? found : undefined;
	};
	if (libraries) {
		const other = ['path', 'include', 'exclude', 'action'].find(written);
		if (other !== undefined) {
			return refuse(written(other) ?? from, context, `has ${other} beside libraries`, 'write two items, one with path and one with libraries');
		}
		return {path: null, include, exclude, actions: [], debounce: debounce ?? INSTALLING, at: from};
	}
	// What is wrong with a path that is written was told.
	if (watched === null) {
		return written('path') ? undefined : refuse(from, context, 'has no path', 'write path: /etc/web, or libraries: true');
	}
	if (include.length + exclude.length > PATTERNS_MAX) return refuse(from, context, `has more than ${PATTERNS_MAX} patterns`);
	const actions = action.length > 0 ? action : [restartAt(from)];
	return {path: watched, include, exclude, actions, debounce: debounce ?? DEBOUNCE, at: from};
}

const restartAt = (at: Value): WrittenAction => ({action: {kind: 'restart', names: []}, names: [], at});
