/**
 * Answers what services ask that load libarchon-bind.so: who asks is known by its pid, as the kernel says, and never by a claim.
 * Sockets are bound when they are first asked for, and held from then on: while a service is restarted connections wait in them.
 */
import {fits} from '../../../core/name-pattern.ts';
import {entries, type State} from '../../../core/state.ts';
import type {Millis} from '../../../core/time.ts';
import {newBytes} from '../../../os/bytes.ts';
import {after} from '../../../os/clock.ts';
import {errnoText} from '../../../os/errno.ts';
import {ANCILLARY} from '../../../os/layouts.ts';
import type {Poller} from '../../../os/poller.ts';
import {describeHolder, holderOf, type Taken} from '../../../os/port-holder.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import {askerOf, type Owner} from '../../../os/sockets/asker.ts';
import {peerOf} from '../../../os/sockets/trust.ts';
import {EPOLLIN, ERRNO, MSG_DONTWAIT, newAncillary, SOCK_DGRAM, SOCK_STREAM, sys} from '../../../os/sys.ts';
import {type Asked, type BindRule, type BindRules, ruleFor} from '../core/rules.ts';
import {libraryPath} from './library.ts';
import {GIVEN, OWN, QUESTION, readQuestion, refused} from './wire.ts';

export interface BindParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	readonly handoff: Pick<Handoff, 'past' | 'put' | 'delete'>;
	readonly state: () => State;
	readonly rules: () => BindRules;
	readonly ownerOf: (pid: number) => Owner | null | 'unknown';
	/** A socket that archon holds for a service; null: it is not bound. */
	readonly socketOf: (service: string, name: string) => number | null;
	readonly warn: (text: string) => void;
}

export interface BindServer {
	/** The variables by which a service's processes load the library. `preloads`: what they load besides. */
	variables(preloads: string | undefined): Readonly<Record<string, string>>;
	/** Another config is in force: sockets that no rule is for any more are closed. */
	settle(): void;
}

const [RECORD, LISTENER] = ['bind', 'bind listener'];

/** How many may ask at the same time, and how long one may take to say what. */
const [ASKERS_MAX, PATIENCE]: readonly [number, Millis] = [64, 5000];
/** The most that the kernel lets wait (net.core.somaxconn). */
const BACKLOG = 65_535;
/** Sockets that are held for all rules: an address for each, or one for each address that is asked for; and of one port. */
const [SOCKETS_MAX, PORT_MAX] = [256, 32];
/** How many different failures are told. */
const TOLD_MAX = 256;

const bytes = newBytes(QUESTION + 1);
const beside = newAncillary();

interface Written {
	readonly name: string;
	/** What is held, by what was bound. */
	readonly sockets: readonly Asked[];
}

