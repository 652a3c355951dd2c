/** `/livez` and `/readyz`: health for those who ask by HTTP. */
import {TEXT_TYPE} from './failure.ts';
import type {Handler} from './http/message.ts';

/** That this helper answers at all; of services it says nothing. */
export const livez: Handler = (_, answer) => {
	answer.whole(200, {'content-type': TEXT_TYPE}, 'ok\n');
	return () => {};
};
