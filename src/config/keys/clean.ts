/** `clean`: stale files of the last run. */
import type {Part, ServiceGroup} from '../group.ts';
import {list} from '../key.ts';
import {united} from '../merge.ts';
import {text} from '../scalars.ts';
import type {Settings} from '../shape.ts';

const KEYS = {
	clean: list(
		text, 'list of paths with *, ? and […]', 'stale files that are removed before each start, relative to its working_dir',
		'[/run/app/*.pid, tmp/*.sock]',
	),
};

export const clean = {
	keys: KEYS,
	merge: {clean: united()},
	plan: ({clean}: Settings<typeof KEYS>): Part => ({exec: {clean}}),
} satisfies ServiceGroup;
