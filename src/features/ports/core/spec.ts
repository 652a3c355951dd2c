/** Ports of services, as the config names them, and where archon takes those that it chooses. */

export const PROTOCOLS = ['tcp', 'udp'] as const;

export type Protocol = (typeof PROTOCOLS)[number];

/** A port that a service listens at, of which its processes are told by a variable. */
export interface PortSpec {
	/** Its own among those of its service. */
	readonly name: string;
	/** `auto`: archon chooses one, the same for as long as archon lives. */
	readonly port: number | 'auto';
	readonly protocol: Protocol;
}

/** Where ports come from that archon chooses. */
export interface PortRules {
	/** The first and the last. */
	readonly range: readonly [first: number, last: number];
	/** By `SERVICE.NAME`: what it is given, and nothing else is. */
	readonly reserve: Readonly<Record<string, number>>;
}

/** Below those that the kernel takes for connections (net.ipv4.ip_local_port_range). */
export const PORT_RULES: PortRules = {range: [20_000, 29_999], reserve: {}};

/** What a port is called in archon's table and by clients. */
export const keyOf = (service: string, name: string): string => `${service}.${name}`;

/** The variable that tells it to a process: `PORT_HTTP`. */
export const variableFor = (name: string): string => `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
