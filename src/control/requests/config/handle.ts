/** Handles `Config`. */
import {OK, refuse, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {CONFIG_ROW, type ConfigRequest} from './wire.ts';

export const config: Make<ConfigRequest> = ({daemon}) => ({name, secrets}, call) => {
	const isShown = secrets === 'shown';
	if (isShown && !call.may('admin')) return refuse(call, 'secrets are shown to the role admin only');
	daemon.config(name, isShown, result => {
		if (!result.ok) return refuse(call, result.error);
		for (const line of result.value.replace(/\n$/, '').split('\n')) call.row(CONFIG_ROW.encode({line}));
		call.reply(OK);
	}, refuseForBug(call));
};
