/** Handles `Blame`. */
import {starts} from '../../../core/startup.ts';
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import {type BlameRequest, START_ROW} from './wire.ts';

export const blame: Make<BlameRequest> = ({daemon}) => (_, call) => {
	for (const {entry: {service}, asked, waited, took, after} of starts(daemon.state())) {
		if (!call.scope.has(service)) continue;
		const need = after && call.scope.has(after.service) ? after.service.name : '';
		call.row(START_ROW.encode({name: service.name, asked: daemon.wallClock(asked), waited, took, after: need}));
	}
	call.reply(OK);
};
