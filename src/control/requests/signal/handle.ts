/** Handles `Signal`. */
import {pidOf} from '../../../core/status.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {type Choice, chooseProcesses} from '../../names.ts';
import type {SignalRequest} from './wire.ts';

const hasProcess = ({entry}: Choice): boolean => pidOf(entry.phase) !== null;

export const signal: Make<SignalRequest> = ({daemon}) => ({targets, signal}, call) => {
	const chosen = chooseProcesses(daemon.state(), targets, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const dead = chosen.value.find(choice => choice.isNamed && !hasProcess(choice));
	if (dead) return refuse(call, `cannot signal ${dead.entry.service.name}: it is not running`);
	const alive = chosen.value.filter(hasProcess);
	if (alive.length === 0) return refuse(call, 'cannot signal: no matching service is running');
	for (const {entry} of alive) daemon.dispatch({kind: 'signal', id: entry.id, signal});
	call.reply(OK);
};