export function createBindServer({poller, kept, handoff, state, rules, ownerOf, socketOf, warn}: BindParts): BindServer {
	let name: string | null = null;
	const held = new Map<string, {readonly asked: Asked; readonly fd: number}>();
	/** By descriptor, in the order in which they came. */
	const askers = new Map<number, {readonly uid: number; end(): void}>();
	const told = new Set<string>();

	const record = (): void => handoff.put(RECORD, JSON.stringify({name: name ?? '', sockets: [...held.values()].map(({asked}) => asked)}));

	function listen(fd: number): void {
		poller.watchLast(fd, EPOLLIN, () => {
			for (let left = ASKERS_MAX; left > 0; left--) {
				const asker = sys.accept(fd);
				if (asker < 0) return;
				if (askers.size >= ASKERS_MAX) makeRoom();
				hear(asker);
			}
		});
	}

	/** Any user may knock: of the one who does so most the oldest goes, and no one else. */
	function makeRoom(): void {
		const crowds = [...Map.groupBy(askers.values(), ({uid}) => uid).values()];
		crowds.reduce((most, crowd) => (crowd.length > most.length ? crowd : most))[0]?.end();
	}

	function hear(fd: number): void {
		const end = (): void => {
			if (!askers.delete(fd)) return;
			forgetTime();
			poller.forget(fd);
			sys.closeInbox(fd);
		};
		const forgetTime = after(PATIENCE, () => poller.whole(end));
		askers.set(fd, {uid: peerOf(fd)?.uid ?? -1, end});
		poller.watchLast(fd, EPOLLIN, () => {
			const count = sys.receive(fd, bytes, beside);
			if (count === -ERRNO.EAGAIN) return;
			for (let i = 0; i < (beside[ANCILLARY.count] ?? 0); i++) sys.closeForeign(beside[ANCILLARY.fds + i] ?? -1);
			const asked = readQuestion(bytes, count);
			const owner = asked && askerOf(fd, ownerOf)?.owner;
			if (asked && owner && owner !== 'unknown') answer(fd, owner.name, asked);
			else sys.send(fd, OWN, [], MSG_DONTWAIT);
			end();
		});
	}

	function answer(fd: number, service: string, asked: Asked): void {
		const rule = ruleFor(rules(), service, asked);
		const given = rule ? give(rule, asked) : null;
		if (!rule || given === null) return void sys.send(fd, OWN, [], MSG_DONTWAIT);
		if (typeof given === 'number') return void sys.send(fd, GIVEN, [given], MSG_DONTWAIT);
		const text = `cannot give ${service} ${asked.protocol} port ${asked.port}: ${given.why}`;
		if (!told.has(text) && told.size < TOLD_MAX) {
			told.add(text);
			// It takes a look at all processes, and a program may ask without end.
			const holder = given.taken ? describeHolder(holderOf(given.taken)) : '';
			warn(`${text}${holder}${rule.isStrict ? '' : '; it binds for itself'}`);
		}
		sys.send(fd, rule.isStrict ? refused(ERRNO.EADDRINUSE) : OWN, [], MSG_DONTWAIT);
	}

	/** archon's socket, or why there cannot be one. */
	function give({give}: BindRule, asked: Asked): number | {readonly why: string; readonly taken?: Taken} {
		if (give.kind === 'socket') return socketOf(give.service, give.name) ?? {why: `${give.service}.${give.name} is not bound`};
		const {host, port} = give;
		const wanted = {...asked, address: host ?? asked.address, port: port ?? asked.port};
		const key = keyOf(wanted);
		const known = held.get(key);
		if (known) {
			// A program that has it too may have shut it down (shutdown(2)).
			if (wanted.protocol === 'tcp') sys.setBacklog(known.fd, BACKLOG);
			return known.fd;
		}
		if (held.size >= SOCKETS_MAX) return {why: `archon holds ${SOCKETS_MAX} sockets already`};
		// A service may ask for as many addresses as it likes.
		const alike = held.values().filter(({asked: {protocol, port}}) => protocol === wanted.protocol && port === wanted.port);
		if ([...alike].length >= PORT_MAX) return {why: `archon holds ${PORT_MAX} sockets of that port already`};
		const fd = sys.bindFor(wanted.address, wanted.port, wanted.protocol === 'tcp' ? SOCK_STREAM : SOCK_DGRAM, wanted.isSixOnly);
		if (fd < 0) {
			const taken: Taken = {kind: wanted.protocol, port: wanted.port};
			return {why: errnoText(-fd), ...fd === -ERRNO.EADDRINUSE && {taken}};
		}
		held.set(key, {asked: wanted, fd});
		kept.keep(keptBy(key), [fd]);
		record();
		return fd;
	}

	/** Whether some rule may still ask for it. */
	function isCovered({protocol, address, port}: Asked): boolean {
		return rules().rules.some(({protocol: own, port: at, address: where, give, service}) => {
			if (give.kind === 'socket' || own !== protocol || (give.port ?? at) !== port) return false;
			if ((give.host ?? where ?? address) !== address) return false;
			for (const {service: {name}, retired} of entries(state())) if (!retired && fits(service, name.replace(/:\d+$/, ''))) return true;
			return false;
		});
	}

	function restore(): void {
		const past = readRecord(handoff.past.get(RECORD));
		const [fd] = past ? kept.inherited(LISTENER) : [];
		if (!past || fd === undefined) return;
		name = past.name;
		listen(fd);
		for (const asked of past.sockets) {
			const [socket] = kept.inherited(keptBy(keyOf(asked)));
			if (socket !== undefined) held.set(keyOf(asked), {asked, fd: socket});
		}
		record();
	}

	restore();

	return {
		variables(preloads) {
			if (name === null) {
				// Another archon may share the namespace. The name is no secret: who asks is known by other means.
				const made = `archon-bind-${Math.random().toString(36).slice(2)}`;
				const fd = sys.listenAbstract(made);
				if (fd < 0) {
					warn(`cannot listen for what services bind: ${errnoText(-fd)}`);
					return {};
				}
				name = made;
				kept.keep(LISTENER, [fd]);
				record();
				listen(fd);
			}
			const library = libraryPath(rules().library);
			return {ARCHON_BIND_SOCKET: name, LD_PRELOAD: preloads ? `${library}:${preloads}` : library};
		},
		settle() {
			for (const [key, {asked, fd}] of held) {
				if (isCovered(asked)) continue;
				held.delete(key);
				kept.release(keptBy(key));
				// A program that has it too may have connected it, and have it linger (socket(7)).
				sys.closeForeign(fd);
			}
			if (name !== null) record();
		},
	};
}

const keyOf = ({protocol, address, port, isSixOnly}: Asked): string => `${protocol} ${address} ${port}${isSixOnly ? ' only' : ''}`;
const keptBy = (key: string): string => `bind ${key}`;

/** What the previous instance has written; null: it has held nothing. */
function readRecord(text: string | undefined): Written | null {
	if (text === undefined) return null;
	try {
		return JSON.parse(text) as Written;
	} catch {
		return null;
	}
}
