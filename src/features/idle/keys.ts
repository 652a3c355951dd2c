/** `when_idle` of `shutdown`: whether the container ends when no service is running or about to start. */
import {WHEN_IDLE} from '../../core/config.ts';
import {optional} from '../../config/key.ts';
import {oneOf} from '../../config/scalars.ts';

/** Null where nothing is written: the default differs between formats. */
export const IDLE_KEYS = {
	when_idle: optional(
		oneOf(WHEN_IDLE), WHEN_IDLE.join(' | '), 'failed; never for programs',
		'ends the container when no service is running or about to start: if a service has failed, always, or never',
	),
};
