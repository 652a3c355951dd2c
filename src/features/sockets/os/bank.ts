/**
 * The sockets that archon holds for services: bound before the first of its runs, given to each of them, and closed when the config
 * has them no more. archon never accepts or reads from them. They outlive its re-execution.
 */
import {err, ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import type {Poller} from '../../../os/poller.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {EPOLLIN, ERRNO, sys} from '../../../os/sys.ts';
import {addressOf, type SocketSpec} from '../core/spec.ts';
import {bindInet, passedFd, portOf, type Unbound} from './bind.ts';
import {findSocket} from './salvage.ts';
import {bindUnix, ownUnix, placeOfUnix, type UnixPlace, unlinkUnix} from './unix.ts';

/** A socket that archon holds. */
export interface Held {
	readonly fd: number;
	readonly spec: SocketSpec;
	/** Where its file is; null: it has none of archon's. */
	readonly place: UnixPlace | null;
}

export interface Bank {
	/** The sockets of a service, in their order; those that are not bound yet are bound. Why one cannot be: in the words of a refusal. */
	open(service: Service): Result<readonly Held[], Unbound>;
	/** These services have sockets, and no others: what is missing is bound as far as that can be, what none of them has is closed. */
	settle(services: readonly Service[]): void;
	/** Takes back the sockets that a running process of the service was given, where nothing else says which they are. */
	salvage(service: Service, pid: number): void;
	/** archon ends: files of its sockets are removed. */
	finish(): void;
	/** A socket by the name that it has among those of its service; null: it is not bound. */
	find(service: Service, name: string): Held | null;
	/** Calls back once when a connection or a datagram waits. The result gives that up. */
	await(fd: number, callback: () => void): () => void;
	/** Whether others than this service are given the socket too. */
	isShared(held: Held): boolean;
}

export interface BankParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	/** The port of a socket whose config leaves that to archon, by service and name. */
	readonly portFor: (key: string, protocol: 'tcp' | 'udp') => Result<number, string>;
}

