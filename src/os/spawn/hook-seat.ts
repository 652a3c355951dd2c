/** A command of a hook or an action, and its service as it is for that command. */
import type {Command, HookCommand, Service} from '../../core/service.ts';
import {ownOf} from '../../core/sources.ts';

/** With nothing of what others may have written where the command has a user of its own. */
export function seatOf(step: HookCommand, service: Service): readonly [Command, Service] {
	if (!('command' in step)) return [step, service];
	const {exec} = service;
	const environment = {...exec.environment, ...step.environment};
	const sourced = step.user ? ownOf(exec.sourced) : exec.sourced;
	return [step.command, {...service, exec: {...exec, sourced, environment, user: step.user ?? exec.user, cwd: step.cwd ?? exec.cwd}}];
}
