/** `schedule`: when a service is started by the clock. What reads it is loaded with the first service that has one. */
import {byNeed} from '../../../core/by-need.ts';
import {either} from '../../../config/accepts.ts';
import type {ServiceGroup, Written} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import type {Planning} from '../../../config/planning.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import type {Judged, WrittenSchedule} from './reading.ts';

const reading = byNeed(() => import('./reading.ts'));

const KEYS = {
	schedule: key<WrittenSchedule | null>(
		reader(
			() => either(reading().expression.accepts(), {shape: reading().SCHEDULE}),
			(from, context) => reading().readSchedule(from, context),
		),
		'cron expression | map', 'none', null, 'when a oneshot runs, or a daemon is restarted, by the clock', '"30 3 * * *"',
	),
};

export const schedule = {
	keys: KEYS,
	isForAll: true,
	get maps() {
		return [['services.<name>.schedule', reading().SCHEDULE]] as const;
	},
	words: () => ({
		names: {schedule: 'cron crontab timer'},
		others: [
			['OnCalendar cron_restart', 'schedule', 'write schedule: "30 3 * * *"'],
			['OnUnitActiveSec', 'schedule', 'write schedule: {every: 5m}'],
		],
	}),
	conflicts: (service: Written<Settings<typeof KEYS> & Judged>, planning: Planning) => reading().judgeSchedule(service, planning),
} satisfies ServiceGroup;
