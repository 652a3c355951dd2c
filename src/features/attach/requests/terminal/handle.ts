/** Handles `Terminal` and `View`. */
import {refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import type {TerminalRequest} from './wire.ts';

export const terminal: Make<TerminalRequest> = ({seats}) => (request, call) => {
	let leave: (() => void) | null = null;
	let isGone = false;
	seats(each => {
		if (!isGone) leave = each.open(request, call);
	}, refuseForBug(call));
	return () => {
		isGone = true;
		leave?.();
	};
};
