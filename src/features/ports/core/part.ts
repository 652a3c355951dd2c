/** The part of the core's state that ports have: what clients were given, and what services wait for. */
import type {Service} from '../../../core/service.ts';

export const NAME = 'ports';

export interface Ports {
	/** Names that clients have for ports, as `web.http`, by `tcp 8080`. */
	readonly clients: Readonly<Record<string, string>>;
	/** Ports that services wait for, by `tcp 8080`, those of sockets with their address (`tcp 8080 ::1`, `tcp 8080 *`): whose they are. */
	readonly busy: Readonly<Record<string, string>>;
}

/** Whether a port may be in its way. */
export const mayAwaitPort = ({ports, sockets}: Pick<Service, 'ports' | 'sockets'>): boolean => ports.length + sockets.length > 0;
