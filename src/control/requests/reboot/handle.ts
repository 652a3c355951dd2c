/** Handles `Reboot`. */
import {OK, refuse, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {whyNothingStarts} from '../../../core/stage.ts';
import {isRunning} from '../services.ts';
import type {RebootRequest} from './wire.ts';

export const reboot: Make<RebootRequest> = ({daemon}) => (_, call) => {
	if (!isRunning(daemon)) return refuse(call, whyNothingStarts(daemon.state()));
	const {uid, pid} = call.peer;
	daemon.examineReboot(why => {
		if (why !== null) return refuse(call, `cannot reboot: ${why}; nothing has changed`);
		call.reply(OK);
		daemon.dispatch({kind: 'shutdown', why: `asked for by uid ${uid}${pid > 0 ? `, pid ${pid}` : ''}`, reboots: true});
	}, refuseForBug(call));
};
