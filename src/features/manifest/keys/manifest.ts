/** `manifest` at the top: the lists that say which programs run on this machine, and how they are kept to. */
import type {WholeGroup} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import {byNeed} from '../../../core/by-need.ts';
import type {ManifestRules} from '../core/rules.ts';

const lists = byNeed(() => import('./lists.ts'));

const KEYS = {
	manifest: key<ManifestRules | null>(
		reader(() => ({shape: lists().LISTS}), (from, context) => lists().readManifest(from, context)),
		'{file, hitlist, role, every, scope, max_passes, paths}', 'none', null,
		'lists of programs that are to run, and of those that must not', '{file: /etc/whizzifest.txt, hitlist: /etc/hitlist.txt}',
	),
};

export const manifest = {
	keys: KEYS,
	get maps() {
		return [['manifest', lists().LISTS]] as const;
	},
	words: () => ({names: {manifest: 'whizzifest cheese_whiz whiz'}}),
	plan: ({manifest}: Settings<typeof KEYS>) => ({manifest}),
} satisfies WholeGroup;
