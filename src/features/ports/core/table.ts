/** Who has which port: what is given and freed, and what a service waits for. */
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import {entries, find, type State} from '../../../core/state.ts';
import type {Service} from '../../../core/service.ts';
import type {Turn} from '../../../core/turn.ts';
import type {SocketSpec} from '../../sockets/core/spec.ts';
import {mayAwaitPort, NAME, type Ports} from './part.ts';
import {keyOf, type Protocol} from './spec.ts';

/** How many ports clients may have: the next instance of archon is told of all of them at each change. */
export const CLIENTS_MAX = 256;

/** As the feature's part of the state has it: `tcp 8080`; of a socket, with its address: `tcp 8080 127.0.0.1`. */
export const placeOf = (protocol: Protocol, port: number, host = ''): string => `${protocol} ${port}${host && ` ${host}`}`;

const partIn = ({slices}: Pick<State, 'slices'>): Ports => slices[NAME] as Ports;

export const protocolOf = ({type}: Pick<SocketSpec, 'type'>): Protocol => (type === 'dgram' ? 'udp' : 'tcp');

/** A port that the config names, for a program or for a socket of archon's own. */
export interface Fixed {
	readonly name: string;
	readonly port: number;
	readonly protocol: Protocol;
	/** Where a socket is bound; empty: the service binds it by itself, at whatever address. */
	readonly host: string;
}

/** The socket's fixed port; null: it has none. */
export function fixedOf(socket: SocketSpec): Fixed | null {
	const {name, listen} = socket;
	return listen.kind === 'inet' && listen.port !== 'auto'
		? {name, port: listen.port, protocol: protocolOf(socket), host: listen.host ?? '*'} : null;
}

/** What a service needs to be free, or to be archon's, before it starts. */
export const fixedPorts = ({ports, sockets}: Pick<Service, 'ports' | 'sockets'>): readonly Fixed[] => [
	...ports.flatMap(({name, port, protocol}) => (port === 'auto' ? [] : [{name, port, protocol, host: ''}])),
	...sockets.flatMap(socket => fixedOf(socket) ?? []),
];

/** A port for which archon chooses a number, and its service. */
export interface Chosen {
	readonly entry: Entry;
	readonly name: string;
	readonly protocol: Protocol;
}

/** The port of a service by its name in the table, as `web.http`; null: no service has one for which a number is chosen. */
export function chosenIn(state: State, key: string): Chosen | null {
	// Names of services may have dots.
	const at = key.lastIndexOf('.');
	const [entry, name] = [find(state, key.slice(0, at)), key.slice(at + 1)];
	if (!entry) return null;
	const own = entry.service.ports.find(each => each.name === name && each.port === 'auto');
	if (own) return {entry, name, protocol: own.protocol};
	const socket = entry.service.sockets.find(each => each.name === name && each.listen.kind === 'inet' && each.listen.port === 'auto');
	return socket ? {entry, name, protocol: protocolOf(socket)} : null;
}

/** Ports that clients have, by `tcp 8080`. */
export const clientsIn = (state: Pick<State, 'slices'>): Ports['clients'] => partIn(state).clients;

/** Ports that are not archon's to give, by the same: whose they are. */
export const busyIn = (state: Pick<State, 'slices'>): Ports['busy'] => partIn(state).busy;

/** The owner of the events of ports. */
export function onPort(turn: Turn, event: Extract<Event, {kind: 'hold-port' | 'free-port' | 'port-busy'}>): void {
	const {clients, busy} = partIn(turn.state);
	switch (event.kind) {
		case 'hold-port': {
			const {key, port, protocol} = event;
			const chosen = chosenIn(turn.state, key);
			if (chosen) return turn.put({...chosen.entry, ports: {...chosen.entry.ports, [chosen.name]: port}});
			if (Object.hasOwn(clients, placeOf(protocol, port)) || Object.keys(clients).length >= CLIENTS_MAX) return;
			return keep(turn, {clients: {...clients, [placeOf(protocol, port)]: key}, busy});
		}
		case 'free-port': {
			const chosen = chosenIn(turn.state, event.key);
			if (chosen) {
				const {[chosen.name]: _, ...others} = chosen.entry.ports;
				turn.put({...chosen.entry, ports: others});
			}
			keep(turn, {clients: Object.fromEntries(Object.entries(clients).filter(([, key]) => key !== event.key)), busy});
			return wake(turn);
		}
		case 'port-busy': {
			const place = placeOf(event.protocol, event.port, event.host);
			const {[place]: _, ...others} = busy;
			const {by, port, service} = event;
			if (by !== null && busy[place] !== by) {
				turn.emit({kind: 'say', level: 'warn', text: `${service} waits for port ${port}, which is held by ${by}`});
			}
			keep(turn, {clients, busy: event.by === null ? others : {...others, [place]: event.by}});
			if (event.by === null) wake(turn);
		}
	}
}

