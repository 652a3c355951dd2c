/** Handles `AllocPort` and `FreePort`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {byNeed} from '../../../../core/by-need.ts';
import {isAlive} from '../../../../core/phase.ts';
import {keyOf} from '../../core/spec.ts';
import type {AllocPortRequest, FreePortRequest} from './wire.ts';

const table = byNeed(() => import('../../core/table.ts'));

export const allocPort: Make<AllocPortRequest> = ({daemon}) => ({service, name, port, protocol}, call) => {
	const found = daemon.allocPort(keyOf(service, name), protocol ?? 'tcp', port);
	if (!found.ok) return refuse(call, found.error);
	call.row([String(found.value)]);
	call.reply(OK);
};

export const freePort: Make<FreePortRequest> = ({daemon}) => ({port, protocol = null}, call) => {
	const {chosenIn, portsOf} = table();
	const state = daemon.state();
	const line = portsOf(state, () => true).find(each =>
		each.port === port && each.kind !== 'fixed' && (protocol === null || each.protocol === protocol));
	if (!line) {
		const fixed = portsOf(state, () => true).find(each => each.port === port);
		return refuse(call, fixed ? `port ${port} is ${fixed.key}'s, as the config says` : `port ${port} is given to nothing`);
	}
	const chosen = line.kind === 'auto' ? chosenIn(state, line.key) : null;
	if (chosen && isAlive(chosen.entry.phase)) return refuse(call, `port ${port} is ${line.key}'s, and ${chosen.entry.service.name} runs`);
	daemon.dispatch({kind: 'free-port', key: line.key});
	call.reply(OK);
};
