/** What must be true of ports: no two services have one number, and none starts while others have its port. */
import type {Effect} from '../../src/core/effect.ts';
import type {Event} from '../../src/core/event.ts';
import type {Service} from '../../src/core/service.ts';
import {entries, entryOf, type State} from '../../src/core/state.ts';
import {keyOf} from '../../src/features/ports/core/spec.ts';
import {awaitedPort, chosenIn, fixedPorts, placeOf} from '../../src/features/ports/core/table.ts';
import type {Random} from './random.ts';

/** What the machine knows of ports. */
export interface Net {
	/** Those that others have bound, by number. */
	readonly strangers: Set<number>;
	/** Those that archon has bound, and keeps. */
	readonly bound: Set<number>;
	/** By place, of those that a service waits for: their event. */
	readonly awaited: Map<string, Extract<Event, {kind: 'port-busy'}>>;
	/** By key: numbers that the core may not have heard of yet. */
	readonly chosen: Map<string, number>;
}

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

/** The first that is chosen. */
const FIRST = 20_000;

/** A port for which archon chooses, one of its own, or a socket at one. Two services that name one port are a problem of the config. */
export function drawPorts(r: Random, port: number): Partial<Service> {
	const socket = {
		name: 'own', listen: {kind: 'inet', host: null, port}, type: 'stream', backlog: 1, mode: 0o666, user: null, reuseport: false,
	} as const;
	return r.pick<Partial<Service>>([
		{ports: [{name: 'any', port: 'auto', protocol: 'tcp'}]},
		{ports: [{name: 'any', port: 'auto', protocol: 'tcp'}, {name: 'own', port, protocol: 'tcp'}]},
		{sockets: [socket]},
	]);
}

/** The run of a schedule beside others is of the same service, and has what the config names. */
const ownerOf = (name: string): string => name.replace(/@\d+$/, '');

/** Who has which number, as the core knows it. */
function owners(state: State): ReadonlyMap<number, string> {
	const found = new Map<number, string>();
	for (const {service, ports} of entries(state)) {
		const numbers = [...fixedPorts(service).map(({port}) => port), ...Object.values(ports)];
		for (const number of numbers) {
			const other = found.get(number);
			promise(other === undefined || ownerOf(other) === ownerOf(service.name), `${other} and ${service.name} both have port ${number}`);
			found.set(number, service.name);
		}
	}
	return found;
}

export function checkPorts(state: State, effects: readonly Effect[]): void {
	owners(state);
	for (const effect of effects) {
		if (effect.kind !== 'spawn') continue;
		const entry = entryOf(state, effect.id);
		const awaited = entry && entry.phase.kind === 'spawning' ? awaitedPort(state, entry) : null;
		promise(awaited === null, `${effect.service.name} is started, and ${awaited?.by} has its port ${awaited?.port}`);
	}
}

/** Once others have let go of their ports, nothing waits for one any more. */
export function checkFreed(state: State): void {
	for (const entry of entries(state)) {
		const awaited = awaitedPort(state, entry);
		promise(awaited === null, `${entry.service.name} waits for port ${awaited?.port}, which is free`);
	}
}

/** What a service finds when it starts: events for the core, and whether it has to wait. */
export function meet(service: Service, state: State, net: Net): {readonly events: readonly Event[]; readonly isBusy: boolean} {
	const events: Event[] = [];
	for (const {name, port} of service.ports) {
		const key = keyOf(service.name, name);
		const known = chosenIn(state, key)?.entry.ports[name];
		if (port !== 'auto' || known !== undefined) {
			net.chosen.delete(key);
			continue;
		}
		const used = new Set([...owners(state).keys(), ...[...net.chosen].filter(([other]) => other !== key).map(([, number]) => number)]);
		let number = net.chosen.get(key) ?? FIRST;
		while (used.has(number) || net.strangers.has(number)) number++;
		net.chosen.set(key, number);
		events.push({kind: 'hold-port', key, port: number, protocol: 'tcp'});
	}
	for (const {port, protocol, host} of fixedPorts(service)) {
		if (!net.strangers.has(port)) continue;
		const busy = {kind: 'port-busy', protocol, port, host, by: 'a stranger', service: service.name} as const;
		net.awaited.set(placeOf(protocol, port, host), busy);
		return {events: [...events, busy], isBusy: true};
	}
	for (const {port, host} of fixedPorts(service)) if (host !== '') net.bound.add(port);
	return {events, isBusy: false};
}

/** A stranger binds a port, if it can. */
export function take(port: number, processes: readonly {readonly service: Service; readonly outcome: unknown}[], net: Net): void {
	const isUsed = processes.some(({service, outcome}) => outcome === null && fixedPorts(service).some(each => each.port === port));
	if (!isUsed && !net.bound.has(port)) net.strangers.add(port);
}

/** It ends: who waits for the port hears of that. */
export function leave(port: number, net: Net): readonly Event[] {
	if (!net.strangers.delete(port)) return [];
	const waited = [...net.awaited].filter(([, busy]) => busy.port === port);
	for (const [place] of waited) net.awaited.delete(place);
	return waited.map(([, busy]) => ({...busy, by: null}));
}
