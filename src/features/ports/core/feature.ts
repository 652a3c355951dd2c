/** Ports in the core. The numbers of services' own ports are in their entries. */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import type {State} from '../../../core/state.ts';
import {NAME, type Ports} from './part.ts';
import {PROTOCOLS} from './spec.ts';

const table = byNeed(() => import('./table.ts'));

/** One object for both, as most archons have none. */
const NONE = {};

export const ports: Feature<Ports> = {
	name: NAME,
	initial: {clients: NONE, busy: NONE},
	resumed(own, view) {
		// Who had them was watched by the instance before.
		for (const place in own.busy) {
			const [, port, host = ''] = place.split(' ');
			const protocol = PROTOCOLS.find(each => place.startsWith(each)) ?? 'tcp';
			view.raise({kind: 'port-busy', protocol, port: Number(port), host, by: null, service: ''});
		}
		return own;
	},
};

/** Whether a service waits for a port: it starts as soon as that is free. */
export function awaitsPort(state: State): boolean {
	const {clients, busy} = state.slices[NAME] as Ports;
	return (clients !== NONE || busy !== NONE) && table().isAwaited(state);
}
