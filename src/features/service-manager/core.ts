/** Whether all services that are to run have been there at the same time: what a service manager outside is told as READY=1. */
import type {Feature} from '../../core/feature.ts';

export interface Arrival {
	/** All that are to run were there, at the same time, once. */
	readonly hasArrived: boolean;
}

export const arrival: Feature<Arrival> = {
	name: 'service-manager',
	initial: {hasArrived: false},
	settled(own, view) {
		const {awaited, stage} = view.state;
		if (own.hasArrived || awaited > 0 || stage.kind !== 'running') return own;
		view.emit({kind: 'arrived'});
		return {hasArrived: true};
	},
};
