/** The part of the core's state that ports have: what clients were given, and what services wait for. */

export const NAME = 'ports';

export interface Ports {
	/** Names that clients have for ports, as `web.http`, by `tcp 8080`. */
	readonly clients: Readonly<Record<string, string>>;
	/** Ports that services wait for, by `tcp 8080`: whose they are. */
	readonly busy: Readonly<Record<string, string>>;
}
