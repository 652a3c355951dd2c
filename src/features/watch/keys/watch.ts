/** `watch`: files and folders of which a service is to hear when they change, and its own program and libraries. */
import type {Account, Part, ServiceGroup, Written} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {appended} from '../../../config/merge.ts';
import type {Planning} from '../../../config/planning.ts';
import type {Settings} from '../../../config/shape.ts';
import {actionsOf} from '../../../config/actions.ts';
import {isAbsolute, resolve} from '../../../core/path.ts';
import type {WatchSpec} from '../core/spec.ts';
import {readWatches, WATCH, type WrittenWatch} from './reading.ts';

const KEYS = {
	watch: key<readonly WrittenWatch[]>(
		readWatches, 'path | map | list of these', 'none', [], 'files and folders, and what is done when they have changed',
		'[{path: /etc/web, include: ["*.conf"], action: reload}]',
	),
};

type Own = Settings<typeof KEYS> & {readonly working_dir: string | null};

export const watch = {
	keys: KEYS,
	reads: ['working_dir'],
	merge: {watch: appended},
	maps: [['services.<name>.watch', WATCH]],
	words: () => ({
		names: {watch: 'watches watch_files reload_on_change PathChanged'},
		others: [
			['ignore_watch', 'watch', 'write watch: [{path: …, exclude: […]}]'], ['watch_delay', 'watch', 'write watch: [{path: …, debounce: 1s}]'],
		],
	}),
	conflicts({path, settings: {watch, working_dir: cwd}}: Written<Own>, {problems: {report}}: Planning) {
		for (const {path: watched, at} of watch) {
			if (watched === null || isAbsolute(watched) || cwd !== null) continue;
			report(at, `${path}.watch: a relative path, and the service has no working_dir`, 'begin it with /');
		}
	},
	accounts: ({settings: {watch}}: Written<Own>): readonly Account[] => watch.flatMap(({actions}) => actions.flatMap(({action, at}) => {
		const spec = action.kind === 'run' && 'command' in action.command ? action.command.user : null;
		return spec ? [{spec, key: 'watch.action.user', at}] : [];
	})),
	actions: ({path, settings: {watch}}: Written<Own>) => watch.map(({actions}) => ({path: `${path}.watch.action`, actions})),
	plan: ({watch, working_dir: cwd}: Own): Part => (watch.length === 0 ? {} : {watch: watch.map(each => specOf(each, cwd ?? '/'))}),
} satisfies ServiceGroup;

const specOf = ({path, include, exclude, actions, debounce}: WrittenWatch, cwd: string): WatchSpec => (path === null
	? {kind: 'libraries', debounce}
	: {kind: 'path', path: resolve(cwd, path), include, exclude, actions: actionsOf(actions), debounce});
