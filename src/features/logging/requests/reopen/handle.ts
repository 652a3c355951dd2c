/** Handles `Reopen`. */
import type {Make} from '../../../../control/context.ts';
import type {ReopenRequest} from './wire.ts';

export const reopen: Make<ReopenRequest> = ({daemon}) => (_, call) => {
	daemon.logs.reopen();
	call.reply({kind: 'Ok'});
};
