/** Handles `Restart`. */
import type {Entry} from '../../../core/entry.ts';
import type {Id} from '../../../core/ids.ts';
import {isAlive} from '../../../core/phase.ts';
import {describeRefusal} from '../../../core/status.ts';
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import {summary} from '../services.ts';
import {begin} from '../start/handle.ts';
import type {RestartRequest} from './wire.ts';

/** A service that could not be started again, for its variables cannot be read, is not stopped; then nothing is done. */
export const restart: Make<RestartRequest> = context => ({names}, call) => {
	const {daemon} = context;
	const chosen = choose(daemon.state(), names, call.scope);
	const entries = chosen.ok ? chosen.value.map(({entry}) => entry) : [];
	const ids = new Set(entries.map(({id}) => id));
	const examined = entries.filter(entry => isAlive(entry.phase) && isSettled(entry, ids));
	const reasons: string[] = [];
	let [left, hasLeft] = [examined.length, false];
	let leave: (() => void) | void;
	const go = (): void => {
		if (hasLeft) return;
		if (reasons.length > 0) refuse(call, `${summary(reasons)}; nothing was restarted`);
		else leave = begin(context, 'restart', names, call);
	};
	if (left === 0) go();
	for (const {service} of examined) {
		daemon.examine(service, why => {
			if (why) reasons.push(`cannot restart ${service.name}: ${describeRefusal(why)}`);
			left -= 1;
			if (left === 0) go();
		});
	}
	return () => {
		hasLeft = true;
		leave?.();
	};
};

/** Whether nothing that a restart does on its way may write what the service reads: neither its own commands nor its needs. */
const isSettled = ({service: {exec: {sources}, hooks, onlyIf}, needs, unmetNeeds}: Entry, restarted: ReadonlySet<Id>): boolean =>
	sources.length > 0 && !onlyIf?.command && unmetNeeds === 0 && hooks.preStart.length + hooks.postStop.length === 0
	&& !needs.some(({id}) => restarted.has(id));
