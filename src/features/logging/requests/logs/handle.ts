/** Handles `Logs`: each is a subscription, which ends at once or follows. */
import type {Make} from '../../../../control/context.ts';
import {createSubscriptions} from './subscriptions.ts';
import type {LogsRequest} from './wire.ts';

export const logs: Make<LogsRequest> = ({daemon, watch}) => {
	const subscriptions = createSubscriptions(daemon);
	watch(subscriptions.onEffects);
	return subscriptions.open;
};
