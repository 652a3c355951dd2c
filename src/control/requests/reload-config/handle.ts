/** Handles `ReloadConfig`. */
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {RELOAD_CONFIG_ROW, type ReloadConfigRequest} from './wire.ts';

/** How long all services together may take to become ready, unless the request says otherwise. */
const TIMEOUT = 300_000;

export const reloadConfig: Make<ReloadConfigRequest> = ({daemon}) => ({failure, timeout}, call) =>
	daemon.reload({trial: {rollsBack: failure === 'rollback', timeout: timeout ?? TIMEOUT}}, result => {
		if (result.ok) {
			call.row(RELOAD_CONFIG_ROW.encode({kind: 'done', text: result.value}));
			return call.reply(OK);
		}
		const {why, lines, isInForce} = result.error;
		for (const text of lines) call.row(RELOAD_CONFIG_ROW.encode({kind: 'line', text}));
		refuse(call, `${isInForce ? 'the config is in force, but a service is not up:' : 'cannot reload the config:'} ${why}`);
	});
