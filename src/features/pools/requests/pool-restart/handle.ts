/** Handles `PoolRestart`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {findPool} from '../find-pool.ts';
import type {PoolRestartRequest} from './wire.ts';

export const poolRestart: Make<PoolRestartRequest> = ({daemon}) => ({name, node}, call) => {
	const found = findPool(daemon, name, call.scope);
	if (!found.ok) return refuse(call, found.error);
	return found.value.ask(name, {ask: 'restart', node, by: 'archonctl', memory: false}, rows =>
		(rows.ok ? call.reply(OK) : refuse(call, rows.error)));
};
