/** `test`: a command that says whether a service is to run. */
import {byNeed} from '../../../core/by-need.ts';
import type {RunTest} from '../../../core/service.ts';
import type {Part, ServiceGroup} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {oneWayOf} from '../../../config/merge.ts';
import {reader, type Settings} from '../../../config/shape.ts';

const asking = byNeed(() => import('./asking.ts'));

const KEYS = {
	test: key<RunTest | null>(
		reader(() => asking().accepts(), (from, context) => asking().readTest(from, context)), 'words | list | map', 'none', null,
		'whether it is to run: a command that exits with 0 where it is', '{command: [test, -f, /etc/web.on], interval: 30s}',
	),
};

export const test = {
	keys: KEYS,
	get maps() {
		return [['services.<name>.test', asking().TEST]] as const;
	},
	merge: {test: oneWayOf('command', 'exe', 'args')},
	words: () => ({names: {test: 'test_command should_run run_if'}}),
	plan: ({test: own}: Settings<typeof KEYS>): Part => ({test: own}),
} satisfies ServiceGroup;
