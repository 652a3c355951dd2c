/** Handles `Resize`. */
import {refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import type {ResizeRequest} from './wire.ts';

export const resize: Make<ResizeRequest> = ({seats}) => (request, call) =>
	seats(each => each.resize(request, call), refuseForBug(call));
