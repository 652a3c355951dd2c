/** Whether all services that are to run have been up at the same time: the READY=1 for a service manager outside. */
import type {Feature} from '../../core/feature.ts';
import {isUnread} from '../manifest/core/kept.ts';
import {isAsking} from '../run-test/core/part.ts';

/** The feature's part of the state. */
export interface Arrival {
	/** Whether all services that are to run have been up at the same time. */
	readonly hasArrived: boolean;
}

export const arrival: Feature<Arrival> = {
	name: 'service-manager',
	initial: {hasArrived: false},
	settled(own, view) {
		const {awaited, stage} = view.state;
		if (own.hasArrived || awaited > 0 || stage.kind !== 'running' || isAsking(view.state) || isUnread(view.state)) return own;
		view.emit({kind: 'arrived'});
		return {hasArrived: true};
	},
};
