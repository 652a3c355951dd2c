/** Handles `Logs`: each is a subscription, which ends at once or follows. */
import type {Make} from '../../../../control/context.ts';
import {byNeed} from '../../../../core/by-need.ts';
import type {Subscriptions} from './subscriptions.ts';
import type {LogsRequest} from './wire.ts';

const subscribing = byNeed(() => import('./subscriptions.ts'));

export const logs: Make<LogsRequest> = ({daemon, watch}) => {
	let subscriptions: Subscriptions | null = null;
	watch(effects => subscriptions?.onEffects(effects));
	return (request, call) => {
		subscriptions ??= subscribing().createSubscriptions(daemon);
		return subscriptions.open(request, call);
	};
};
