/** `pid_file`: where a service that puts itself into the background names its main process. */
import type {Part, ServiceGroup, Written} from '../group.ts';
import {optional} from '../key.ts';
import type {Planning} from '../planning.ts';
import {absolutePath} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {writtenAt} from '../values.ts';
import {refuseForOneshot, type Type} from './type.ts';

const KEYS = {
	pid_file: optional(absolutePath, 'path', 'none', 'holds the pid of the main process, once the process that archon started has exited'),
};

type Own = Settings<typeof KEYS>;

export const pidFile = {
	keys: KEYS,
	conflicts(service: Written<Own & {readonly type: Type; readonly scale: number | null}>, {problems: {report}}: Planning) {
		const {path, map, settings: {scale}} = service;
		refuseForOneshot(service, 'pid_file', report);
		const file = writtenAt(map, 'pid_file')?.value;
		if (file?.kind !== 'scalar' || (scale ?? 1) <= 1 || /\{(?:instance|index|name)\}/.test(file.text)) return;
		report(file, `${path}.pid_file is the same for all ${scale} instances`, 'write {instance} into it');
	},
	plan: ({pid_file: pidFile}: Own): Part => ({pidFile}),
} satisfies ServiceGroup;
