/** `monitor` at the top: processes that archon has not started, and what is done when one has ended. */
import {actionsOf} from '../../../config/actions.ts';
import type {ActionsAt} from '../../../config/written-action.ts';
import type {WholeGroup} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {appended} from '../../../config/merge.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import {accepts, DOING, MATCH, readRules, RULE, type WrittenRule} from './rules.ts';

const KEYS = {
	monitor: key<readonly WrittenRule[]>(
		reader(accepts, readRules),
		'list of {name, match, every, on}', 'none', [],
		'processes that archon has not started, and what to do when one has ended', '[{name: agent, match: {exe: /usr/sbin/agent}}]',
	),
};

export const monitor = {
	keys: KEYS,
	maps: [['monitor', RULE], ['monitor.match', MATCH], ['monitor.on', DOING]],
	merge: {monitor: appended},
	words: () => ({names: {monitor: 'foreign strangers processes'}}),
	actions: ({monitor}: Settings<typeof KEYS>) => monitor.flatMap(({path, on}) => (['started', 'exited'] as const).map((kind): ActionsAt => (
		{path: `${path}.on.${kind}`, actions: on[kind], isAboutNone: true}
	))),
	plan: ({monitor}: Settings<typeof KEYS>) => ({
		monitor: monitor.map(({path, on, ...rule}) => ({...rule, on: {started: actionsOf(on.started), exited: actionsOf(on.exited)}})),
	}),
} satisfies WholeGroup;
