/** Ports that rules are told of: once something listens there, and once nothing does any more. */
import type {Millis} from '../../core/time.ts';
import {after} from '../../os/clock.ts';
import {listeningPorts} from '../../os/port-holder.ts';

export interface PortWatch {
	/** Looks at these in place of those before; at none, nothing is looked at. */
	set(ports: readonly number[]): void;
}

/** The kernel tells of ports only who has CAP_NET_ADMIN: others have to look. */
const EVERY: Millis = 2000;

export function createPortWatch(changed: (port: number, isOpen: boolean) => void): PortWatch {
	let ports: readonly number[] = [];
	let open: ReadonlySet<number> = new Set();
	let stop = (): void => {};

	function look(): void {
		const now = listeningPorts();
		for (const port of ports) if (now.has(port) !== open.has(port)) changed(port, now.has(port));
		open = now;
		stop = after(EVERY, look);
	}

	return {
		set(next) {
			stop();
			ports = [...new Set(next)];
			if (ports.length === 0) return;
			open = listeningPorts();
			stop = after(EVERY, look);
		},
	};
}
