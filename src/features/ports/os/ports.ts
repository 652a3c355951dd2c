/**
 * Ports of services as the machine has them: a number is chosen by binding it, and a service whose port is in use by others waits
 * until it is free. What is chosen is in the core's state; until that has heard of it, here.
 */
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import type {Id} from '../../../core/ids.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {entries, entryOf, type State} from '../../../core/state.ts';
import type {Millis} from '../../../core/time.ts';
import {after} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import type {Poller} from '../../../os/poller.ts';
import {describeHolder, type Holder, holderOf} from '../../../os/port-holder.ts';
import {watch} from '../../../os/reap/strangers.ts';
import {ERRNO, SOCK_DGRAM, SOCK_STREAM, sys} from '../../../os/sys.ts';
import type {SocketSpec} from '../../sockets/core/spec.ts';
import {keyOf, type PortRules, type Protocol, variableFor} from '../core/spec.ts';
import {busyIn, chosenIn, CLIENTS_MAX, clientsIn, type Fixed, fixedOf, fixedPorts, placeOf, protocolOf} from '../core/table.ts';

export interface PortsParts {
	readonly state: () => State;
	readonly rules: () => PortRules;
	readonly poller: Poller;
	readonly dispatch: (event: Event) => void;
	/** The service that a process belongs to, by its number; null or a word: it is not known. */
	readonly serviceOf: (pid: number) => number | null | 'unknown';
}

/** What a run of a service finds of its ports. */
export type Found =
	| {readonly kind: 'free'; readonly variables: Readonly<Record<string, string>>}
	/** One of them is in use by others: the core has been told. */
	| {readonly kind: 'busy'}
	| {readonly kind: 'none'; readonly why: string};

export interface OwnPorts {
	/** The number for a name in the table, as `web.http`: the one that it has, else one that is free. */
	portFor(key: string, protocol?: Protocol): Result<number, string>;
	/** The same for a client, who may ask for one number. */
	alloc(key: string, protocol: Protocol, port: number | null): Result<number, string>;
	/** What a service that is about to start finds. */
	prepare(service: Service): Found;
	/** A socket could not be bound, as its port is taken: the core is told, and its service waits. `isFree`: whether it can be bound now. */
	await(service: Service, socket: SocketSpec, isFree: (id: Id, service: Service) => boolean): void;
	/** The variables of its commands beside its main process. */
	variables(service: Service): Readonly<Record<string, string>>;
}

/** How often a port is looked at whose holder is not known, or keeps it no longer though it lives; only while a service waits for it. */
const AGAIN: Millis = 5000;