export function createBank({poller, kept, portFor}: BankParts): Bank {
	const held = new Map<string, Held>();
	/** By key: the services that have it. */
	const users = new Map<string, Set<string>>();
	/** By descriptor: who waits for it to be readable. */
	const waiting = new Map<number, Set<() => void>>();

	function bind(service: Service, spec: SocketSpec, key: string): Result<Held, Unbound> {
		const [left] = kept.inherited(keptBy(key));
		if (left !== undefined) return keep(key, {fd: left, spec, place: placeIn(spec)});
		const bound = make(service, spec);
		if (!bound.ok) return bound;
		kept.keep(keptBy(key), [bound.value.fd]);
		return keep(key, bound.value);
	}

	function keep(key: string, made: Held): Result<Held, Unbound> {
		held.set(key, made);
		return ok(made);
	}

	function make(service: Service, spec: SocketSpec): Result<Held, Unbound> {
		const {listen} = spec;
		if (listen.kind === 'unix') {
			const bound = bindUnix(listen.path, spec);
			return bound.ok ? ok({spec, ...bound.value}) : bound;
		}
		if (listen.kind === 'fd') {
			const fd = passedFd(spec);
			return fd.ok ? ok({spec, fd: fd.value, place: null}) : fd;
		}
		const port = listen.port === 'auto' ? portFor(`${service.name}.${spec.name}`, spec.type === 'dgram' ? 'udp' : 'tcp') : ok(listen.port);
		if (!port.ok) return err({errno: ERRNO.EADDRINUSE, reason: port.error});
		const fd = bindInet(listen.host, port.value, spec);
		return fd.ok ? ok({spec, fd: fd.value, place: null}) : fd;
	}

	/** What can be changed of a socket that is bound is as the config has it now. */
	function renew(key: string, {fd, spec: was, place}: Held, spec: SocketSpec): Held {
		const after: Held = {fd, spec, place};
		if (was === spec) return after;
		if (was.backlog !== spec.backlog && spec.type !== 'dgram') sys.setBacklog(fd, spec.backlog);
		if (place && (was.mode !== spec.mode || was.user?.user !== spec.user?.user || was.user?.group !== spec.user?.group)) ownUnix(place, spec);
		held.set(key, after);
		return after;
	}

	function openOne(service: Service, spec: SocketSpec): Result<Held, Unbound> {
		const key = keyOf(service.name, spec);
		const known = held.get(key);
		const result = known ? ok(renew(key, known, spec)) : bind(service, spec, key);
		if (result.ok) users.set(key, (users.get(key) ?? new Set()).add(service.name));
		return result;
	}

	function release(key: string, {fd, place}: Held): void {
		held.delete(key);
		users.delete(key);
		if (waiting.delete(fd)) poller.forget(fd);
		kept.release(keptBy(key));
		if (place) unlinkUnix(place);
		// A service has it too: it may have connected it elsewhere, and have it linger (socket(7)).
		sys.closeForeign(fd);
	}

	return {
		open(service) {
			const all: Held[] = [];
			for (const spec of service.sockets) {
				const opened = openOne(service, spec);
				if (!opened.ok) {
					const {listen} = spec;
					const isTaken = opened.error.errno === ERRNO.EADDRINUSE && listen.kind === 'inet' && listen.port !== 'auto';
					return err({...opened.error, stage: `binding its socket ${addressOf(spec)}`, ...isTaken && {taken: spec}});
				}
				all.push(opened.value);
			}
			return ok(all);
		},
		settle(services) {
			const wanted = new Set(services.flatMap(({name, sockets}) => sockets.map(spec => keyOf(name, spec))));
			// First: one of another service may have the address of one that is let go.
			for (const [key, one] of held) if (!wanted.has(key)) release(key, one);
			users.clear();
			for (const service of services) for (const spec of service.sockets) openOne(service, spec);
		},
		salvage(service, pid) {
			for (const spec of service.sockets) {
				const key = keyOf(service.name, spec);
				const fd = held.has(key) ? undefined : findSocket(spec, kept.strays(), pid);
				if (fd === undefined) continue;
				kept.keep(keptBy(key), [fd]);
				keep(key, {fd, spec, place: placeIn(spec)});
			}
		},
		finish() {
			for (const {place} of held.values()) if (place) unlinkUnix(place);
		},
		find: (service, name) => {
			const spec = service.sockets.find(each => each.name === name);
			return spec ? held.get(keyOf(service.name, spec)) ?? null : null;
		},
		await(fd, callback) {
			const known = waiting.get(fd);
			if (known) {
				known.add(callback);
			} else {
				waiting.set(fd, new Set([callback]));
				poller.watch(fd, EPOLLIN, () => {
					const all = waiting.get(fd) ?? [];
					waiting.delete(fd);
					poller.forget(fd);
					for (const each of all) each();
				});
			}
			return () => {
				const all = waiting.get(fd);
				if (!all?.delete(callback) || all.size > 0) return;
				waiting.delete(fd);
				poller.forget(fd);
			};
		},
		isShared: ({spec, fd}) => [...held].some(([key, one]) => one.fd === fd && one.spec === spec && (users.get(key)?.size ?? 0) > 1),
	};
}

const placeIn = ({listen}: SocketSpec): UnixPlace | null => (listen.kind === 'unix' ? placeOfUnix(listen.path) : null);

const keptBy = (key: string): string => `socket ${key}`;

/** Instances of a service share a socket, unless each is to have its own at the same address. */
function keyOf(service: string, spec: SocketSpec): string {
	const {listen, type, reuseport, name} = spec;
	const isOwn = reuseport || (listen.kind === 'inet' && listen.port === 'auto');
	const address = listen.kind === 'fd' && listen.fd === null ? `fd:${name}` : addressOf(spec);
	return isOwn ? `${type} ${address} ${service}.${name}` : `${type} ${address}`;
}

/** Where it really listens, in words. */
export function boundAddress({fd, spec}: Held): string {
	const {listen} = spec;
	return listen.kind === 'inet' && listen.port === 'auto' ? addressOf({listen: {...listen, port: portOf(fd)}}) : addressOf(spec);
}
