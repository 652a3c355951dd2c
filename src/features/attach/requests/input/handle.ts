/** Handles `Input`. */
import {refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import type {InputRequest} from './wire.ts';

export const input: Make<InputRequest> = ({seats}) => (request, call) =>
	seats(each => each.input(request, call), refuseForBug(call));