export function createPorts({state, rules, poller, dispatch, serviceOf}: PortsParts): OwnPorts {
	/** Numbers that were chosen and of which the core has not heard yet. */
	const chosen = new Map<string, number>();
	/** Ports that are waited for; each is looked at again. */
	const awaited = new Set<string>();
	let fixed: {readonly names: State['names']; readonly ports: ReadonlyMap<string, string>} | null = null;
	let taken: {readonly names: State['names']; readonly ports: Map<string, string>} | null = null;
	let cursor = 0;

	/** What a name has; undefined: nothing yet. */
	function known(key: string): number | undefined {
		const now = state();
		const own = chosenIn(now, key);
		const has = own ? own.entry.ports[own.name] : undefined;
		if (has !== undefined) chosen.delete(key);
		return has ?? chosen.get(key);
	}

	/** Ports that the config names, by `tcp 8080`: whose they are. */
	function named(): ReadonlyMap<string, string> {
		const now = state();
		if (fixed?.names === now.names) return fixed.ports;
		const ports = new Map<string, string>();
		for (const {service, retired} of entries(now)) {
			if (retired) continue;
			for (const {name, port, protocol} of service.ports) {
				if (port !== 'auto') ports.set(placeOf(protocol, port), keyOf(service.name, name));
			}
			for (const socket of service.sockets) {
				const port = socket.listen.kind === 'inet' ? socket.listen.port : 'auto';
				if (port !== 'auto') ports.set(placeOf(protocolOf(socket), port), keyOf(service.name, socket.name));
			}
		}
		fixed = {names: now.names, ports};
		return ports;
	}

	/** Ports that were chosen for services, by the same, as of the last config and since. */
	function chosenFor(): Map<string, string> {
		const now = state();
		if (taken?.names === now.names) return taken.ports;
		const ports = new Map<string, string>();
		for (const {service, ports: numbers} of entries(now)) {
			for (const name in numbers) {
				const socket = service.sockets.find(each => each.name === name);
				const protocol = service.ports.find(each => each.name === name)?.protocol ?? (socket && protocolOf(socket));
				if (protocol && numbers[name] !== undefined) ports.set(placeOf(protocol, numbers[name]), keyOf(service.name, name));
			}
		}
		taken = {names: now.names, ports};
		return ports;
	}

	/** Who has a port by archon's own books; null: it may be given to this name. */
	function ownerOf(protocol: Protocol, port: number, key: string): string | null {
		const place = placeOf(protocol, port);
		const {reserve} = rules();
		const reserved = Object.keys(reserve).find(name => reserve[name] === port && name !== key);
		const pending = [...chosen].find(([name, number]) => number === port && name !== key)?.[0];
		const owner = reserved ?? named().get(place) ?? clientsIn(state())[place] ?? chosenFor().get(place) ?? pending;
		return owner === undefined || owner === key ? null : owner;
	}

	function choose(key: string, protocol: Protocol): Result<number, string> {
		const {range: [first, last], reserve} = rules();
		const own = reserve[key];
		if (own !== undefined) {
			const holder = whoHas(protocol, own);
			return holder === null ? ok(own) : err(`port ${own}, which is reserved for ${key}, is held by ${holder}`);
		}
		if (cursor < first || cursor > last) cursor = first;
		for (let tries = last - first + 1; tries > 0; tries--) {
			const port = cursor;
			cursor = cursor === last ? first : cursor + 1;
			if (ownerOf(protocol, port, key) === null && test(protocol, port) !== -ERRNO.EADDRINUSE) return ok(port);
		}
		return err(`no port from ${first} to ${last} is free`);
	}

	/** What it has stays its own as long as the config lets it, and no one else has bound it meanwhile. */
	function portFor(key: string, given: Protocol = 'tcp'): Result<number, string> {
		const protocol = chosenIn(state(), key)?.protocol ?? given;
		const has = known(key);
		const {range: [first, last], reserve} = rules();
		const isMeant = has !== undefined && (reserve[key] === undefined ? has >= first && has <= last : has === reserve[key]);
		if (isMeant && ownerOf(protocol, has, key) === null && isOurs(protocol, has, key)) return ok(has);
		const port = choose(key, protocol);
		if (!port.ok) return port;
		chosen.set(key, port.value);
		chosenFor().set(placeOf(protocol, port.value), key);
		dispatch({kind: 'hold-port', key, port: port.value, protocol});
		return port;
	}

	/** Whether it is free, or archon or a process of the service that has it as well. */
	function isOurs(protocol: Protocol, port: number, key: string): boolean {
		if (test(protocol, port) !== -ERRNO.EADDRINUSE) return true;
		const holder = holderOf({kind: protocol, port});
		return holder !== null && (holder.isOwn || isServices(holder, key.slice(0, key.lastIndexOf('.'))));
	}

	function isServices({pid}: Holder, name: string): boolean {
		const id = pid === null ? null : serviceOf(pid);
		return id !== null && id !== 'unknown' && entryOf(state(), id)?.service.name === name;
	}

	/** Tells the core, once, that a service waits for a port, and when it need not any more. */
	function waitFor(service: string, {protocol, port, host}: Fixed, holder: Holder | null, isFree: (waiter: Entry) => boolean): void {
		const place = placeOf(protocol, port, host);
		let forgetTime = (): void => {};
		const tell = (by: string | null): void => dispatch({kind: 'port-busy', protocol, port, host, by, service});
		const look = (): void => {
			forgetTime();
			if (!awaited.has(place)) return;
			const waiter = waiterFor(place);
			if (waiter && !isFree(waiter)) return lookAgain();
			awaited.delete(place);
			tell(null);
		};
		const lookAgain = (): void => void (forgetTime = after(AGAIN, () => poller.whole(look)));
		/** One of its children may have it too, and keeps it. */
		const watchHolder = (holder: Holder | null): void => {
			tell(describeHolder(holder).slice(' by '.length) || 'a process that archon cannot see');
			if (awaited.has(place) && holder?.pid && !holder.isOwn) watch(holder.pid, poller, () => {
				look();
				if (awaited.has(place)) watchHolder(holderOf({kind: protocol, port}));
			});
		};
		if (awaited.has(place)) return tell(describeHolder(holder).slice(' by '.length) || 'a process that archon cannot see');
		awaited.add(place);
		watchHolder(holder);
		lookAgain();
	}

	function waiterFor(place: string): Entry | null {
		if (busyIn(state())[place] === undefined) return null;
		for (const entry of entries(state())) {
			if (entry.phase.kind !== 'waiting') continue;
			if (fixedPorts(entry.service).some(({protocol, port, host}) => placeOf(protocol, port, host) === place)) return entry;
		}
		return null;
	}

	return {
		portFor,
		alloc(key, protocol, port) {
			const own = chosenIn(state(), key);
			if (own && port === null) return portFor(key, own.protocol);
			if (own) return err(`${key} is a port of a service, for which archon chooses: reserve the number in the config`);
			const fixedKey = [...named().values()].includes(key);
			if (fixedKey) return err(`${key} is a port of a service, and the config says which`);
			const clients = clientsIn(state());
			const has = Object.keys(clients).find(place => clients[place] === key);
			if (has !== undefined) {
				const number = Number(has.slice(has.indexOf(' ')));
				return port === null || port === number ? ok(number) : err(`${key} has port ${number} already`);
			}
			if (Object.keys(clients).length >= CLIENTS_MAX) return err(`clients have ${CLIENTS_MAX} ports already`);
			if (port !== null) {
				const owner = ownerOf(protocol, port, key) ?? whoHas(protocol, port);
				if (owner !== null) return err(`port ${port} is held by ${owner}`);
			}
			const found = port === null ? choose(key, protocol) : ok(port);
			if (found.ok) dispatch({kind: 'hold-port', key, port: found.value, protocol});
			return found;
		},
		variables: ({name, ports, sockets}) => Object.fromEntries([...ports, ...chosenOf(sockets)].flatMap(({name: own, port, protocol}) => {
			const number = port === 'auto' ? portFor(keyOf(name, own), protocol) : ok(port);
			return number.ok ? [[variableFor(own), String(number.value)]] : [];
		})),
		prepare({name, ports, sockets}) {
			const variables: Record<string, string> = {};
			for (const {name: own, port, protocol} of [...ports, ...chosenOf(sockets)]) {
				const key = keyOf(name, own);
				if (port === 'auto') {
					const found = portFor(key, protocol);
					if (!found.ok) return {kind: 'none', why: found.error};
					variables[variableFor(own)] = String(found.value);
					continue;
				}
				if (test(protocol, port) === -ERRNO.EADDRINUSE) {
					const holder = holderOf({kind: protocol, port});
					if (!holder || !isServices(holder, name)) {
						waitFor(name, {name: own, protocol, port, host: ''}, holder, () => test(protocol, port) !== -ERRNO.EADDRINUSE);
						return {kind: 'busy'};
					}
				}
				variables[variableFor(own)] = String(port);
			}
			return {kind: 'free', variables};
		},
		await({name}, socket, isFree) {
			const fixed = fixedOf(socket);
			if (fixed) waitFor(name, fixed, holderOf({kind: fixed.protocol, port: fixed.port}), ({id, service}) => isFree(id, service));
		},
	};
}

/** Sockets whose port archon chooses, as ports. */
const chosenOf = (sockets: Service['sockets']): Service['ports'] => sockets.flatMap(socket =>
	(socket.listen.kind === 'inet' && socket.listen.port === 'auto' ? [{name: socket.name, port: 'auto', protocol: protocolOf(socket)}] : []));

/** EADDRINUSE where another socket has it; what else keeps archon from binding it need not keep its services. */
const test = (protocol: Protocol, port: number): number => sys.tryPort(port, protocol === 'udp' ? SOCK_DGRAM : SOCK_STREAM);

/** Who has bound a port, in words; null: it can be bound. */
function whoHas(protocol: Protocol, port: number): string | null {
	if (test(protocol, port) !== -ERRNO.EADDRINUSE) return null;
	return describeHolder(holderOf({kind: protocol, port})).slice(' by '.length) || errnoText(ERRNO.EADDRINUSE);
}
