/** The effects by which a start goes on: its conditions are examined, the commands of a hook run, its process is started. */
import type {Effect} from './effect.ts';
import type {Entry} from './entry.ts';
import type {Spawning, Starting, Stopping} from './phase.ts';
import {exitVariables} from './restart.ts';
import type {Service} from './service.ts';
import type {Instant, Millis} from './time.ts';

/** How long the start conditions of a service may take at most. */
const EXAMINATION_MAX: Millis = 30_000;

/** What a start is to do next. */
export function beginning(entry: Entry, phase: Spawning, now: Instant): Effect {
	const {id, service} = entry;
	const {run} = phase;
	if (phase.isConditional && service.onlyIf) {
		const timeout = Math.min(service.startTimeout, EXAMINATION_MAX);
		return {kind: 'examine', id, run, service: serviceOf(entry), conditions: service.onlyIf, timeout};
	}
	return phase.isHooked ? hookOf(entry, phase, now) : {kind: 'spawn', id, run, service: serviceOf(entry)};
}

/** The service with the variables about the failure for which it was started. */
function serviceOf({service, trigger}: Entry): Service {
	return trigger ? {...service, exec: {...service.exec, environment: {...service.exec.environment, ...trigger}}} : service;
}

/** The effect that runs the commands that its phase waits for. */
export function hookOf({id, service, trigger}: Entry, phase: Spawning | Starting | Stopping, now: Instant): Effect {
	const {hooks} = service;
	const {run, deadline} = phase;
	const [hook, commands] = phase.kind === 'spawning' ? ['pre_start' as const, hooks.preStart]
		: phase.kind === 'starting' ? ['post_start' as const, hooks.postStart]
		: phase.finish === null ? ['pre_stop' as const, hooks.preStop]
		: phase.finish.hook === 'down' ? ['down' as const, hooks.down] : ['post_stop' as const, hooks.postStop];
	const result = phase.kind === 'stopping' && phase.finish?.hook === 'post_stop' && phase.outcome
		? {SERVICE_RESULT: phase.finish.result, ...exitVariables(phase.outcome)} : {};
	return {kind: 'hook', id, run, service, hook, commands, timeout: deadline - now, environment: {...trigger, ...result}};
}
