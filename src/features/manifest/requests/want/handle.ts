/** Handles `Want` and `Unwant`. */
import {OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Context, Handle, Make} from '../../../../control/context.ts';
import type {Move} from '../../core/control.ts';
import {NO_MANIFEST} from '../reconcile/handle.ts';
import type {UnwantRequest, WantRequest} from './wire.ts';

export const want: Make<WantRequest> = context => mover(context, 'manifest');
export const unwant: Make<UnwantRequest> = context => mover(context, 'hitlist');

const mover = ({daemon}: Context, to: Move['to']): Handle<WantRequest | UnwantRequest> => ({program, path, role}, call) =>
	daemon.manifests(manifests => {
		if (!manifests) return refuse(call, NO_MANIFEST);
		manifests.move({to, program, path, role}, done => {
			if (!done.ok) return refuse(call, done.error);
			call.row([done.value]);
			call.reply(OK);
		});
	}, refuseForBug(call));