function keep(turn: Turn, after: Ports): void {
	turn.state = {...turn.state, slices: {...turn.state.slices, [NAME]: after}};
}

/** Who waits for a port may have it now. */
function wake(turn: Turn): void {
	for (const {id, phase, service} of entries(turn.state)) if (phase.kind === 'waiting' && mayAwaitPort(service)) turn.examine(id);
}

/** The port for which a service has to wait, and whose it is; null: it can have all of its own. */
export function awaitedPort(state: State, {service}: Pick<Entry, 'service'>): {readonly port: number; readonly by: string} | null {
	const {clients, busy} = partIn(state);
	for (const {name, port, protocol, host} of fixedPorts(service)) {
		const key = clients[placeOf(protocol, port)];
		const by = key === keyOf(service.name, name) ? undefined : key ?? busy[placeOf(protocol, port, host)];
		if (by !== undefined) return {port, by};
	}
	return null;
}

/** Whether a service that has all else waits for a port. */
export function isAwaited(state: State): boolean {
	for (const entry of entries(state)) {
		if (entry.phase.kind === 'waiting' && !entry.phase.isBlocked && awaitedPort(state, entry)) return true;
	}
	return false;
}

/** In `status`: `port 8080 is held by nginx (pid 71)`; null: it waits for no port. */
export function describeAwaited(state: State, entry: Pick<Entry, 'service'>): string | null {
	const awaited = awaitedPort(state, entry);
	return awaited && `port ${awaited.port} is held by ${awaited.by}`;
}

/** What is told of a port. */
export interface PortLine {
	/** Null: archon chooses it when it is asked for. */
	readonly port: number | null;
	readonly protocol: Protocol;
	/** As in the table: `web.http`. */
	readonly key: string;
	readonly kind: 'fixed' | 'auto' | 'client';
	/** Who has it instead; empty: it is in nothing else's hands that archon knows of. */
	readonly heldBy: string;
}

/** All ports of services and clients, services in their order. `sees`: of which services; null: whether those of clients. */
export function portsOf(state: State, sees: (service: Service | null) => boolean): readonly PortLine[] {
	const {clients, busy} = partIn(state);
	const lines: PortLine[] = [];
	for (const {service, ports: numbers} of entries(state)) {
		if (service.ports.length + service.sockets.length === 0 || !sees(service)) continue;
		for (const {name, port, protocol} of service.ports) {
			const key = keyOf(service.name, name);
			if (port === 'auto') {
				lines.push({port: numbers[name] ?? null, protocol, key, kind: 'auto', heldBy: ''});
			} else {
				const place = placeOf(protocol, port);
				const client = clients[place];
				lines.push({port, protocol, key, kind: 'fixed', heldBy: client !== undefined && client !== key ? client : busy[place] ?? ''});
			}
		}
		for (const socket of service.sockets) {
			if (socket.listen.kind !== 'inet') continue;
			const {name, listen: {port, host}} = socket;
			const [protocol, key] = [protocolOf(socket), keyOf(service.name, name)];
			if (port === 'auto') {
				lines.push({port: numbers[name] ?? null, protocol, key, kind: 'auto', heldBy: ''});
			} else {
				const client = clients[placeOf(protocol, port)];
				const heldBy = client !== undefined && client !== key ? client : busy[placeOf(protocol, port, host ?? '*')] ?? '';
				lines.push({port, protocol, key, kind: 'fixed', heldBy});
			}
		}
	}
	for (const [place, key] of Object.entries(clients)) {
		if (!sees(null)) break;
		const [protocol, port] = place.split(' ');
		lines.push({port: Number(port), protocol: protocol === 'udp' ? 'udp' : 'tcp', key, kind: 'client', heldBy: ''});
	}
	return lines;
}
