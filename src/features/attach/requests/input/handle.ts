/** Handles `Input`. */
import type {Make} from '../../../../control/context.ts';
import type {InputRequest} from './wire.ts';

export const input: Make<InputRequest> = ({seats}) => (request, call) => seats(each => each.input(request, call));
